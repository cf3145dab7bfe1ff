//! Reading what is stored as it is stored, for checking it: nothing here expects it to be right.

use std::collections::{HashMap, HashSet};

use super::archive::{TABLES, Ty};
use super::index::{self, Facets, IndexFault};
use super::kind_versions::{self, KindVersion};
use super::records::{AUDIT_COLUMNS, AuditRow};
use super::tx::{Bind, execute, fetch_all, fetch_built};
use super::{Backend, Store, StoreError, Tx, attachments, comments, decisions};
use crate::domain::attachment::Attachment;
use crate::domain::audit::{self, AuditEntry};
use crate::domain::record::Record;
use crate::domain::time::Instant;
use crate::domain::work::Comment;

/// A record's row.
#[derive(Clone, Debug)]
pub struct RawRecord {
    /// Its place among the organisation's records.
    pub key: i64,
    /// Identifier.
    pub id: String,
    /// Kind's slug.
    pub kind: String,
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// State.
    pub state: String,
    /// Owner.
    pub owner: String,
    /// Revision.
    pub revision: i64,
    /// Milliseconds.
    pub created_at: i64,
    /// Who made it.
    pub created_by: String,
    /// Milliseconds.
    pub updated_at: i64,
    /// Fields, as JSON text.
    pub data: String,
    /// Version of the kind that it was written under.
    pub kind_version: i64,
}

/// A record with what the index shall say of it.
#[derive(Clone, Debug)]
pub struct IndexedRecord {
    /// Its place.
    pub key: i64,
    /// The record.
    pub record: Record,
    /// Values of the kind's indexed paths.
    pub entries: Vec<(String, String)>,
}

/// A row beside the records that is about one of them: the record's identifier, and two words.
pub type Beside = (String, String, String);

/// A decision's row, as far as it can be checked: identifier, number of the record, component, hash of the settings,
/// input, output, own number.
pub type RawDecision = (String, String, String, String, String, String, String);

type Row = (i64, String, String, String, String, String, String, i64, i64, String, i64, String, i64);

/// A connection that reads at one moment; see [`Store::inspect`].
pub struct Inspection {
    tx: Tx,
    org: String,
}

impl Store {
    /// Reads an organisation as it is at this moment, while others write.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn inspect(&self, org: &str) -> Result<Inspection, StoreError> {
        let mut tx = self.read().await?;
        // A connection inside a transaction must not go back to the pool.
        match &mut tx {
            Tx::Sqlite(connection) => connection.close_on_drop(),
            Tx::Postgres(connection) => connection.close_on_drop(),
        }
        match &tx {
            Tx::Sqlite(_) => execute!(&mut tx, "BEGIN")?,
            Tx::Postgres(_) => execute!(&mut tx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?,
        };
        Ok(Inspection { tx, org: org.to_owned() })
    }
}

impl Inspection {
    async fn built<T>(&mut self, sql: String, mut more: Vec<Bind>) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
        T: Send + Unpin,
    {
        let mut binds = vec![Bind::Text(self.org.clone())];
        binds.append(&mut more);
        Ok(fetch_built(&mut self.tx, sql, binds).await?)
    }

    /// Records after an identifier, in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn records(&mut self, after: &str, limit: i64) -> Result<Vec<RawRecord>, StoreError> {
        let sql =
            "SELECT key, id, kind, number, title, state, owner, revision, created_at, created_by, updated_at, data,
                          kind_version
                   FROM records WHERE org = $1 AND id > $2 ORDER BY id LIMIT $3";
        let rows = self.built::<Row>(sql.to_owned(), vec![Bind::Text(after.to_owned()), Bind::Int(limit)]).await?;
        let raw = |(
            key,
            id,
            kind,
            number,
            title,
            state,
            owner,
            revision,
            created_at,
            created_by,
            updated_at,
            data,
            kind_version,
        ): Row| RawRecord {
            key,
            id,
            kind,
            number,
            title,
            state,
            owner,
            revision,
            created_at,
            created_by,
            updated_at,
            data,
            kind_version,
        };
        Ok(rows.into_iter().map(raw).collect())
    }

    /// Links of these records: record's identifier, relation, target and redundancy group.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn links_of(&mut self, ids: &[String]) -> Result<Vec<(String, String, String, String)>, StoreError> {
        let (places, binds) = within(ids);
        let sql =
            format!("SELECT source_id, rel, target, redundancy FROM links WHERE org = $1 AND source_id IN ({places})");
        self.built(sql, binds).await
    }

    /// Those of these records that wait for their index.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_for_index(&mut self, ids: &[String]) -> Result<HashSet<String>, StoreError> {
        let places: Vec<String> = (2..ids.len() + 2).map(|n| format!("${n}")).collect();
        let sql = format!("SELECT record_id FROM reindex WHERE $1 <> '' AND record_id IN ({})", places.join(", "));
        let binds = ids.iter().cloned().map(Bind::Text).collect();
        Ok(self.built::<(String,)>(sql, binds).await?.into_iter().map(|(id,)| id).collect())
    }

    /// What the index of field values lacks of these records, or has too much; each with its record's key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn index_faults(&mut self, records: &[IndexedRecord]) -> Result<Vec<(i64, IndexFault)>, StoreError> {
        let mut faults = Vec::new();
        for chunk in records.chunks(20) {
            let keys: Vec<i64> = chunk.iter().map(|indexed| indexed.key).collect();
            let places: Vec<String> = (2..keys.len() + 2).map(|n| format!("${n}")).collect();
            let sql = format!("SELECT record, tokens FROM facets WHERE $1 <> '' AND record IN ({})", places.join(", "));
            let binds = keys.iter().map(|key| Bind::Int(*key)).collect();
            let facets: HashMap<i64, String> = self.built::<(i64, String)>(sql, binds).await?.into_iter().collect();
            for indexed in chunk {
                let expected = Facets::of(&indexed.record, indexed.entries.iter().cloned());
                let found = facets.get(&indexed.key).map(|text| Facets::parse(text)).unwrap_or_default();
                faults.extend(expected.faults(&found).into_iter().map(|fault| (indexed.key, fault)));
                let (org, signature) = (self.org.clone(), expected.signature());
                for (name, value) in expected.pairs() {
                    let path = index::path(&org, &indexed.record.kind, name);
                    // A signature that lacks a bit would hide the record from lists.
                    let sql =
                        "SELECT record FROM field_index WHERE $1 <> '' AND path = $2 AND value = $3 AND record = $4
                                   AND (signature & $5) = $5";
                    let key = Bind::Int(indexed.key);
                    let binds = vec![Bind::Int(path), Bind::Text(value.to_owned()), key, Bind::Int(signature)];
                    if self.built::<(i64,)>(sql.to_owned(), binds).await?.is_empty() {
                        faults.push((indexed.key, IndexFault::missing(name, value)));
                    }
                }
            }
        }
        Ok(faults)
    }

    /// Rows of the index under a path of a kind that no record has: value and record's key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn index_surplus(
        &mut self,
        kind: &str,
        path: &str,
        limit: i64,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let (backend, sign) = match &self.tx {
            Tx::Sqlite(_) => (Backend::Sqlite, "char(31)"),
            Tx::Postgres(_) => (Backend::Postgres, "chr(31)"),
        };
        let sql = format!(
            "SELECT f.value, f.record FROM field_index f LEFT JOIN facets t ON t.record = f.record
             WHERE $1 <> '' AND f.path = $2
               AND (t.tokens IS NULL OR {}(t.tokens, {sign} || $3 || '=' || f.value || {sign}) = 0) LIMIT $4",
            index::position(backend)
        );
        let number = index::path(&self.org, kind, path);
        self.built(sql, vec![Bind::Int(number), Bind::Text(path.to_owned()), Bind::Int(limit)]).await
    }

    /// Which of these numbers exist: those of records, decisions and components.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn existing(&mut self, numbers: &[String]) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for chunk in numbers.chunks(400) {
            for (table, column) in [("records", "number"), ("decisions", "decision_number"), ("components", "number")] {
                let (places, binds) = within(chunk);
                let sql = format!("SELECT {column} FROM {table} WHERE org = $1 AND {column} IN ({places})");
                found.extend(self.built::<(String,)>(sql, binds).await?.into_iter().map(|(number,)| number));
            }
        }
        Ok(found)
    }

    /// Records without a row in the index of words that do not wait for one either: key and number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn without_words(&mut self, limit: i64) -> Result<Vec<(i64, String)>, StoreError> {
        let row = match &self.tx {
            Tx::Sqlite(_) => "rowid",
            Tx::Postgres(_) => "record",
        };
        let sql = format!(
            "SELECT r.key, r.number FROM records r
             WHERE r.org = $1 AND NOT EXISTS (SELECT 1 FROM words w WHERE w.{row} = r.key)
               AND NOT EXISTS (SELECT 1 FROM reindex i WHERE i.record_id = r.id) LIMIT $2"
        );
        self.built(sql, vec![Bind::Int(limit)]).await
    }

    /// Rows of a table beside the records whose record is not there: the record's identifier and two words.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn orphans(&mut self, of: Orphans, limit: i64) -> Result<Vec<Beside>, StoreError> {
        let sql = match of {
            Orphans::Links => {
                "SELECT l.source, l.rel, l.target FROM links l
                 LEFT JOIN records r ON r.id = l.source_id AND r.org = l.org AND r.number = l.source
                 WHERE l.org = $1 AND r.id IS NULL LIMIT $2"
            }
            Orphans::Timers => {
                "SELECT t.number, t.name, t.id FROM timers t
                 LEFT JOIN records r ON r.org = t.org AND r.number = t.number
                 WHERE t.org = $1 AND r.id IS NULL LIMIT $2"
            }
            Orphans::Queue => {
                "SELECT q.number, q.process, q.id FROM manual_queue q
                 LEFT JOIN records r ON r.org = q.org AND r.number = q.number
                 WHERE q.org = $1 AND r.id IS NULL LIMIT $2"
            }
            Orphans::Comments => {
                "SELECT c.number, c.author, c.id FROM comments c
                 LEFT JOIN records r ON r.org = c.org AND r.number = c.number
                 WHERE c.org = $1 AND r.id IS NULL LIMIT $2"
            }
            Orphans::Attachments => {
                "SELECT a.number, a.name, a.id FROM attachments a
                 LEFT JOIN records r ON r.org = a.org AND r.number = a.number
                 WHERE a.org = $1 AND r.id IS NULL LIMIT $2"
            }
            Orphans::Trail => {
                "SELECT a.number, a.action, a.actor FROM audit a
                 LEFT JOIN records r ON r.org = a.org AND r.number = a.number
                 WHERE a.org = $1 AND a.action = 'create' AND r.id IS NULL LIMIT $2"
            }
            Orphans::Decisions => {
                "SELECT d.number, d.process, d.id FROM decisions d
                 LEFT JOIN records r ON r.org = d.org AND r.number = d.number
                 WHERE d.org = $1 AND r.id IS NULL LIMIT $2"
            }
        };
        self.built(sql.to_owned(), vec![Bind::Int(limit)]).await
    }

    /// Counters: prefix, year, last number given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counters(&mut self) -> Result<Vec<(String, i64, i64)>, StoreError> {
        Ok(fetch_all!(
            &mut self.tx,
            (String, i64, i64),
            "SELECT prefix, year, last FROM counters WHERE org = $1 ORDER BY prefix, year",
            &self.org
        )?)
    }

    /// Length and last hash of the audit trail, and length of the event stream.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heads(&mut self) -> Result<Option<(i64, String, i64)>, StoreError> {
        let sql = "SELECT audit_seq, audit_hash, event_seq FROM organisations WHERE id = $1";
        Ok(self.built(sql.to_owned(), Vec::new()).await?.pop())
    }

    /// Audit entries after a place; one whose values are not JSON any more comes with its place alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&mut self, after: i64, limit: i64) -> Result<Vec<Result<AuditEntry, i64>>, StoreError> {
        let sql = format!("SELECT {AUDIT_COLUMNS} FROM audit WHERE org = $1 AND seq > $2 ORDER BY seq LIMIT $3");
        let rows = self.built::<AuditRow>(sql, vec![Bind::Int(after), Bind::Int(limit)]).await?;
        Ok(rows.into_iter().map(entry).collect())
    }

    /// Audit entries about these records, in their order: about their fields and about what is written beside them. Those
    /// that are not JSON are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_of(&mut self, numbers: &[String]) -> Result<Vec<AuditEntry>, StoreError> {
        let (places, binds) = within(numbers);
        let sql = format!(
            "SELECT {AUDIT_COLUMNS} FROM audit WHERE org = $1 AND number IN ({places})
               AND action NOT IN ('watch', 'unwatch', 'decided')
             ORDER BY seq"
        );
        let rows = self.built::<AuditRow>(sql, binds).await?;
        Ok(rows.into_iter().filter_map(|row| entry(row).ok()).collect())
    }

    /// How many events there are, and the places of the first and the last one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&mut self) -> Result<(i64, i64, i64), StoreError> {
        let sql = "SELECT COUNT(*), COALESCE(MIN(seq), 1), COALESCE(MAX(seq), 0) FROM events WHERE org = $1";
        Ok(self.built(sql.to_owned(), Vec::new()).await?.pop().unwrap_or_default())
    }

    /// Decisions after an identifier, in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decisions(&mut self, after: &str, limit: i64) -> Result<Vec<RawDecision>, StoreError> {
        let sql = "SELECT id, number, component, settings_hash, input, output, decision_number
                   FROM decisions WHERE org = $1 AND id > $2 ORDER BY id LIMIT $3";
        self.built(sql.to_owned(), vec![Bind::Text(after.to_owned()), Bind::Int(limit)]).await
    }

    /// Digests of the decisions with these numbers that can be read: number, identifier and digest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn digests(&mut self, numbers: &[String]) -> Result<Vec<(String, String, String)>, StoreError> {
        let mut found = Vec::with_capacity(numbers.len());
        for chunk in numbers.chunks(100) {
            let (places, binds) = within(chunk);
            let columns = decisions::COLUMNS;
            let sql = format!("SELECT {columns} FROM decisions WHERE org = $1 AND decision_number IN ({places})");
            for row in self.built::<decisions::Row>(sql, binds).await? {
                // What a process or a status is called that there is not has no digest.
                let Ok(one) = row.0 else { continue };
                found.push((one.decision_number.clone(), one.id.clone(), one.digest()));
            }
        }
        Ok(found)
    }

    /// The number of the decision with an identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn number_of_decision(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT decision_number FROM decisions WHERE org = $1 AND id = $2";
        let rows = self.built::<(String,)>(sql.to_owned(), vec![Bind::Text(id.to_owned())]).await?;
        Ok(rows.into_iter().next().map(|(number,)| number))
    }

    /// Comments on these records.
    ///
    /// # Errors
    /// When the database fails, or a visibility is none.
    pub async fn comments_on(&mut self, numbers: &[String]) -> Result<Vec<Comment>, StoreError> {
        let (places, binds) = within(numbers);
        let columns = comments::COLUMNS;
        let sql = format!("SELECT {columns} FROM comments WHERE org = $1 AND number IN ({places}) ORDER BY id");
        self.built::<comments::Row>(sql, binds).await?.into_iter().map(comments::comment).collect()
    }

    /// Attachments of these records.
    ///
    /// # Errors
    /// When the database fails, or a visibility is none.
    pub async fn attachments_of(&mut self, numbers: &[String]) -> Result<Vec<Attachment>, StoreError> {
        let (places, binds) = within(numbers);
        let columns = attachments::COLUMNS;
        let sql = format!("SELECT {columns} FROM attachments WHERE org = $1 AND number IN ({places}) ORDER BY id");
        self.built::<attachments::Row>(sql, binds).await?.into_iter().map(attachments::attachment).collect()
    }

    /// Timers of the clocks of these records: number and name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clocks_of(&mut self, numbers: &[String]) -> Result<Vec<(String, String)>, StoreError> {
        let (places, binds) = within(numbers);
        let sql =
            format!("SELECT number, name FROM timers WHERE org = $1 AND number IN ({places}) AND name LIKE 'sla.%'");
        self.built(sql, binds).await
    }

    /// Every version of every kind.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kind_versions(&mut self) -> Result<Vec<KindVersion>, StoreError> {
        let columns = kind_versions::VERSION_COLUMNS;
        let sql = format!("SELECT {columns} FROM kind_versions WHERE org = $1 ORDER BY slug, version");
        let rows = self.built::<kind_versions::VersionRow>(sql, Vec::new()).await?;
        Ok(rows.into_iter().map(kind_versions::version).collect())
    }

    /// Components as the audit trail told of them: digest, name, version, process, signatures.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn uploads(&mut self) -> Result<Vec<(String, String, String, String, String)>, StoreError> {
        let sql = "SELECT digest, name, version, process, signatures FROM components WHERE org = $1 ORDER BY digest";
        self.built(sql.to_owned(), Vec::new()).await
    }

    /// Publishers' keys: identifier, name, text.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn publisher_keys(&mut self) -> Result<Vec<Beside>, StoreError> {
        self.built("SELECT id, name, public_key FROM publisher_keys WHERE org = $1 ORDER BY id".to_owned(), Vec::new())
            .await
    }

    /// Values of another type than their column has, which only SQLite can hold: one of a row, with what the row is, its
    /// column, the type that the column has and the one that is there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mistyped(&mut self, limit: i64) -> Result<Vec<Mistyped>, StoreError> {
        if matches!(self.tx, Tx::Postgres(_)) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for table in TABLES {
            let named = |ty: &Ty| if *ty == Ty::Text { "text" } else { "integer" };
            let wrong: Vec<(String, &str, &str)> = table
                .archived()
                .map(|(name, ty)| (format!("typeof({name}) NOT IN ('{}', 'null')", named(ty)), *name, named(ty)))
                .collect();
            let key: Vec<String> = table.key.iter().map(|column| format!("CAST({column} AS TEXT)")).collect();
            let when = |value: &dyn Fn(&str, &str) -> String| {
                let cases = wrong.iter().map(|(is, name, ty)| format!("WHEN {is} THEN {}", value(name, ty)));
                format!("CASE {} END", cases.collect::<Vec<_>>().join(" "))
            };
            let sql = format!(
                "SELECT {}, {}, {}, {} FROM {} WHERE org = $1 AND ({}) LIMIT $2",
                key.join(" || ' ' || "),
                when(&|name, _| format!("'{name}'")),
                when(&|_, ty| format!("'{ty}'")),
                when(&|name, _| format!("typeof({name})")),
                table.name,
                wrong.iter().map(|(is, _, _)| is.as_str()).collect::<Vec<_>>().join(" OR ")
            );
            let rows = self.built::<(String, String, String, String)>(sql, vec![Bind::Int(limit)]).await?;
            let row =
                |(key, column, expected, is)| Mistyped { row: format!("{} {key}", table.name), column, expected, is };
            found.extend(rows.into_iter().map(row));
        }
        Ok(found)
    }

    /// Texts of settings, by their hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settings(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        self.built("SELECT hash, body FROM settings_texts WHERE org = $1 ORDER BY hash".to_owned(), Vec::new()).await
    }

    /// Digests and numbers of the organisation's components.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn components(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        self.built("SELECT digest, number FROM components WHERE org = $1 ORDER BY digest".to_owned(), Vec::new()).await
    }

    /// What the activations name: identifier, digest, hash of the settings.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn activations(&mut self) -> Result<Vec<Beside>, StoreError> {
        self.built(
            "SELECT id, digest, settings_hash FROM activations WHERE org = $1 ORDER BY id".to_owned(),
            Vec::new(),
        )
        .await
    }
}

/// The entry, or its place when its values are not JSON.
fn entry(row: AuditRow) -> Result<AuditEntry, i64> {
    let (seq, at, number, actor, role, action, before, after, reason, seal, prev_hash, hash) = row;
    match (serde_json::from_str(&before), serde_json::from_str(&after), audit::parse_seal(&seal)) {
        (Ok(before), Ok(after), Ok(seal)) => {
            let at = Instant(at);
            Ok(AuditEntry { seq, at, actor, role, action, number, before, after, reason, seal, prev_hash, hash })
        }
        _ => Err(seq),
    }
}

/// Tables whose rows are each about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphans {
    /// Links: source, relation, target.
    Links,
    /// Timers: number, name, identifier.
    Timers,
    /// The manual queue: number, process, identifier.
    Queue,
    /// Decisions: number, process, identifier.
    Decisions,
    /// Comments: number, author, identifier.
    Comments,
    /// Attachments: number, name, identifier.
    Attachments,
    /// Audit entries that say that a record was made: number, action, who made it.
    Trail,
}

/// A value of another type than its column has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistyped {
    /// Table and key.
    pub row: String,
    /// Column.
    pub column: String,
    /// The column's type.
    pub expected: String,
    /// The value's type.
    pub is: String,
}

/// Places for values, the first of which is `$2`.
fn within(values: &[String]) -> (String, Vec<Bind>) {
    let places: Vec<String> = (2..values.len() + 2).map(|n| format!("${n}")).collect();
    (places.join(", "), values.iter().cloned().map(Bind::Text).collect())
}
