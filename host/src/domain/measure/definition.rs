//! A measure's definition, and the set of those embedded in the binary.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::figure::{Direction, Exact};
use super::formula::{Formula, Unit};
use super::quantity::Quantity;
use super::raw::{RawAmount, RawCondition, RawPopulation, RawQuantity, RawTerm, conditions, special};
use crate::domain::constant::Constants;
use crate::domain::kind::Label;

// `EMBEDDED: &[(&str, &str)]`, path and text of every file under host/measures (see host/build.rs).
include!(concat!(env!("OUT_DIR"), "/measures.rs"));

/// What is measured, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Name in URLs and in the `formula` of measure definitions (KPI), for example `incidents-in-target`.
    pub id: String,
    /// The guide's process, for example `P35`.
    pub process: String,
    /// Name for people.
    pub name: Label,
    /// In what it is expressed.
    pub unit: Unit,
    /// Which way it is good; none where a figure is neither.
    pub direction: Option<Direction>,
    /// What is to be reached, where the guide says so.
    pub target: Option<Quantity>,
    /// Decimals that are shown.
    pub digits: u8,
    /// By what it can be divided.
    pub by: Vec<Dimension>,
    /// Section of the guide.
    pub source: String,
    /// What is computed.
    pub formula: Formula,
}

impl Definition {
    /// The target as an exact number, under an organisation's constants.
    pub fn target(&self, constants: &Constants) -> Option<Exact> {
        self.target.as_ref().and_then(|target| target.exact(constants))
    }
}

/// A field by which a measure can be divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// The service.
    Service,
    /// The priority.
    Priority,
}

impl Dimension {
    /// Its name, which is also the field's.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Priority => "priority",
        }
    }
}

/// A definition that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct DefinitionError {
    /// The file.
    pub file: String,
    /// What is wrong in it.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    measure: Vec<RawMeasure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMeasure {
    id: String,
    process: String,
    name: Label,
    unit: Unit,
    direction: Option<Direction>,
    target: Option<RawQuantity>,
    digits: Option<u8>,
    #[serde(default)]
    by: Vec<Dimension>,
    source: String,
    of: Option<RawPopulation>,
    items: Option<String>,
    share: Option<Vec<RawCondition>>,
    count: Option<Vec<RawCondition>>,
    mean: Option<RawAmount>,
    distribution: Option<String>,
    top: Option<Vec<RawTerm>>,
    #[serde(default)]
    bottom: Vec<RawTerm>,
    scale: Option<i64>,
    #[serde(default)]
    absolute: bool,
    #[serde(default)]
    per_month: bool,
    special: Option<String>,
}

impl RawMeasure {
    fn read(self) -> Result<Definition, String> {
        let of = self.of.map(RawPopulation::read).transpose()?;
        let population = || of.clone().ok_or_else(|| "of is missing".to_owned());
        let items = self.items;
        let mut formulas = Vec::new();
        if let Some(that) = self.share {
            formulas.push(Formula::Share { of: population()?, items: items.clone(), that: conditions(that)? });
        }
        if let Some(that) = self.count {
            formulas.push(Formula::Count { of: population()?, items, that: conditions(that)? });
        }
        if let Some(amount) = self.mean {
            formulas.push(Formula::Mean { of: population()?, amount: amount.read()? });
        }
        if let Some(field) = self.distribution {
            formulas.push(Formula::Distribution { of: population()?, field });
        }
        if let Some(top) = self.top {
            let terms = |terms: Vec<RawTerm>| terms.into_iter().map(RawTerm::read).collect::<Result<Vec<_>, _>>();
            formulas.push(Formula::Ratio {
                top: terms(top)?,
                bottom: terms(self.bottom)?,
                scale: self.scale.unwrap_or(if self.unit == Unit::Percent { 100 } else { 1 }),
                absolute: self.absolute,
                per_month: self.per_month,
            });
        }
        if let Some(name) = &self.special {
            formulas.push(Formula::Special(special(name)?));
        }
        let mut formulas = formulas.into_iter();
        let (Some(formula), None) = (formulas.next(), formulas.next()) else {
            return Err("a measure has one formula".to_owned());
        };
        let target = self.target.as_ref().map(RawQuantity::read);
        Ok(Definition {
            id: self.id,
            process: self.process,
            name: self.name,
            direction: self.direction,
            target: target.transpose()?,
            digits: self.digits.unwrap_or_else(|| self.unit.digits()),
            unit: self.unit,
            by: self.by,
            source: self.source,
            formula,
        })
    }
}

/// A set of definitions whose names are unique.
#[derive(Clone, Debug, Default)]
pub struct Measures(BTreeMap<String, Definition>);

impl Measures {
    /// The definitions embedded in the binary.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Measures> = LazyLock::new(|| match Measures::load(EMBEDDED.iter().copied()) {
            Ok(measures) => measures,
            // The files are part of the binary and a test loads them all.
            Err(error) => unreachable!("embedded measure: {error}"),
        });
        &BUILTIN
    }

    /// Reads a set of files, each given as its path and text.
    ///
    /// # Errors
    /// The first thing that is wrong in one of them.
    pub fn load<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, DefinitionError> {
        let mut measures = BTreeMap::new();
        for (file, text) in files {
            let wrong = |message: String| DefinitionError { file: file.to_owned(), message };
            let parsed: File = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
            for raw in parsed.measure {
                let id = raw.id.clone();
                let definition = raw.read().map_err(|message| wrong(format!("{id}: {message}")))?;
                if measures.insert(id.clone(), definition).is_some() {
                    return Err(wrong(format!("another measure has the id '{id}' already")));
                }
            }
        }
        Ok(Self(measures))
    }

    /// The definition of that name.
    pub fn get(&self, id: &str) -> Option<&Definition> {
        self.0.get(id)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::super::{missing_in, population_missing};
    use super::*;
    use crate::domain::Kinds;
    use crate::domain::kind::DICTIONARY;

    #[test]
    fn every_process_has_a_measure() {
        let processes: BTreeSet<&str> = Measures::builtin().iter().map(|m| m.process.as_str()).collect();
        let missing: Vec<String> =
            (1..=57).map(|n| format!("P{n:02}")).filter(|p| !processes.contains(p.as_str())).collect();
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn a_definition_that_cannot_be_used_says_where() {
        let load = |text: &str| Measures::load([("x.toml", text)]).unwrap_err().to_string();
        let head = "[[measure]]\nid = \"a\"\nprocess = \"P01\"\nname = { en = \"a\", zh = \"a\" }\nunit = \"percent\"\nsource = \"x\"\n";
        assert!(load(head).contains("a: a measure has one formula"));
        assert!(load(&format!("{head}share = []")).contains("a: of is missing"));
        let of = "of = { kind = \"INC\" }\n";
        assert!(load(&format!("{head}{of}share = [{{ field = \"x\" }}]")).contains("the condition on 'x'"));
        assert!(load(&format!("{head}{of}share = [{{ colour = 1 }}]")).contains("colour"));
        let of_no_constant = "share = [{ moment = \"created_at\", before = \"end\", days = \"policy.none_such\" }]";
        assert!(load(&format!("{head}{of}{of_no_constant}")).contains("there is no constant 'none_such'"));
        assert!(load(&format!("{head}{of}target = \"many\"\nshare = []")).contains("'many'"));
    }

    /// A definition that names what no kind has gives no figure; once the dictionary is complete, none may.
    #[test]
    fn definitions_name_what_the_kinds_have() {
        let kinds = Kinds::builtin();
        let complete = DICTIONARY.iter().all(|prefix| kinds.by_prefix(prefix).is_some());
        let wrong: Vec<String> = Measures::builtin()
            .iter()
            .flat_map(|m| missing_in(m, kinds).into_iter().map(|what| format!("{}: {what}", m.id)))
            .filter(|message| complete || !message.contains("there is no kind"))
            .collect();
        assert_eq!(wrong, Vec::<String>::new());
        let none =
            Population { kinds: vec!["XXX".into()], lies: super::super::Lies::Standing, states: vec![], that: vec![] };
        assert_eq!(population_missing(&none, kinds), ["there is no kind XXX"]);
    }

    use super::super::Population;
}
