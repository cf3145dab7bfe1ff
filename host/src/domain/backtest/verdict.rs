//! The verdict in an outcome: the few words that somebody acts on.

use mortise_types::Process;
use serde_json::Value;

/// How the verdicts of two outputs differ: `band: low → high`. Empty when they agree.
pub(super) fn turns(process: Process, old: &Value, new: &Value) -> Vec<String> {
    let (old, new) = (words(process, old), words(process, new));
    let old_only = old.iter().filter(|(name, _)| !new.iter().any(|(other, _)| other == name));
    let gone = old_only.map(|(name, was)| turn(name, was, "none"));
    let turned = new.iter().filter_map(|(name, is)| {
        let was = old.iter().find(|(other, _)| other == name).map_or("none", |(_, was)| was.as_str());
        (was != is).then(|| turn(name, was, is))
    });
    turned.chain(gone).collect()
}

fn turn(name: &str, was: &str, is: &str) -> String {
    format!("{name}: {was} → {is}")
}

type Words = Vec<(&'static str, String)>;

fn words(process: Process, output: &Value) -> Words {
    if let Some(code) = output.get("error").and_then(Value::as_str) {
        return vec![("answer", format!("refused ({code})"))];
    }
    if let Some(cause) = output.get("failure").and_then(Value::as_str) {
        return vec![("answer", format!("failed ({cause})"))];
    }
    let outcome = output.get("outcome").unwrap_or(&Value::Null);
    match process {
        Process::Sla => level_words(outcome),
        Process::ChangeRisk => members(outcome, &["band", "route", "blocked", "top_management_signoff"]),
        Process::Budget => members(outcome, &["level", "decision", "state", "posted_period", "prior_period"]),
        Process::Supplier => members(outcome, &["grade", "trend"]),
    }
}

fn level_words(outcome: &Value) -> Words {
    let mut words = members(outcome, &["priority", "met", "feasible"]);
    for name in ["response", "resolution"] {
        if let Some(clock) = outcome.get(name).filter(|clock| clock.is_object()) {
            words.push((name, judged(clock).to_owned()));
        }
    }
    words
}

/// A clock that stopped in time is met, though it may have run out before under a shorter target; one that has run out is
/// breached; what still runs is open.
fn judged(clock: &Value) -> &'static str {
    let ran_out = clock["ever_breached"] == true;
    match (clock["met"].as_bool(), clock["level"] == "breached") {
        (Some(true), _) if ran_out => "met after a breach",
        (Some(true), _) => "met",
        (Some(false), _) | (None, true) => "breached",
        (None, false) if ran_out => "open after a breach",
        (None, false) => "open",
    }
}

fn members(outcome: &Value, names: &[&'static str]) -> Words {
    let word = |value: &Value| match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    names.iter().filter_map(|name| Some((*name, word(outcome.get(name)?)))).collect()
}
