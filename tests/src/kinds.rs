//! Kinds shaped by an organisation while the system runs.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Answer, Client, Desktop, for_each_db};

const FACILITY: &str = r#"# A building, a room, a rack: something that work is done in.
prefix = "FAC"
slug = "facility"
name = { en = "Facility", zh = "设施" }
process = "P27"
clause = "8.2.6"
initial = "planned"
owner_fields = ["keeper"]

[access]
create = ["TE"]
read = ["any"]
update = ["TE", "ADM"]

[[state]]
name = "planned"
label = { en = "Planned", zh = "计划中" }

[[state]]
name = "open"
label = { en = "Open", zh = "开放" }

[[state]]
name = "gone"
label = { en = "Gone", zh = "已撤销" }
closed = true

[[field]]
name = "keeper"
type = "user"
required = true
indexed = true
label = { en = "Keeper", zh = "管理员" }

[[field]]
name = "seats"
type = "int"
label = { en = "Seats", zh = "座位" }

[[transition]]
from = "planned"
to = "open"
roles = ["PO"]
separate = ["keeper"]

[[transition]]
from = "open"
to = "gone"
roles = ["PO"]
reason = true
"#;

async fn put(client: &Client, slug: &str, query: &str, text: &str) -> Answer {
    let path = format!("/kinds/{slug}{query}");
    client.send("PUT", &path, &[("content-type", "application/toml")], Some(text.as_bytes().to_vec())).await
}

async fn make(client: &Client, text: &str) -> Answer {
    client.send("POST", "/kinds", &[("content-type", "application/toml")], Some(text.as_bytes().to_vec())).await
}

async fn delete(client: &Client, path: &str) -> Answer {
    client.send("DELETE", path, &[], None).await
}

fn site(more: Value) -> Value {
    let mut field = json!({
        "name": "site", "type": "enum(north|south)", "indexed": true, "label": {"en": "Site", "zh": "站点"}
    });
    for (key, value) in more.as_object().unwrap() {
        field[key] = value.clone();
    }
    field
}

/// An incident of the first service, which the story has made.
async fn incident(app: &Desktop, more: Value) -> Answer {
    let agent = app.agent().await;
    let mut fields = json!({"title": "Mail is down", "impact": 1, "urgency": 2, "service": "SVC-2026-000001"});
    for (key, value) in more.as_object().unwrap() {
        fields[key] = value.clone();
    }
    agent.post("/records/incident", fields).await
}

fn numbers(page: &Value) -> Vec<&str> {
    page["records"].as_array().unwrap().iter().map(|record| record["number"].as_str().unwrap()).collect()
}

#[test]
fn a_field_and_a_rule_are_added_and_used_at_once_and_taken_back() {
    for_each_db(|app| async move {
        app.agreed_service("Mail").await;
        let (admin, agent) = (app.administrator().await, app.agent().await);
        let old = incident(&app, json!({})).await.ok();
        assert_eq!(old["kind_version"], 0);
        let old = old["number"].as_str().unwrap().to_owned();
        incident(&app, json!({"site": "north"})).await.problem(422, "unknown-field");

        let made = admin.post("/kinds/incident/fields?reason=two+sites", site(json!({}))).await;
        assert_eq!(made.etag(), "\"1\"");
        let made = made.ok();
        assert_eq!((&made["version"], &made["was"], &made["indexed"]), (&json!(1), &json!(0), &json!(["site"])));

        let new = incident(&app, json!({"site": "north"})).await.ok();
        assert_eq!((&new["site"], &new["kind_version"]), (&json!("north"), &json!(1)));
        let new = new["number"].as_str().unwrap().to_owned();
        incident(&app, json!({"site": "east"})).await.problem(422, "enum");
        // Records from before are in lists by the new field: those without a value too.
        let list = async |query: &str| agent.get(&format!("/records/incident?{query}")).await.ok();
        assert_eq!(numbers(&list("site=north").await), [new.as_str()]);
        assert_eq!(numbers(&list("site=").await), [old.as_str()]);
        assert_eq!(numbers(&list("sort=site").await).len(), 2);
        // A record keeps the version it was written under until it is written again.
        let read = async |number: &str| agent.get(&format!("/records/incident/{number}")).await.ok();
        assert_eq!(read(&old).await["kind_version"], 0);
        agent.patch(&format!("/records/incident/{old}"), json!({"site": "south"})).await.ok();
        assert_eq!(read(&old).await["kind_version"], 1);

        let rule = json!({
            "name": "south-is-closed", "on": ["create"], "field": "site",
            "check": "!has(record.site) || record.site != 'south'",
            "message": {"en": "the south site is closed", "zh": "南站已关闭"}
        });
        assert_eq!(admin.post("/kinds/incident/rules", rule).await.ok()["version"], 2);
        let refused = incident(&app, json!({"site": "south"})).await.problem(422, "south-is-closed");
        assert_eq!(refused["field"], "site");
        assert_eq!(delete(&admin, "/kinds/incident/rules/south-is-closed").await.ok()["version"], 3);
        incident(&app, json!({"site": "south"})).await.ok();

        // Back step by step: with the rule, without it, built-in.
        assert_eq!(admin.post("/kinds/incident/rollback", json!({"reason": "no"})).await.ok()["version"], 4);
        incident(&app, json!({"site": "south"})).await.problem(422, "south-is-closed");
        assert_eq!(admin.post("/kinds/incident/rollback", json!({})).await.ok()["version"], 5);
        let back = admin.post("/kinds/incident/rollback", json!({})).await.ok();
        assert_eq!((&back["version"], &back["left_behind"]["site"]), (&json!(0), &json!(3)), "{back}");
        assert_eq!(back["no_longer_indexed"], json!(["site"]));
        incident(&app, json!({"site": "north"})).await.problem(422, "unknown-field");
        agent.get("/records/incident?site=north").await.problem(422, "not-indexed");
        // What was written stays written.
        assert_eq!(read(&new).await["site"], "north");
        admin.post("/kinds/incident/rollback", json!({})).await.problem(409, "nothing-to-roll-back");
        // And forth again, to a version by its number: the values are there and in the index.
        assert_eq!(
            admin.post("/kinds/incident/rollback", json!({"to": 1})).await.problem(409, "nothing-to-roll-back")["status"],
            409
        );
        admin.post("/kinds/incident/fields", site(json!({}))).await.ok();
        assert_eq!(numbers(&list("site=north").await), [new.as_str()]);

        let versions = admin.get("/kinds/incident/versions").await.ok();
        let versions = versions["versions"].as_array().unwrap().clone();
        assert_eq!(versions.len(), 6);
        let in_force: Vec<_> = versions.iter().filter(|v| v["in_force"] == true).map(|v| &v["version"]).collect();
        assert_eq!(in_force, [&json!(6)]);
        let first = admin.get("/kinds/incident/versions/1").await.ok();
        assert_eq!((&first["reason"], &first["actor"]), (&json!("two sites"), &json!("administrator")));
        assert!(first["toml"].as_str().unwrap().contains("name = \"site\""));
        assert!(first["file"]["field"].as_array().unwrap().iter().any(|field| field["name"] == "site"));
        admin.get("/kinds/incident/versions/7").await.problem(404, "not-found");
        assert!(admin.get("/kinds/incident/versions/0").await.ok()["toml"].as_str().unwrap().contains("\"INC\""));
    });
}

#[test]
fn a_rule_that_open_records_break_is_refused_with_their_numbers() {
    for_each_db(|app| async move {
        app.agreed_service("Mail").await;
        let (admin, agent) = (app.administrator().await, app.agent().await);
        let number = async |title: &str| {
            let made = incident(&app, json!({"title": title})).await.ok();
            made["number"].as_str().unwrap().to_owned()
        };
        let (open, closed, good) = (number("x").await, number("y").await, number("Mail is down").await);
        agent.go("incident", &closed, "cancelled", json!({})).await;
        let rule = |on: Value| {
            let message = json!({"en": "a title says what is wrong", "zh": "标题须说明问题"});
            let mut rule = json!({"name": "telling", "check": "size(record.title) > 3", "message": message});
            if !on.is_null() {
                rule["on"] = on;
            }
            rule
        };
        let tried = admin.post("/kinds/incident/rules?dry_run=true", rule(Value::Null)).await.ok();
        assert_eq!((&tried["records"], &tried["broken"]), (&json!(3), &json!(1)), "{tried}");
        assert_eq!((&tried["breaks"][0]["number"], &tried["breaks"][0]["rule"]), (&json!(open), &json!("telling")));
        let refused = admin.post("/kinds/incident/rules", rule(Value::Null)).await.problem(409, "kind-breaks-records");
        assert!(refused["errors"][0]["field"].as_str().unwrap().starts_with(&open), "{refused}");
        // For what comes it can be said at once, and for all once the open ones are mended.
        admin.post("/kinds/incident/rules", rule(json!(["create"]))).await.ok();
        incident(&app, json!({"title": "z"})).await.problem(409, "telling");
        delete(&admin, "/kinds/incident/rules/telling").await.ok();
        agent.patch(&format!("/records/incident/{open}"), json!({"title": "No printer"})).await.ok();
        admin.post("/kinds/incident/rules", rule(Value::Null)).await.ok();
        agent.patch(&format!("/records/incident/{good}"), json!({"title": "?"})).await.problem(409, "telling");
    });
}

#[test]
fn what_would_break_is_listed_and_nothing_is_changed() {
    for_each_db(|app| async move {
        app.agreed_service("Mail").await;
        let admin = app.administrator().await;
        let many = 103;
        for _ in 0..many {
            incident(&app, json!({})).await.ok();
        }
        let needed = site(json!({"on_create": true}));
        let refused = admin.post("/kinds/incident/fields", needed.clone()).await.problem(409, "kind-breaks-records");
        assert!(refused["detail"].as_str().unwrap().starts_with("103 records"), "{refused}");
        let errors = refused["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 100);
        assert_eq!((&errors[0]["field"], &errors[0]["rule"]), (&json!("INC-2026-000001.site"), &json!("required")));
        let dry = admin.post("/kinds/incident/fields?dry_run=true", needed).await.ok();
        assert_eq!((&dry["broken"], &dry["records"], &dry["dry_run"]), (&json!(103), &json!(103), &json!(true)));
        assert_eq!(dry["breaks"][0]["number"], "INC-2026-000001");
        let kind = admin.get("/kinds/incident").await;
        assert_eq!(kind.etag(), "\"0\"");
        assert!(admin.get("/kinds/incident/versions").await.ok()["versions"].as_array().unwrap().is_empty());

        // First as one may have it, then filled, then as one must.
        admin.post("/kinds/incident/fields", site(json!({}))).await.ok();
        let agent = app.agent().await;
        let records = agent.get("/records/incident?limit=500").await.ok();
        for number in numbers(&records) {
            agent.patch(&format!("/records/incident/{number}"), json!({"site": "north"})).await.ok();
        }
        let text = admin.get("/kinds/incident?format=toml").await.text;
        let must = text.replace("name = \"site\"\n", "name = \"site\"\non_create = true\n");
        assert_ne!(must, text);
        assert_eq!(put(&admin, "incident", "", &must).await.ok()["version"], 2);
        incident(&app, json!({})).await.problem(422, "required");

        // A field goes with its values only when that is meant.
        let gone = delete(&admin, "/kinds/incident/fields/site").await.problem(409, "kind-breaks-records");
        assert_eq!(gone["errors"][0]["rule"], "field-in-use");
        let gone = delete(&admin, "/kinds/incident/fields/site?keep_values=true").await.ok();
        assert_eq!(gone["left_behind"]["site"], 103);
        // A field of the same name and another type meets them again.
        let other = site(json!({"type": "int"}));
        let refused = admin.post("/kinds/incident/fields", other).await.problem(409, "kind-breaks-records");
        assert_eq!(refused["errors"][0]["rule"], "type");
        // Narrowing an enum that records use, and a state that they are in.
        let text = admin.get("/kinds/incident?format=toml").await.text;
        let own = json!({"name": "on_ice", "label": {"en": "On ice", "zh": "冷藏"}});
        admin.post("/kinds/incident/states", own).await.problem(422, "unreachable-state");
        // The state and what reaches and leaves it, by one call.
        let steps = json!([{"from": "new", "roles": ["SD"], "incomplete": true}, {"to": "new", "roles": ["SD"]}]);
        let own = |steps: serde_json::Value| json!({"name": "on_ice", "label": {"en": "On ice", "zh": "冷藏"}, "transitions": steps});
        let other = json!([{"from": "new", "to": "closed", "roles": ["SD"]}]);
        let wrong = admin.post("/kinds/incident/states", own(other)).await.problem(422, "type");
        assert_eq!(wrong["field"], "transitions[0]");
        admin.post("/kinds/incident/states", own(json!("new"))).await.problem(422, "type");
        admin.post("/kinds/incident/states", own(json!([{"roles": ["SD"]}]))).await.problem(422, "type");
        admin.post("/kinds/incident/states", own(steps)).await.ok();
        agent.go("incident", "INC-2026-000003", "on_ice", json!({})).await;
        agent.go("incident", "INC-2026-000003", "new", json!({})).await;
        put(&admin, "incident", "", &text).await.ok();
        let two = format!(
            "{text}\n[[state]]\nname = \"on_ice\"\nlabel = {{ en = \"On ice\", zh = \"冷藏\" }}\n\
             [[transition]]\nfrom = \"new\"\nto = \"on_ice\"\nroles = [\"SD\"]\nincomplete = true\n\
             [[transition]]\nfrom = \"on_ice\"\nto = \"new\"\nroles = [\"SD\"]\n"
        );
        put(&admin, "incident", "", &two).await.ok();
        agent.go("incident", "INC-2026-000002", "on_ice", json!({})).await;
        let refused = put(&admin, "incident", "", &text).await.problem(409, "kind-breaks-records");
        assert_eq!(refused["errors"][0]["field"], "INC-2026-000002.state");
        agent.go("incident", "INC-2026-000002", "new", json!({})).await;
        put(&admin, "incident", "", &text).await.ok();
    });
}

#[test]
fn formulas_in_a_circle_and_rules_of_the_wrong_type_are_refused() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let field = |name: &str, formula: &str| json!({"name": name, "type": "int", "formula": formula, "label": {"en": "Badge", "zh": "证"}});
        admin.post("/kinds/incident/fields", field("badge", "record.impact + 1")).await.ok();
        let refused = admin.post("/kinds/incident/fields", field("own", "record.own + 1")).await;
        let refused = refused.problem(422, "kind-file");
        assert!(refused.to_string().contains("own, which reads own"), "{refused}");
        let rule = |check: &str| json!({"name": "typed", "check": check, "message": {"en": "no", "zh": "不"}});
        for (check, why) in [("record.caller > 3", "confuses types"), ("1 + 1", "true or false")] {
            let refused = admin.post("/kinds/incident/rules", rule(check)).await.problem(422, "kind-file");
            assert!(refused.to_string().contains(why), "{refused}");
        }
        admin.post("/kinds/incident/rules", rule("!has(record.caller) || record.caller != 'nobody'")).await.ok();
    });
}

#[test]
fn a_kind_of_ones_own_is_lived_through() {
    for_each_db(|app| async move {
        app.agreed_service("Mail").await;
        let (admin, technician) = (app.administrator().await, app.technician().await);
        let made = make(&admin, FACILITY).await;
        assert_eq!(made.headers["location"], "/api/v1/kinds/facility");
        assert_eq!(made.ok()["version"], 1);
        make(&admin, FACILITY).await.problem(409, "kind-exists");
        let room = technician.create("facility", json!({"title": "Room 4", "seats": 12})).await;
        assert_eq!(room, "FAC-2026-000001");
        let owner = app.actor("owner", &[Role::Po]).await;
        let open = format!("/records/facility/{room}/transitions/open");
        owner.post(&open, json!({})).await.problem(422, "required");
        technician.patch(&format!("/records/facility/{room}"), json!({"keeper": "owner"})).await.ok();
        owner.post(&open, json!({})).await.problem(403, "separation-of-duties");
        technician.patch(&format!("/records/facility/{room}"), json!({"keeper": "li"})).await.ok();
        owner.go("facility", &room, "open", json!({})).await;
        owner
            .post(&format!("/records/facility/{room}/transitions/gone"), json!({}))
            .await
            .problem(422, "reason-required");
        owner.go("facility", &room, "gone?reason=sold", json!({})).await;
        let page = technician.get("/records/facility?keeper=li&sort=-keeper").await.ok();
        assert_eq!(numbers(&page), [room.as_str()]);
        let history = technician.get(&format!("/records/facility/{room}/history")).await.ok();
        assert_eq!(history["entries"].as_array().unwrap().len(), 5);
        // It is everywhere that kinds are.
        let kinds = technician.get("/kinds").await.ok();
        assert!(kinds["kinds"].as_array().unwrap().iter().any(|kind| kind["slug"] == "facility"));
        let document = technician.get("//openapi.json").await.ok();
        assert!(document["components"]["schemas"]["FacilityCreate"]["properties"]["seats"].is_object());
        let plain = app.stranger().get("//openapi.json").await.ok();
        assert!(plain["components"]["schemas"].get("FacilityCreate").is_none());
        let matrix = technician.get("/permissions").await.ok();
        let row = matrix["kinds"].as_array().unwrap().iter().find(|row| row["slug"] == "facility").unwrap();
        assert_eq!(row["cells"]["TE"], json!({"create": "all", "update": "all"}));
        assert_eq!(row["cells"]["anyone"], json!({"read": "all"}));
        assert_eq!(row["cells"]["PO"]["transitions"].as_array().unwrap().len(), 2);
        // It belongs to its organisation.
        let other = app.actor_of("other", "agent", &[Role::Te]).await;
        other.get("/kinds/facility").await.problem(404, "unknown-kind");
        other.get("/records/facility").await.problem(404, "unknown-kind");
        // The built-in kinds may refer to it, and it stays while it has records.
        let place = json!({"name": "place", "type": "ref(FAC)", "label": {"en": "Place", "zh": "地点"}});
        admin.post("/kinds/incident/fields", place).await.ok();
        incident(&app, json!({"place": "FAC-2026-000009"})).await.problem(422, "reference");
        incident(&app, json!({"place": room})).await.ok();
        admin.post("/kinds/facility/rollback", json!({})).await.problem(422, "kind-file");
        delete(&admin, "/kinds/incident/fields/place?keep_values=true").await.ok();
        admin.post("/kinds/facility/rollback", json!({})).await.problem(409, "kind-in-use");

        let empty = FACILITY.replace("FAC", "YARD").replace("facility", "yard");
        make(&admin, &empty).await.ok();
        assert_eq!(admin.post("/kinds/yard/rollback", json!({})).await.ok()["version"], 0);
        admin.get("/kinds/yard").await.problem(404, "unknown-kind");
        // Its prefix is not given to another kind, and comes back with it.
        make(&admin, &empty.replace("\"yard\"", "\"garden\"")).await.problem(422, "kind-name");
        make(&admin, &empty.replace("\"YARD\"", "\"YRD\"")).await.problem(422, "kind-name");
        assert_eq!(make(&admin, &empty).await.ok()["version"], 2);
    });
}

#[test]
fn only_an_administrator_shapes_and_from_the_version_he_read() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        for role in [Role::Sd, Role::Po, Role::Top, Role::Pub, Role::Aud, Role::Cus] {
            let someone = app.actor("someone", &[role]).await;
            someone.post("/kinds/incident/fields", site(json!({}))).await.problem(403, "role");
            someone.post("/kinds/incident/rollback", json!({})).await.problem(403, "role");
            make(&someone, FACILITY).await.problem(403, "role");
        }
        let customer = app.actor("customer", &[Role::Cus]).await;
        customer.get("/kinds/incident/versions").await.problem(403, "role");
        let body = site(json!({})).to_string().into_bytes();
        let headers = |tag: &'static str| [("content-type", "application/json"), ("if-match", tag)];
        let path = "/kinds/incident/fields";
        admin.send("POST", path, &headers("\"3\""), Some(body.clone())).await.problem(412, "stale");
        assert_eq!(admin.send("POST", path, &headers("\"0\""), Some(body.clone())).await.ok()["version"], 1);
        admin.send("POST", path, &headers("\"0\""), Some(body)).await.problem(412, "stale");
        let text = admin.get("/kinds/incident?format=toml").await;
        assert_eq!(
            (text.etag().as_str(), &text.headers["content-type"]),
            ("\"1\"", &"application/toml".parse().unwrap())
        );
        let accepted = admin.send("GET", "/kinds/incident", &[("accept", "application/toml")], None).await;
        assert_eq!(accepted.text, text.text);
        // Audit entry and event.
        let entries = app.desk.store.audit_after("main", 0, 1000).await.unwrap();
        let entry = entries.iter().find(|entry| entry.action == "kind").unwrap();
        assert_eq!((entry.number.as_str(), &entry.after["version"]), ("incident", &json!(1)));
        assert!(entry.after["body"].as_str().unwrap().contains("\"site\""));
        let events = app.desk.store.events_after("main", 0, 1000).await.unwrap();
        assert!(events.iter().any(|event| event.kind == "kind.changed" && event.number == "incident"));
    });
}

#[test]
fn unusable_files_are_refused_with_their_line() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let line_of = |part: &str| FACILITY.lines().position(|line| line.contains(part)).unwrap() + 1;
        let cases = [
            ("prefix = \"FAC\"", "prefix = \"FAC", line_of("prefix = \"FAC\"")),
            ("name = \"seats\"", "name = \"seats\"\nsize = 3", line_of("name = \"seats\"") + 1),
            ("type = \"int\"", "type = \"integer\"", line_of("type = \"int\"")),
            ("to = \"gone\"", "to = \"lost\"", line_of("to = \"gone\"")),
            ("roles = [\"PO\"]\nreason", "roles = [\"BOSS\"]\nreason", line_of("to = \"gone\"") + 1),
            ("name = \"gone\"", "name = \"open\"", line_of("name = \"gone\"")),
            ("type = \"int\"", "type = \"ref(ZZZ)\"", line_of("type = \"int\"")),
        ];
        for (from, to, line) in cases {
            let text = FACILITY.replace(from, to);
            let refused = make(&admin, &text).await.problem(422, "kind-file");
            let detail = refused["detail"].as_str().unwrap();
            assert!(detail.contains(&format!(".toml:{line}:")), "{to}: {detail}");
            assert_eq!(refused["field"], format!("line {line}"), "{to}");
        }
        // A rule that does not compile.
        let rule = "[[rule]]\nname = \"x\"\ncheck = \"record.seats >\"\nmessage = { en = \"x\", zh = \"x\" }\n";
        let refused = make(&admin, &format!("{FACILITY}\n{rule}")).await.problem(422, "kind-file");
        let line = FACILITY.lines().count() + 4;
        assert!(refused["detail"].as_str().unwrap().contains(&format!("facility.toml:{line}:")), "{refused}");
        // Circles of required references, through one kind and through two.
        let pair = |prefix: &str, slug: &str, target: &str| {
            let field = format!("name = \"seats\"\ntype = \"ref({target})\"\nrequired = true");
            let text = FACILITY.replace("name = \"seats\"\ntype = \"int\"", &field);
            text.replace("\"FAC\"", &format!("\"{prefix}\"")).replace("facility", slug)
        };
        let refused = make(&admin, &pair("FAC", "facility", "FAC")).await.problem(422, "kind-circle");
        let line = FACILITY.lines().position(|line| line == "name = \"seats\"").unwrap() + 1;
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("facility.toml:{line}:")) && detail.contains("facility.seats"), "{refused}");
        make(&admin, FACILITY).await.ok();
        make(&admin, &pair("YARD", "yard", "FAC")).await.ok();
        let refused = put(&admin, "facility", "", &pair("FAC", "facility", "YARD")).await.problem(422, "kind-circle");
        assert!(refused["detail"].as_str().unwrap().contains("facility.seats → yard.seats"), "{refused}");
        // Prefixes and slugs that are taken.
        let shed = FACILITY.replace("\"facility\"", "\"shed\"");
        make(&admin, &shed.replace("\"FAC\"", "\"INC\"")).await.problem(422, "kind-name");
        make(&admin, &shed).await.problem(422, "kind-name");
        make(&admin, &FACILITY.replace("\"facility\"", "\"incident\"")).await.problem(409, "kind-exists");
        put(&admin, "facility", "", &FACILITY.replace("\"facility\"", "\"shed\"")).await.problem(422, "kind-name");
        put(&admin, "facility", "", &FACILITY.replace("\"FAC\"", "\"FAQ\"")).await.problem(422, "kind-name");
        // What the processes and the standard need of a built-in kind.
        let text = admin.get("/kinds/incident?format=toml").await.text;
        for (from, to) in [
            ("name = \"urgency\"", "name = \"hurry\""),
            ("process = \"sla\"", "process = \"supplier\""),
            ("prefix = \"INC\"", "prefix = \"IND\""),
            ("initial = \"new\"", "initial = \"assigned\""),
            ("require = [\"solution\", \"closure_code\"]", "require = [\"solution\"]"),
        ] {
            assert!(text.contains(from), "{from}");
            let refused = put(&admin, "incident", "", &text.replace(from, to)).await;
            assert_eq!(refused.status, 422, "{to}: {}", refused.text);
        }
        delete(&admin, "/kinds/incident/fields/urgency").await.problem(422, "kind-built-in");
        delete(&admin, "/kinds/incident/fields/nothing").await.problem(404, "not-found");
        delete(&admin, "/kinds/incident/spoons/nothing").await.problem(404, "not-found");
        // Media types.
        let plain = [("content-type", "text/plain")];
        admin.send("PUT", "/kinds/incident", &plain, Some(b"x".to_vec())).await.problem(415, "content-type");
        let json = admin.json("PUT", "/kinds/incident", &json!({"prefix": 1.5})).await;
        json.problem(422, "type");
        // Nothing of all this left a trace.
        assert_eq!(admin.get("/kinds/incident").await.ok()["version"], 0);
        assert_eq!(admin.get("/kinds/facility").await.ok()["version"], 1);
    });
}

#[test]
fn json_says_the_same_as_toml() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        make(&admin, FACILITY).await.ok();
        let mut file = admin.get("/kinds/facility/versions/1").await.ok()["file"].clone();
        file["field"][1]["max"] = json!(500);
        assert_eq!(admin.json("PUT", "/kinds/facility", &file).await.ok()["version"], 2);
        let technician = app.technician().await;
        let too_many = json!({"title": "Hall", "seats": 501});
        technician.post("/records/facility", too_many).await.problem(422, "range");
        technician.post("/records/facility", json!({"title": "Hall", "seats": 500})).await.ok();
    });
}

#[test]
fn another_node_follows() {
    for_each_db(|app| async move {
        app.agreed_service("Mail").await;
        let other = app.second_node().await;
        let (here, there) = (app.administrator().await, other.agent().await);
        here.post("/kinds/incident/fields", site(json!({}))).await.ok();
        let fields = json!({"title": "Mail is down", "impact": 1, "urgency": 2, "service": "SVC-2026-000001"});
        // The other node does not know yet; what it writes is judged by the new kind all the same.
        let number = there.create("incident", fields.clone()).await;
        let record = there.get(&format!("/records/incident/{number}")).await.ok();
        assert_eq!(record["kind_version"], 1);
        there.patch(&format!("/records/incident/{number}"), json!({"site": "south"})).await.ok();
        let page = there.get("/records/incident?site=south").await.ok();
        assert_eq!(numbers(&page), [number.as_str()]);
        // A field that every record needs from now on: the other node's next write is refused.
        delete(&here, "/kinds/incident/fields/site?keep_values=true").await.ok();
        let needed = json!({"name": "floor", "type": "int", "default": 1, "label": {"en": "Floor", "zh": "楼层"}});
        here.post("/kinds/incident/fields", needed).await.ok();
        assert_eq!(there.post("/records/incident", fields).await.ok()["floor"], 1);
        other.desk.kinds.refresh(&other.desk.store).await.unwrap();
        assert_eq!(other.desk.kinds("main").generation(), app.desk.kinds("main").generation());
    });
}

#[test]
fn changes_and_writes_at_once_lose_nothing() {
    for_each_db(|app| async move {
        app.agreed_service("Mail").await;
        let admin = app.administrator().await;
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let app = app.clone();
                tokio::spawn(async move {
                    let mut made = Vec::new();
                    for _ in 0..40 {
                        made.push(incident(&app, json!({})).await.ok()["number"].as_str().unwrap().to_owned());
                    }
                    made
                })
            })
            .collect();
        for turn in 0..6 {
            let field = site(json!({"name": format!("site_{turn}")}));
            admin.post("/kinds/incident/fields", field).await.ok();
        }
        let mut made = Vec::new();
        for writer in writers {
            made.extend(writer.await.unwrap());
        }
        // Every record is in the index of every field, whenever it was made.
        let agent = app.agent().await;
        for turn in 0..6 {
            let page = agent.get(&format!("/records/incident?site_{turn}=&limit=500")).await.ok();
            assert_eq!(numbers(&page).len(), made.len(), "site_{turn}");
        }
    });
}

#[test]
fn a_change_that_did_not_come_to_its_end_is_in_nobodys_way() {
    use mortise::domain::Instant;
    use mortise::store::kind_versions::{Lease, Refit};
    for_each_db(|app| async move {
        app.agreed_service("Mail").await;
        let admin = app.administrator().await;
        incident(&app, json!({})).await.ok();
        // As a node leaves it that stops between filling the index and putting the version in force.
        let now: Instant = crate::app::START.parse().unwrap();
        let lease = Lease { org: "main".to_owned(), holder: "a node that stopped".to_owned() };
        assert!(app.desk.store.take_lease(&lease, now, now.plus(60_000)).await.unwrap());
        let refit = Refit {
            lease,
            kind: "incident".to_owned(),
            writes: true,
            entries: std::sync::Arc::new(|_| {
                Some(vec![("site".to_owned(), "north".to_owned()), ("wing".to_owned(), "west".to_owned())])
            }),
        };
        app.desk.store.refit_after(&refit, "", 500, now.plus(60_000)).await.unwrap();
        let agent = app.agent().await;
        agent.get("/records/incident?site=north").await.problem(422, "not-indexed");
        agent.patch("/records/incident/INC-2026-000001", json!({"title": "Mail is slow"})).await.ok();
        admin.post("/kinds/incident/fields", site(json!({}))).await.problem(409, "kind-change-under-way");
        app.clock.set("2026-03-03T01:02:00Z".parse().unwrap());
        admin.post("/kinds/incident/fields", site(json!({}))).await.ok();
        // Its rows are made anew.
        assert!(numbers(&agent.get("/records/incident?site=north").await.ok()).is_empty());
        assert_eq!(numbers(&agent.get("/records/incident?site=").await.ok()).len(), 1);
        let wing = site(json!({"name": "wing", "type": "str"}));
        admin.post("/kinds/incident/fields", wing).await.ok();
        assert!(numbers(&agent.get("/records/incident?wing=west").await.ok()).is_empty());
        assert_eq!(numbers(&agent.get("/records/incident?wing=").await.ok()).len(), 1);
    });
}
