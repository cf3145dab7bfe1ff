//! Records with a past, written as the host would have written them: so that a story can have two years of history
//! without living through them.

#![allow(clippy::unwrap_used)]

use mortise::domain::record::{self, Record};
use mortise::domain::{Instant, Kind};
use mortise::store::unit::{AuditDraft, LinkRow, RecordWrite, Unit};
use serde_json::{Value, json};

use crate::app::{Desktop, ORG};

/// A record to be made, with the states it went through.
pub(crate) struct Past {
    kind: String,
    made: Instant,
    fields: Value,
    steps: Vec<(String, Instant, String)>,
    owner: String,
}

impl Past {
    /// A record of a kind (by its prefix), made at a moment.
    pub(crate) fn of(prefix: &str, made: &str, fields: Value) -> Self {
        let made = made.parse().unwrap();
        Self { kind: prefix.to_owned(), made, fields, steps: Vec::new(), owner: "past".to_owned() }
    }

    /// It entered a state, moved by somebody in a role.
    pub(crate) fn then(mut self, state: &str, at: &str, role: &str) -> Self {
        self.steps.push((state.to_owned(), at.parse().unwrap(), role.to_owned()));
        self
    }
}

/// Writes records with their past; gives their numbers.
pub(crate) async fn write(app: &Desktop, all: Vec<Past>) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut units = Vec::new();
    for past in all {
        let kind = app.desk.kinds(ORG).by_prefix(&past.kind).cloned();
        let kind = kind.unwrap_or_else(|| panic!("no kind {}", past.kind));
        let year = past.made.year();
        let counter = app.desk.store.next_number(ORG, &kind.prefix, i64::from(year)).await.unwrap();
        let number = mortise::domain::number::format(&kind.prefix, year, counter.unsigned_abs());
        units.push(unit(app, &kind, &number, past));
        numbers.push(number);
    }
    for chunk in units.chunks(200) {
        app.desk.store.commit_all(chunk.to_vec()).await.unwrap();
    }
    numbers
}

fn unit(app: &Desktop, kind: &Kind, number: &str, past: Past) -> Unit {
    let mut data = past.fields.as_object().unwrap().clone();
    data.entry("confidentiality").or_insert_with(|| json!("internal"));
    let title = data.remove("title").map_or_else(|| number.to_owned(), |t| t.as_str().unwrap().to_owned());
    let mut audit = vec![AuditDraft {
        at: past.made,
        number: number.to_owned(),
        actor: past.owner.clone(),
        role: "SD".to_owned(),
        action: "create".to_owned(),
        before: json!({}),
        after: json!({ "state": kind.initial }),
        reason: String::new(),
    }];
    let mut state = kind.initial.clone();
    for (to, at, role) in &past.steps {
        assert!(kind.state(to).is_some(), "{} has no state {to}", kind.slug);
        audit.push(AuditDraft {
            at: *at,
            number: number.to_owned(),
            actor: past.owner.clone(),
            role: role.clone(),
            action: format!("transition:{to}"),
            before: json!({ "state": state }),
            after: json!({ "state": to }),
            reason: String::new(),
        });
        state.clone_from(to);
    }
    let record = Record {
        id: app.clock.id(),
        org: ORG.to_owned(),
        kind: kind.slug.clone(),
        number: number.to_owned(),
        title,
        state,
        owner: past.owner,
        revision: i64::try_from(audit.len()).unwrap(),
        created_at: past.made,
        created_by: "past".to_owned(),
        updated_at: audit.last().unwrap().at,
        kind_version: 0,
        data,
    };
    let mut entries = record::index_entries(kind, &record);
    for (path, _) in kind.indexed_paths() {
        if !entries.iter().any(|(known, _)| known == path) {
            entries.push((path.to_owned(), String::new()));
        }
    }
    let row = |r: record::Reference| LinkRow { rel: r.rel, target: r.number, group: r.group };
    let links = record::references(kind, &record).into_iter().map(row).collect();
    let content = Some(mortise::domain::search::content(kind, &record));
    let write = RecordWrite { record, was: None, entries: Some(entries), links: Some(links), content };
    Unit { org: ORG.to_owned(), records: vec![write], audit, ..Unit::default() }
}
