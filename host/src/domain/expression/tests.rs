#![allow(clippy::unwrap_used)]
use serde_json::{Value, json};

use super::*;

fn value(text: &str) -> Value {
    let scope = Scope::default()
        .with("record", json!({ "likelihood": 3, "impact": 4, "price": { "amount": "500000.00", "currency": "CNY" }, "due": "2026-01-31", "list": [1, 2] }))
        .with("today", json!("2026-03-31"));
    Expression::parse(text).unwrap().value(&scope).unwrap()
}

#[test]
fn the_guides_formulas_can_be_written() {
    assert_eq!(value("record.likelihood * record.impact"), 12);
    assert_eq!(value("half_up(10 * 29, 3)"), 97);
    assert_eq!(value("ceil_div(60 * (100 - 60), 100)"), 24);
    assert_eq!(value("ceil_div(61 * 45, 100)"), 28);
    assert_eq!(value("half_up(-5, 2)"), -3);
    assert_eq!(value("micro(record.price) > micro('499999.999999')"), true);
    assert_eq!(value("dec((micro(record.price) - micro(410000)) / 500000)"), "0.18");
    assert_eq!(value("plus_months(record.due, 1)"), "2026-02-28");
    assert_eq!(value("plus_months(record.due, 2)"), "2026-03-31");
    assert_eq!(value("plus_days('2026-03-31', 30)"), "2026-04-30");
    assert_eq!(value("plus_days('2026-03-31T23:00:00Z', 1)"), "2026-04-01T23:00:00Z");
    assert_eq!(value("plus_minutes('2026-03-31', 30)"), "2026-03-31T00:30:00Z");
    // From a Friday: Monday to Friday; by a calendar that works on that Saturday and not on Monday; by the first that is one.
    assert_eq!(value("plus_workdays('2026-02-27T09:00:00Z', 1)"), "2026-03-02T09:00:00Z");
    let works = "{'time_zone': 'Asia/Shanghai', 'mode': 'business', 'weekly': {'tue': [['09:00', '18:00']]}, \
                 'adjusted_workdays': [{'date': '2026-02-28', 'use': 'tue'}], 'holidays': ['2026-03-03']}";
    assert_eq!(value(&format!("plus_workdays('2026-02-27T09:00:00Z', 1, [{works}])")), "2026-02-28T09:00:00Z");
    assert_eq!(value(&format!("plus_workdays('2026-02-27T09:00:00Z', 2, [{{}}, {works}])")), "2026-03-10T09:00:00Z");
    assert_eq!(value("plus_workdays('2026-02-27T09:00:00Z', 5, [])"), "2026-03-06T09:00:00Z");
    assert_eq!(value("days(record.due, today)"), 59);
    assert_eq!(value("months(record.due, today)"), 2);
    assert_eq!(value("months(today, record.due)"), 0);
    assert_eq!(value("months('2026-01-31T10:00:00Z', '2026-02-28')"), 1);
    let left = json!({ "amount": "237500.00", "currency": "CNY" });
    assert_eq!(
        value("book_value(record.price, 500, 36, months('2024-09-15', '2026-03-15') + 2)"),
        json!({ "amount": "236111.11", "currency": "CNY" })
    );
    assert_eq!(value("book_value(record.price, 0, 40, 21)"), left);
    // Currencies have the decimals that they have.
    let dinar = "book_value({'amount': '1.000', 'currency': 'KWD'}, 0, 3, 1).amount";
    assert_eq!(
        (value(dinar), value(&dinar.replace("KWD", "JPY").replace("1.000", "1000"))),
        (json!("0.667"), json!("667"))
    );
    assert_eq!(value("hours('2026-03-31T00:00:00Z', '2026-03-31T02:59:00Z')"), 2);
    assert_eq!(value("earliest([null, '2026-05-01', record.due])"), "2026-01-31");
    assert_eq!(value("latest([])"), Value::Null);
    assert_eq!(value("greatest([4, 3, 5]) + least(record.list) + sum(record.list)"), 9);
    assert_eq!(value("record.list.exists(x, x > 1) && !has(record.nothing)"), true);
    assert_eq!(value("dec(-1500000) + '/' + dec(2000000)"), "-1.5/2");
}

#[test]
fn what_cannot_be_worked_out_has_no_value() {
    let scope = Scope::default().with("record", json!({ "n": i64::MAX, "t": "x" }));
    for text in [
        "record.missing > 1",
        "record.n + 1",
        "days(record.t, record.t)",
        "half_up(1, 0)",
        "record.n + record.t",
        "months(record.t, record.t)",
        "book_value(record.t, 1, 1, 1)",
        "book_value({'amount': '1', 'currency': 'CNY'}, 0, 0, 0)",
    ] {
        assert!(Expression::parse(text).unwrap().value(&scope).is_err(), "{text}");
    }
    assert!(Expression::parse("record.n").unwrap().holds(&scope).is_err());
}

#[test]
fn what_does_not_compile_says_why() {
    for (text, why) in [
        ("record.x >", ""),
        ("now() > 1", "no function 'now'"),
        ("record.x == 1.5", "micro"),
        ("[1].all(a, [1].all(b, [1].all(c, c > 0)))", "loops"),
        (&"(".repeat(100), "brackets"),
        (&"!".repeat(100), "brackets"),
        (&"1 + ".repeat(1000), "longer"),
    ] {
        let error = Expression::parse(text).unwrap_err();
        assert!(error.contains(why) && !error.contains('\n'), "{text}: {error}");
    }
}

#[test]
fn it_knows_what_it_names() {
    let names =
        Expression::parse("record.a > policy.b && has(before.c) && cis.all(i, i.state == today)").unwrap().names();
    assert_eq!(names.variables.into_iter().collect::<Vec<_>>(), ["before", "cis", "policy", "record", "today"]);
    let member = |variable: &str, name: &str| (variable.to_owned(), name.to_owned());
    assert!(names.members.contains(&member("record", "a")) && names.members.contains(&member("before", "c")));
    assert!(!names.members.iter().any(|(variable, _)| variable == "i"));
}
