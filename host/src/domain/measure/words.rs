//! Populations in words, for what is missing.

use super::population::{Lies, Population};
use super::span::Span;
use crate::domain::Kinds;
use crate::domain::kind::Label;

/// `no incident that entered resolved from 2026-03-01 to 2026-03-31`.
pub fn nothing(of: &Population, span: &Span, kinds: &Kinds) -> Label {
    let names = |en: bool| {
        let name = |prefix: &String| {
            let kind = kinds.by_prefix(prefix);
            kind.map_or_else(|| prefix.clone(), |kind| if en { lower(&kind.name.en) } else { kind.name.zh.clone() })
        };
        of.kinds.iter().map(name).collect::<Vec<_>>().join(if en { " or " } else { "或" })
    };
    let states = |states: &[String], en: bool| {
        let label = |state: &String| {
            let found = of.kinds.iter().find_map(|prefix| kinds.by_prefix(prefix)?.state(state).cloned());
            found.map_or_else(|| state.clone(), |found| if en { lower(&found.label.en) } else { found.label.zh })
        };
        states.iter().map(label).collect::<Vec<_>>().join(if en { " or " } else { "或" })
    };
    let (first, last) = (span.first, span.last);
    let (en, zh) = (names(true), names(false));
    let (mut en, mut zh) = match &of.lies {
        Lies::Standing => (format!("no {en} there on {last}"), format!("截至{last}没有{zh}")),
        Lies::Created => (format!("no {en} made from {first} to {last}"), format!("{first}至{last}没有新建的{zh}")),
        Lies::Entered(entered) => (
            format!("no {en} that became {} from {first} to {last}", states(entered, true)),
            format!("{first}至{last}没有转为“{}”的{zh}", states(entered, false)),
        ),
        Lies::At(_) | Lies::Named(_) | Lies::Year(_) => {
            (format!("no {en} of the period from {first} to {last}"), format!("没有{first}至{last}期间的{zh}"))
        }
    };
    if !of.states.is_empty() {
        en.push_str(&format!(" and {}", states(&of.states, true)));
        zh.push_str(&format!("（{}）", states(&of.states, false)));
    }
    Label { en, zh }
}

/// A name as it stands inside a sentence: `incident`, but `SLA`.
pub fn lower(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => name.to_owned(),
    }
}
