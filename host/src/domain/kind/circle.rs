//! Kinds of which no record could ever be completed, and states that no record could ever reach.

use std::collections::BTreeSet;

use super::{Kind, Kinds};
use crate::domain::field::{Field, FieldType, Target};

/// A circle of required references through this kind: names of the form `KIND.FIELD`, ending where it began. Whoever
/// fills one would need another one completed before.
pub fn of_references(kinds: &Kinds, kind: &Kind) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut path = Vec::new();
    walk(kinds, kind, &kind.prefix, &mut seen, &mut path).then_some(path)
}

fn walk(kinds: &Kinds, from: &Kind, wanted: &str, seen: &mut BTreeSet<String>, path: &mut Vec<String>) -> bool {
    for (field, target) in from.fields.iter().filter_map(|field| Some((field, needed(field)?))) {
        path.push(format!("{}.{}", from.slug, field.name));
        let found = target == wanted
            || (seen.insert(target.to_owned())
                && kinds.by_prefix(target).is_some_and(|next| walk(kinds, next, wanted, seen, path)));
        if found {
            return true;
        }
        path.pop();
    }
    false
}

/// The prefix of the kind whose record somebody has to name before a record with this field is complete.
fn needed(field: &Field) -> Option<&str> {
    let asked = (field.required || field.on_create) && !field.computed && field.default.is_none();
    match &field.ty {
        FieldType::Ref(Target::Kind(prefix)) if asked => Some(prefix),
        _ => None,
    }
}

/// The states that no sequence of transitions leads to.
pub fn unreachable_states(kind: &Kind) -> Vec<&str> {
    let mut reached = BTreeSet::from([kind.initial.as_str()]);
    let mut open = vec![kind.initial.as_str()];
    while let Some(state) = open.pop() {
        for step in kind.transitions_from(state) {
            if reached.insert(&step.to) {
                open.push(&step.to);
            }
        }
    }
    kind.states.iter().map(|state| state.name.as_str()).filter(|name| !reached.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file(prefix: &str, slug: &str, field: &str) -> String {
        format!(
            r#"
            prefix = "{prefix}"
            slug = "{slug}"
            name = {{ en = "X", zh = "X" }}
            process = "P00"
            clause = "8.1"
            initial = "open"
            [access]
            create = ["any"]
            read = ["any"]
            update = ["any"]
            [[state]]
            name = "open"
            label = {{ en = "Open", zh = "开放" }}
            [[state]]
            name = "lost"
            label = {{ en = "Lost", zh = "丢失" }}
            [[field]]
            name = "next"
            {field}
            label = {{ en = "Next", zh = "下一个" }}
            "#
        )
    }

    fn circle(fields: [&str; 3]) -> Option<String> {
        let files = [
            ("a.toml", file("XA", "a", fields[0])),
            ("b.toml", file("XB", "b", fields[1])),
            ("c.toml", file("XC", "c", fields[2])),
        ];
        let kinds = Kinds::load(files.iter().map(|(name, text)| (*name, text.as_str()))).unwrap();
        of_references(&kinds, kinds.get("a").unwrap()).map(|path| path.join(" "))
    }

    #[test]
    fn circles_are_found() {
        let (to_a, to_b, to_c) = (
            "type = \"ref(XA)\"\nrequired = true",
            "type = \"ref(XB)\"\nrequired = true",
            "type = \"ref(XC)\"\non_create = true",
        );
        assert_eq!(circle([to_b, to_c, to_a]).unwrap(), "a.next b.next c.next");
        assert_eq!(circle([to_a, to_c, to_a]).unwrap(), "a.next");
        assert_eq!(circle([to_b, to_c, "type = \"ref(XA)\""]), None);
        assert_eq!(circle([to_b, to_c, "type = \"list<ref(XA)>\"\nrequired = true"]), None);
        // A circle that does not lead through the kind is another kind's.
        assert_eq!(circle([to_b, to_c, to_b]), None);
    }

    #[test]
    fn states_that_nothing_leads_to_are_found() {
        let text = file("XA", "a", "type = \"str\"");
        assert_eq!(unreachable_states(&super::super::parse(&text, "a.toml").unwrap()), ["lost"]);
    }
}
