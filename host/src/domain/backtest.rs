//! Comparing what a candidate would have decided with what was decided: the arithmetic of a dry run.
//!
//! A decision *flips* when its verdict changes: a breach becomes met, a band or grade another one, an
//! approval a refusal. Where the verdict stays and only figures move, it *differs*.

mod summary;
#[cfg(test)]
mod tests;
mod verdict;

use mortise_types::Process;
use mortise_types::money::Decimal;
use serde::Serialize;
use serde_json::Value;

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
    /// By how much the outcome's main amount of money is higher, in millionths of a currency unit.
    pub money: Option<i128>,
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
/// `{"failure": …}`. Reasons explain an outcome; that they differ alone is no difference.
pub fn compare(process: Process, old: &Value, new: &Value) -> Comparison {
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
    let money = money.filter(|by| *by != 0);
    let (sort, group) = match (turns.is_empty(), money) {
        (false, _) => (Sort::Flips, turns.join(", ")),
        (true, Some(by)) => (Sort::Differs, if by > 0 { "money up" } else { "money down" }.to_owned()),
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
