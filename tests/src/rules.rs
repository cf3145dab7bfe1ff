//! What `host/kinds/RULES.md` says of the guide is there: every policy of block (d) has a row, and what a row names in a
//! kind file stands in that file.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use mortise::domain::{Kind, Kinds};

const RULES: &str = include_str!("../../host/kinds/RULES.md");

/// Process, what it says, and where that is enforced, of every row.
fn rows() -> Vec<(&'static str, &'static str, &'static str)> {
    RULES
        .lines()
        .filter(|line| line.starts_with("| P"))
        .filter(|line| !line.starts_with("| Process"))
        .map(|line| {
            let mut cells = line.trim_matches(['|', ' ']).split(" | ");
            let cells = [cells.next(), cells.next(), cells.next()].map(|cell| cell.unwrap_or_else(|| panic!("{line}")));
            (cells[0], cells[1], cells[2])
        })
        .collect()
}

#[test]
fn every_policy_of_the_guide_has_a_row() {
    let policies: BTreeMap<String, Vec<String>> =
        serde_json::from_str(include_str!("../golden/policies.json")).unwrap();
    assert_eq!(policies.len(), 57);
    let rows = rows();
    for (process, names) in &policies {
        for name in names {
            let head = format!("(d) {name}");
            let count = rows.iter().filter(|(of, says, _)| of == process && *says == head).count();
            assert_eq!(count, 1, "{process} {name}");
        }
    }
    let named: usize = policies.values().map(Vec::len).sum();
    assert_eq!(rows.iter().filter(|(_, says, _)| says.starts_with("(d) ")).count(), named);
}

#[test]
fn every_process_has_rows_and_every_row_says_where() {
    let rows = rows();
    let processes: BTreeSet<&str> = rows.iter().map(|(process, ..)| *process).collect();
    for number in 1..=57 {
        assert!(processes.contains(format!("P{number:02}").as_str()), "P{number:02}");
    }
    for (process, says, place) in rows {
        assert!(place.len() > 5, "{process} {says}");
    }
}

/// The kind that a file holds, by the end of its path: `asset.toml` or `asset/asset.toml`.
fn kind_of<'k>(kinds: &'k Kinds, file: &str) -> &'k Kind {
    // Files are named after their kinds.
    let slug = file.rsplit('/').next().unwrap().trim_end_matches(".toml");
    kinds.get(slug).unwrap_or_else(|| panic!("RULES.md names {file}; there is no kind '{slug}'"))
}

fn named_in(kind: &Kind, name: &str) -> bool {
    kind.rules.iter().any(|rule| rule.name == name)
        || kind.reminders.iter().any(|reminder| reminder.name == name)
        || kind.makes.iter().any(|make| make.name == name)
        || kind.field(name).is_some()
        || kind.states.iter().any(|state| state.name == name)
        || kind.transitions.iter().any(|step| step.name == name)
}

#[test]
fn what_a_row_names_in_a_kind_file_is_there() {
    let kinds = Kinds::builtin();
    let mut seen = 0;
    for (process, says, place) in rows() {
        // What stands in backticks: every second piece.
        for code in place.split('`').skip(1).step_by(2) {
            let (file, names) = code.split_once(": ").unwrap_or((code, ""));
            if !file.ends_with(".toml") || file.ends_with("constants.toml") {
                continue;
            }
            let kind = kind_of(kinds, file);
            for name in names.split(", ").filter(|name| !name.is_empty()) {
                assert!(named_in(kind, name), "{process} {says}: {file} has no '{name}'");
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "{seen}");
}
