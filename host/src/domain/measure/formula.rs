//! What is computed.

use super::condition::{Condition, Moment};
use super::population::Population;

/// The formula of a measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula {
    /// The share, in per cent, of the records (or of the items of one of their lists) that meet conditions.
    Share {
        /// All of them.
        of: Population,
        /// A list field whose items are counted instead of the records.
        items: Option<String>,
        /// The conditions.
        that: Vec<Condition>,
    },
    /// How many of the records meet conditions. Without any record there is no figure; with records of which none
    /// meets them, the figure is 0.
    Count {
        /// All of them.
        of: Population,
        /// A list field whose items are counted instead of the records.
        items: Option<String>,
        /// The conditions.
        that: Vec<Condition>,
    },
    /// The mean of a number or duration; median, 90th percentile and maximum go with it.
    Mean {
        /// The records.
        of: Population,
        /// What is averaged.
        amount: Amount,
    },
    /// A sum divided by another and multiplied by a factor; without a divisor the sum itself.
    Ratio {
        /// The sum above.
        top: Vec<Term>,
        /// The sum below.
        bottom: Vec<Term>,
        /// Factor.
        scale: i64,
        /// Whether the sign of the sum above is dropped.
        absolute: bool,
        /// Whether the sum below is a quantity per month, taken for each month of the period.
        per_month: bool,
    },
    /// How many records have each value of a field.
    Distribution {
        /// The records.
        of: Population,
        /// Path of the field.
        field: String,
    },
    /// Something that is not a sum over records.
    Special(Special),
}

/// A part of a sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The records.
    pub of: Population,
    /// What of them is added.
    pub amount: Amount,
    /// Whether it is taken away instead.
    pub less: bool,
}

/// What of a record is counted or added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// The record: 1.
    One,
    /// The number of items of a list that meet conditions.
    Items {
        /// Path of the list.
        field: String,
        /// Conditions on an item.
        that: Vec<Condition>,
    },
    /// A number at a path of the record.
    Field(String),
    /// A number at a path of every item of a list.
    ItemField {
        /// Path of the list.
        items: String,
        /// Path within the item.
        field: String,
    },
    /// An amount of money at a path.
    Money(String),
    /// By how much two numbers of the record differ.
    Gap(String, String),
    /// The time between two moments, in milliseconds.
    Duration(Moment, Moment),
}

/// Formulas that are worked out in a way of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// Availability of services (guide, section 3.1): agreed service time less outages.
    Availability,
    /// Mean time between failures: service time that was up, by failures.
    BetweenFailures,
    /// Records kept beyond the end of their retention (guide, P12).
    OverdueDisposals,
    /// By how much the last sample of a resource misses the trend of those before it (guide, section 4).
    CapacityForecast,
    /// By how much demand misses what was forecast for it (guide, section 4).
    DemandForecast,
    /// Decisions of components that failed.
    FailedDecisions,
    /// Records that wait for a person because a component failed, in per cent of the decisions.
    Fallbacks,
    /// Mean time of a decision in milliseconds.
    DecisionTime,
}

/// In what a measure is expressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Per cent.
    Percent,
    /// A number of things.
    Count,
    /// A number.
    Number,
    /// Per thousand of something.
    PerThousand,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days of 24 hours.
    Days,
    /// Milliseconds.
    Milliseconds,
    /// An amount of money.
    Money,
}

impl Unit {
    /// The unit in short.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Percent => "%",
            Self::Count | Self::Number => "",
            Self::PerThousand => "‰",
            Self::Minutes => "min",
            Self::Hours => "h",
            Self::Days => "d",
            Self::Milliseconds => "ms",
            Self::Money => "",
        }
    }

    /// Milliseconds in one of it; 1 for units that are no durations.
    pub fn milliseconds(self) -> i128 {
        match self {
            Self::Minutes => 60_000,
            Self::Hours => 3_600_000,
            Self::Days => 86_400_000,
            _ => 1,
        }
    }

    /// Decimals of a value, unless the definition says otherwise.
    pub fn digits(self) -> u8 {
        match self {
            Self::Count => 0,
            Self::Percent | Self::PerThousand | Self::Minutes | Self::Hours | Self::Days => 1,
            Self::Number | Self::Money => 2,
            Self::Milliseconds => 3,
        }
    }
}
