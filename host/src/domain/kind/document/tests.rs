#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::Kinds;
use crate::domain::kind::parse;

const FILE: &str = r#"# A comment that stays.
prefix = "TST"
slug = "test"
name = { en = "Test", zh = "测试" }
process = "P00"
clause = "8.1"
initial = "open"
owner_fields = ["helper"]

[access]
create = ["any"]
read = ["SD"]
update = ["SD"]

[[state]]
name = "open"
label = { en = "Open", zh = "开放" }

[[state]]
name = "shut"
label = { en = "Shut", zh = "关闭" }
closed = true

[[field]]
name = "helper"
type = "user"
required = true
indexed = true
label = { en = "Helper", zh = "助手" }

[[field]]
name = "level"
type = "enum(1|2|3)"
label = { en = "Level", zh = "级别" }

[[transition]]
from = "open"
to = "shut"
roles = ["SD", "auto"]
require = ["level"]
"#;

fn field() -> Map<String, Json> {
    let field =
        json!({"name": "site", "type": "str", "indexed": true, "label": {"en": "Site", "zh": "站点"}, "min": null});
    field.as_object().unwrap().clone()
}

#[test]
fn a_part_is_added_where_comments_stay() {
    let text = Document::add(FILE, "test.toml", Part::Field, &field()).unwrap();
    assert!(text.starts_with("# A comment that stays.") && text.contains("[[field]]\nname = \"site\"\ntype = \"str\""));
    let kind = parse(&text, "test.toml").unwrap();
    assert!(kind.field("site").unwrap().indexed);
    let mut document = Document::read(&text, "test.toml").unwrap();
    assert_eq!(document.remove(Part::Field, "site"), 1);
    assert_eq!(document, Document::read(FILE, "test.toml").unwrap());
    assert_eq!(document.remove(Part::Field, "site"), 0);
    assert_eq!(document.remove(Part::Transition, "shut"), 1);
}

#[test]
fn a_file_of_inline_lists_can_be_added_to() {
    let inline = FILE.replace("[[field]]\nname = \"helper\"", "[[gone]]\nname = \"helper\"");
    let inline =
        format!("field = [{{ name = \"a\", type = \"str\", label = {{ en = \"A\", zh = \"A\" }} }}]\n{inline}");
    let inline = inline.split("[[gone]]").next().unwrap().replace("owner_fields = [\"helper\"]", "");
    let text = Document::add(&inline, "test.toml", Part::Field, &field()).unwrap();
    assert_eq!(parse(&text, "test.toml").unwrap().fields.len(), 2);
}

#[test]
fn what_toml_has_not_is_named() {
    let wrong = |value: Json| Document::of_json(value.as_object().unwrap()).unwrap_err();
    assert!(wrong(json!({"field": [{"min": 1.5}]})).contains("field[0].min"));
    assert!(wrong(json!({"a": [null]})).contains("a[0]"));
}

#[test]
fn every_built_in_kind_reads_back_from_what_is_written() {
    for kind in Kinds::builtin().iter() {
        let text = Kinds::builtin().text(&kind.slug).unwrap();
        let document = Document::read(text, "x.toml").unwrap();
        let written = document.text();
        assert_eq!(Document::read(&written, "x.toml").unwrap(), document, "{}", kind.slug);
        assert_eq!(parse(&written, "x.toml").unwrap(), **kind, "{}", kind.slug);
        let json = document.to_json();
        assert_eq!(Document::of_json(json.as_object().unwrap()).unwrap(), document, "{}", kind.slug);
        assert_eq!(document.lost(&document), [], "{}", kind.slug);
    }
}

fn lost(from: &str, to: &str) -> Vec<String> {
    assert!(FILE.contains(from), "{from}");
    let base = Document::read(FILE, "test.toml").unwrap();
    let changed = Document::read(&FILE.replace(from, to), "test.toml").unwrap();
    changed.lost(&base).into_iter().map(|problem| problem.field).collect()
}

#[test]
fn a_built_in_kind_can_be_added_to_and_not_taken_from() {
    assert_eq!(lost("prefix = \"TST\"", "prefix = \"TSU\""), ["prefix"]);
    assert_eq!(lost("initial = \"open\"", "initial = \"shut\""), ["initial"]);
    assert_eq!(lost("name = \"shut\"", "name = \"closed\""), ["state shut"]);
    assert_eq!(lost("closed = true\n", ""), ["state shut"]);
    assert_eq!(lost("name = \"level\"", "name = \"grade\""), ["field level"]);
    assert_eq!(lost("type = \"enum(1|2|3)\"", "type = \"int\""), ["field level"]);
    assert_eq!(lost("type = \"enum(1|2|3)\"", "type = \"enum(1|2|4)\""), ["field level"]);
    assert_eq!(lost("required = true\n", ""), ["field helper"]);
    assert_eq!(lost("indexed = true\n", ""), ["field helper"]);
    assert_eq!(lost("to = \"shut\"\n", "to = \"open\"\n"), ["transition open>shut"]);
    assert_eq!(lost("require = [\"level\"]", "require = []"), ["transition open>shut"]);
    assert_eq!(lost("[\"SD\", \"auto\"]", "[\"SD\"]"), ["transition open>shut"]);
    let none: [&str; 0] = [];
    assert_eq!(lost("type = \"enum(1|2|3)\"", "type = \"enum(1|2)\""), none);
    assert_eq!(lost("[\"SD\", \"auto\"]", "[\"TE\", \"auto\"]\nseparate = [\"helper\"]"), none);
    assert_eq!(lost("read = [\"SD\"]", "read = [\"SD\", \"TE\"]"), none);
    assert_eq!(lost("en = \"Level\"", "en = \"Grade\""), none);
}

#[test]
fn a_newer_built_in_kind_completes_an_older_version() {
    let base = Document::read(FILE, "test.toml").unwrap();
    let mut own = base.clone();
    own.remove(Part::Field, "level");
    own.remove(Part::Transition, "open>shut");
    assert!(own.complete(&base));
    assert_eq!(own, base);
    assert!(!own.complete(&base));
}

proptest! {
    /// Whatever is done to a file's text, reading it answers.
    #[test]
    fn damaged_files_are_refused_and_never_panic(
        index in 0usize..1000,
        cuts in prop::collection::vec((0usize..20_000, 0usize..40, ".{0,12}"), 1..6),
        swap in prop::collection::vec((0usize..500, 0usize..500), 0..4),
    ) {
        let kinds: Vec<_> = Kinds::builtin().iter().collect();
        let kind = kinds[index % kinds.len()];
        let mut text = Kinds::builtin().text(&kind.slug).unwrap().to_string();
        let mut lines: Vec<&str> = text.lines().collect();
        for (a, b) in swap {
            let count = lines.len();
            lines.swap(a % count, b % count);
        }
        text = lines.join("\n");
        for (at, length, new) in cuts {
            let floor = |mut place: usize| {
                place = place.min(text.len());
                while !text.is_char_boundary(place) {
                    place -= 1;
                }
                place
            };
            let (from, to) = (floor(at % (text.len() + 1)), floor(at % (text.len() + 1) + length));
            text.replace_range(from..to, &new);
        }
        let _ = parse(&text, "x.toml");
        if let Ok(mut document) = Document::read(&text, "x.toml") {
            let written = document.text();
            let base = Document::read(Kinds::builtin().text(&kind.slug).unwrap(), "x.toml").unwrap();
            let _ = document.lost(&base);
            let _ = Document::add(&text, "x.toml", Part::Field, &field());
            // What is written says the same.
            prop_assert_eq!(Document::read(&written, "x.toml").unwrap(), document.clone());
            document.complete(&base);
            let _ = parse(&document.text(), "x.toml");
        }
    }
}
