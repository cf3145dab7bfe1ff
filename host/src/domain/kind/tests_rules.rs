#![allow(clippy::unwrap_used)]

use super::*;

const HEAD: &str = r#"
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
name = "shut"
label = { en = "Shut", zh = "关闭" }

[[field]]
name = "likelihood"
type = "int"
label = { en = "Likelihood", zh = "可能性" }

[[field]]
name = "code"
type = "str"
indexed = true
label = { en = "Code", zh = "代码" }

[[field]]
name = "other"
type = "ref(TST)"
indexed = true
label = { en = "Other", zh = "其他" }
"#;

const MORE: &str = r#"
[[field]]
name = "rating"
type = "int"
formula = "record.likelihood * 2"
label = { en = "Rating", zh = "评级" }

[[transition]]
from = "open"
to = "shut"
roles = ["SD", "auto"]
when = { replaced = ["code"] }

[[transition]]
from = "shut"
to = "open"
roles = ["auto"]
when = { moment = "record.created_at" }

[[rule]]
name = "rated-first"
on = ["shut", "open>shut", "update"]
field = "likelihood"
if = "size(others) == 0"
check = "has(record.rating) && record.rating > policy.access_unused_days && actor.user != record.owner"
message = { en = "rate it first", zh = "先评级" }
source = "P05"
related = { others = { kind = "test", by = "other" }, same = { kind = "test", where = { code = "record.code" } }, it = { field = "other" } }

[[reminder]]
name = "rate"
states = ["open"]
moment = "plus_days(record.created_at, 1)"
every = 7
message = { en = "rate it", zh = "请评级" }

[[makes]]
name = "follow-up"
kind = "test"
on = ["shut"]
set = { code = "record.number" }

[[makes]]
name = "monthly"
kind = "test"
moment = "plus_months(record.created_at, n)"
states = ["open"]
if = "record.likelihood > 1"
set = { title = "'No. ' + string(n)" }
"#;

fn with(more: &str) -> Result<Kind, KindError> {
    parse(&format!("{HEAD}{more}"), "test.toml")
}

#[test]
fn rules_reminders_and_made_records_are_read() {
    let kind = with(MORE).unwrap();
    let rating = kind.field("rating").unwrap();
    assert!(rating.computed && rating.formula.is_some());
    let rule = &kind.rules[0];
    assert_eq!(rule.related.len(), 3);
    assert!(rule.on.iter().any(|on| on.is(Happening::Transition("open", "shut"))));
    assert!(rule.on.iter().any(|on| on.is(Happening::Update)));
    assert!(!rule.on.iter().any(|on| on.is(Happening::Create)));
    assert_eq!((kind.reminders[0].every, kind.makes.len()), (Some(7), 2));
    assert!(Kinds::load([("test.toml", format!("{HEAD}{MORE}").as_str())]).is_ok());
    let shown = serde_json::to_value(&kind).unwrap();
    assert_eq!(shown["rules"][0]["if"], "size(others) == 0");
    assert_eq!(shown["rules"][0]["on"][1], "open>shut");
    assert_eq!(shown["transitions"][1]["when"]["moment"], "record.created_at");
}

#[test]
fn a_rule_is_always_looked_at_unless_it_says_when() {
    let text = MORE.replace("on = [\"shut\", \"open>shut\", \"update\"]", "");
    let rule = with(&text).unwrap().rules.remove(0);
    for happening in [Happening::Create, Happening::Update, Happening::Transition("open", "shut")] {
        assert!(rule.on.iter().any(|on| on.is(happening)), "{happening:?}");
    }
}

#[test]
fn what_names_nothing_is_refused_with_its_line() {
    for (from, to, why) in [
        ("record.likelihood * 2", "record.likelyhood * 2", "did you mean 'likelihood'"),
        ("record.likelihood * 2", "record.likelihood *", "does not compile"),
        ("policy.access_unused_days", "policy.access_days", "no constant 'access_days'"),
        ("actor.user", "actor.name", "an actor has no 'name'"),
        ("size(others)", "size(otters)", "no variable 'otters'"),
        ("\"open>shut\"", "\"shut>shut\"", "shut>shut"),
        ("field = \"likelihood\"", "field = \"nothing\"", "no field 'nothing'"),
        ("it = { field = \"other\" }", "it = { field = \"code\" }", "not a reference field"),
        ("it = {", "record = {", "cannot be the name"),
        ("states = [\"open\"]\nmoment = \"plus_days", "states = [\"ajar\"]\nmoment = \"plus_days", "no state 'ajar'"),
        ("plus_days(record.created_at, 1)", "now", "no variable 'now'"),
        ("every = 7", "every = 0", "1 day or more"),
        ("on = [\"shut\"]\nset", "set", "either on states"),
        ("name = \"monthly\"", "name = \"follow-up\"", "there twice"),
        ("name = \"rated-first\"", "name = \"Rated first\"", "lower-case"),
        ("replaced = [\"code\"]", "replaced = [\"likelihood\"]", "not an indexed field"),
        ("moment = \"record.created_at\" }", "moment = \"record.made_at\" }", "no field 'made_at'"),
        ("formula = \"record.likelihood * 2\"", "formula = \"1\"\ndefault = 3", "cannot be given"),
    ] {
        assert!(MORE.contains(from), "{from}");
        let text = MORE.replacen(from, to, 1);
        let error = with(&text).unwrap_err();
        assert!(error.message.contains(why), "{to}: {error}");
        let line = format!("{HEAD}{text}").lines().nth(error.line - 1).unwrap().to_owned();
        assert!(!line.is_empty() && error.line > 35, "{error}");
    }
}

#[test]
fn a_circle_of_formulas_is_refused_with_the_way_round() {
    let formula = |name: &str, text: &str| {
        format!(
            "[[field]]\nname = \"{name}\"\ntype = \"int\"\nformula = \"{text}\"\nlabel = {{ en = \"A\", zh = \"甲\" }}\n"
        )
    };
    let own = with(&formula("badge", "record.badge + 1")).unwrap_err();
    assert!(own.message.contains("'badge' reads itself: badge, which reads badge"), "{own}");
    assert!(with(&formula("badge", "has(record.badge) ? record.badge : 1")).is_ok(), "it keeps what it has");
    assert!(with(&formula("badge", "has(record.badge) ? record.badge : record.badge")).is_err());
    let text = [
        formula("fine", "record.badge"),
        formula("badge", "record.likelihood + record.second"),
        formula("second", "record.third"),
        formula("third", "record.badge"),
    ];
    let error = with(&text.concat()).unwrap_err();
    assert!(error.message.contains("badge, which reads second, which reads third, which reads badge"), "{error}");
    let line = format!("{HEAD}{}", text.concat()).lines().nth(error.line - 1).unwrap().to_owned();
    assert!(line.starts_with("formula = \"record.likelihood + record.second"), "{line}");
    // What was in force before is still read.
    assert!(super::parse::parse_in_force(&format!("{HEAD}{}", text.concat()), "test.toml").is_ok());
}

#[test]
fn what_confuses_types_is_refused_with_its_line() {
    let rule = |check: &str| {
        format!("[[rule]]\nname = \"typed\"\ncheck = \"{check}\"\nmessage = {{ en = \"no\", zh = \"不\" }}\n")
    };
    for (check, why) in [
        ("record.code > 3", "confuses types"),
        ("1 + 1", "has to give true or false"),
        ("record.code", "has to give true or false"),
        ("record.likelihood", "has to give true or false"),
        ("has(record.code) && record.code > 3", "confuses types"),
        ("record.code.startsWith('a') ? record.likelihood + 'x' == 'y' : record.code + 1 == 2", "confuses types"),
    ] {
        let error = with(&rule(check)).unwrap_err();
        assert!(error.message.contains(why), "{check}: {error}");
        assert_eq!(error.line, HEAD.lines().count() + 3, "{error}");
    }
    for check in [
        "!has(record.code) || record.code == '3'",
        "record.likelihood > 3 && record.created_at < now",
        "has(before.code) && before.code != record.code && actor.roles.exists(r, r == 'SD')",
        "record.code.matches('^[a-z]+$') || micro(record.code) > 3",
        "100 / record.likelihood > policy.access_unused_days",
    ] {
        assert!(with(&rule(check)).is_ok(), "{check}: {:?}", with(&rule(check)).err());
    }
    let formula = |text: &str| {
        format!(
            "[[field]]\nname = \"worked\"\ntype = \"int\"\nformula = \"{text}\"\nlabel = {{ en = \"A\", zh = \"甲\" }}\n"
        )
    };
    assert!(with(&formula("record.code")).unwrap_err().message.contains("a value of the type int"));
    assert!(with(&formula("size(record.code)")).is_ok());
    let reminder = "[[reminder]]\nname = \"r\"\nstates = [\"open\"]\nmoment = \"record.likelihood\"\n\
                    message = { en = \"m\", zh = \"消\" }\n";
    assert!(with(reminder).unwrap_err().message.contains("a date or an instant"));
}

#[test]
fn what_is_said_of_other_kinds_holds_or_is_refused_with_its_line() {
    let whole = format!("{HEAD}{MORE}");
    for (from, to, at, message) in [
        (
            "kind = \"test\", by = \"other\"",
            "kind = \"test\", by = \"likelihood\"",
            "",
            "no indexed field 'likelihood'",
        ),
        ("kind = \"test\", by = \"other\"", "kind = \"unicorn\", by = \"other\"", "", "no kind 'unicorn'"),
        ("it = { field = \"other\" }", "it = { field = \"other.code\" }", "", "test has no reference field 'code'"),
        ("set = { code =", "set = { rating =", "set = {", "no field 'rating' that can be set"),
    ] {
        let text = whole.replace(from, to);
        assert_ne!(text, whole);
        let error = Kinds::load([("test.toml", text.as_str())]).unwrap_err();
        assert!(error.message.contains(message), "{error}");
        // Of what other records a rule reads, the line of its name is told.
        let line = if at.is_empty() {
            let until = text.find(to).unwrap();
            text[..until].lines().enumerate().filter(|(_, line)| line.starts_with("name = ")).last().unwrap().0
        } else {
            text.lines().position(|line| line.starts_with(at)).unwrap()
        };
        assert_eq!(error.line, line + 1, "{error}");
    }
}
