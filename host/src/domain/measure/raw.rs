//! Populations, conditions and formulas as TOML has them.

use serde::Deserialize;

use super::condition::{Condition, Literal, Moment, Order, Related, Than, When};
use super::formula::{Amount, Special, Term};
use super::population::{Lies, Population};
use super::quantity::Quantity;

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Several {
    One(String),
    Many(Vec<String>),
}

impl Several {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum RawLiteral {
    Flag(bool),
    Whole(i64),
    Text(String),
}

impl From<RawLiteral> for Literal {
    fn from(raw: RawLiteral) -> Self {
        match raw {
            RawLiteral::Flag(flag) => Self::Flag(flag),
            RawLiteral::Whole(whole) => Self::Whole(whole),
            RawLiteral::Text(text) => Self::Text(text),
        }
    }
}

/// A number, or a text that [`Quantity::parse`] reads.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum RawQuantity {
    Whole(i64),
    Text(String),
}

impl RawQuantity {
    pub(crate) fn read(&self) -> Result<Quantity, String> {
        match self {
            Self::Whole(whole) => Quantity::parse(&whole.to_string()),
            Self::Text(text) => Quantity::parse(text),
        }
    }
}

/// `{ kind, created | entered | on | named | year, states, that }`; without a word for the period: standing.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPopulation {
    kind: Several,
    #[serde(default)]
    created: bool,
    entered: Option<Several>,
    on: Option<String>,
    named: Option<String>,
    year: Option<String>,
    #[serde(default)]
    states: Vec<String>,
    #[serde(default)]
    that: Vec<RawCondition>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawCondition {
    field: Option<String>,
    is: Option<RawLiteral>,
    within: Option<Vec<RawLiteral>>,
    not: Option<RawLiteral>,
    not_within: Option<Vec<RawLiteral>>,
    set: Option<bool>,
    least: Option<RawQuantity>,
    most: Option<RawQuantity>,
    below: Option<RawQuantity>,
    above: Option<RawQuantity>,
    least_field: Option<String>,
    most_field: Option<String>,
    below_field: Option<String>,
    through: Option<String>,
    percent: Option<RawQuantity>,
    fields: Option<Vec<String>>,
    contains: Option<Vec<String>>,
    refers: Option<String>,
    moment: Option<String>,
    by: Option<String>,
    by_day: Option<String>,
    before: Option<String>,
    from: Option<String>,
    after: Option<String>,
    days: Option<RawQuantity>,
    hours: Option<RawQuantity>,
    months_before: Option<RawQuantity>,
    past: Option<String>,
    entered: Option<Several>,
    times: Option<i64>,
    times_most: Option<i64>,
    acted: Option<String>,
    not_acted: Option<String>,
    audited: Option<String>,
    linked: Option<String>,
    related: Option<RawRelated>,
    items: Option<RawItems>,
    referred: Option<RawReferred>,
    both: Option<Vec<RawCondition>>,
    any: Option<Vec<RawCondition>>,
    neither: Option<Vec<RawCondition>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRelated {
    kind: String,
    by: String,
    #[serde(default = "number")]
    is: String,
    #[serde(default)]
    states: Vec<String>,
    #[serde(default)]
    that: Vec<RawCondition>,
    earlier_days: Option<RawQuantity>,
    entered: Option<String>,
    not_after: Option<String>,
    least: Option<i64>,
    most: Option<i64>,
}

fn number() -> String {
    "number".to_owned()
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItems {
    field: String,
    #[serde(default)]
    that: Vec<RawCondition>,
    least: Option<i64>,
    most: Option<i64>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReferred {
    by: String,
    that: Vec<RawCondition>,
}

/// `{ field | money | gap | from, to | items }`; nothing: the record itself.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawAmount {
    field: Option<String>,
    money: Option<String>,
    gap: Option<(String, String)>,
    from: Option<String>,
    to: Option<String>,
    items: Option<String>,
    items_that: Vec<RawCondition>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTerm {
    of: RawPopulation,
    #[serde(default)]
    sum: RawAmount,
    #[serde(default)]
    less: bool,
}

impl RawPopulation {
    pub(crate) fn read(self) -> Result<Population, String> {
        let words = [
            self.created.then_some(Lies::Created),
            self.entered.map(|states| Lies::Entered(states.list())),
            self.on.map(Lies::At),
            self.named.map(Lies::Named),
            self.year.map(Lies::Year),
        ];
        let mut words = words.into_iter().flatten();
        let lies = words.next().unwrap_or(Lies::Standing);
        if words.next().is_some() {
            return Err("a population lies in the period in one way only".to_owned());
        }
        Ok(Population { kinds: self.kind.list(), lies, states: self.states, that: conditions(self.that)? })
    }
}

pub(crate) fn conditions(raw: Vec<RawCondition>) -> Result<Vec<Condition>, String> {
    raw.into_iter().map(RawCondition::read).collect()
}

impl RawCondition {
    fn read(self) -> Result<Condition, String> {
        let raw = self;
        if let Some(field) = raw.field.clone() {
            return raw.of_field(field);
        }
        if let Some(name) = &raw.moment {
            return raw.of_moment(name);
        }
        if let (Some(fields), Some(words)) = (raw.fields, raw.contains) {
            return Ok(Condition::Contains { fields, words: words.iter().map(|w| w.to_lowercase()).collect() });
        }
        if let Some(field) = raw.past {
            return Ok(Condition::Past(field));
        }
        if let Some(states) = raw.entered {
            let least = raw.times.unwrap_or(i64::from(raw.times_most.is_none()));
            return Ok(Condition::Entered { states: states.list(), least, most: raw.times_most });
        }
        if let Some(role) = raw.acted {
            return Ok(Condition::Acted { role, acted: true });
        }
        if let Some(role) = raw.not_acted {
            return Ok(Condition::Acted { role, acted: false });
        }
        if let Some(action) = raw.audited {
            return Ok(Condition::Audited(action));
        }
        if let Some(kind) = raw.linked {
            return Ok(Condition::Linked(kind));
        }
        if let Some(related) = raw.related {
            return related.read();
        }
        if let Some(items) = raw.items {
            let least = items.least.unwrap_or(i64::from(items.most.is_none()));
            let that = conditions(items.that)?;
            return Ok(Condition::Items { field: items.field, that, least, most: items.most });
        }
        if let Some(referred) = raw.referred {
            return Ok(Condition::Referred { by: referred.by, that: conditions(referred.that)? });
        }
        match (raw.both, raw.any, raw.neither) {
            (Some(both), None, None) => Ok(Condition::All(conditions(both)?)),
            (None, Some(any), None) => Ok(Condition::Any(conditions(any)?)),
            (None, None, Some(none)) => Ok(Condition::Neither(conditions(none)?)),
            _ => Err("a condition says nothing that is known".to_owned()),
        }
    }

    fn of_field(self, field: String) -> Result<Condition, String> {
        let list = |list: Vec<RawLiteral>| list.into_iter().map(Literal::from).collect::<Vec<_>>();
        let value = |field: String, is: Vec<Literal>, not| Ok(Condition::Value { field, is, not });
        if let Some(is) = self.is {
            return value(field, vec![is.into()], false);
        }
        if let Some(within) = self.within {
            return value(field, list(within), false);
        }
        if let Some(not) = self.not {
            return value(field, vec![not.into()], true);
        }
        if let Some(not) = self.not_within {
            return value(field, list(not), true);
        }
        if let Some(set) = self.set {
            return Ok(Condition::Set { field, set });
        }
        if let Some(kind) = self.refers {
            return Ok(Condition::Refers { field, kind });
        }
        let numbers = [
            (self.least, Order::Least),
            (self.most, Order::Most),
            (self.below, Order::Below),
            (self.above, Order::Above),
        ];
        if let Some((number, test)) = numbers.into_iter().find_map(|(number, test)| Some((number?, test))) {
            return Ok(Condition::Number { field, test, than: Than::Number(number.read()?) });
        }
        let others =
            [(self.least_field, Order::Least), (self.most_field, Order::Most), (self.below_field, Order::Below)];
        if let Some((path, test)) = others.into_iter().find_map(|(path, test)| Some((path?, test))) {
            let percent = self.percent.unwrap_or(RawQuantity::Whole(100)).read()?;
            let than = Than::Field { path, through: self.through, percent };
            return Ok(Condition::Number { field, test, than });
        }
        Err(format!("the condition on '{field}' says nothing that is known"))
    }

    fn of_moment(&self, name: &str) -> Result<Condition, String> {
        let tests = [
            (&self.by, When::By),
            (&self.by_day, When::ByDay),
            (&self.before, When::Before),
            (&self.from, When::From),
            (&self.after, When::After),
        ];
        let found = tests.into_iter().find_map(|(right, test)| Some((right.as_deref()?, test)));
        let (right, test) = found.ok_or_else(|| format!("the condition on the moment '{name}' compares nothing"))?;
        let mut right = moment(right);
        let quantity = |raw: &Option<RawQuantity>| raw.as_ref().map(RawQuantity::read).transpose();
        if let Some(months) = quantity(&self.months_before)? {
            match &mut right {
                Moment::End { months_before } => *months_before = Some(months),
                _ => return Err("months are counted from the end of the period only".to_owned()),
            }
        }
        let (plus_days, plus_hours) = (quantity(&self.days)?, quantity(&self.hours)?);
        Ok(Condition::Moment { left: moment(name), test, right, plus_days, plus_hours })
    }
}

impl RawRelated {
    fn read(self) -> Result<Condition, String> {
        let of = Population {
            kinds: vec![self.kind],
            lies: Lies::Standing,
            states: self.states,
            that: conditions(self.that)?,
        };
        let least = self.least.unwrap_or(i64::from(self.most.is_none()));
        Ok(Condition::Related(Box::new(Related {
            of,
            by: self.by,
            is: self.is,
            earlier_days: self.earlier_days.as_ref().map(RawQuantity::read).transpose()?,
            entered: self.entered,
            not_after: self.not_after.as_deref().map(moment),
            least,
            most: self.most,
        })))
    }
}

impl RawAmount {
    pub(crate) fn read(self) -> Result<Amount, String> {
        Ok(match self {
            Self { items: Some(items), field: Some(field), .. } => Amount::ItemField { items, field },
            Self { items: Some(field), items_that, .. } => Amount::Items { field, that: conditions(items_that)? },
            Self { field: Some(field), .. } => Amount::Field(field),
            Self { money: Some(field), .. } => Amount::Money(field),
            Self { gap: Some((a, b)), .. } => Amount::Gap(a, b),
            Self { from: Some(from), to: Some(to), .. } => Amount::Duration(moment(&from), moment(&to)),
            Self { from: None, to: None, .. } => Amount::One,
            _ => return Err("a duration is from a moment to a moment".to_owned()),
        })
    }
}

impl RawTerm {
    pub(crate) fn read(self) -> Result<Term, String> {
        Ok(Term { of: self.of.read()?, amount: self.sum.read()?, less: self.less })
    }
}

pub(crate) fn moment(text: &str) -> Moment {
    let states = |list: &str| list.split('|').map(str::to_owned).collect();
    match text.split_once(':') {
        Some(("first", list)) => Moment::First(states(list)),
        Some(("last", list)) => Moment::Last(states(list)),
        Some(("after-period", field)) => Moment::AfterPeriod(field.to_owned()),
        _ => match text {
            "created_at" => Moment::Created,
            "updated_at" => Moment::Updated,
            "start" => Moment::Start,
            "end" => Moment::End { months_before: None },
            field => Moment::Field(field.to_owned()),
        },
    }
}

pub(crate) fn special(name: &str) -> Result<Special, String> {
    Ok(match name {
        "availability" => Special::Availability,
        "between-failures" => Special::BetweenFailures,
        "overdue-disposals" => Special::OverdueDisposals,
        "capacity-forecast" => Special::CapacityForecast,
        "demand-forecast" => Special::DemandForecast,
        "failed-decisions" => Special::FailedDecisions,
        "fallbacks" => Special::Fallbacks,
        "decision-time" => Special::DecisionTime,
        _ => return Err(format!("there is no formula '{name}'")),
    })
}
