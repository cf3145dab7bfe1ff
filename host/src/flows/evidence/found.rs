//! What was found, in the form in which it is told.

use serde::Serialize;

use super::chain::ChainFound;
use crate::domain::evidence::Standing;
use crate::domain::kind::Label;
use crate::domain::measure::Unit;
use crate::flows::measures::Period;

/// Language of titles and words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl Language {
    /// Reads `en` or `zh`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "en" => Some(Self::En),
            "zh" => Some(Self::Zh),
            _ => None,
        }
    }

    /// The label in this language.
    pub fn of(self, label: &Label) -> String {
        match self {
            Self::En => label.en.clone(),
            Self::Zh => label.zh.clone(),
        }
    }
}

/// The clause-by-clause matrix of a period.
#[derive(Clone, Debug, Serialize)]
pub struct Matrix {
    /// The organisation.
    pub organisation: Organisation,
    /// The period.
    pub period: Period,
    /// Language of titles and words.
    pub lang: Language,
    /// When it was made.
    pub generated_at: String,
    /// The audit trail.
    pub chain: ChainFound,
    /// How many clauses stand how.
    pub summary: Summary,
    /// The rows.
    pub clauses: Vec<ClauseFound>,
}

/// The organisation that evidence is about.
#[derive(Clone, Debug, Serialize)]
pub struct Organisation {
    /// Its identifier.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// How many clauses stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// What is required is there.
    pub present: usize,
    /// It is there, and some of it is overdue.
    pub overdue: usize,
    /// Some of it is missing.
    pub partial: usize,
    /// None of it is there.
    pub missing: usize,
}

/// A row of the matrix.
#[derive(Clone, Debug, Serialize)]
pub struct ClauseFound {
    /// `4.1`, `6.1.1–6.1.3`.
    pub clause: String,
    /// Its title.
    pub title: String,
    /// How it stands.
    pub status: Standing,
    /// What is required for it.
    pub items: Vec<ItemFound>,
}

/// What was found for an item.
#[derive(Clone, Debug, Serialize)]
pub struct ItemFound {
    /// Its name within the clause.
    pub id: String,
    /// What it is.
    pub text: String,
    /// How it stands.
    pub status: Standing,
    /// Whether nothing of the kind need have happened.
    pub optional: bool,
    /// What counts.
    pub count: i64,
    /// How many of them are overdue.
    pub overdue: i64,
    /// What is missing, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// The measure that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<MeasureFound>,
    /// The records, the overdue ones first, then the newest; those that you may read, and no more than asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordFound>,
    /// The decisions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionFound>,
    /// The components.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ComponentFound>,
    /// How many more there are than are shown.
    pub more: i64,
    /// Lists that hold them.
    pub lists: Vec<String>,
    /// Records of this kind are counted, but your roles do not let you read them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub restricted: bool,
}

/// A measure in the period.
#[derive(Clone, Debug, Serialize)]
pub struct MeasureFound {
    /// Its name.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Its value; null when there is none.
    pub value: Option<String>,
    /// In what it is expressed.
    pub unit: Unit,
    /// What it has to reach.
    pub least: Option<String>,
    /// Where to read it.
    pub href: String,
}

/// A record.
#[derive(Clone, Debug, Serialize)]
pub struct RecordFound {
    /// Its number.
    pub number: String,
    /// Slug of its kind.
    pub kind: String,
    /// What it is about.
    pub title: String,
    /// Its state, of the end of the period where the record was there then.
    pub state: String,
    /// The state for people.
    pub state_label: String,
    /// Who looks after it.
    pub owner: String,
    /// When it was made.
    pub created_at: String,
    /// Its dates and moments.
    pub dates: Vec<DateFound>,
    /// Whether it is overdue.
    pub overdue: bool,
    /// Where to read it.
    pub href: String,
    /// The newest decisions about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionFound>,
}

/// A date or moment of a record.
#[derive(Clone, Debug, Serialize)]
pub struct DateFound {
    /// The field.
    pub field: String,
    /// Its name for people.
    pub label: String,
    /// Its value.
    pub value: String,
}

/// A decision.
#[derive(Clone, Debug, Serialize)]
pub struct DecisionFound {
    /// Its identifier.
    pub id: String,
    /// The record.
    pub number: String,
    /// The process.
    pub process: String,
    /// What happened to the record.
    pub event: String,
    /// When.
    pub at: String,
    /// The component, with its version.
    pub component: String,
    /// SHA-256 of the component.
    pub digest: String,
    /// `ok`, `refused` or `failed`.
    pub status: String,
    /// Where to read it.
    pub href: String,
}

/// A registered component.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentFound {
    /// The process it decides for.
    pub process: String,
    /// Name and version.
    pub component: String,
    /// SHA-256.
    pub digest: String,
    /// Who loaded it.
    pub uploaded_by: String,
    /// When.
    pub uploaded_at: String,
    /// Whether it decides at present.
    pub active: bool,
    /// Where to read it.
    pub href: String,
}
