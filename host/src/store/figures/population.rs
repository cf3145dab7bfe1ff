//! The records of a population as a query.

use super::dialect;
use super::{Lens, millis};
use crate::domain::Kind;
use crate::domain::field::FieldType;
use crate::domain::measure::{Amount, Lies, Population};
use crate::store::tx::Bind;
use crate::store::{Backend, index};

/// Entries of the audit trail that tell of a step from state to state. The same words stand in the index.
const STEPS: &str = "substr(a.action, 1, 11) = 'transition:'";

/// A query under construction; only constants, placeholders and checked names go into its text.
pub(super) struct Query<'l> {
    pub(super) backend: Backend,
    pub(super) lens: Lens<'l>,
    binds: Vec<Bind>,
    aliases: usize,
    /// The records are those that were there at the end of the period: their states are those of then.
    standing: bool,
}

/// Where the values of a condition come from.
pub(super) struct Source {
    /// Alias of the record's row.
    pub(super) row: String,
    /// Expression of the JSON that paths lead into.
    pub(super) json: String,
    /// The JSON is an item of a list, and has no columns.
    pub(super) item: bool,
}

impl Source {
    fn record(row: &str) -> Self {
        Self { row: row.to_owned(), json: format!("{row}.data"), item: false }
    }

    /// An item of one of the record's lists.
    pub(super) fn item(&self, alias: &str) -> Self {
        Self { row: self.row.clone(), json: format!("{alias}.value"), item: true }
    }
}

impl Amount {
    /// The list whose items are added up instead of the records.
    pub(super) fn list(&self) -> Option<&str> {
        match self {
            Self::ItemField { items, .. } => Some(items),
            _ => None,
        }
    }
}

impl<'l> Query<'l> {
    pub(super) fn new(backend: Backend, lens: Lens<'l>) -> Self {
        Self { backend, lens, binds: vec![Bind::Text(lens.org.to_owned())], aliases: 0, standing: false }
    }

    pub(super) fn into_binds(self) -> Vec<Bind> {
        self.binds
    }

    pub(super) fn bind(&mut self, bind: Bind) -> String {
        self.binds.push(bind);
        format!("${}", self.binds.len())
    }

    pub(super) fn text_bind(&mut self, text: &str) -> String {
        self.bind(Bind::Text(text.to_owned()))
    }

    pub(super) fn int(&mut self, value: i64) -> String {
        self.bind(Bind::Int(value))
    }

    pub(super) fn alias(&mut self, letter: &str) -> String {
        self.aliases += 1;
        format!("{letter}{}", self.aliases)
    }

    /// A text column or the value at a path, as text.
    pub(super) fn text(&self, source: &Source, path: &str) -> String {
        match path {
            "number" | "title" | "state" | "owner" | "created_by" if !source.item => format!("{}.{path}", source.row),
            path => dialect::text(self.backend, &source.json, path),
        }
    }

    /// The value that figures are divided by.
    pub(super) fn group(&self, source: &Source) -> String {
        let record = Source::record(&source.row);
        self.lens.by.map_or_else(|| "CAST(NULL AS TEXT)".to_owned(), |by| self.text(&record, by.as_str()))
    }

    /// ` FROM … WHERE …` of a population of one kind, and where its values come from.
    pub(super) fn from(&mut self, kind: &Kind, of: &Population, items: Option<&str>) -> (String, Source) {
        self.standing = of.lies == Lies::Standing;
        let record = Source::record("r");
        let slug = self.text_bind(&kind.slug);
        let mut from = " FROM records r".to_owned();
        let source = match items {
            None => Source::record("r"),
            Some(list) => {
                let lateral = if self.backend == Backend::Postgres { "CROSS JOIN LATERAL" } else { "JOIN" };
                from.push_str(&format!(" {lateral} {}", dialect::items(self.backend, &record.json, list, "i")));
                record.item("i")
            }
        };
        let lies = self.lies(kind, &record, &of.lies);
        let states = self.in_states(&record, &of.states);
        let that = self.all(&record, &of.that);
        (format!("{from} WHERE r.org = $1 AND r.kind = {slug} AND {lies} AND {states} AND {that}"), source)
    }

    fn lies(&mut self, kind: &Kind, record: &Source, lies: &Lies) -> String {
        let (from, to) = (self.lens.span.from, self.lens.span.to);
        match lies {
            Lies::Standing => {
                let at = self.bind(millis(self.lens.span.at(self.lens.now)));
                // What was made at this very instant is there now.
                let until = if self.lens.span.to > self.lens.now { "<=" } else { "<" };
                format!("r.created_at {until} {at}")
            }
            Lies::Created => {
                let all = self.bind(path(self.lens.org, kind, index::ALL));
                // Keys are in the order of the making.
                let (first, last) = (self.int(index::first_key(from)), self.int(index::first_key(to)));
                format!(
                    "r.key IN (SELECT f.record FROM field_index f WHERE f.path = {all} AND f.value = '' \
                     AND f.record >= {first} AND f.record < {last})"
                )
            }
            Lies::Entered(states) => {
                let entered = self.entered("a", states);
                let (from, to) = (self.bind(millis(from)), self.bind(millis(to)));
                format!(
                    "r.number IN (SELECT a.number FROM audit a WHERE a.org = $1 AND {STEPS} AND {entered} \
                     AND a.at >= {from} AND a.at < {to})"
                )
            }
            Lies::At(field) => self.at(kind, record, field),
            Lies::Named(field) => {
                let text = self.text(record, field);
                let mut names: Vec<String> =
                    self.lens.span.names().into_iter().map(|(name, _)| self.text_bind(&name)).collect();
                names.push("''".to_owned());
                let span = self.lens.span;
                let (first, last) = (self.text_bind(&span.first.to_string()), self.text_bind(&span.last.to_string()));
                format!(
                    "({text} IN ({}) OR (length({text}) = 21 AND substr({text}, 1, 10) >= {first} \
                     AND substr({text}, 12, 10) <= {last}))",
                    names.join(", ")
                )
            }
            Lies::Year(field) => {
                let year = self.text(record, field);
                let years = self.lens.span.first.year()..=self.lens.span.last.year();
                let years: Vec<String> = years.map(|year| format!("'{year}'")).collect();
                format!("{year} IN ({})", years.join(", "))
            }
        }
    }

    fn at(&mut self, kind: &Kind, record: &Source, field: &str) -> String {
        let span = self.lens.span;
        let (from, to) = match kind.indexed(field) {
            Some(FieldType::Date) => (span.first.to_string(), time_after(span)),
            Some(FieldType::Instant) => (span.from.sortable(), span.to.sortable()),
            _ => {
                let moment = self.moment(record, &crate::domain::measure::condition::Moment::Field(field.to_owned()));
                let (from, to) = (self.bind(millis(span.from)), self.bind(millis(span.to)));
                return format!("{moment} >= {from} AND {moment} < {to}");
            }
        };
        let path = self.bind(path(self.lens.org, kind, field));
        let (from, to) = (self.text_bind(&from), self.text_bind(&to));
        format!(
            "r.key IN (SELECT f.record FROM field_index f WHERE f.path = {path} AND f.value >= {from} AND f.value < {to})"
        )
    }

    /// The state of a record: of the end of the period, where the population is what was there then; else of now.
    pub(super) fn state(&mut self, record: &Source) -> String {
        if self.standing { self.state_at(record) } else { format!("{}.state", record.row) }
    }

    fn in_states(&mut self, record: &Source, states: &[String]) -> String {
        if states.is_empty() {
            return "1 = 1".to_owned();
        }
        let state = self.state(record);
        let places: Vec<String> = states.iter().map(|state| self.text_bind(state)).collect();
        format!("{state} IN ({})", places.join(", "))
    }

    /// The state of a record as of the end of the period. A record that has not changed since is as it was then; of
    /// others the audit trail tells.
    pub(super) fn state_at(&mut self, record: &Source) -> String {
        let row = &record.row;
        if self.lens.span.to > self.lens.now {
            return format!("{row}.state");
        }
        let at = self.bind(millis(self.lens.span.to));
        let a = self.alias("a");
        let told = dialect::text(self.backend, &format!("{a}.after_value"), "state");
        format!(
            "CASE WHEN {row}.updated_at < {at} THEN {row}.state ELSE COALESCE((SELECT {told} FROM audit {a} \
             WHERE {a}.org = $1 AND {a}.number = {row}.number AND {a}.at < {at} AND {told} IS NOT NULL \
             ORDER BY {a}.at DESC, {a}.seq DESC LIMIT 1), {row}.state) END"
        )
    }

    /// What a record adds, and the currency of it.
    pub(super) fn amount(&mut self, source: &Source, amount: &Amount) -> (String, String) {
        let none = "CAST(NULL AS TEXT)".to_owned();
        let number = |query: &Self, path: &str| dialect::micro(query.backend, &query.text(source, path));
        match amount {
            Amount::One => ("1".to_owned(), none),
            Amount::Items { field, that } => (self.count_items(source, field, that), none),
            Amount::Field(path) | Amount::ItemField { field: path, .. } => (number(self, path), none),
            Amount::Money(path) => {
                (number(self, &format!("{path}.amount")), self.text(source, &format!("{path}.currency")))
            }
            Amount::Gap(a, b) => (format!("ABS({} - {})", number(self, a), number(self, b)), none),
            Amount::Duration(from, to) => {
                let (from, to) = (self.moment(source, from), self.moment(source, to));
                (format!("(({to}) - ({from}))"), none)
            }
        }
    }
}

/// The number of a path in the index.
pub(super) fn path(org: &str, kind: &Kind, name: &str) -> Bind {
    Bind::Int(index::path(org, &kind.slug, name))
}

fn time_after(span: &crate::domain::measure::Span) -> String {
    crate::domain::time::add_days(span.last, 1).to_string()
}
