#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, json};

use super::audit::{Comparison, Difference, Findings, Registered, Twice};
use super::baseline::{Compared, compare};
use super::graph::{Graph, Standing, Stored, belongs};
use super::relations::{check, circle, dependencies};
use super::spread::{Direction, Effect, Spread};
use crate::domain::Instant;
use crate::domain::record::Record;

fn ci(n: u32) -> String {
    format!("CI-2026-{n:06}")
}

fn svc(n: u32) -> String {
    format!("SVC-2026-{n:06}")
}

/// One record: its number, and relation, target and group of each of its references.
type Line<'a> = (String, Vec<(&'a str, String, &'a str)>);

fn graph(lines: &[Line<'_>]) -> Graph {
    let mut graph = Graph::default();
    for (number, references) in lines {
        put(&mut graph, number, Standing::Here, references);
    }
    graph
}

fn put(graph: &mut Graph, number: &str, standing: Standing, references: &[(&str, String, &str)]) {
    graph.put(number, standing, references.iter().map(|(rel, target, group)| Stored { rel, target, group }));
}

/// What the loss of a record does to those that depend on it.
fn lost(graph: &Graph, number: &str) -> BTreeMap<String, &'static str> {
    let start = graph.find(number).unwrap();
    let spread = Spread::from(graph, start, Direction::Up);
    let mut effects = spread.effects();
    effects.lose(start);
    spread.reached().iter().map(|at| (graph.number(*at).to_owned(), effects.of(*at).as_str())).collect()
}

fn ways(graph: &Graph, from: &str, to: &str, direction: Direction) -> Vec<String> {
    let spread = Spread::from(graph, graph.find(from).unwrap(), direction);
    let ways = spread.ways(graph.find(to).unwrap(), 5);
    let name = |at: u32| graph.number(at).trim_start_matches("CI-2026-00000").to_owned();
    let steps = |way: &Vec<super::spread::Step>| {
        way.iter().map(|s| format!("{}>{}", name(s.from), name(s.to))).collect::<Vec<_>>().join(" ")
    };
    ways.iter().map(steps).collect()
}

#[test]
fn what_depends_on_the_lost_is_lost_up_to_services_agreements_and_customers() {
    let graph = graph(&[
        (ci(1), vec![]),
        (ci(2), vec![("runs-on", ci(1), ""), ("services", svc(1), "")]),
        (ci(3), vec![("connects", ci(1), "")]),
        (svc(1), vec![("customers", "CST-2026-000001".into(), "")]),
        (svc(2), vec![("depends_on", svc(1), "")]),
        ("SLA-2026-000001".into(), vec![("service", svc(1), ""), ("customer", "CST-2026-000002".into(), "")]),
        ("CST-2026-000001".into(), vec![]),
        ("CST-2026-000002".into(), vec![]),
        ("AST-2026-000001".into(), vec![("ci", ci(1), "")]),
        ("CON-2026-000001".into(), vec![("services", svc(2), "")]),
    ]);
    let found = lost(&graph, &ci(1));
    assert!(found.values().all(|effect| *effect == "full"));
    let numbers: Vec<&str> = found.keys().map(String::as_str).collect();
    let expected = [&ci(2), "CST-2026-000001", "CST-2026-000002", "SLA-2026-000001", &svc(1), &svc(2)];
    assert_eq!(numbers, expected);
    assert!(lost(&graph, "AST-2026-000001").contains_key(&svc(2)));
    assert_eq!(lost(&graph, "CON-2026-000001").keys().collect::<Vec<_>>(), [&svc(2)]);
}

#[test]
fn one_member_of_a_group_is_enough() {
    let lines = [
        (ci(1), vec![("depends-on", ci(2), "db"), ("depends-on", ci(3), "db"), ("runs-on", ci(4), "")]),
        (ci(2), vec![("runs-on", ci(5), "")]),
        (ci(3), vec![("runs-on", ci(6), "")]),
        (ci(5), vec![("depends-on", ci(7), "")]),
        (ci(6), vec![("depends-on", ci(7), "")]),
        (ci(4), vec![]),
        (ci(7), vec![]),
        (ci(8), vec![("depends-on", ci(1), "")]),
    ];
    let graph = graph(&lines);
    // One leg of the pair: degraded, and so is what depends on it.
    let found = lost(&graph, &ci(5));
    assert_eq!((found[&ci(2)], found[&ci(1)], found[&ci(8)]), ("full", "degraded", "degraded"));
    // What both legs stand on.
    assert_eq!(lost(&graph, &ci(7))[&ci(1)], "full");
    // What stands alone beside the group.
    assert_eq!(lost(&graph, &ci(4))[&ci(8)], "full");
}

#[test]
fn groups_are_their_items_own() {
    let graph = graph(&[
        (ci(1), vec![("depends-on", ci(3), "a"), ("depends-on", ci(4), "b")]),
        (ci(2), vec![("depends-on", ci(3), "a")]),
        (ci(3), vec![]),
        (ci(4), vec![]),
    ]);
    let found = lost(&graph, &ci(3));
    assert_eq!((found[&ci(1)], found[&ci(2)]), ("full", "full"));
}

#[test]
fn a_backup_stands_in_while_it_is_there() {
    let mut lines = vec![
        (ci(1), vec![("depends-on", ci(2), "")]),
        (ci(2), vec![("runs-on", ci(4), "")]),
        (ci(3), vec![("backs-up", ci(2), ""), ("runs-on", ci(5), "")]),
        (ci(4), vec![]),
        (ci(5), vec![]),
    ];
    let found = lost(&graph(&lines), &ci(2));
    assert_eq!(found, BTreeMap::from([(ci(1), "degraded")]));
    // The loss of the backup alone is not felt.
    assert!(lost(&graph(&lines), &ci(3)).is_empty());
    // Both on one host.
    lines[2].1[1].1 = ci(4);
    let both = graph(&lines);
    assert_eq!(lost(&both, &ci(4))[&ci(1)], "full");
    // A backup that is not in operation, or gone, is none.
    for standing in [Standing::Coming, Standing::Gone] {
        let mut graph = graph(&lines[..2]);
        put(&mut graph, &ci(4), Standing::Here, &[]);
        put(&mut graph, &ci(3), standing, &[("backs-up", ci(2), "")]);
        assert_eq!(lost(&graph, &ci(2))[&ci(1)], "full");
        put(&mut graph, &ci(3), Standing::Here, &[("backs-up", ci(2), "")]);
        assert_eq!(lost(&graph, &ci(2))[&ci(1)], "degraded");
    }
}

#[test]
fn shortest_ways_are_told_in_order() {
    let graph = graph(&[
        (ci(1), vec![]),
        (ci(2), vec![("runs-on", ci(1), "")]),
        (ci(3), vec![("runs-on", ci(1), "")]),
        (ci(4), vec![("depends-on", ci(2), ""), ("depends-on", ci(3), ""), ("depends-on", ci(5), "")]),
        (ci(5), vec![("depends-on", ci(2), "")]),
    ]);
    assert_eq!(ways(&graph, &ci(1), &ci(4), Direction::Up), ["1>2 2>4", "1>3 3>4"]);
    assert_eq!(ways(&graph, &ci(4), &ci(1), Direction::Down), ["4>2 2>1", "4>3 3>1"]);
    let down = Spread::from(&graph, graph.find(&ci(4)).unwrap(), Direction::Down);
    assert_eq!(down.ways(graph.find(&ci(1)).unwrap(), 1).len(), 1);
    // What each of them means for the item that depends on it.
    let mut effects = down.effects();
    for n in [3, 1, 2] {
        effects.lose(graph.find(&ci(n)).unwrap());
        assert_eq!(effects.of(graph.find(&ci(4)).unwrap()), Effect::Full);
    }
    effects.lose(graph.find(&ci(3)).unwrap());
    assert_eq!(effects.of(graph.find(&ci(5)).unwrap()), Effect::None);
}

#[test]
fn circles_end_and_lose_nobody_by_themselves() {
    let graph = graph(&[
        (ci(1), vec![("runs-on", ci(2), ""), ("depends-on", ci(4), "g"), ("depends-on", ci(5), "g")]),
        (ci(2), vec![("part-of", ci(1), "")]),
        (ci(4), vec![("part-of", ci(1), "")]),
        (ci(5), vec![]),
    ]);
    let found = lost(&graph, &ci(5));
    assert_eq!((found[&ci(1)], found[&ci(2)], found[&ci(4)]), ("degraded", "degraded", "degraded"));
    assert_eq!(lost(&graph, &ci(2))[&ci(1)], "full");
}

#[test]
fn a_record_is_taken_in_again_as_it_is_now() {
    let mut graph = graph(&[(ci(1), vec![("depends-on", ci(2), "")]), (ci(2), vec![])]);
    put(&mut graph, "INC-2026-000001", Standing::Here, &[("ci", ci(2), ""), ("cis", ci(2), "")]);
    assert_eq!(graph.tickets(graph.find(&ci(2)).unwrap()).count(), 1);
    put(&mut graph, "INC-2026-000001", Standing::Gone, &[("ci", ci(2), "")]);
    assert_eq!(graph.tickets(graph.find(&ci(2)).unwrap()).count(), 0);
    put(&mut graph, &ci(1), Standing::Here, &[("depends-on", ci(3), "")]);
    assert!(lost(&graph, &ci(2)).is_empty());
    put(&mut graph, &ci(1), Standing::Gone, &[("depends-on", ci(2), "")]);
    assert!(lost(&graph, &ci(2)).is_empty());
    assert!(belongs("CI-2026-000001") && belongs("INC-2026-000001"));
    assert!(!belongs("CIX-2026-000001") && !belongs("CI-1") && !belongs(""));
}

proptest! {
    /// The same answer as going over all records again and again until nothing changes.
    #[test]
    fn effects_are_the_least_ones(
        edges in proptest::collection::vec((1_u32..9, 1_u32..9, 0_usize..3, 0_usize..4), 0..24),
        start in 1_u32..9,
    ) {
        let groups = ["", "g", "h"];
        let types = ["depends-on", "runs-on", "part-of", "backs-up"];
        let mut lines: BTreeMap<u32, Vec<(&str, String, &str)>> = (1..9).map(|n| (n, Vec::new())).collect();
        for (from, to, group, sort) in edges {
            let known = lines[&from].iter().any(|(rel, target, _)| *rel == types[sort] && *target == ci(to));
            if from != to && !known {
                lines.get_mut(&from).unwrap().push((types[sort], ci(to), groups[group]));
            }
        }
        let all: Vec<Line<'_>> = lines.iter().map(|(n, refs)| (ci(*n), refs.clone())).collect();
        let graph = graph(&all);
        let found = lost(&graph, &ci(start));

        let mut state: BTreeMap<String, u8> = lines.keys().map(|n| (ci(*n), 0)).collect();
        state.insert(ci(start), 2);
        loop {
            let before = state.clone();
            for (n, references) in &lines {
                let backups = |of: &str| -> Vec<String> {
                    let backs = |refs: &Vec<(&str, String, &str)>| {
                        refs.iter().any(|(rel, target, _)| *rel == "backs-up" && target == of)
                    };
                    lines.iter().filter(|(_, refs)| backs(refs)).map(|(n, _)| ci(*n)).collect()
                };
                let needs = references.iter().filter(|(rel, ..)| *rel != "backs-up");
                let mut sets: Vec<(Vec<String>, Vec<String>)> = Vec::new();
                for (_, target, _) in needs.clone().filter(|(.., group)| group.is_empty()) {
                    sets.push((vec![target.clone()], backups(target)));
                }
                for name in ["g", "h"] {
                    let named: Vec<String> =
                        needs.clone().filter(|(.., g)| *g == name).map(|(_, t, _)| t.clone()).collect();
                    let spare = named.iter().flat_map(|t| backups(t)).collect();
                    sets.push((named, spare));
                }
                let worst = sets.iter().map(|(named, spare)| {
                    if named.iter().all(|t| before[t] == 0) {
                        0
                    } else if named.iter().chain(spare).all(|t| before[t] == 2) {
                        2
                    } else {
                        1
                    }
                });
                let worst = worst.max().unwrap_or(0).max(before[&ci(*n)]);
                state.insert(ci(*n), worst);
            }
            if state == before {
                break;
            }
        }
        state.remove(&ci(start));
        let expected: BTreeMap<String, &str> = state
            .into_iter()
            .filter(|(_, effect)| *effect > 0)
            .map(|(number, effect)| (number, if effect == 2 { "full" } else { "degraded" }))
            .collect();
        prop_assert_eq!(found, expected);
    }
}

fn record(kind: &str, number: String, data: serde_json::Value) -> Record {
    Record {
        id: "1".to_owned(),
        org: "o".to_owned(),
        kind: kind.to_owned(),
        number,
        title: String::new(),
        state: "planned".to_owned(),
        owner: String::new(),
        revision: 1,
        created_at: Instant(0),
        created_by: String::new(),
        updated_at: Instant(0),
        kind_version: 0,
        data: data.as_object().cloned().unwrap_or_else(Map::new),
    }
}

#[test]
fn relations_to_oneself_and_twice_the_same_are_refused() {
    let relation = |sort: &str, n: u32| json!({"type": sort, "ci": ci(n)});
    let item = |relations: Vec<serde_json::Value>| {
        check(&record("configuration-item", ci(1), json!({ "relations": relations })))
            .map_err(|refusal| (refusal.rule.into_owned(), refusal.field.unwrap_or_default()))
    };
    item(vec![relation("depends-on", 2), relation("runs-on", 2), relation("depends-on", 3)]).unwrap();
    let own = |at: &str| Err(("self-relation".to_owned(), at.to_owned()));
    assert_eq!(item(vec![relation("depends-on", 2), relation("depends-on", 1)]), own("relations[1].ci"));
    assert_eq!(item(vec![relation("connects", 1)]), own("relations[0].ci"));
    let twice = item(vec![relation("runs-on", 2), json!({"type": "runs-on", "ci": ci(2), "group": "g"})]);
    assert_eq!(twice, Err(("duplicate-relation".to_owned(), "relations[1]".to_owned())));
    let service = record("service", svc(1), json!({"depends_on": [svc(2), svc(1)]}));
    assert_eq!(check(&service).unwrap_err().field.as_deref(), Some("depends_on[1]"));
    assert_eq!(dependencies(&service).len(), 2);
    assert!(dependencies(&record("incident", "INC-2026-000001".into(), json!({}))).is_empty());
}

#[test]
fn a_circle_is_named() {
    let refusal = circle("relations[0].ci", &[ci(1), ci(2), ci(1)]);
    assert_eq!(
        refusal.message,
        "the dependencies would lead in a circle: CI-2026-000001 depends on CI-2026-000002, which depends on \
         CI-2026-000001"
    );
}

/// The examples T11a to T11c of the guide's golden file.
#[test]
fn audits_count_as_the_guide_does() {
    let text = include_str!("../../../../tests/golden/tier2.json");
    let all: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    let cases: Vec<_> = all.iter().filter(|case| case["policy"] == "configuration-audit").collect();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let (name, expected) = (&case["name"], &case["expected"]);
        let mut comparison = Comparison::new(1000);
        for (key, value) in case["input"]["registered"].as_object().unwrap() {
            let values = BTreeMap::from([("version".to_owned(), value.as_str().unwrap().to_owned())]);
            comparison.register(key.clone(), Registered { number: key.clone(), not_expected: None, values });
        }
        for (key, value) in case["input"]["discovered"].as_object().unwrap() {
            comparison.discover(key, &[("version", value.as_str().unwrap().to_owned())]).unwrap();
        }
        let findings = comparison.finish();
        let keys = |difference: Difference| -> serde_json::Value {
            let of = findings.differences.iter().filter(|f| f.difference == difference);
            of.map(|f| f.key.clone()).collect()
        };
        assert_eq!(keys(Difference::NotFound), expected["not_found"], "{name}");
        assert_eq!(keys(Difference::NotRegistered), expected["unregistered"], "{name}");
        assert_eq!(keys(Difference::Mismatch), expected["mismatched"], "{name}");
        assert_eq!(findings.accuracy_tenths(), expected["accuracy_tenths_pct"].as_u64(), "{name}");
    }
}

#[test]
fn an_audit_tells_apart_what_is_expected_known_and_strange() {
    let mut comparison = Comparison::new(4);
    let item = |n: u32, not_expected: Option<&str>, version: Option<&str>| Registered {
        number: ci(n),
        not_expected: not_expected.map(str::to_owned),
        values: version.map(|v| ("version".to_owned(), v.to_owned())).into_iter().collect(),
    };
    let version = |text: &str| [("version", text.to_owned())];
    comparison.register("same".into(), item(1, None, Some("1")));
    comparison.register("other".into(), item(2, None, None));
    comparison.register("old".into(), item(3, Some("retired"), Some("1")));
    comparison.register("gone".into(), item(4, Some("retired"), None));
    comparison.register("missing".into(), item(5, None, None));
    // The same machine, registered anew; and one that is registered twice.
    comparison.register("again".into(), item(6, Some("retired"), Some("0")));
    comparison.register("again".into(), item(7, None, Some("1")));
    comparison.register("twin".into(), item(8, None, None));
    comparison.register("twin".into(), item(9, None, None));
    for key in ["same", "again", "twin"] {
        comparison.discover(key, &[]).unwrap();
    }
    comparison.discover("other", &version("2")).unwrap();
    comparison.discover("old", &version("1")).unwrap();
    comparison.discover("new", &version("1")).unwrap();
    assert_eq!(comparison.discover("new", &[]), Err(Twice));
    assert_eq!(comparison.discover("same", &version("1")), Err(Twice));
    let findings = comparison.finish();
    let counts = (findings.registered, findings.discovered, findings.union());
    assert_eq!(counts, (5, 6, 7));
    assert_eq!((findings.not_found, findings.not_registered, findings.mismatched), (1, 2, 2));
    // (7 - 5) / 7
    assert_eq!(findings.accuracy_tenths(), Some(286));
    let lines: Vec<String> = findings
        .differences
        .iter()
        .map(|f| format!("{} {} {}: {}", f.difference.as_str(), f.key, f.number.as_deref().unwrap_or("-"), f.what))
        .collect();
    let expected = [
        "not-found missing CI-2026-000005: registered, but not found",
        "not-registered new -: found, but not registered",
        "not-registered old CI-2026-000003: found, but registered as retired",
        "mismatch other CI-2026-000002: version is not registered, found '2'",
    ];
    assert_eq!(lines, expected);
    assert_eq!(Findings::default().accuracy_tenths(), None);
}

#[test]
fn baselines_differ_in_items_and_in_fields() {
    let of = |n: u32, version: &str| (ci(n), json!({"title": "x", "version": version, "revision": n, "updated_at": n}));
    let mut later = of(2, "2");
    later.1["location"] = json!("Beijing");
    later.1["title"] = serde_json::Value::Null;
    later.1["updated_at"] = json!("tomorrow");
    let compared = compare([of(1, "1"), of(2, "1"), of(3, "1")].into(), [later, of(3, "1"), of(4, "1")].into());
    let Compared { added, removed, changed, same } = compared;
    assert_eq!((added, removed, same), (vec![ci(4)], vec![ci(1)], 1));
    let (number, fields) = &changed[0];
    assert_eq!((changed.len(), number), (1, &ci(2)));
    let lines: Vec<String> = fields.iter().map(|f| format!("{} {:?} {:?}", f.field, f.was, f.is)).collect();
    let text = |text: &str| format!("Some(String({text:?}))");
    let expected = [
        format!("location None {}", text("Beijing")),
        format!("title {} None", text("x")),
        format!("version {} {}", text("1"), text("2")),
    ];
    assert_eq!(lines, expected);
}
