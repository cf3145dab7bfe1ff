//! The certification file: 24 items and what has to be so beforehand (guide, P55 and section 5).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::kind::Label;
use crate::domain::measure::condition::Condition;
use crate::domain::measure::raw::RawPopulation;
use crate::domain::measure::{Lies, Population};

/// An item of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificationItem {
    /// `1` to `9`, `5a` to `5p`; what the `item` of a certification record (CRT) names.
    pub id: String,
    /// What it is.
    pub title: Label,
    /// What shows it.
    pub proof: Proof,
}

/// What shows an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Records for each of these.
    Needs(Vec<Need>),
    /// The matrix of clauses, which is made from the records.
    Matrix,
}

/// Records that an item needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What they are.
    pub text: Label,
    /// Those that count.
    pub of: Population,
}

/// Something that has to be so before the file goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precondition {
    /// Its name.
    pub id: String,
    /// What it is.
    pub title: Label,
    /// How it is found out.
    pub test: Test,
}

/// How a precondition is found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// An item of the file is ready.
    Item(String),
    /// The audit trail began so many months ago.
    RunningMonths(i32),
    /// There are records.
    Need(Need),
    /// A certification record whose `item` is the precondition's name declares it.
    Declared,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    item: Vec<RawItem>,
    precondition: Vec<RawPrecondition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItem {
    id: String,
    title: Label,
    need: Option<Vec<RawNeed>>,
    #[serde(default)]
    matrix: bool,
    words: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNeed {
    text: Label,
    of: RawPopulation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrecondition {
    id: String,
    title: Label,
    item: Option<String>,
    running_months: Option<i32>,
    need: Option<RawNeed>,
    #[serde(default)]
    declared: bool,
}

impl RawNeed {
    fn read(self) -> Result<Need, String> {
        Ok(Need { text: self.text, of: self.of.read()? })
    }
}

impl RawItem {
    fn read(self) -> Result<CertificationItem, String> {
        let proof = match (self.need, self.words, self.matrix) {
            (Some(needs), None, false) => Proof::Needs(needs.into_iter().map(RawNeed::read).collect::<Result<_, _>>()?),
            (None, Some(words), false) => Proof::Needs(vec![process_documents(&words)]),
            (None, None, true) => Proof::Matrix,
            _ => return Err("an item has need, words or matrix".to_owned()),
        };
        Ok(CertificationItem { id: self.id, title: self.title, proof })
    }
}

/// The documents of a process, of which several may be combined in one: a document or process card in force whose
/// title names it.
fn process_documents(words: &[String]) -> Need {
    let words = words.iter().map(|word| word.to_lowercase()).collect();
    Need {
        text: Label { en: "Document or process card".to_owned(), zh: "文件或过程卡".to_owned() },
        of: Population {
            kinds: vec!["DOC".to_owned(), "PRC".to_owned()],
            lies: Lies::Standing,
            states: ["approved", "effective", "in_use"].map(str::to_owned).to_vec(),
            that: vec![Condition::Contains { fields: vec!["title".to_owned()], words }],
        },
    }
}

impl RawPrecondition {
    fn read(self) -> Result<Precondition, String> {
        let need = self.need.map(RawNeed::read).transpose()?;
        let test = match (self.item, self.running_months, need, self.declared) {
            (Some(item), None, None, false) => Test::Item(item),
            (None, Some(months), None, false) => Test::RunningMonths(months),
            (None, None, Some(need), false) => Test::Need(need),
            (None, None, None, true) => Test::Declared,
            _ => return Err("a precondition has item, running_months, need or declared".to_owned()),
        };
        Ok(Precondition { id: self.id, title: self.title, test })
    }
}

pub(super) fn load(text: &str) -> Result<(Vec<CertificationItem>, Vec<Precondition>), String> {
    let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
    let named = |id: &str, message: String| format!("{id}: {message}");
    let mut items = Vec::new();
    for raw in file.item {
        let id = raw.id.clone();
        items.push(raw.read().map_err(|message| named(&id, message))?);
    }
    let mut preconditions = Vec::new();
    for raw in file.precondition {
        let id = raw.id.clone();
        let read = raw.read().map_err(|message| named(&id, message))?;
        if let Test::Item(item) = &read.test
            && !items.iter().any(|known| known.id == *item)
        {
            return Err(named(&id, format!("there is no item '{item}'")));
        }
        preconditions.push(read);
    }
    Ok((items, preconditions))
}

/// The state of each item: that of its certification record, by item, where there is one; else `ready` when everything
/// it needs is there, `open` when not.
pub fn item_states<'a>(
    items: impl IntoIterator<Item = (&'a str, bool)>,
    records: &'a BTreeMap<String, String>,
) -> Vec<(&'a str, &'a str)> {
    items
        .into_iter()
        .map(|(id, shown)| {
            let derived = if shown { "ready" } else { "open" };
            (id, records.get(id).map_or(derived, String::as_str))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_more_than_what_was_found() {
        let records = BTreeMap::from([("2".to_owned(), "submitted".to_owned()), ("3".to_owned(), "open".to_owned())]);
        let found = item_states([("1", true), ("2", false), ("3", true), ("4", false)], &records);
        assert_eq!(found, [("1", "ready"), ("2", "submitted"), ("3", "open"), ("4", "open")]);
    }

    #[test]
    fn a_precondition_names_an_item_that_is_there() {
        let text = "[[precondition]]\nid = \"a\"\ntitle = { en = \"a\", zh = \"a\" }\nitem = \"77\"\n";
        assert_eq!(load(text).map(|_| ()), Err("a: there is no item '77'".to_owned()));
    }
}
