//! Conditions as SQL. A condition on a value that is not there is not met.

use super::dialect;
use super::population::{Query, Source, path};
use crate::domain::Kind;
use crate::domain::field::FieldType;
use crate::domain::measure::Lies;
use crate::domain::measure::condition::{Condition, Literal, Order, Related, Than, When};
use crate::domain::measure::quantity::Quantity;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

impl Query<'_> {
    /// All of these.
    pub(super) fn all(&mut self, source: &Source, conditions: &[Condition]) -> String {
        self.joined(source, conditions, " AND ", "1 = 1")
    }

    fn joined(&mut self, source: &Source, conditions: &[Condition], word: &str, none: &str) -> String {
        if conditions.is_empty() {
            return none.to_owned();
        }
        let each: Vec<String> = conditions.iter().map(|condition| self.condition(source, condition)).collect();
        format!("({})", each.join(word))
    }

    fn condition(&mut self, source: &Source, condition: &Condition) -> String {
        match condition {
            Condition::Value { field, is, not } => {
                let text = if field == "state" && !source.item { self.state(source) } else { self.text(source, field) };
                let values: Vec<String> = is.iter().map(|value| self.literal(value)).collect();
                match not {
                    false => format!("{text} IN ({})", values.join(", ")),
                    true => format!("COALESCE({text} NOT IN ({}), 1 = 1)", values.join(", ")),
                }
            }
            Condition::Set { field, set } => {
                let text = self.text(source, field);
                format!("COALESCE({text}, '') {} ''", if *set { "<>" } else { "=" })
            }
            Condition::Number { field, test, than } => self.number(source, field, *test, than),
            Condition::Contains { fields, words } => {
                let mut each = Vec::new();
                for field in fields {
                    let text = self.text(source, field);
                    for word in words {
                        let word = self.text_bind(&format!("%{word}%"));
                        each.push(format!("LOWER({text}) LIKE {word}"));
                    }
                }
                format!("({})", each.join(" OR "))
            }
            Condition::Refers { field, kind } => {
                let (text, start) = (self.text(source, field), self.text_bind(&format!("{kind}-%")));
                format!("{text} LIKE {start}")
            }
            Condition::Moment { left, test, right, plus_days, plus_hours } => {
                let left = self.moment(source, left);
                let right = self.moment(source, right);
                let later = |by: &Option<Quantity>, unit: i64| {
                    by.as_ref().map_or(0, |by| by.whole(self.lens.constants).saturating_mul(unit))
                };
                let plus = later(plus_days, DAY_MS).saturating_add(later(plus_hours, HOUR_MS));
                let right = if plus == 0 { right } else { format!("({right}) + {plus}") };
                let (word, right) = match test {
                    When::By => ("<=", right),
                    When::Before => ("<", right),
                    When::From => (">=", right),
                    When::After => (">", right),
                    When::ByDay => ("<", self.day_end(&format!("({right})"))),
                };
                format!("({left}) {word} ({right})")
            }
            Condition::Past(path) => {
                let limit = self.limit(source, path);
                let at = self.int(self.lens.span.at(self.lens.now).0);
                format!("({limit}) <= {at}")
            }
            Condition::Entered { states, least, most } => {
                let alias = self.alias("a");
                let entered = self.entered(&alias, states);
                self.times(source, &alias, &entered, *least, *most)
            }
            Condition::Acted { role, acted } => {
                let alias = self.alias("a");
                let role = self.text_bind(role);
                let told = format!("{alias}.role = {role} AND {alias}.action LIKE 'transition:%'");
                let (least, most) = if *acted { (1, None) } else { (0, Some(0)) };
                self.times(source, &alias, &told, least, most)
            }
            Condition::Audited(action) => {
                let alias = self.alias("a");
                let action = self.text_bind(&format!("{action}%"));
                self.times(source, &alias, &format!("{alias}.action LIKE {action}"), 1, None)
            }
            Condition::Linked(prefix) => {
                let (alias, start) = (self.alias("l"), self.text_bind(&format!("{prefix}-%")));
                format!(
                    "EXISTS (SELECT 1 FROM links {alias} WHERE {alias}.org = $1 AND {alias}.source_id = {}.id \
                     AND {alias}.target LIKE {start})",
                    source.row
                )
            }
            Condition::Related(related) => self.related(source, related),
            Condition::Items { field, that, least, most } => {
                let count = self.count_items(source, field, that);
                between(&count, *least, *most)
            }
            Condition::Referred { by, that } => {
                let q = self.alias("q");
                let number = self.text(source, by);
                let other = Source { row: q.clone(), json: format!("{q}.data"), item: false };
                let that = self.all(&other, that);
                format!("EXISTS (SELECT 1 FROM records {q} WHERE {q}.org = $1 AND {q}.number = {number} AND {that})")
            }
            Condition::All(all) => self.all(source, all),
            Condition::Any(any) => self.joined(source, any, " OR ", "1 = 0"),
            Condition::Neither(none) => {
                let any = self.joined(source, none, " OR ", "1 = 0");
                format!("NOT COALESCE({any}, 1 = 0)")
            }
        }
    }

    fn literal(&mut self, literal: &Literal) -> String {
        match literal {
            Literal::Text(text) => self.text_bind(text),
            Literal::Whole(whole) => format!("'{whole}'"),
            Literal::Flag(flag) => format!("'{}'", dialect::flag(self.backend, *flag)),
        }
    }

    fn number(&mut self, source: &Source, field: &str, test: Order, than: &Than) -> String {
        let word = match test {
            Order::Least => ">=",
            Order::Most => "<=",
            Order::Below => "<",
            Order::Above => ">",
        };
        let left = dialect::micro(self.backend, &self.text(source, field));
        match than {
            Than::Number(number) => format!("{left} {word} {}", number.micro(self.lens.constants)),
            Than::Field { path, through, percent } => {
                let right = match through {
                    None => dialect::micro(self.backend, &self.text(source, path)),
                    Some(through) => self.of_referred(source, through, path),
                };
                format!("{left} * 100 {word} {right} * {}", percent.whole(self.lens.constants))
            }
        }
    }

    /// A number of the record that a reference names.
    fn of_referred(&mut self, source: &Source, through: &str, path: &str) -> String {
        let alias = self.alias("q");
        let number = self.text(source, through);
        let value = dialect::micro(self.backend, &dialect::text(self.backend, &format!("{alias}.data"), path));
        format!("(SELECT {value} FROM records {alias} WHERE {alias}.org = $1 AND {alias}.number = {number})")
    }

    fn times(&mut self, source: &Source, alias: &str, told: &str, least: i64, most: Option<i64>) -> String {
        let count = format!(
            "(SELECT COUNT(*) FROM audit {alias} WHERE {alias}.org = $1 AND {alias}.number = {}.number AND {told})",
            source.row
        );
        between(&count, least, most)
    }

    /// How many items of a list meet conditions.
    pub(super) fn count_items(&mut self, source: &Source, list: &str, that: &[Condition]) -> String {
        let alias = self.alias("i");
        let rows = dialect::items(self.backend, &source.json, list, &alias);
        let item = source.item(&alias);
        let hit = self.all(&item, that);
        format!("(SELECT COUNT(*) FROM {rows} WHERE {hit})")
    }

    fn related(&mut self, source: &Source, related: &Related) -> String {
        let [prefix] = related.of.kinds.as_slice() else { return "1 = 0".to_owned() };
        let Some(kind) = self.lens.kinds.by_prefix(prefix).cloned() else { return "1 = 0".to_owned() };
        let q = self.alias("q");
        let other = Source { row: q.clone(), json: format!("{q}.data"), item: false };
        let value = self.text(source, &related.is);
        let slug = self.text_bind(&kind.slug);
        let belongs = self.belongs(&kind, &other, &related.by, &value);
        let mut parts = vec![format!("{q}.org = $1 AND {q}.kind = {slug} AND {belongs}")];
        if !related.of.states.is_empty() {
            debug_assert!(related.of.lies == Lies::Standing, "related records have no period of their own");
            let state = self.state_at(&other);
            let places: Vec<String> = related.of.states.iter().map(|state| self.text_bind(state)).collect();
            parts.push(format!("{state} IN ({})", places.join(", ")));
        }
        parts.push(self.all(&other, &related.of.that));
        // A record is not related to itself.
        parts.push(format!("{q}.id <> {}.id", source.row));
        if let Some(days) = &related.earlier_days {
            let ms = self.int(days.whole(self.lens.constants).saturating_mul(DAY_MS));
            let row = &source.row;
            parts.push(format!("{q}.key < {row}.key AND {q}.created_at >= {row}.created_at - {ms}"));
        }
        if let (Some(state), Some(moment)) = (&related.entered, &related.not_after) {
            let states = vec![state.clone()];
            let entered = self.moment(&other, &crate::domain::measure::condition::Moment::First(states));
            let moment = self.moment(source, moment);
            parts.push(format!("{entered} <= {moment}"));
        }
        let count = format!("(SELECT COUNT(*) FROM records {q} WHERE {})", parts.join(" AND "));
        between(&count, related.least, related.most)
    }

    /// That a record's field has a value: by the index, where it keeps the value as it is.
    fn belongs(&mut self, kind: &Kind, other: &Source, by: &str, value: &str) -> String {
        let plain = matches!(
            kind.indexed(by),
            Some(FieldType::Ref(_) | FieldType::User | FieldType::Str | FieldType::Enum(_) | FieldType::Role)
        );
        if !plain {
            return format!("{} = {value}", self.text(other, by));
        }
        let (x, path) = (self.alias("x"), self.bind(path(self.lens.org, kind, by)));
        format!(
            "{}.key IN (SELECT {x}.record FROM field_index {x} WHERE {x}.path = {path} AND {x}.value = {value})",
            other.row
        )
    }
}

fn between(count: &str, least: i64, most: Option<i64>) -> String {
    match most {
        None => format!("{count} >= {least}"),
        Some(most) if least == most => format!("{count} = {least}"),
        Some(most) => format!("{count} BETWEEN {least} AND {most}"),
    }
}
