//! What is missing or late, in words.

use crate::domain::Kinds;
use crate::domain::kind::Label;
use crate::domain::measure::{Population, Span, words};

/// What is missing: nothing of the kind at all, or `others` of which none counts.
pub fn missing(of: &Population, others: i64, span: &Span, kinds: &Kinds) -> Label {
    if others == 0 {
        let bare = Population { states: Vec::new(), that: Vec::new(), ..of.clone() };
        return words::nothing(&bare, span, kinds);
    }
    let label = |state: &String, en: bool| {
        let found = of.kinds.iter().find_map(|prefix| kinds.by_prefix(prefix)?.state(state).cloned());
        found.map_or_else(|| state.clone(), |found| if en { words::lower(&found.label.en) } else { found.label.zh })
    };
    let list = |en: bool| {
        let labels: Vec<String> = of.states.iter().map(|state| label(state, en)).collect();
        labels.join(if en { " or " } else { "或" })
    };
    let (are, of_them, none) =
        if others == 1 { ("is", "it is not", "it is not") } else { ("are", "none of them is", "none is") };
    match (of.states.is_empty(), of.that.is_empty()) {
        (false, true) => Label {
            en: format!("{others} {are} there, but {of_them} {}", list(true)),
            zh: format!("有{others}项，但没有处于“{}”状态的", list(false)),
        },
        _ => Label {
            en: format!("{others} {are} there, but {none} what is asked for"),
            zh: format!("有{others}项，但均不符合要求"),
        },
    }
}

/// How many are overdue.
pub fn overdue(count: i64) -> Label {
    Label { en: format!("{count} overdue"), zh: format!("{count}项逾期") }
}
