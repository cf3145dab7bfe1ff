#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde_json::{Map, json};

use super::*;
use crate::domain::kind::parse;
use crate::domain::time::Instant;

const BASE: &str = r#"
prefix = "TST"
slug = "test"
name = { en = "Test", zh = "测试" }
process = "P00"
clause = "8.1"
initial = "open"
[access]
create = ["any"]
read = ["SD"]
update = ["SD"]
[[state]]
name = "open"
label = { en = "Open", zh = "开放" }
[[state]]
name = "held"
label = { en = "Held", zh = "挂起" }
[[field]]
name = "site"
type = "str"
label = { en = "Site", zh = "站点" }
[[field]]
name = "count"
type = "int"
indexed = true
label = { en = "Count", zh = "数量" }
[[field]]
name = "facts"
type = "map"
label = { en = "Facts", zh = "事实" }
[[transition]]
from = "open"
to = "held"
roles = ["SD"]
"#;

fn kind(changes: &[(&str, &str)]) -> Kind {
    let mut text = BASE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    parse(&text, "test.toml").unwrap()
}

fn record() -> Record {
    let data = json!({"site": "north", "count": 7, "facts": {"level": "high", "n": 1}});
    Record {
        id: "1".to_owned(),
        org: "main".to_owned(),
        kind: "test".to_owned(),
        number: "TST-2026-000001".to_owned(),
        title: "A test".to_owned(),
        state: "held".to_owned(),
        owner: "li".to_owned(),
        revision: 1,
        created_at: Instant(0),
        created_by: "li".to_owned(),
        updated_at: Instant(0),
        kind_version: 0,
        data: data.as_object().cloned().unwrap_or_else(Map::new),
    }
}

fn passage(changes: &[(&str, &str)], earlier: &[&str], keep_values: bool) -> Passage {
    let earlier: BTreeSet<String> = earlier.iter().map(|name| (*name).to_owned()).collect();
    Passage::between(Some(&kind(&[])), &kind(changes), &earlier, keep_values)
}

fn broken(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let found = passage(changes, &[], false).breaks(&record());
    found.into_iter().map(|problem| (problem.field, problem.rule.into_owned())).collect()
}

const SITE: &str = "name = \"site\"\ntype = \"str\"\n";
const MORE: &str = "[[transition]]";

#[test]
fn what_differs_is_looked_at() {
    assert!(passage(&[], &[], false).is_free());
    assert!(passage(&[("en = \"Site\"", "en = \"Place\""), ("[\"SD\"]", "[\"TE\"]")], &[], false).is_free());
    let pair = |field: &str, rule: &str| vec![(field.to_owned(), rule.to_owned())];
    assert_eq!(broken(&[("\"held\"", "\"parked\"")]), pair("state", STATE_GONE));
    assert_eq!(broken(&[("type = \"str\"", "type = \"enum(south|west)\"")]), pair("site", "enum"));
    assert_eq!(broken(&[("type = \"str\"", "type = \"enum(south|north)\"")]), []);
    assert_eq!(broken(&[("type = \"int\"", "type = \"int\"\nmax = 6")]), pair("count", "range"));
    assert_eq!(broken(&[("type = \"int\"", "type = \"int\"\nmax = 7")]), []);
    assert_eq!(broken(&[(SITE, "name = \"place\"\ntype = \"str\"\n")]), pair("site", FIELD_GONE));
    let needed =
        "[[field]]\nname = \"why\"\ntype = \"str\"\non_create = true\nlabel = { en = \"Why\", zh = \"原因\" }\n";
    assert_eq!(broken(&[(MORE, &format!("{needed}[[transition]]"))]), pair("why", "required"));
    let given = needed.replace("on_create", "default = \"so\"\non_create");
    assert_eq!(broken(&[(MORE, &format!("{given}[[transition]]"))]), []);
    let when = needed.replace("on_create = true", "required_when = { field = \"site\", is = \"north\" }");
    assert_eq!(broken(&[(MORE, &format!("{when}[[transition]]"))]), pair("why", "required"));
    let index = |ty: &str| format!("[[index]]\npath = \"facts.level\"\ntype = \"{ty}\"\n[[transition]]");
    assert_eq!(broken(&[(MORE, &index("int"))]), pair("facts.level", "type"));
    assert_eq!(broken(&[(MORE, &index("str"))]), []);
    assert_eq!(passage(&[(MORE, &index("str"))], &[], false).indexed(), ["facts.level"]);
}

#[test]
fn values_may_stay_behind() {
    let gone = [(SITE, "name = \"place\"\ntype = \"str\"\n")];
    let passage = passage(&gone, &[], true);
    assert_eq!(passage.breaks(&record()), []);
    assert_eq!(passage.left_behind(&record()).collect::<Vec<_>>(), ["site"]);
}

#[test]
fn a_field_that_comes_again_meets_the_values_of_before() {
    let again = "[[field]]\nname = \"old\"\ntype = \"int\"\nlabel = { en = \"Old\", zh = \"旧\" }\n[[transition]]";
    let mut left = record();
    left.data.insert("old".to_owned(), json!("a text"));
    assert!(passage(&[(MORE, again)], &[], false).is_free());
    let found = passage(&[(MORE, again)], &["old"], false).breaks(&left);
    assert_eq!((found[0].field.as_str(), found[0].rule.as_ref()), ("old", "type"));
}

#[test]
fn an_index_serves_one_order() {
    assert_eq!(passage(&[("type = \"int\"", "type = \"dec\"")], &[], false).reordered(), Some("count"));
    assert_eq!(passage(&[("type = \"int\"", "type = \"dur\"")], &[], false).reordered(), None);
    let dropped = passage(&[("indexed = true\n", "")], &[], false);
    assert_eq!((dropped.dropped(), dropped.indexed().len()), (&["count".to_owned()][..], 0));
}
