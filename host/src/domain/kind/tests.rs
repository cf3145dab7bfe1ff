#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::field::Target;
use crate::domain::role::Role;

const SMALL: &str = r#"
prefix = "TST"
slug = "test"
name = { en = "Test", zh = "测试" }
process = "P00"
clause = "8.1"
initial = "open"
owner_fields = ["helper"]

[access]
create = ["any"]
read = ["SD", "CUS:own"]
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
indexed = true
label = { en = "Helper", zh = "助手" }

[[field]]
name = "facts"
type = "map"
label = { en = "Facts", zh = "事实" }

[[field]]
name = "signatures"
type = "list<map>"
computed = true
label = { en = "Signatures", zh = "签署" }

[[index]]
path = "facts.level"
type = "str"

[[transition]]
from = "open"
to = "shut"
roles = ["SD", "auto"]

[[decision]]
process = "sla"
on = ["create", "shut"]
"#;

#[test]
fn a_kind_is_read_whole() {
    let kind = parse(SMALL, "test.toml").unwrap();
    assert_eq!((kind.prefix.as_str(), kind.slug.as_str()), ("TST", "test"));
    assert_eq!(kind.access.read[1].to_string(), "CUS:own");
    assert!(kind.state("shut").unwrap().closed);
    let step = kind.transition("open", "shut").unwrap();
    assert_eq!(step.roles, [Who::Role(Role::Sd), Who::Auto]);
    assert_eq!(kind.indexed("facts.level"), Some(&FieldType::Str));
    assert_eq!(kind.indexed("helper"), Some(&FieldType::User));
    assert_eq!(kind.indexed("facts"), None);
    let paths: Vec<&str> = kind.indexed_paths().map(|(path, _)| path).collect();
    assert_eq!(paths, ["helper", "facts.level"]);
    let decides = |event| kind.decides(&event).count();
    assert_eq!(decides(Trigger::Create), 1);
    assert_eq!(decides(Trigger::Entered("shut".into())), 1);
    assert_eq!(decides(Trigger::Entered("open".into())), 0);
    assert_eq!(decides(Trigger::Update), 0);
    let names: Vec<&str> = kind.all_fields().map(|field| field.name.as_str()).collect();
    assert_eq!(names[..2], ["title", "helper"]);
    assert!(names.contains(&"confidentiality"));
}

/// Replaces one line's text and expects a complaint about that line.
fn refused(old: &str, new: &str, expected: &str) {
    assert_eq!(SMALL.matches(old).count(), 1, "{old}");
    let text = SMALL.replace(old, new);
    let error = parse(&text, "test.toml").unwrap_err();
    let at = SMALL.find(old).unwrap();
    let line = 1 + SMALL[..at].matches('\n').count() + old.matches('\n').count();
    assert_eq!(error.message, expected);
    assert_eq!((error.file.as_str(), error.line), ("test.toml", line), "{expected}");
}

#[test]
fn complaints_name_file_line_and_reason() {
    refused("prefix = \"TST\"", "prefix = \"T\"", "a prefix is two to five capital letters");
    refused("slug = \"test\"", "slug = \"Test\"", "a slug is lower-case letters and digits, joined by hyphens");
    refused("process = \"P00\"", "process = \"sla\"", "a process is P and two digits, as in the domain guide");
    refused("initial = \"open\"", "initial = \"new\"", "the kind has no state 'new'");
    refused("[\"helper\"]", "[\"facts\"]", "'facts' is not an indexed user field of the kind");
    refused("create = [\"any\"]", "create = [\"all\"]", "'all' is not a role that can be granted access");
    refused("update = [\"SD\"]", "update = [\"auto\"]", "'auto' is not a role that can be granted access");
    refused("name = \"shut\"", "name = \"open\"", "the state 'open' is there twice");
    refused("name = \"facts\"", "name = \"helper\"", "the field 'helper' is there twice");
    refused("name = \"facts\"", "name = \"state\"", "'state' is a column of every record");
    refused("name = \"facts\"", "name = \"title\"", "'title' is common to all kinds and cannot be replaced");
    refused("name = \"facts\"", "name = \"the-facts\"", "a field's name is lower-case letters, digits and underscores");
    refused("type = \"map\"", "type = \"object\"", "'object' is not a field type");
    refused(
        "type = \"map\"",
        "type = \"enum()\"",
        "an option of an enum must not be empty or begin or end with a space",
    );
    refused("\"facts.level\"", "\"helper.level\"", "'helper.level' does not lead into a map field of the kind");
    refused("\"facts.level\"", "\"facts\"", "'facts' does not lead into a map field of the kind");
    refused("type = \"str\"", "type = \"map\"", "map cannot be indexed");
    refused("from = \"open\"", "from = \"opened\"", "the kind has no state 'opened'");
    refused("roles = [\"SD\", \"auto\"]", "roles = [\"sd\"]", "'sd' is not a role");
    refused(
        "process = \"sla\"",
        "process = \"slo\"",
        "unknown process `slo`, expected one of sla, change-risk, budget, supplier",
    );
    refused(
        "on = [\"create\", \"shut\"]",
        "on = [\"make\"]",
        "'make' is neither create, update or transition nor a state of the kind",
    );
}

#[test]
fn added_lines_are_checked_too() {
    let step = "to = \"shut\"\n";
    let with = |line: &str, expected: &str| refused(step, &format!("{step}{line}\n"), expected);
    // The complaint is about the line that was put in, one below the line it follows.
    with("require = [\"solution\"]", "the kind has no field 'solution'");
    with("separate = [\"facts\"]", "'facts' does not name a user");
    with("records_actor = \"facts\"", "'facts' does not hold a user");
    with(
        "only = [{ field = \"helper\", is = \"x\", roles = [\"SD\"] }]",
        "the kind has no text field 'helper' that can be 'x'",
    );
    let field = "type = \"map\"\n";
    let with = |line: &str, expected: &str| {
        let text = SMALL.replace(field, &format!("{field}{line}\n"));
        assert_eq!(parse(&text, "test.toml").unwrap_err().message, expected);
    };
    with("indexed = true", "map cannot be indexed");
    with("min = 1", "only numbers and amounts have limits");
    with("format = \"period\"", "only a str has a format");
    with("default = 3", "facts must be an object");
    with("computed = true\non_create = true", "a computed field cannot be needed at creation");
    with("required_when = { field = \"helper\", is = \"x\" }", "the kind has no text field 'helper' that can be 'x'");
    with("shape = { level = \"string\" }", "'string' is not a field type");
    let both = SMALL.replace("roles = [\"SD\", \"auto\"]", "roles = [\"SD\"]\nall_of = [\"SD\", \"TE\"]");
    assert_eq!(parse(&both, "t").unwrap_err().message, "a transition has either roles or all_of");
    let host = SMALL.replace("roles = [\"SD\", \"auto\"]", "all_of = [\"SD\", \"auto\"]");
    assert_eq!(parse(&host, "t").unwrap_err().message, "only roles sign");
    let twice = format!("{SMALL}\n[[transition]]\nname = \"shut\"\nfrom = \"open\"\nto = \"shut\"\nroles = [\"TE\"]\n");
    assert_eq!(parse(&twice, "t").unwrap_err().message, "the state open has two transitions named 'shut'");
}

#[test]
fn all_of_needs_a_place_for_signatures() {
    let text = SMALL.replace("roles = [\"SD\", \"auto\"]", "all_of = [\"SD\", \"TE\"]");
    let kind = parse(&text, "t").unwrap();
    assert_eq!(kind.transitions[0].signatures.as_deref(), Some("signatures"));
    let text = text.replace("computed = true", "computed = false");
    assert_eq!(parse(&text, "t").unwrap_err().message, "all_of needs a computed list<map> field 'signatures'");
}

#[test]
fn broken_toml_names_the_line() {
    let error = parse("prefix = \"TST\"\nslug = \n", "broken.toml").unwrap_err();
    assert_eq!((error.file.as_str(), error.line), ("broken.toml", 2));
    let error = parse(&SMALL.replace("closed = true", "barred = true"), "t").unwrap_err();
    assert!(error.message.contains("unknown field `barred`"), "{error}");
    assert_eq!(error.line, 1 + SMALL[..SMALL.find("closed = true").unwrap()].matches('\n').count());
    assert!(error.to_string().starts_with("t:"));
}

#[test]
fn references_lead_to_kinds_of_the_set_or_the_dictionary() {
    let with =
        |target: &str| SMALL.replace("type = \"map\"", &format!("type = \"map\"\nshape = {{ x = \"ref({target})\" }}"));
    assert!(Kinds::load([("a", with("TST").as_str())]).is_ok());
    assert!(Kinds::load([("a", with("DOC").as_str())]).is_ok());
    let error = Kinds::load([("a", with("ZZZ").as_str())]).unwrap_err();
    assert_eq!(error.message, "there is no kind with the prefix 'ZZZ'");
    assert_eq!(error.line, 1 + SMALL[..SMALL.find("type = \"map\"").unwrap()].matches('\n').count() + 1);
}

#[test]
fn a_set_has_each_slug_and_prefix_once() {
    let other = SMALL.replace("\"TST\"", "\"TSU\"");
    assert_eq!(
        Kinds::load([("a", SMALL), ("b", other.as_str())]).unwrap_err().to_string(),
        "b:1: another kind has the slug 'test' already"
    );
    let other = SMALL.replace("slug = \"test\"", "slug = \"tess\"");
    assert!(Kinds::load([("a", SMALL), ("b", other.as_str())]).unwrap_err().message.contains("prefix"));
}

#[test]
fn the_built_in_kinds_load_and_are_found() {
    let kinds = Kinds::builtin();
    assert_eq!(
        kinds.iter().len(),
        kinds.iter().map(|kind| &kind.prefix).collect::<std::collections::BTreeSet<_>>().len()
    );
    let incident = kinds.get("incident").unwrap();
    assert_eq!(incident.prefix, "INC");
    assert_eq!(kinds.of_number("INC-2026-000001").unwrap().slug, "incident");
    assert!(kinds.of_number("XXX-2026-000001").is_none());
    assert!(kinds.get("nothing").is_none());
    assert!(kinds.refers("DOC") && kinds.refers("INC") && !kinds.refers("XYZ"));
    for path in ["sla.resolution.level", "sla.response.level", "sla.resolution.due_at", "service", "manual"] {
        assert!(incident.indexed(path).is_some(), "{path}");
    }
    assert_eq!(incident.field("service").unwrap().ty, FieldType::Ref(Target::Kind("SVC".into())));
    let blackout = kinds.get("blackout").unwrap();
    // Its own required services replace the common field.
    assert!(blackout.field("services").unwrap().required);
    assert_eq!(blackout.all_fields().filter(|field| field.name == "services").count(), 1);
}

#[test]
fn every_label_is_in_both_languages() {
    let chinese = |text: &str| text.chars().any(|sign| ('\u{4e00}'..='\u{9fff}').contains(&sign));
    for kind in Kinds::builtin().iter() {
        let states = kind.states.iter().map(|state| &state.label);
        let labels = kind.all_fields().map(|field| &field.label).chain(states).chain([&kind.name]);
        for label in labels {
            assert!(label.en.is_ascii() && !label.en.is_empty(), "{}: {}", kind.slug, label.en);
            assert!(chinese(&label.zh), "{}: {}", kind.slug, label.zh);
        }
    }
}
