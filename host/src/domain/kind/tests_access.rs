//! Who may do what: conditions in access lists, and the built-in kinds against the guide's permissions matrix (section 2,
//! `tests/golden/permissions.md`).

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::*;
use crate::domain::access::{self, Action, Branch, Scope};
use crate::domain::record::{Record, index_entries};
use crate::domain::role::{Actor, Reach, Role};
use crate::domain::time::Instant;

const FILE: &str = r#"
prefix = "TST"
slug = "test"
name = { en = "Test", zh = "测试" }
process = "P00"
clause = "8.1"
initial = "draft"

[access]
create = ["SD"]
read = [
    "SD", "CUS:own",
    { role = "CUS", where = { state = ["published", "kept"], audience = "public" } },
    { role = "CUS", where = { services = "@services", level = 3 } },
]
update = ["SD", { role = "TE", where = { helpers = "@actor" } }]

[[state]]
name = "draft"
label = { en = "Draft", zh = "草稿" }

[[state]]
name = "published"
label = { en = "Published", zh = "已发布" }

[[state]]
name = "kept"
label = { en = "Kept", zh = "保留" }

[[field]]
name = "audience"
type = "enum(public|staff)"
indexed = true
label = { en = "Audience", zh = "受众" }

[[field]]
name = "services"
type = "list<ref(SVC)>"
indexed = true
label = { en = "Services", zh = "相关服务" }

[[field]]
name = "helpers"
type = "list<user>"
indexed = true
label = { en = "Helpers", zh = "助手" }

[[field]]
name = "level"
type = "int"
indexed = true
label = { en = "Level", zh = "级别" }

[[field]]
name = "plain"
type = "str"
label = { en = "Plain", zh = "普通" }

[[transition]]
from = "draft"
to = "published"
roles = ["SD", "CUS", "TE"]
"#;

const CONDITION: &str = "where = { services = \"@services\", level = 3 }";

#[test]
fn conditions_are_read_and_written_back() {
    let kind = parse(FILE, "test.toml").unwrap();
    let read = json!(kind.access.read);
    assert_eq!(
        read,
        json!([
            "SD",
            "CUS:own",
            {"role": "CUS", "where": {"state": ["published", "kept"], "audience": "public"}},
            {"role": "CUS", "where": {"services": "@services", "level": 3}},
        ])
    );
    assert_eq!(kind.access.read[2].to_string(), "CUS (where audience is public and state is published or kept)");
    let document = Document::read(FILE, "test.toml").unwrap();
    assert_eq!(parse(&document.text(), "test.toml").unwrap(), kind);
    let as_json = document.to_json();
    let again = Document::of_json(as_json.as_object().unwrap()).unwrap();
    assert_eq!(parse(&again.text(), "test.toml").unwrap(), kind);
}

#[test]
fn what_is_wrong_with_a_condition_is_said_with_its_line() {
    let line = 1 + FILE[..FILE.find(CONDITION).unwrap()].matches('\n').count();
    let refused = |new: &str, expected: &str| {
        let error = parse(&FILE.replace(&format!("role = \"CUS\", {CONDITION}"), new), "test.toml").unwrap_err();
        assert_eq!((error.message.as_str(), error.line), (expected, line), "{new}");
    };
    let condition = |text: &str| format!("role = \"CUS\", where = {{ {text} }}");
    for (text, expected) in [
        ("unicorn = 1", "the kind has no field 'unicorn'"),
        ("plain = \"a\"", "plain is not indexed, and lists could not be narrowed by it"),
        ("title = \"a\"", "title is not indexed, and lists could not be narrowed by it"),
        ("number = \"TST-2026-000001\"", "the kind has no field 'number'"),
        ("level = []", "the condition on level names no value"),
        ("level = \"3\"", "level is of the type int, and \"3\" is no such value"),
        ("level = [3, true]", "level is of the type int, and true is no such value"),
        ("audience = 1", "audience is of the type enum(public|staff), and 1 is no such value"),
        ("audience = \"\"", "the condition on audience names an empty value"),
        ("state = \"gone\"", "the kind has no state 'gone'"),
        ("state = \"@actor\"", "state is of the type str and cannot be compared with @actor"),
        ("helpers = \"@services\"", "helpers is of the type user and cannot be compared with @services"),
        ("services = \"@customers\"", "services is of the type ref(SVC) and cannot be compared with @customers"),
        ("helpers = \"@me\"", "'@me' is none of @actor, @customers and @services"),
        ("helpers = [\"@actor\", \"li\"]", "@actor stands for several values and by itself"),
    ] {
        refused(&condition(text), expected);
    }
    let error = parse(&FILE.replace("audience = \"public\"", "audience = \"nobody\""), "test.toml").unwrap_err();
    assert_eq!((error.message.as_str(), error.line), ("audience must be one of public, staff", line - 1));
    refused("role = \"CUS\"", "a grant with a role names in 'where' what has to hold");
    refused("role = \"CUS\", where = {}", "a grant with a role names in 'where' what has to hold");
    refused("where = { level = 3 }", "a grant with a condition names its role");
    refused("role = \"cus\", where = { level = 3 }", "'cus' is not a role that can be granted access");
    refused("role = \"CUS\", where = { level = 3 }, own = true", "a grant has no key 'own'; it has role and where");
    let error = parse(&FILE.replace("create = [\"SD\"]", "create = [3]"), "test.toml").unwrap_err();
    assert_eq!(error.message, "access is granted to a role, or to a role with a condition");
    let new = "create = [{ role = \"SD\", where = { level = 3 } }]";
    let error = parse(&FILE.replace("create = [\"SD\"]", new), "test.toml").unwrap_err();
    assert_eq!((error.message.as_str(), error.line), ("who may create cannot depend on a condition", 10));
}

fn record(state: &str, data: Value) -> Record {
    Record {
        id: "id".to_owned(),
        org: "o".to_owned(),
        kind: "test".to_owned(),
        number: "TST-2026-000001".to_owned(),
        title: "t".to_owned(),
        state: state.to_owned(),
        owner: "li".to_owned(),
        revision: 1,
        created_at: Instant(5),
        created_by: "wang".to_owned(),
        updated_at: Instant(6),
        kind_version: 0,
        data: data.as_object().cloned().unwrap_or_else(Map::new),
    }
}

fn with_reach(user: &str, role: Role) -> Actor {
    let set = |number: &str| BTreeSet::from([number.to_owned()]);
    let reach = Reach { customers: set("CST-2026-000001"), services: set("SVC-2026-000001") };
    Actor { reach, ..Actor::user("o", user, [role]) }
}

#[test]
fn a_condition_opens_the_records_of_which_it_holds() {
    let kind = parse(FILE, "test.toml").unwrap();
    let stranger = Actor::user("o", "zhao", [Role::Cus]);
    let member = with_reach("zhao", Role::Cus);
    let reads = |actor: &Actor, record: &Record| access::may(&kind, actor, Action::Read, Some(record));
    let public = |state| record(state, json!({"audience": "public"}));
    assert!(reads(&stranger, &public("published")) && reads(&stranger, &public("kept")));
    assert!(!reads(&stranger, &public("draft")) && !reads(&stranger, &record("kept", json!({"audience": "staff"}))));
    assert!(!reads(&stranger, &record("kept", json!({}))));
    let of_service =
        |number: &str, level: i64| record("draft", json!({"services": ["SVC-2026-000009", number], "level": level}));
    assert!(reads(&member, &of_service("SVC-2026-000001", 3)));
    assert!(!reads(&member, &of_service("SVC-2026-000001", 2)) && !reads(&member, &of_service("SVC-2026-000002", 3)));
    assert!(!reads(&stranger, &of_service("SVC-2026-000001", 3)));
    assert!(reads(&Actor::user("o", "li", [Role::Cus]), &of_service("SVC-2026-000002", 1)));
    // The refusal says what would have been.
    let refused = access::permit(&kind, &stranger, Action::Read, Some(&public("draft"))).unwrap_err();
    assert_eq!(refused.rule, "own");
    assert_eq!(
        refused.to_string(),
        "you may read only test records of your own, or where audience is public and state is published or kept, or \
         where level is 3 and services is one of your own"
    );
    // Technicians change what they help with, and read nothing.
    let helps = record("draft", json!({"helpers": ["li", "chen"]}));
    let technician = Actor::user("o", "chen", [Role::Te]);
    assert!(access::may(&kind, &technician, Action::Update, Some(&helps)));
    assert!(!access::may(&kind, &technician, Action::Update, Some(&record("draft", json!({"helpers": ["li"]})))));
    assert_eq!(access::read_scope(&kind, &technician), Scope::Nothing);
}

#[test]
fn lists_are_narrowed_to_what_conditions_let_through() {
    let kind = parse(FILE, "test.toml").unwrap();
    let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let published = Branch::Where(vec![
        ("audience".to_owned(), texts(&["public"])),
        ("state".to_owned(), texts(&["published", "kept"])),
    ]);
    // What is the reader's own comes first; a condition that nothing can meet is no branch.
    let services = Branch::Where(vec![
        ("services".to_owned(), texts(&["SVC-2026-000001"])),
        ("level".to_owned(), texts(&["09007199254740995"])),
    ]);
    let stranger = Actor::user("o", "zhao", [Role::Cus]);
    assert_eq!(access::read_scope(&kind, &stranger), Scope::Some(vec![Branch::Own, published.clone()]));
    let member = with_reach("zhao", Role::Cus);
    assert_eq!(access::read_scope(&kind, &member), Scope::Some(vec![Branch::Own, published, services]));
    assert_eq!(access::read_scope(&kind, &member.only_as([Role::Cus, Role::Sd])), Scope::All);
    // Whatever the index would let through, the record by itself is let through, and the other way round.
    for state in ["draft", "published"] {
        for audience in ["public", "staff"] {
            for service in ["SVC-2026-000001", "SVC-2026-000002"] {
                for level in [2, 3] {
                    let record = record(
                        state,
                        json!({"audience": audience, "services": [service], "level": level, "plain": "x"}),
                    );
                    let mut index = index_entries(&kind, &record);
                    index.push(("state".to_owned(), state.to_owned()));
                    let Scope::Some(branches) = access::read_scope(&kind, &member) else { panic!() };
                    let has = |(path, values): &(String, Vec<String>)| {
                        index.iter().any(|(known, value)| known == path && values.contains(value))
                    };
                    let listed = branches.iter().any(|branch| match branch {
                        Branch::Own => access::owns(&kind, &member, &record),
                        Branch::Where(tests) => tests.iter().all(has),
                    });
                    assert_eq!(listed, access::may(&kind, &member, Action::Read, Some(&record)));
                }
            }
        }
    }
}

#[test]
fn what_a_customer_reads_by_a_condition_he_only_reads() {
    let kind = parse(FILE, "test.toml").unwrap();
    let published = record("published", json!({"audience": "public"}));
    let customer = Actor::user("o", "zhao", [Role::Cus]);
    assert_eq!(access::involved(&kind, &customer, &published).unwrap_err().rule, "own");
    assert!(access::involved(&kind, &Actor::user("o", "li", [Role::Cus]), &published).is_ok());
    assert!(access::involved(&kind, &Actor::user("o", "chen", [Role::Sd]), &published).is_ok());
    // And moves it no further.
    let mut draft = record("draft", json!({"services": ["SVC-2026-000001"], "level": 3}));
    let member = with_reach("zhao", Role::Cus);
    let step = kind.transition("draft", "published").unwrap();
    let permit = |actor: &Actor, record: &Record| {
        crate::domain::lifecycle::permit(&kind, actor, record, step, &crate::domain::TransitionContext::default())
    };
    assert!(access::may(&kind, &member, Action::Read, Some(&draft)));
    assert_eq!(permit(&member, &draft).unwrap_err().rule, "own");
    draft.owner = "zhao".to_owned();
    assert!(permit(&member, &draft).is_ok());
    // A role that reads and changes some records moves those.
    let text = FILE.replace("\"SD\", \"CUS:own\",", "\"SD\", { role = \"TE\", where = { helpers = \"@actor\" } },");
    let kind = parse(&text, "test.toml").unwrap();
    let permit = |user: &str| {
        let helps = record("draft", json!({"helpers": ["chen"]}));
        let actor = Actor::user("o", user, [Role::Te]);
        crate::domain::lifecycle::permit(&kind, &actor, &helps, step, &crate::domain::TransitionContext::default())
    };
    assert!(permit("chen").is_ok());
    assert_eq!(permit("zhou").unwrap_err().rule, "own");
}

/// What a cell of the matrix says about reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    All,
    Some,
    Nothing,
}

impl Reads {
    /// `R`, `RW`, `CRo Vo`, `R published`, `A cost`, `C` … Whoever works on, approves or verifies something reads it;
    /// whoever only makes it may see what he made.
    fn of(cell: &str) -> Self {
        let (codes, rest) = cell.split_once(' ').unwrap_or((cell, ""));
        let narrow = ["own", "published", "assigned"].iter().any(|word| rest.contains(word));
        match codes {
            codes if codes.contains('o') || codes.contains(['R', 'W']) && narrow => Self::Some,
            codes if codes.contains(['R', 'W', 'A', 'V']) => Self::All,
            _ => Self::Nothing,
        }
    }
}

/// Rows of the matrix: name, and the cell of each role.
fn matrix() -> BTreeMap<String, Vec<String>> {
    let text = include_str!("../../../../tests/golden/permissions.md");
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = text.lines().map(cells);
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.code()).collect();
    assert_eq!(lines.next().unwrap()[1..], roles);
    let rows = lines.skip(1).map(|mut row| (row.remove(0), row));
    rows.collect()
}

/// Kinds whose readers differ from those of their row, with the roles, and why.
const OTHERWISE: [(&str, &str, &str); 27] = [
    ("access-right", "BUD TOP", "the row is about what costs money, and access costs none"),
    ("acknowledgement", "SD TE CM CAB CUS", "whoever has to confirm something sees that he has"),
    ("blackout", "SD", "the desk answers when nothing may change"),
    ("change-model", "SD", "the desk chooses a model when it records a change"),
    ("communication", "CUS", "the nearest row; customers get it, and do not look it up"),
    ("component", "PUB", "publishers see which components there are; their bytes are nobody's to read"),
    ("event", "CUS", "customers have no part in events"),
    ("major-incident", "CUS", "customers see their incident"),
    ("measure-definition", "CUS", "what is issued to customers is a report"),
    ("measured-value", "CUS", "what is issued to customers is a report"),
    ("ola", "CUS", "an agreement within the organisation is not with a customer"),
    ("performance-review", "PO", "narrowed to the line (P53 (c))"),
    ("problem", "CUS", "what is published of a problem is knowledge"),
    ("process-card", "SD TE CAB ADM PUB", "everybody works by the cards"),
    ("purchase", "CUS", "customers have assets, and buy none"),
    ("release", "CUS", "customers accept by a service acceptance"),
    ("repair", "BUD", "the budget owner decides on replacement (P20)"),
    ("resource-plan", "CUS", "the nearest row; staff is no service of a customer"),
    ("responsibility-matrix", "SD TE CM CAB SUP BUD TOP PUB", "everybody sees who is responsible (5.3)"),
    ("retention-rule", "CUS", "records are kept for the organisation's sake"),
    ("role-assignment", "SLM TOP", "the row's cells are about calendars; top management approves (P04)"),
    ("scope-statement", "SD TE CAB ADM PUB", "documented information for all staff (4.3)"),
    ("service-management-plan", "SD TE CAB ADM PUB", "other plans align with it (6.3)"),
    ("service-plan", "CUS", "a plan is no entry of the catalogue"),
    (
        "service-requirement service-standard stock-count survey underpinning-contract",
        "CUS",
        "not what customers look up",
    ),
    ("design-and-transition service-acceptance", "CUS", "customers accept what is theirs"),
    ("commitment", "SUP", "the supplier manager commits under his contracts and sees what is left"),
];

#[test]
fn the_permissions_matrix_says_who_reads_what() {
    let matrix = matrix();
    assert_eq!(matrix.len(), 24);
    let otherwise: BTreeSet<(&str, &str)> = OTHERWISE
        .iter()
        .flat_map(|(kinds, roles, _)| kinds.split(' ').flat_map(|kind| roles.split(' ').map(move |role| (kind, role))))
        .collect();
    let (mut differing, mut rows) = (BTreeSet::new(), BTreeSet::new());
    for kind in Kinds::builtin().iter() {
        let text = Kinds::builtin().text(&kind.slug).unwrap();
        let Some((_, named)) = text.split_once("Matrix row ") else {
            // Anybody may have something to do.
            assert_eq!(kind.slug, "action-item");
            continue;
        };
        let row = named[1..].split(['"', '\'']).next().unwrap();
        let cells = matrix.get(row).unwrap_or_else(|| panic!("{}: no row {row}", kind.slug));
        rows.insert(row);
        for (role, cell) in Role::ALL.into_iter().zip(cells) {
            let scope = access::read_scope(kind, &with_reach("somebody", role));
            let as_expected = match Reads::of(cell) {
                Reads::All => scope == Scope::All,
                Reads::Some => matches!(scope, Scope::Some(_)),
                Reads::Nothing => scope == Scope::Nothing || scope.is_own(),
            };
            if !as_expected {
                differing.insert((kind.slug.as_str(), role.code()));
            }
        }
    }
    assert_eq!(rows.len(), matrix.len(), "rows without a kind");
    let unknown: Vec<_> = differing.difference(&otherwise).collect();
    let gone: Vec<_> = otherwise.difference(&differing).collect();
    assert!(unknown.is_empty() && gone.is_empty(), "not as the guide says: {unknown:?}; as it says now: {gone:?}");
}

/// The cells whose words say which records: what is published, issued, assigned, or of one's own services.
#[test]
fn the_words_of_the_matrix_are_conditions() {
    let services = |path: &str| format!("CUS (where {path} is one of your own)");
    let states = |path: &str, states: &str| format!("CUS (where {path} is one of your own and state is {states})");
    let assigned = ["SEC", "AUD", "TOP", "MR", "TE (where assignee names you)", "PO (where assignee names you)"];
    let cases: [(&str, Vec<String>); 14] = [
        ("knowledge-article", vec!["CUS:own".into(), "CUS (where audience is public and state is published)".into()]),
        ("document", vec!["CUS (where confidentiality is public and state is effective)".into()]),
        (
            "service-report",
            vec![
                "CUS:own".into(),
                "CUS (where readers names you and state is issued or acknowledged or corrected)".into(),
            ],
        ),
        ("catalogue-entry", vec!["CUS".into()]),
        ("configuration-item", vec!["CUS:own".into(), services("services")]),
        ("baseline", vec![services("services")]),
        ("configuration-audit", vec![services("services")]),
        ("capacity-plan-item", vec![states("services", "approved or active or acting or retired")]),
        ("demand-record", vec![services("service")]),
        ("outage", vec!["CUS:own".into(), services("service")]),
        ("availability-requirement", vec!["CUS:own".into(), states("service", "agreed or active or superseded")]),
        (
            "continuity-plan",
            vec!["CUS:own".into(), states("services", "approved or active or review_due or superseded")],
        ),
        ("continuity-test", vec!["CUS:own".into(), services("services")]),
        (
            "sla",
            vec![
                "CUS:own".into(),
                "CUS (where customer is one that you belong to and state is negotiating or agreed or active or amended \
                 or expired or terminated)"
                    .into(),
            ],
        ),
    ];
    for (slug, expected) in cases {
        let kind = Kinds::builtin().get(slug).unwrap();
        let customers = kind.access.read.iter().filter(|grant| grant.who == Who::Role(Role::Cus));
        assert_eq!(customers.map(Grant::to_string).collect::<Vec<_>>(), expected, "{slug}");
    }
    let security = &Kinds::builtin().get("security-incident").unwrap().access;
    let words = |grants: &[Grant]| grants.iter().map(Grant::to_string).collect::<Vec<_>>();
    assert_eq!(words(&security.read), assigned);
    assert_eq!(words(&security.update), ["SEC", "TE (where assignee names you)"]);
    assert_eq!(words(&security.create), ["SD", "SEC", "CUS"]);
}
