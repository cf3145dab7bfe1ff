//! Comparing what a candidate would have decided with what was decided: the arithmetic of a dry run.
//!
//! A decision *flips* when its verdict changes: a breach becomes met, a band or grade another one, an
//! approval a refusal, an amount of money more or less. Where the verdict stays and only other figures move, it
//! *differs*.

mod summary;
#[cfg(test)]
mod tests;
mod verdict;

use std::fmt;

use mortise_types::Process;
use mortise_types::money::{Currency, Decimal, format_minor};
use serde::Serialize;
use serde_json::{Value, json};

pub use summary::{Cost, Summary, Tally};

/// How a candidate's answer compares with the stored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// The outcomes are equal.
    Same,
    /// The verdict is the same, figures in the outcome are not.
    Differs,
    /// The verdict is another one.
    Flips,
    /// The candidate failed: a trap, a limit, impossible output.
    Fails,
}

impl Sort {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::Flips => "flips",
            Self::Fails => "fails",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Same, Self::Differs, Self::Flips, Self::Fails].into_iter().find(|sort| sort.as_str() == text)
    }
}

/// One value of an outcome that is another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where it stands: keys and indexes joined by dots, `resolution.due_at`.
    pub path: String,
    /// What was decided; null where there was nothing.
    pub old: Value,
    /// What the candidate says; null where there is nothing.
    pub new: Value,
}

/// A stored answer beside the candidate's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How they compare.
    pub sort: Sort,
    /// What changed, in the words that reports group by: `resolution: met → breached`.
    pub group: String,
    /// Every value that differs, in the order of its path; at most [`MOST_DIFFERENCES`].
    pub differences: Vec<Difference>,
    /// By how much the outcome's main amount of money is higher.
    pub money: Option<Money>,
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// Millionths of a currency unit.
    pub millionths: i128,
    /// ISO 4217 code; empty where it is not known.
    pub currency: String,
}

impl Money {
    /// Reads what [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (amount, currency) = text.split_once(' ').unwrap_or((text, ""));
        Some(Self { millionths: amount.parse().ok()?, currency: currency.to_owned() })
    }

    /// As the interface shows it: a decimal text with its currency, with no more decimals than the currency has unless
    /// they say something.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut amount = format_minor(self.millionths, u8::try_from(SCALE).unwrap_or(6));
        let decimals = Currency::iso(&self.currency).map_or(2, |currency| usize::from(currency.decimals()));
        let whole = amount.find('.').unwrap_or(amount.len());
        while amount.len() > whole + 1 + decimals && amount.ends_with('0') {
            amount.pop();
        }
        json!({ "amount": amount.trim_end_matches('.'), "currency": self.currency })
    }
}

/// The stored form: millionths and currency.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.millionths, self.currency)
    }
}

impl Comparison {
    /// Nothing differs.
    pub fn same() -> Self {
        Self { sort: Sort::Same, group: String::new(), differences: Vec::new(), money: None }
    }
}

/// Differing values that are listed for one decision.
pub const MOST_DIFFERENCES: usize = 100;

/// Compares two outputs, each as it is stored with a decision: `{"outcome": …}`, `{"error": …}` or
/// `{"failure": …}`. Reasons explain an outcome; that they differ alone is no difference. `currency` is that of the
/// request, where it has one.
pub fn compare(process: Process, currency: Option<&str>, old: &Value, new: &Value) -> Comparison {
    if let Some(cause) = new.get("failure").and_then(Value::as_str) {
        let group = format!("fails: {cause}");
        return Comparison { sort: Sort::Fails, group, differences: Vec::new(), money: None };
    }
    let (before, after) = (essence(old), essence(new));
    if before == after {
        return Comparison::same();
    }
    let mut differences = Vec::new();
    differ("", before, after, &mut differences);
    let turns = verdict::turns(process, old, new);
    let money = amount(process, before).zip(amount(process, after)).map(|(old, new)| new - old);
    let currency = currency.unwrap_or_default();
    let money = money.filter(|by| *by != 0).map(|millionths| Money { millionths, currency: currency.to_owned() });
    let (sort, group) = match (turns.is_empty(), &money) {
        (false, _) => (Sort::Flips, turns.join(", ")),
        (true, Some(by)) => {
            let way = if by.millionths > 0 { "up" } else { "down" };
            (Sort::Flips, format!("money {way} {currency}").trim_end().to_owned())
        }
        (true, None) => (Sort::Differs, "figures".to_owned()),
    };
    Comparison { sort, group, differences, money }
}

/// What of an output is compared.
fn essence(output: &Value) -> &Value {
    output.get("outcome").or_else(|| output.get("error")).unwrap_or(output)
}

fn differ(path: &str, old: &Value, new: &Value, found: &mut Vec<Difference>) {
    if old == new || found.len() == MOST_DIFFERENCES {
        return;
    }
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            let more = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(more) {
                let at = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                differ(&below(key), &at(a), &at(b), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differ(&below(&index.to_string()), a, b, found);
            }
        }
        _ => found.push(Difference { path: path.to_owned(), old: old.clone(), new: new.clone() }),
    }
}

/// The member of an outcome that is its main amount of money, by process: the first that is there.
fn amount(process: Process, outcome: &Value) -> Option<i128> {
    const BUDGET: [&str; 7] = [
        "estimate_at_completion",
        "available_after",
        "total_this_year",
        "grand_total",
        "run_rate_eac",
        "amount",
        "total",
    ];
    if process != Process::Budget {
        return None;
    }
    let text = BUDGET.iter().find_map(|name| outcome.get(name)?.as_str())?;
    text.parse::<Decimal>().ok()?.at_scale(SCALE).ok()
}

/// Decimals of sums of money.
const SCALE: u32 = 6;
