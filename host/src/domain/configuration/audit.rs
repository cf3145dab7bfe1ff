//! A configuration audit: what is registered compared with what was discovered (guide, section 4,
//! `configuration-audit`).

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A registered item as far as the audit looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Number of the item.
    pub number: String,
    /// Its state, when it is in one in which it is not expected to be found: planned, retired.
    pub not_expected: Option<String>,
    /// The values of the fields that can be compared, as plain text, by field.
    pub values: BTreeMap<String, String>,
}

/// What is wrong with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Registered, but not found.
    NotFound,
    /// Found, but not registered as something in operation.
    NotRegistered,
    /// Found, but with other values.
    Mismatch,
}

impl Difference {
    /// Its name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::NotRegistered => "not-registered",
            Self::Mismatch => "mismatch",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What is wrong.
    pub difference: Difference,
    /// Identifier of the item, the same in the register and in what was discovered.
    pub key: String,
    /// Number of the item, where it is known to the register.
    pub number: Option<String>,
    /// What differs, in words.
    pub what: String,
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Items that are registered as being in operation.
    pub registered: u64,
    /// Items that were discovered.
    pub discovered: u64,
    /// Registered and not found.
    pub not_found: u64,
    /// Found and not registered.
    pub not_registered: u64,
    /// Found with other values.
    pub mismatched: u64,
    /// The differences, in the order of their sort and of the identifiers; no more than was asked for.
    pub differences: Vec<Finding>,
}

impl Findings {
    /// Items that are registered, discovered or both.
    pub fn union(&self) -> u64 {
        self.registered + self.not_registered
    }

    /// The share of items that are registered, found and as registered, in tenths of a percent, rounded half up;
    /// `None` when there is no item at all.
    pub fn accuracy_tenths(&self) -> Option<u64> {
        let union = self.union();
        let good = union - self.not_found - self.not_registered - self.mismatched;
        (union > 0).then(|| (good * 2000 + union) / (2 * union))
    }
}

/// A comparison under way: the register first, then what was discovered, row by row.
#[derive(Debug)]
pub struct Comparison {
    most: usize,
    register: HashMap<String, Line>,
    strange: HashSet<String>,
    findings: Findings,
}

/// An identifier of the register.
#[derive(Debug)]
struct Line {
    item: Registered,
    /// Another item in operation with the same identifier.
    twin: Option<String>,
    found: bool,
}

/// An identifier that was discovered before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twice;

impl Comparison {
    /// Keeps at most `most` differences; all are counted.
    pub fn new(most: usize) -> Self {
        Self { most, register: HashMap::new(), strange: HashSet::new(), findings: Findings::default() }
    }

    /// Adds a registered item. Of two with one identifier the one in operation counts; two in operation are a mismatch.
    pub fn register(&mut self, key: String, item: Registered) {
        match self.register.entry(key) {
            Entry::Vacant(place) => {
                place.insert(Line { item, twin: None, found: false });
            }
            Entry::Occupied(mut place) => {
                let known = place.get_mut();
                if known.item.not_expected.is_some() {
                    known.item = item;
                } else if item.not_expected.is_none() {
                    known.twin = Some(item.number);
                }
            }
        }
    }

    /// Takes in an item that was discovered, with what the discovery knows of it: fields and values as plain text.
    ///
    /// # Errors
    /// When the identifier was discovered before.
    pub fn discover(&mut self, key: &str, values: &[(&str, String)]) -> Result<(), Twice> {
        if let Some(line) = self.register.get_mut(key) {
            if std::mem::replace(&mut line.found, true) {
                return Err(Twice);
            }
        } else if !self.strange.insert(key.to_owned()) {
            return Err(Twice);
        }
        self.findings.discovered += 1;
        let (difference, what) = match self.register.get(key) {
            None => (Difference::NotRegistered, "found, but not registered".to_owned()),
            Some(Line { item: Registered { not_expected: Some(state), .. }, .. }) => {
                (Difference::NotRegistered, format!("found, but registered as {state}"))
            }
            Some(line) => {
                let what = differing(line, values);
                if what.is_empty() {
                    return Ok(());
                }
                (Difference::Mismatch, what.join("; "))
            }
        };
        match difference {
            Difference::Mismatch => self.findings.mismatched += 1,
            _ => self.findings.not_registered += 1,
        }
        if self.findings.differences.len() < self.most {
            let number = self.register.get(key).map(|line| line.item.number.clone());
            self.findings.differences.push(Finding { difference, key: key.to_owned(), number, what });
        }
        Ok(())
    }

    /// What came out when everything was discovered.
    pub fn finish(self) -> Findings {
        let mut findings = self.findings;
        let expected = || self.register.iter().filter(|(_, line)| line.item.not_expected.is_none());
        let missing = expected().filter(|(_, line)| !line.found);
        findings.registered = u64::try_from(expected().count()).unwrap_or(u64::MAX);
        findings.not_found = u64::try_from(missing.clone().count()).unwrap_or(u64::MAX);
        let missing = missing.map(|(key, line)| Finding {
            difference: Difference::NotFound,
            key: key.clone(),
            number: Some(line.item.number.clone()),
            what: "registered, but not found".to_owned(),
        });
        findings.differences.extend(missing);
        findings.differences.sort_unstable();
        findings.differences.truncate(self.most);
        findings
    }
}

fn differing(line: &Line, values: &[(&str, String)]) -> Vec<String> {
    let twin = line.twin.as_ref().map(|twin| format!("{twin} is registered with the same unique_id"));
    let differing = values.iter().filter_map(|(field, discovered)| match line.item.values.get(*field) {
        Some(registered) if registered == discovered => None,
        Some(registered) => {
            Some(format!("{field} is registered as '{}', found '{}'", short(registered), short(discovered)))
        }
        None => Some(format!("{field} is not registered, found '{}'", short(discovered))),
    });
    twin.into_iter().chain(differing).collect()
}

/// The beginning of a value, for people to read.
fn short(value: &str) -> String {
    const MOST: usize = 100;
    let mut text: String = value.chars().take(MOST).collect();
    if text.len() < value.len() {
        text.push('…');
    }
    text
}
