//! Lists over a made-up organisation: every filter finds what it should, in every way of reading a page.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use mortise::domain::{Role, audit, number};
use mortise::flows::fill::{self, Wish};
use mortise::store::listing::{Bounds, Branch, Filter, ListQuery, OneOf, Only, SortKey, Subject, Test};
use serde_json::Value;

use crate::app::{Client, Desktop, ORG, START, for_each_db};

const RECORDS: u64 = 1_300;

async fn filled(app: &Desktop, org: &str, seed: u64) -> fill::Report {
    crate::app::organisation(&app.desk, org, org).await;
    let wish = Wish { org: org.to_owned(), records: RECORDS, seed, until: START.parse().unwrap() };
    fill::run(&app.desk, &wish, |_| ()).await.unwrap()
}

/// Every record of a list, page by page.
async fn all(reader: &Client, path: &str, limit: usize) -> Vec<Value> {
    let (mut records, mut cursor) = (Vec::new(), String::new());
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = reader.get(&format!("{path}{sign}limit={limit}{cursor}")).await.ok();
        records.extend(page["records"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return records,
        }
    }
}

#[test]
fn what_is_made_up_is_sound_and_the_same_for_one_seed() {
    for_each_db(|app| async move {
        let report = filled(&app, ORG, 7).await;
        assert_eq!(report.refused.len(), 0, "{:?}", report.refused);
        assert_eq!(report.records(), RECORDS);
        let kinds = app.desk.kinds(ORG);
        for kind in kinds.iter().filter(|kind| kind.view.is_none()) {
            assert!(report.made.contains_key(&kind.slug), "no {}", kind.slug);
        }
        // The trail is whole.
        let entries = app.desk.store.audit_after(ORG, 0, i64::MAX).await.unwrap();
        audit::verify(audit::Verified::default(), &entries).unwrap();
        assert!(entries.len() as u64 > RECORDS);
        // What is referred to exists, and every record stands in a state of its kind.
        let reader = app.actor("reader", &Role::ALL).await;
        let (mut numbers, mut referred) = (BTreeSet::new(), BTreeSet::new());
        for kind in kinds.iter().filter(|kind| kind.view.is_none()) {
            for record in all(&reader, &format!("/records/{}", kind.slug), 500).await {
                assert!(kind.state(record["state"].as_str().unwrap()).is_some());
                numbers.insert(record["number"].as_str().unwrap().to_owned());
                collect(&record, &mut referred);
            }
        }
        assert_eq!(numbers.len() as u64, RECORDS);
        let lost: Vec<_> = referred.difference(&numbers).collect();
        assert!(lost.is_empty(), "{lost:?}");

        let titles = |records: Vec<Value>| records.iter().map(|r| r["title"].clone()).collect::<Vec<_>>();
        filled(&app, "twin", 7).await;
        filled(&app, "other", 8).await;
        let twin = app.actor_of("twin", "reader", &[Role::Sd]).await;
        let other = app.actor_of("other", "reader", &[Role::Sd]).await;
        let mine = titles(all(&reader, "/records/incident", 500).await);
        assert_eq!(mine, titles(all(&twin, "/records/incident", 500).await));
        assert_ne!(mine, titles(all(&other, "/records/incident", 500).await));
    });
}

/// Every record number that stands anywhere in a value.
fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => found.extend(number::parse(text).map(|number| number.to_string())),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => map.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// A condition on a record in its JSON form.
type Check = fn(&Value) -> bool;

fn text<'r>(record: &'r Value, path: &str) -> &'r str {
    let found = path.split('.').fold(record, |value, key| &value[key]);
    found.as_str().unwrap_or_default()
}

#[test]
fn every_filter_finds_what_it_should() {
    const CASES: [(&str, Check); 20] = [
        ("impact=1,2", |r| r["impact"].as_i64().unwrap() <= 2),
        ("urgency=!3", |r| r["urgency"].as_i64().unwrap() != 3),
        ("impact=2..", |r| r["impact"].as_i64().unwrap() >= 2),
        ("category=network,mail&impact=3", |r| {
            ["network", "mail"].contains(&text(r, "category")) && r["impact"].as_i64() == Some(3)
        }),
        ("assigned_group=", |r| r.get("assigned_group").is_none()),
        ("assigned_group=!", |r| r.get("assigned_group").is_some()),
        ("assigned_group=,network", |r| ["", "network"].contains(&text(r, "assigned_group"))),
        ("assignee=!&assigned_group=!network,", |r| {
            r.get("assignee").is_some() && !["", "network"].contains(&text(r, "assigned_group"))
        }),
        ("priority=P1..P4&sla.resolution.met=false", |r| {
            ("P1".."P4").contains(&text(r, "priority")) && r["sla"]["resolution"]["met"] == false
        }),
        ("sla.resolution.due_at=2025-06-01..2025-09-01", |r| {
            ("2025-06-01".."2025-09-01").contains(&text(r, "sla.resolution.due_at"))
        }),
        ("sla.resolution.due_at=..2025-01-01T00:00:00Z", |r| text(r, "sla.resolution.due_at") < "2025-01-01"),
        // A day begins eight hours earlier in Shanghai.
        ("created_at=2025-07-01&tz=Asia/Shanghai", |r| {
            ("2025-06-30T16".."2025-07-01T16").contains(&text(r, "created_at"))
        }),
        ("created_at=last-year&state=closed,resolved", |r| {
            text(r, "created_at").starts_with("2025") && ["closed", "resolved"].contains(&text(r, "state"))
        }),
        ("created_at=today-1y..today-6mo", |r| ("2025-03-03".."2025-09-03").contains(&text(r, "created_at"))),
        ("updated_at=..now-400d", |r| text(r, "updated_at") < "2025-01-27T01:00:00"),
        ("state=!closed", |r| text(r, "state") != "closed"),
        ("created_by=wei.wang,fang.wang", |r| ["wei.wang", "fang.wang"].contains(&text(r, "created_by"))),
        ("owner=!me", |r| text(r, "owner") != "wei.li"),
        ("caller=me", |r| text(r, "caller") == "wei.li"),
        ("number=INC-2025-000001..INC-2025-000010", |r| {
            ("INC-2025-000001".."INC-2025-000010").contains(&text(r, "number"))
        }),
    ];
    for_each_db(|app| async move {
        filled(&app, ORG, 3).await;
        let reader = app.actor("wei.li", &[Role::Sd]).await;
        let made = all(&reader, "/records/incident?sort=created_at", 500).await;
        assert!(made.len() > 200, "{}", made.len());
        let mut met = 0;
        for (query, check) in CASES {
            for (sort, path) in [
                ("created_at", ""),
                ("category", "category"),
                ("sla.resolution.due_at", "sla.resolution.due_at"),
                ("updated_at", "updated_at"),
            ] {
                let mut expected: Vec<&Value> = made.iter().filter(|record| check(record)).collect();
                expected.sort_by_key(|record| text(record, path));
                let expected: Vec<&str> = expected.iter().map(|record| text(record, "number")).collect();
                met += expected.len();
                for (limit, sign) in [(7, ""), (500, ""), (60, "-")] {
                    let found = all(&reader, &format!("/records/incident?{query}&sort={sign}{sort}"), limit).await;
                    let mut found: Vec<&str> = found.iter().map(|record| text(record, "number")).collect();
                    if sign == "-" {
                        found.reverse();
                    }
                    assert_eq!(found, expected, "{query} {sign}{sort} {limit}");
                }
            }
        }
        assert!(met > 5_000, "{met}");
    });
}

fn one_of(path: &str, values: &[&str]) -> OneOf {
    OneOf { path: path.to_owned(), values: values.iter().map(|value| (*value).to_owned()).collect() }
}

/// One's own, as a list has it for a customer.
fn own(user: &str) -> Vec<Branch> {
    ["owner", "created_by", "caller"].map(|path| vec![one_of(path, &[user])]).to_vec()
}

/// Restrictions with branches of one test and of several, with values that most records have and with values that none
/// has, and with paths by which no signature tells anything.
fn restrictions() -> Vec<Only> {
    let closed_mail = vec![one_of("category", &["mail"]), one_of("state", &["closed"])];
    let groups: Vec<String> = (0..150).map(|n| format!("group-{n}")).chain(["network".to_owned()]).collect();
    let group = OneOf { path: "assigned_group".to_owned(), values: groups };
    vec![
        Only(own("wei.wang")),
        Only(own("wei.wang").into_iter().chain([closed_mail.clone()]).collect()),
        Only(vec![closed_mail.clone(), vec![one_of("caller", &["nobody"]), one_of("state", &["closed"])]]),
        Only(vec![closed_mail, vec![one_of("number", &["INC-2025-000003", "INC-2025-000007"])]]),
        // Too many values to be driven by, and more than one chain of conditions has.
        Only(vec![vec![group.clone()], vec![one_of("priority", &["P1"]), one_of("impact", &["09007199254740993"])]]),
        Only(vec![vec![one_of("state", &["closed"]), group]]),
        Only(vec![vec![one_of("category", &["mail"])]]),
    ]
}

/// The same of one record by itself.
fn lets_through(only: &Only, record: &mortise::domain::Record) -> bool {
    let value = |path: &str| match path {
        "state" => record.state.clone(),
        "owner" => record.owner.clone(),
        "created_by" => record.created_by.clone(),
        "number" => record.number.clone(),
        path => match record.data.get(path) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => format!("{:017}", number.as_i64().unwrap() + 9_007_199_254_740_992),
            _ => String::new(),
        },
    };
    only.0.iter().any(|branch| branch.iter().all(|test| test.values.contains(&value(&test.path))))
}

#[test]
fn a_walk_and_a_drive_give_the_same_pages() {
    for_each_db(|app| async move {
        filled(&app, ORG, 5).await;
        let is = |path: &str, values: &[&str]| Filter {
            subject: Subject::Path(path.to_owned(), false),
            test: Test::AnyOf(values.iter().map(|v| (*v).to_owned()).collect()),
        };
        let between = |path: &str, from: &str, to: &str| Filter {
            subject: Subject::Path(path.to_owned(), false),
            test: Test::Between(Some(from.to_owned()), Some(to.to_owned())),
        };
        let only = restrictions();
        let sets = [
            vec![],
            vec![is("category", &["mail"])],
            vec![is("category", &["mail", "network"]), is("state", &["closed"])],
            vec![is("priority", &["P4"]), between("sla.resolution.due_at", "2025-01-01", "2025-12-01")],
            vec![is("category", &["telephony"]), is("channel", &[]), is("state", &["closed"])],
        ];
        let mut met = vec![0; only.len() + 1];
        for (i, filters) in sets.into_iter().enumerate() {
            for (n, only) in [None].into_iter().chain(only.iter().cloned().map(Some)).enumerate() {
                for sort in [
                    SortKey::Created,
                    SortKey::Path("category".to_owned()),
                    SortKey::Path("sla.resolution.due_at".to_owned()),
                ] {
                    for descending in [false, true] {
                        let mut query = ListQuery {
                            org: ORG.to_owned(),
                            kind: "incident".to_owned(),
                            filters: filters.clone(),
                            sort: sort.clone(),
                            descending,
                            after: None,
                            limit: 5_000,
                            only: None,
                            text: None,
                        };
                        // What a restriction lets through, record by record.
                        let mut whole = app.desk.store.list(&query).await.unwrap().records;
                        if let Some(only) = &only {
                            whole.retain(|record| lets_through(only, record));
                            met[n] += whole.len();
                        }
                        query.only.clone_from(&only);
                        for bounds in [
                            Bounds { few: 0, step: 3, many: 0 },
                            Bounds { few: 0, step: 3, many: 10_000 },
                            Bounds { few: 10_000, step: 3, many: 10_000 },
                            Bounds { few: 20, step: 1_000, many: 100 },
                        ] {
                            let mut found = Vec::new();
                            query.limit = 4;
                            query.after = None;
                            loop {
                                let page = app.desk.store.list_within(&query, bounds).await.unwrap();
                                found.extend(page.records);
                                query.after = page.next;
                                if query.after.is_none() || found.len() > whole.len() {
                                    break;
                                }
                            }
                            let numbers = |records: &[mortise::domain::Record]| {
                                records.iter().map(|r| r.number.clone()).collect::<Vec<_>>()
                            };
                            assert_eq!(numbers(&found), numbers(&whole), "{i} {n} {sort:?} {descending} {bounds:?}");
                        }
                    }
                }
            }
        }
        // Each of them lets something through, and not everything.
        assert!(met[1..].iter().all(|count| *count > 0), "{met:?}");
        let nothing = ListQuery {
            org: ORG.to_owned(),
            kind: "incident".to_owned(),
            filters: Vec::new(),
            sort: SortKey::Created,
            descending: true,
            after: None,
            limit: 5,
            only: Some(Only::default()),
            text: None,
        };
        assert!(app.desk.store.list(&nothing).await.unwrap().records.is_empty());
    });
}
