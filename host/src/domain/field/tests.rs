#![allow(clippy::unwrap_used)]

mod properties;

use serde_json::json;

use super::*;

fn field(ty: &str) -> Field {
    Field {
        name: "f".into(),
        ty: ty.parse().unwrap(),
        required: false,
        required_when: None,
        on_create: false,
        may_be_empty: false,
        known: false,
        happened: None,
        indexed: false,
        computed: false,
        default: None,
        min: None,
        max: None,
        format: None,
        shape: None,
        formula: None,
        label: Label { en: "F".into(), zh: "字段".into() },
    }
}

fn accepted(field: &Field, value: Value) -> Value {
    match normalise(field, &value) {
        Ok(normal) => normal,
        Err(problems) => panic!("{} refused {value}: {problems:?}", field.ty),
    }
}

/// The rules and paths under which a value is refused.
fn refused(field: &Field, value: Value) -> Vec<(String, String)> {
    let problems = match normalise(field, &value) {
        Ok(normal) => panic!("{} accepted {value} as {normal}", field.ty),
        Err(problems) => problems,
    };
    assert!(problems.iter().all(|problem| problem.message.starts_with(&problem.field)));
    problems.into_iter().map(|problem| (problem.field, problem.rule.into_owned())).collect()
}

fn rule(field: &Field, value: Value) -> String {
    refused(field, value).remove(0).1
}

#[test]
fn texts() {
    assert_eq!(accepted(&field("str"), json!("  mail server ")), json!("mail server"));
    assert_eq!(accepted(&field("text"), json!("a\n\tb\r\n")), json!("a\n\tb\r\n"));
    assert_eq!(accepted(&field("str"), json!("字".repeat(500))), json!("字".repeat(500)));
    for (ty, value, expected) in [
        ("str", json!(3), "type"),
        ("str", json!(null), "type"),
        ("str", json!("  "), "range"),
        ("str", json!("字".repeat(501)), "range"),
        ("str", json!("a\nb"), "format"),
        ("str", json!("a\u{0}b"), "format"),
        ("text", json!("a\u{0}b"), "format"),
        ("text", json!("\n "), "range"),
        ("text", json!("x".repeat(100_001)), "range"),
        ("text", json!(["x"]), "type"),
        ("user", json!("x".repeat(101)), "range"),
        ("user", json!({}), "type"),
    ] {
        assert_eq!(rule(&field(ty), value), expected, "{ty}");
    }
}

#[test]
fn formats() {
    let with = |format| Field { format: Some(format), ..field("str") };
    assert_eq!(accepted(&with(Format::TimeZone), json!("asia/shanghai")), json!("Asia/Shanghai"));
    assert_eq!(accepted(&with(Format::Currency), json!("JPY")), json!("JPY"));
    assert_eq!(accepted(&with(Format::Period), json!("2026-03")), json!("2026-03"));
    for (format, value) in [
        (Format::TimeZone, "Mars/Olympus"),
        (Format::Currency, "cny"),
        (Format::Currency, "XYZ"),
        (Format::Period, "2026-13"),
        (Format::Period, "2026-3"),
        (Format::Period, "2026-Q1"),
        (Format::Period, "２０２６-03"),
    ] {
        assert_eq!(rule(&with(format), json!(value)), "format", "{value}");
    }
}

#[test]
fn numbers() {
    assert_eq!(accepted(&field("int"), json!(-5)), json!(-5));
    assert_eq!(accepted(&field("int"), json!(9_007_199_254_740_992_i64)), json!(9_007_199_254_740_992_i64));
    assert_eq!(accepted(&field("dec"), json!("007.500")), json!("7.5"));
    assert_eq!(accepted(&field("dec"), json!("-0")), json!("0"));
    assert_eq!(accepted(&field("dur"), json!(0)), json!(0));
    for (ty, value, expected) in [
        ("int", json!("5"), "type"),
        ("int", json!(5.0), "type"),
        ("int", json!(9_007_199_254_740_993_i64), "range"),
        ("int", json!(u64::MAX), "range"),
        ("int", json!(true), "type"),
        ("dec", json!(1.5), "type"),
        ("dec", json!("1,5"), "type"),
        ("dec", json!("1e3"), "type"),
        ("dec", json!(format!("0.{}", "0".repeat(50))), "type"),
        ("dur", json!(-1), "type"),
        ("bool", json!("true"), "type"),
        ("bool", json!(1), "type"),
    ] {
        assert_eq!(rule(&field(ty), value.clone()), expected, "{ty} {value}");
    }
    let limited = |ty| Field { min: Some(1), max: Some(3), ..field(ty) };
    for value in [0, 4, -1] {
        assert_eq!(rule(&limited("int"), json!(value)), "range");
        assert_eq!(rule(&limited("dec"), json!(value.to_string())), "range");
    }
    assert_eq!(rule(&limited("dec"), json!("0.99")), "range");
    assert_eq!(rule(&limited("dec"), json!("3.01")), "range");
    accepted(&limited("dec"), json!("3.00"));
    accepted(&limited("int"), json!(3));
    assert_eq!(refused(&limited("list<int>"), json!([1, 9])), [("f[1]".into(), "range".into())]);
}

#[test]
fn money() {
    let money = |amount: &str, currency: &str| json!({"amount": amount, "currency": currency});
    assert_eq!(accepted(&field("money"), money("12.5", "CNY")), money("12.50", "CNY"));
    assert_eq!(accepted(&field("money"), money("-0", "CNY")), money("0.00", "CNY"));
    assert_eq!(accepted(&field("money"), money("1000", "JPY")), money("1000", "JPY"));
    assert_eq!(accepted(&field("money"), money("0.001", "KWD")), money("0.001", "KWD"));
    for (value, path, expected) in [
        (money("12.505", "CNY"), "f.amount", "range"),
        (money("12.500", "CNY"), "f.amount", "range"),
        (money("1.0", "JPY"), "f.amount", "range"),
        (money("", "CNY"), "f.amount", "type"),
        (money("1e3", "CNY"), "f.amount", "type"),
        (money(&"9".repeat(40), "CNY"), "f.amount", "range"),
        (money("1.00", "cny"), "f.currency", "format"),
        (money("1.00", "XYZ"), "f.currency", "format"),
        (json!("12.50 CNY"), "f", "type"),
        (json!({"amount": 12, "currency": "CNY"}), "f", "type"),
        (json!({"amount": "12.50"}), "f", "type"),
        (json!({"amount": "12.50", "currency": "CNY", "tax": "1"}), "f", "type"),
    ] {
        assert_eq!(refused(&field("money"), value.clone()), [(path.into(), expected.into())], "{value}");
    }
    let positive = Field { min: Some(0), ..field("money") };
    accepted(&positive, money("0.00", "CNY"));
    assert_eq!(refused(&positive, money("-0.01", "CNY")), [("f.amount".into(), "range".into())]);
}

#[test]
fn times() {
    assert_eq!(accepted(&field("date"), json!("2024-02-29")), json!("2024-02-29"));
    assert_eq!(accepted(&field("instant"), json!("2026-03-31T17:30:00.5+08:00")), json!("2026-03-31T09:30:00.500Z"));
    for window in [["00:00", "24:00"], ["09:00", "12:00"], ["23:59", "24:00"]] {
        accepted(&field("window"), json!(window));
    }
    for window in [
        json!(["24:00", "24:01"]),
        json!(["9:00", "12:00"]),
        json!(["09:60", "12:00"]),
        json!(["09:00:00", "12:00"]),
        json!(["+9:00", "12:00"]),
        json!(["12:00", "09:00"]),
        json!(["09:00", "09:00"]),
        json!(["09:00"]),
        json!(["09:00", "10:00", "11:00"]),
        json!("09:00-12:00"),
        json!([9, 12]),
    ] {
        assert_eq!(rule(&field("window"), window.clone()), "type", "{window}");
    }
    for (ty, value) in
        [("date", "2025-02-29"), ("date", "31.03.2026"), ("instant", "2026-03-31T09:30:00"), ("instant", "2026-03-31")]
    {
        assert_eq!(rule(&field(ty), json!(value)), "type", "{ty} {value}");
    }
}

#[test]
fn words_and_references() {
    assert_eq!(accepted(&field("enum(24x7|business)"), json!("24x7")), json!("24x7"));
    assert_eq!(rule(&field("enum(24x7|business)"), json!("busines")), "enum");
    let message = normalise(&field("enum(24x7|business)"), &json!("busines")).unwrap_err().remove(0).message;
    assert_eq!(message, "f must be one of 24x7, business; did you mean 'business'?");
    assert_eq!(rule(&field("enum(a)"), json!(1)), "enum");
    accepted(&field("role"), json!("SLM"));
    assert_eq!(rule(&field("role"), json!("slm")), "enum");
    accepted(&field("ref(SVC)"), json!("SVC-2026-000001"));
    accepted(&field("ref(any)"), json!("DOC-2026-000001"));
    for (ty, value) in [
        ("ref(SVC)", json!("INC-2026-000001")),
        ("ref(SVC)", json!("mail")),
        ("ref(SVC)", json!(1)),
        ("ref(any)", json!("SVC-1")),
    ] {
        assert_eq!(rule(&field(ty), value), "reference", "{ty}");
    }
}

#[test]
fn lists_and_maps_name_every_part_that_is_wrong() {
    assert_eq!(accepted(&field("list<int>"), json!([])), json!([]));
    assert_eq!(rule(&field("list<int>"), json!(1)), "type");
    assert_eq!(rule(&field("list<int>"), json!(vec![1; 10_001])), "range");
    assert_eq!(
        refused(&field("list<int>"), json!([1, "2", 3, null])),
        [("f[1]".into(), "type".into()), ("f[3]".into(), "type".into())]
    );
    assert_eq!(accepted(&field("map"), json!({"any": [1, {"thing": null}]})), json!({"any": [1, {"thing": null}]}));
    assert_eq!(rule(&field("map"), json!([])), "type");
    assert_eq!(rule(&field("map"), json!({"x": "y".repeat(100_000)})), "range");

    let entry = |text: &str| text.parse::<Entry>().unwrap();
    let shape = BTreeMap::from([
        ("type".to_owned(), entry("enum(depends-on|runs-on)")),
        ("ci".to_owned(), entry("ref(CI)")),
        ("note".to_owned(), entry("text?")),
    ]);
    let relations = Field { shape: Some(shape), ..field("list<map>") };
    assert_eq!(
        accepted(&relations, json!([{"type": "runs-on", "ci": "CI-2026-000002", "note": null}])),
        json!([{"type": "runs-on", "ci": "CI-2026-000002"}])
    );
    let mut found = refused(
        &relations,
        json!([{"type": "runs-in", "ci": "CI-2026-000002"}, {"type": "runs-on", "cl": "CI-2026-000002"}, 3]),
    );
    found.sort();
    assert_eq!(
        found,
        [
            ("f[0].type".into(), "enum".into()),
            ("f[1].ci".into(), "required".into()),
            ("f[1].cl".into(), "unknown-field".into()),
            ("f[2]".into(), "type".into()),
        ]
    );
}

#[test]
fn a_shape_rules_one_level_only() {
    let entry = |text: &str| text.parse::<Entry>().unwrap();
    let shape = BTreeMap::from([("planned".to_owned(), entry("int>=0")), ("labour".to_owned(), entry("list<map>?"))]);
    let plan = Field { shape: Some(shape), ..field("map") };
    let value = json!({"planned": 0, "labour": [{"role": "dba", "planned": "none"}]});
    assert_eq!(accepted(&plan, value.clone()), value);
    assert_eq!(refused(&plan, json!({"planned": -1})), [("f.planned".into(), "range".into())]);
}

#[test]
fn the_common_fields_are_the_guides() {
    let names: Vec<&str> = common().iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["title", "description", "owner", "services", "cis", "attachments", "confidentiality", "links"]);
}
