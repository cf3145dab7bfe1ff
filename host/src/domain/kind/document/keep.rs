//! What of a built-in kind an organisation cannot take away: the flows and the guide's rules stand on it.
//!
//! An organisation may add to a built-in kind, and change how it is called, who may do what, and what is asked for
//! beyond what the guide asks for. It may not take away or loosen.

use toml::{Table, Value};

use super::{Document, Part};
use crate::domain::field::FieldType;
use crate::domain::refusal::FieldProblem;

/// The rule that refuses such a change.
const RULE: &str = "kind-built-in";

/// Keys that say something to people only.
const WORDS: [&str; 3] = ["label", "message", "source"];

impl Document {
    /// Everything that `base`, a built-in kind, has and this document no longer has as it is needed.
    pub fn lost(&self, base: &Self) -> Vec<FieldProblem> {
        let mut lost = Lost { fields: base.names(Part::Field), found: Vec::new() };
        for (key, value) in &base.0 {
            let same = self.0.get(key) == Some(value);
            match key.as_str() {
                "name" | "access" => {}
                "owner_fields" => lost.subset("", key, value, self.0.get(key)),
                key if Part::ALL.iter().any(|part| part.key() == key) => {}
                _ if same => {}
                key => lost.add(key, format!("{key} of a built-in kind stays {value}")),
            }
        }
        for part in Part::ALL {
            for table in base.parts(part) {
                let name = part.name(table);
                let place = format!("{} {name}", part.key());
                match self.part(part, &name) {
                    None => lost.add(&place, format!("the {place} belongs to the built-in kind and cannot be removed")),
                    Some(now) => lost.part(part, &place, table, now),
                }
            }
        }
        for hook in self.names(Part::Decision) {
            if base.part(Part::Decision, &hook).is_none() {
                lost.add(&format!("decision {hook}"), format!("the process {hook} does not decide about this kind"));
            }
        }
        lost.found
    }
}

struct Lost {
    /// The built-in fields.
    fields: Vec<String>,
    found: Vec<FieldProblem>,
}

impl Lost {
    fn add(&mut self, place: &str, message: String) {
        self.found.push(FieldProblem::new(place, RULE, message));
    }

    fn stays(&mut self, place: &str, keys: &[&str], was: &Table, is: &Table) {
        for key in keys.iter().filter(|key| was.get(**key) != is.get(**key)) {
            let message = match was.get(*key) {
                Some(value) => format!("{key} of the {place} stays {value}"),
                None => format!("the {place} has no {key}, and the built-in kind relies on that"),
            };
            self.add(place, message);
        }
    }

    /// A switch that is on stays on.
    fn stays_on(&mut self, place: &str, keys: &[&str], was: &Table, is: &Table) {
        let on = |table: &Table, key: &str| table.get(key).and_then(Value::as_bool).unwrap_or_default();
        for key in keys.iter().filter(|key| on(was, key) && !on(is, key)) {
            self.add(place, format!("{key} of the {place} stays true"));
        }
    }

    /// What the list had, it still has.
    fn subset(&mut self, place: &str, key: &str, was: &Value, is: Option<&Value>) {
        let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let now = list(is);
        for item in list(Some(was)).iter().filter(|item| !now.contains(item)) {
            let of = if place.is_empty() { String::new() } else { format!(" of the {place}") };
            self.add(if place.is_empty() { key } else { place }, format!("{key}{of} still has to have {item}"));
        }
    }

    fn part(&mut self, part: Part, place: &str, was: &Table, is: &Table) {
        match part {
            Part::Field => self.field(place, was, is),
            Part::State => {
                self.stays(place, &["closed"], was, is);
                match (was.get("locked"), is.get("editable").and_then(Value::as_array)) {
                    (Some(locked), None) => self.subset(place, "locked", locked, is.get("locked")),
                    // Saying what is editable instead leaves the same fields out.
                    (Some(Value::Array(locked)), Some(editable)) => {
                        for field in locked.iter().filter(|field| editable.contains(field)) {
                            self.add(place, format!("{field} may not be editable in the {place}"));
                        }
                    }
                    _ => {}
                }
                if let Some(Value::Array(allowed)) = was.get("editable") {
                    let now = is.get("editable").and_then(Value::as_array);
                    // Fields of the organisation's own are its own business.
                    let own = |field: &Value| field.as_str().is_some_and(|name| !self.fields.iter().any(|f| f == name));
                    if now.is_none_or(|now| now.iter().any(|field| !allowed.contains(field) && !own(field))) {
                        let allowed = Value::Array(allowed.clone());
                        self.add(place, format!("nothing but {allowed} may be editable in the {place}"));
                    }
                }
            }
            Part::Transition => self.transition(place, was, is),
            _ => {
                let keys: Vec<&str> = was.keys().chain(is.keys()).map(String::as_str).collect();
                let mut keys: Vec<&str> = keys.into_iter().filter(|key| !WORDS.contains(key)).collect();
                keys.sort_unstable();
                keys.dedup();
                self.stays(place, &keys, was, is);
            }
        }
    }

    fn field(&mut self, place: &str, was: &Table, is: &Table) {
        let ty = |table: &Table| table.get("type").and_then(Value::as_str)?.parse::<FieldType>().ok();
        match (ty(was), ty(is)) {
            (Some(FieldType::Enum(was)), Some(FieldType::Enum(is))) => {
                for option in is.iter().filter(|option| !was.contains(option)) {
                    self.add(
                        place,
                        format!("the {place} has no option '{option}'; an organisation may only narrow it"),
                    );
                }
            }
            (was, is) if was == is => {}
            _ => self.stays(place, &["type"], was, is),
        }
        let loose = ["type", "label", "default", "required", "on_create", "indexed", "min", "max", "source"];
        let mut keys: Vec<&str> = was.keys().chain(is.keys()).map(String::as_str).collect();
        keys.retain(|key| !loose.contains(key));
        keys.sort_unstable();
        keys.dedup();
        self.stays(place, &keys, was, is);
        self.stays_on(place, &["required", "on_create", "indexed"], was, is);
        let limit = |table: &Table, key: &str| table.get(key).and_then(Value::as_integer);
        if let Some(min) = limit(was, "min").filter(|min| limit(is, "min").is_none_or(|now| now < *min)) {
            self.add(place, format!("min of the {place} is at least {min}"));
        }
        if let Some(max) = limit(was, "max").filter(|max| limit(is, "max").is_none_or(|now| now > *max)) {
            self.add(place, format!("max of the {place} is at most {max}"));
        }
    }

    fn transition(&mut self, place: &str, was: &Table, is: &Table) {
        self.stays(place, &["to", "when", "all_of", "signatures", "records_actor", "only"], was, is);
        self.stays_on(place, &["reason"], was, is);
        if is.get("incomplete").and_then(Value::as_bool) == Some(true) && was.get("incomplete").is_none() {
            self.add(place, format!("incomplete of the {place} stays false"));
        }
        for key in ["require", "separate"] {
            if let Some(list) = was.get(key) {
                self.subset(place, key, list, is.get(key));
            }
        }
        // What the host itself, or a decision, takes, it goes on taking; and nothing else becomes its business.
        for role in ["auto", "route"] {
            let has = |table: &Table| {
                let roles = table.get("roles").and_then(Value::as_array);
                roles.is_some_and(|roles| roles.iter().any(|known| known.as_str() == Some(role)))
            };
            if has(was) != has(is) {
                let word = if has(was) { "stays among" } else { "does not join" };
                self.add(place, format!("{role} {word} the roles of the {place}"));
            }
        }
    }
}
