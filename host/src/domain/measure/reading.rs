//! What a measure says of a period.

use serde::Serialize;

use super::figure::Attainment;
use crate::domain::kind::Label;

/// The value of a measure in a period, or why there is none. Numbers are decimal texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// The value, rounded half up to the measure's decimals; null when there is none.
    pub value: Option<String>,
    /// What was divided.
    pub numerator: Option<String>,
    /// By what; null where the value is a plain sum.
    pub denominator: Option<String>,
    /// Records (or items of their lists) that the value rests on.
    pub sample: i64,
    /// Currency, where the value is money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Median, 90th percentile and maximum, where the value is a mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
    /// How many records have each value, where that is the measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Vec<Share>>,
    /// How the value stands to the target, where there is one.
    #[serde(flatten)]
    pub attainment: Option<Attained>,
    /// Why there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What is missing, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Label>,
}

/// A value held against its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attained {
    /// The target.
    pub target: String,
    /// Attainment in per cent, at most 120.0.
    pub attainment: String,
    /// What that means.
    pub status: super::figure::Status,
}

impl Attained {
    /// A target and how it was met.
    pub fn new(target: String, attainment: Attainment) -> Self {
        Self { target, attainment: attainment.percent, status: attainment.status }
    }
}

/// How values are spread, in the measure's unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// The value in the middle, the lower one of two.
    pub median: String,
    /// The value that nine of ten do not exceed.
    pub p90: String,
    /// The greatest.
    pub max: String,
}

/// How many records have a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The value.
    pub value: String,
    /// How many.
    pub count: i64,
}

/// Why a measure has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Nothing in the period that it could be computed from.
    NoData,
    /// The organisation's kinds have not what it names.
    NotDefined,
    /// Amounts of several currencies, which nothing adds.
    Currencies,
    /// The component that works it out is not active, or failed.
    NoComponent,
    /// There is no measure of that name; a person fills in the value.
    NoSuchMeasure,
    /// The numbers are too large to be exact.
    TooLarge,
}

impl Reading {
    /// No value, and why.
    pub fn none(reason: Reason, missing: Label) -> Self {
        Self { reason: Some(reason), missing: Some(missing), ..Self::default() }
    }
}
