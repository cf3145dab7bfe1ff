//! The definitions: clauses with their items, and the certification file.

use std::sync::LazyLock;

use serde::Deserialize;

use super::certification::{self, CertificationItem, Precondition};
use crate::domain::kind::Label;
use crate::domain::measure::Population;
use crate::domain::measure::condition::Condition;
use crate::domain::measure::quantity::Quantity;
use crate::domain::measure::raw::{RawCondition, RawPopulation, RawQuantity, conditions};

const CLAUSES: &str = include_str!("../../../evidence/clauses.toml");
const CERTIFICATION: &str = include_str!("../../../evidence/certification.toml");

/// A row of the matrix: one or more sub-clauses of ISO/IEC 20000-1:2018 that are shown by the same records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// As the matrix writes it: `4.1`, `6.1.1–6.1.3`.
    pub number: String,
    /// The sub-clauses.
    pub covers: Vec<String>,
    /// Its title.
    pub title: Label,
    /// What is required.
    pub items: Vec<Item>,
}

impl Clause {
    /// Whether a clause, or one that it is a part of, is covered: `8.2` covers `8.2.4`.
    pub fn is_within(&self, clause: &str) -> bool {
        let within = |one: &String| one == clause || one.strip_prefix(clause).is_some_and(|rest| rest.starts_with('.'));
        self.number == clause || self.covers.iter().any(within)
    }
}

/// Something that is required for a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name within the clause.
    pub id: String,
    /// What it is.
    pub text: Label,
    /// What shows it.
    pub shows: Shows,
    /// Whether nothing of the kind need have happened.
    pub optional: bool,
}

/// What shows that an item is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Records.
    Records {
        /// Those that count.
        of: Population,
        /// Those of them that meet any of these are overdue.
        overdue: Vec<Condition>,
        /// What they have to cover.
        coverage: Option<Coverage>,
    },
    /// A measure.
    Measure(Coverage),
    /// Decisions of a process (its slug), or of any.
    Decisions(Option<String>),
    /// Registered components.
    Components,
    /// Entries of the access log.
    Accesses,
}

/// A measure, and what it has to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The measure.
    pub measure: String,
    /// At least so much; none where any figure will do.
    pub least: Option<Quantity>,
}

/// A definition that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct EvidenceError {
    /// The file.
    pub file: &'static str,
    /// What is wrong in it.
    pub message: String,
}

/// All definitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The rows of the matrix, in its order.
    pub clauses: Vec<Clause>,
    /// The items of the certification file, in its order.
    pub certification: Vec<CertificationItem>,
    /// What has to be so before it goes out.
    pub preconditions: Vec<Precondition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    clause: Vec<RawClause>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClause {
    number: String,
    covers: Vec<String>,
    title: Label,
    item: Vec<RawItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItem {
    id: String,
    text: Label,
    of: Option<RawPopulation>,
    #[serde(default)]
    overdue: Vec<RawCondition>,
    measure: Option<RawCoverage>,
    decisions: Option<String>,
    #[serde(default)]
    components: bool,
    #[serde(default)]
    accesses: bool,
    #[serde(default)]
    optional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCoverage {
    id: String,
    least: Option<RawQuantity>,
}

impl RawItem {
    fn read(self) -> Result<Item, String> {
        let coverage = match self.measure {
            None => None,
            Some(RawCoverage { id, least }) => {
                let least = least.as_ref().map(RawQuantity::read).transpose()?;
                Some(Coverage { measure: id, least })
            }
        };
        let shows = match (self.of, coverage, self.decisions, self.components, self.accesses) {
            (Some(of), coverage, None, false, false) => {
                Shows::Records { of: of.read()?, overdue: conditions(self.overdue)?, coverage }
            }
            (None, Some(coverage), None, false, false) => Shows::Measure(coverage),
            (None, None, Some(process), false, false) => Shows::Decisions((process != "any").then_some(process)),
            (None, None, None, true, false) => Shows::Components,
            (None, None, None, false, true) => Shows::Accesses,
            _ => {
                let message = "an item is shown by records, a measure, decisions, components or the access log";
                return Err(message.to_owned());
            }
        };
        Ok(Item { id: self.id, text: self.text, shows, optional: self.optional })
    }
}

impl Evidence {
    /// The definitions embedded in the binary.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Evidence> = LazyLock::new(|| match Evidence::load(CLAUSES, CERTIFICATION) {
            Ok(evidence) => evidence,
            // The files are part of the binary and a test loads them.
            Err(error) => unreachable!("embedded evidence: {error}"),
        });
        &BUILTIN
    }

    /// Reads the texts of `clauses.toml` and `certification.toml`.
    ///
    /// # Errors
    /// The first thing that is wrong in one of them.
    pub fn load(clauses: &str, certification: &str) -> Result<Self, EvidenceError> {
        let wrong = |message: String| EvidenceError { file: "clauses.toml", message };
        let file: File = toml::from_str(clauses).map_err(|e| wrong(e.to_string()))?;
        let mut read = Vec::new();
        for raw in file.clause {
            let number = raw.number;
            let items = raw.item.into_iter().map(|item| {
                let id = item.id.clone();
                item.read().map_err(|message| wrong(format!("{number}: {id}: {message}")))
            });
            let items = items.collect::<Result<_, _>>()?;
            read.push(Clause { number, covers: raw.covers, title: raw.title, items });
        }
        let (certification, preconditions) = certification::load(certification)
            .map_err(|message| EvidenceError { file: "certification.toml", message })?;
        Ok(Self { clauses: read, certification, preconditions })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::certification::Proof;
    use super::*;
    use crate::domain::Kinds;
    use crate::domain::kind::DICTIONARY;
    use crate::domain::measure::{Lies, Measures, population_missing};

    fn populations(evidence: &Evidence) -> Vec<(String, Population)> {
        let items = evidence.clauses.iter().flat_map(|clause| clause.items.iter().map(move |item| (clause, item)));
        let of_clauses = items.filter_map(|(clause, item)| match &item.shows {
            Shows::Records { of, overdue, .. } => {
                let that = of.that.iter().chain(overdue).cloned().collect();
                Some((format!("{} {}", clause.number, item.id), Population { that, ..of.clone() }))
            }
            _ => None,
        });
        let of_file = evidence.certification.iter().flat_map(|item| match &item.proof {
            Proof::Needs(needs) => needs.iter().map(|need| (item.id.clone(), need.of.clone())).collect(),
            Proof::Matrix => Vec::new(),
        });
        of_clauses.chain(of_file).collect()
    }

    #[test]
    fn the_matrix_has_every_row_of_the_guide_and_the_file_24_items() {
        let evidence = Evidence::builtin();
        assert_eq!(evidence.clauses.len(), 55);
        assert_eq!(evidence.certification.len(), 24);
        let mut covered: Vec<&String> = evidence.clauses.iter().flat_map(|clause| &clause.covers).collect();
        let all = covered.len();
        covered.sort();
        covered.dedup();
        assert_eq!(covered.len(), all, "a sub-clause stands in two rows");
    }

    /// Evidence that names what no kind has would be missing for ever; once the dictionary is complete, none may.
    /// Decisions (DEC) and components (PLG) are no records of their own.
    #[test]
    fn evidence_names_what_the_kinds_have() {
        let kinds = Kinds::builtin();
        let views = ["DEC", "PLG"];
        let complete = DICTIONARY.iter().all(|p| views.contains(p) || kinds.by_prefix(p).is_some());
        let wrong: Vec<String> = populations(Evidence::builtin())
            .into_iter()
            .flat_map(|(name, of)| {
                population_missing(&of, kinds).into_iter().map(move |what| format!("{name}: {what}"))
            })
            .filter(|message| complete || !message.contains("there is no kind"))
            .collect();
        assert_eq!(wrong, Vec::<String>::new());
    }

    /// What the file calls complete before it goes out is what the rule of `submitted` asks for.
    #[test]
    fn the_file_and_its_rule_count_audits_and_reviews_alike() {
        use crate::domain::kind::Related;
        let item = Kinds::builtin().get("certification-item").unwrap();
        let rule = item.rules.iter().find(|rule| rule.name == "audited-and-reviewed").unwrap();
        for (variable, id) in [("audits", "audit"), ("reviews", "review")] {
            let Some(Related::Where(by)) = rule.related.get(variable) else { panic!("{variable}") };
            let asked = by.values["state"].text().trim_matches('\'').to_owned();
            let precondition = Evidence::builtin().preconditions.iter().find(|one| one.id == id).unwrap();
            let super::super::certification::Test::Need(need) = &precondition.test else { panic!("{id}") };
            let kind = Kinds::builtin().by_prefix(&need.of.kinds[0]).unwrap();
            assert_eq!((kind.slug.as_str(), need.of.states.as_slice()), (by.kind.as_str(), [asked].as_slice()));
        }
    }

    /// Every kind of the dictionary is evidence for something.
    #[test]
    fn every_kind_is_evidence_for_a_clause() {
        let named: Vec<String> = populations(Evidence::builtin()).into_iter().flat_map(|(_, of)| of.kinds).collect();
        // Calendars, blackouts and underpinning contracts stand behind others; components, decisions and events of
        // monitoring are shown on their own, the parts of a plan with it.
        let behind = ["CLN", "BLK", "UC", "DEC", "PLG", "MPL", "BKP", "EVT", "CTC", "CRT", "STD"];
        let missing: Vec<&&str> =
            DICTIONARY.iter().filter(|p| !behind.contains(p) && !named.iter().any(|n| n == **p)).collect();
        assert_eq!(missing, Vec::<&&str>::new());
    }

    #[test]
    fn measures_that_are_named_exist() {
        let items = Evidence::builtin().clauses.iter().flat_map(|clause| &clause.items);
        for item in items {
            if let Shows::Measure(coverage) | Shows::Records { coverage: Some(coverage), .. } = &item.shows {
                assert!(Measures::builtin().get(&coverage.measure).is_some(), "{}", coverage.measure);
            }
        }
    }

    #[test]
    fn a_clause_covers_those_within_it() {
        let clause = |number: &str| Evidence::builtin().clauses.iter().find(|c| c.number == number).unwrap();
        assert!(clause("8.2.4").is_within("8.2") && clause("8.2.4").is_within("8.2.4"));
        assert!(clause("6.1.1–6.1.3").is_within("6.1.2") && clause("6.1.1–6.1.3").is_within("6"));
        assert!(!clause("10.2").is_within("1") && !clause("8.2.4").is_within("8.2.40"));
    }

    #[test]
    fn what_cannot_be_used_says_where() {
        let head = "[[clause]]\nnumber = \"1\"\ncovers = []\ntitle = { en = \"a\", zh = \"a\" }\n[[clause.item]]\nid = \"x\"\ntext = { en = \"a\", zh = \"a\" }\n";
        let load = |text: &str| Evidence::load(&format!("{head}{text}"), "").unwrap_err().to_string();
        assert_eq!(
            load(""),
            "clauses.toml: 1: x: an item is shown by records, a measure, decisions, components or the access log"
        );
        assert!(load("measure = { id = \"a\", least = \"much\" }").contains("'much'"));
        assert!(load("of = { kind = \"INC\", created = true, on = \"due\" }").contains("one way only"));
        let none = Population { kinds: vec![], lies: Lies::Standing, states: vec![], that: vec![] };
        assert!(population_missing(&none, Kinds::builtin()).is_empty());
    }
}
