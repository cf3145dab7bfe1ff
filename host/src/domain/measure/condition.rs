//! Conditions on a record, as the definitions of measures and evidence state them.

use super::population::Population;
use super::quantity::Quantity;

/// A condition that a record (or an item of one of its lists) meets or does not meet. A condition on a value that is
/// not there is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The value at a path is one of these (or, with `not`, none of them).
    Value {
        /// Path in the record; empty for the item itself.
        field: String,
        /// The values.
        is: Vec<Literal>,
        /// True when it must be none of them.
        not: bool,
    },
    /// There is a value at a path, or there is none.
    Set {
        /// Path.
        field: String,
        /// Whether there must be one.
        set: bool,
    },
    /// A number at a path compared with another.
    Number {
        /// Path of an `int`, `dec` or `dur`.
        field: String,
        /// How.
        test: Order,
        /// With what.
        than: Than,
    },
    /// One of these texts contains one of these words, whatever their case.
    Contains {
        /// Paths.
        fields: Vec<String>,
        /// Words.
        words: Vec<String>,
    },
    /// A reference names a record of this kind.
    Refers {
        /// Path of a reference.
        field: String,
        /// Prefix of the kind.
        kind: String,
    },
    /// A moment compared with another.
    Moment {
        /// The moment.
        left: Moment,
        /// How.
        test: When,
        /// The other.
        right: Moment,
        /// The other moment is taken so many days later …
        plus_days: Option<Quantity>,
        /// … and so many hours.
        plus_hours: Option<Quantity>,
    },
    /// A date or moment, with its whole day, has passed.
    Past(String),
    /// The record entered one of these states, so often.
    Entered {
        /// States.
        states: Vec<String>,
        /// At least.
        least: i64,
        /// At most.
        most: Option<i64>,
    },
    /// Somebody in this role moved the record from state to state, or nobody did.
    Acted {
        /// Code of the role.
        role: String,
        /// Whether somebody must have.
        acted: bool,
    },
    /// The audit trail has an entry whose action begins so.
    Audited(String),
    /// The record links to a record of this kind.
    Linked(String),
    /// So many records of another kind belong to it.
    Related(Box<Related>),
    /// So many items of a list field meet conditions.
    Items {
        /// Path of the list.
        field: String,
        /// What an item must be.
        that: Vec<Condition>,
        /// At least so many.
        least: i64,
        /// At most so many.
        most: Option<i64>,
    },
    /// The record that a reference names meets conditions.
    Referred {
        /// Path of the reference.
        by: String,
        /// Conditions on that record.
        that: Vec<Condition>,
    },
    /// All of these.
    All(Vec<Condition>),
    /// Any of these.
    Any(Vec<Condition>),
    /// None of these.
    Neither(Vec<Condition>),
}

/// A value that a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// True or false.
    Flag(bool),
}

/// How numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// At least.
    Least,
    /// At most.
    Most,
    /// Less than.
    Below,
    /// More than.
    Above,
}

/// What a number is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Than {
    /// A number.
    Number(Quantity),
    /// Another field.
    Field {
        /// Its path.
        path: String,
        /// The reference to the record that has it, where it is not this one.
        through: Option<String>,
        /// So many per cent of it.
        percent: Quantity,
    },
}

/// How moments are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Not later.
    By,
    /// Not later than the end of that day.
    ByDay,
    /// Earlier.
    Before,
    /// Not earlier.
    From,
    /// Later.
    After,
}

/// A moment in a record's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When it was made.
    Created,
    /// When it was last changed.
    Updated,
    /// When it first entered one of these states.
    First(Vec<String>),
    /// When it last entered one of these states.
    Last(Vec<String>),
    /// A date (the start of that day) or instant at a path.
    Field(String),
    /// The start of the day after the period that a text field names.
    AfterPeriod(String),
    /// The start of the period asked about.
    Start,
    /// The end of the period asked about, or now while it lasts; so many months earlier.
    End {
        /// Calendar months before it; none for the end itself.
        months_before: Option<Quantity>,
    },
}

/// Records of another kind that belong to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Which ones; only states and conditions count.
    pub of: Population,
    /// Their field …
    pub by: String,
    /// … has the value of this one of the record: `number`, or a path.
    pub is: String,
    /// They were made before the record, by so many days at most.
    pub earlier_days: Option<Quantity>,
    /// They first entered this state …
    pub entered: Option<String>,
    /// … not later than this moment of the record.
    pub not_after: Option<Moment>,
    /// At least so many.
    pub least: i64,
    /// At most so many.
    pub most: Option<i64>,
}
