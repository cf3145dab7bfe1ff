#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::Kinds;
use crate::domain::field::FieldType;

fn ty(text: &str) -> FieldType {
    text.parse().unwrap()
}

#[test]
fn every_type_reads_back() {
    let clock = Clock::default();
    for (name, value, text) in [
        ("str", json!("a; b"), "a; b"),
        ("text", json!(" two\r\nlines "), " two\r\nlines "),
        ("int", json!(-3), "-3"),
        ("dur", json!(900), "900"),
        ("dec", json!("12.50"), "12.50"),
        ("bool", json!(true), "true"),
        ("date", json!("2026-03-31"), "2026-03-31"),
        ("instant", json!("2026-03-31T09:30:00.250Z"), "2026-03-31T09:30:00.250Z"),
        ("money", json!({"amount": "-12.50", "currency": "CNY"}), "-12.50 CNY"),
        ("window", json!(["09:00", "24:00"]), "09:00-24:00"),
        ("enum(24x7|business)", json!("24x7"), "24x7"),
        ("list<ref(CI)>", json!(["CI-2026-000001", "CI-2026-000002"]), "CI-2026-000001; CI-2026-000002"),
        ("list<str>", json!(["a;b", "c"]), r#"["a;b","c"]"#),
        ("list<str>", json!(["[x", "c"]), r#"["[x","c"]"#),
        ("list<str>", json!([]), "[]"),
        ("list<window>", json!([["09:00", "12:00"]]), "09:00-12:00"),
        ("list<map>", json!([{"type": "x", "n": 1}]), r#"[{"n":1,"type":"x"}]"#),
        ("map", json!({"mon": [["09:00", "12:00"]]}), r#"{"mon":[["09:00","12:00"]]}"#),
    ] {
        assert_eq!(write(&ty(name), &value), text, "{name}");
        assert_eq!(read(&ty(name), text, &clock).unwrap(), value, "{name}");
    }
}

#[test]
fn what_people_write_is_read() {
    let clock = Clock::new(Some("Asia/Shanghai"), None, None).unwrap();
    let dotted = Clock::new(Some("Asia/Shanghai"), Some("%d.%m.%Y"), Some("%d/%m/%Y %H:%M")).unwrap();
    for (clock, name, text, value) in [
        (&clock, "instant", "2026-03-31 09:30", json!("2026-03-31T01:30:00Z")),
        (&clock, "instant", "2026-03-31T09:30:00+02:00", json!("2026-03-31T09:30:00+02:00")),
        (&clock, "date", "2026-03-31T00:00:00", json!("2026-03-31")),
        (&dotted, "date", "31.03.2026", json!("2026-03-31")),
        (&dotted, "instant", "31/03/2026 09:30", json!("2026-03-31T01:30:00Z")),
        (&clock, "bool", "是", json!(true)),
        (&clock, "int", "3.0", json!(3)),
    ] {
        assert_eq!(read(&ty(name), text, clock).unwrap(), value, "{text}");
    }
    for (name, text) in
        [("int", "three"), ("bool", "perhaps"), ("money", "12.50"), ("instant", "soon"), ("map", "{"), ("window", "9")]
    {
        assert!(read(&ty(name), text, &clock).is_err(), "{text}");
    }
    assert!(read(&ty("date"), "2026-03-31", &dotted).is_err());
    assert!(Clock::new(Some("Mars/Olympus"), None, None).is_err());
}

#[test]
fn formulas_are_guarded() {
    for text in ["=1+1", "+1", "-cmd", "@SUM(A1)", "\tx", "'=x", "''@"] {
        let safe = guarded(&FieldType::Str, text.to_owned());
        assert_eq!(safe, format!("'{text}"));
        assert_eq!(unguarded(&safe), text);
    }
    for text in ["plain", "'quoted'", "a=b", ""] {
        assert_eq!(guarded(&FieldType::Str, text.to_owned()), text);
        assert_eq!(unguarded(text), text);
    }
    assert_eq!(guarded(&FieldType::Int, "-3".to_owned()), "-3");
}

#[test]
fn headings_are_recognised_in_either_language() {
    for kind in Kinds::builtin().iter() {
        let all = Column::all(kind);
        for lang in [None, Some(Lang::En), Some(Lang::Zh)] {
            for (column, heading) in all.iter().zip(headings(kind, &all, lang)) {
                let found = recognise(&all, &heading);
                assert_eq!(found.len(), 1, "{}: {heading}", kind.slug);
                assert_eq!(found[0].name, column.name, "{}: {heading}", kind.slug);
            }
        }
    }
    let kind = Kinds::builtin().get("incident").unwrap();
    let all = Column::all(kind);
    assert_eq!(recognise(&all, " IMPACT ")[0].name, "impact");
    assert!(recognise(&all, "colour").is_empty());
}

#[test]
fn columns_are_chosen_by_name() {
    let kind = Kinds::builtin().get("incident").unwrap();
    let names = |names: &[&str]| columns(kind, Some(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()));
    let chosen = names(&["number", "sla.resolution.level", "impact"]).unwrap();
    assert_eq!(chosen[1].role, ColumnRole::Kept);
    assert!(names(&["imapct"]).unwrap_err().message.contains("'impact'"));
    assert!(names(&["impact", "impact"]).is_err());
    assert!(names(&["title.x"]).is_err());
    assert!(columns(kind, None).unwrap().iter().all(|column| column.name != "id"));
}

#[test]
fn a_mapping_says_what_is_wrong_with_it() {
    let mapping =
        Mapping::parse("[columns]\nSubject = \"title\"\nPrio = { field = \"impact\", values = { High = 1 } }");
    assert_eq!(mapping.unwrap().columns["Subject"].target().field.as_deref(), Some("title"));
    assert!(Mapping::parse(r#"{"columns": {"A": {"ignore": true}}, "constants": {"channel": "mail"}}"#).is_ok());
    for text in ["colour = 1", "[columns]\nA = {}", "{\"columns\": 3}", "separator = \"ä\""] {
        assert_eq!(Mapping::parse(text).unwrap_err().rule, "mapping", "{text}");
    }
}

fn text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("['=+@\\-; a\\[\\]{\"\n\t中]{0,12}").unwrap()
}

proptest! {
    #[test]
    fn guards_come_off_again(text in text()) {
        let safe = guarded(&FieldType::Str, text.clone());
        prop_assert!(!safe.starts_with(['=', '+', '-', '@']));
        prop_assert_eq!(unguarded(&safe), text);
    }

    #[test]
    fn lists_read_back(items in proptest::collection::vec(text(), 0..4)) {
        // Records keep one-line texts trimmed and never empty.
        let items: Vec<Value> =
            items.iter().map(|text| text.replace(['\n', '\t'], " ").trim().into()).filter(|v: &Value| v != "").collect();
        let (list, value) = (ty("list<str>"), Value::Array(items));
        prop_assert_eq!(read(&list, &write(&list, &value), &Clock::default()).unwrap(), value);
    }
}
