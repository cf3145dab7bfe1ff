#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::super::table;
use super::*;

/// Two kinds that between them have every type of field.
const KINDS: [(&str, &str); 2] = [
    (
        "service.toml",
        r#"
        prefix = "SVC"
        slug = "service"
        name = { en = "Service", zh = "服务" }
        process = "P18"
        clause = "8.2.4"
        initial = "draft"
        [access]
        create = ["PO"]
        read = ["any"]
        update = ["PO"]
        [[state]]
        name = "draft"
        label = { en = "Draft", zh = "草稿" }
        [[state]]
        name = "live"
        label = { en = "Live", zh = "上线" }
        [[field]]
        name = "tier"
        type = "enum(gold|silver)"
        on_create = true
        indexed = true
        label = { en = "Tier", zh = "级别" }
        [[transition]]
        from = "draft"
        to = "live"
        roles = ["PO"]
        "#,
    ),
    (
        "test-kind.toml",
        r#"
        prefix = "TST"
        slug = "test-kind"
        name = { en = "Test kind", zh = "测试" }
        process = "P01"
        clause = "4.1"
        initial = "new"
        [access]
        create = ["SD"]
        read = ["SD", "CUS:own"]
        update = ["SD"]
        [[state]]
        name = "new"
        label = { en = "New", zh = "新建" }
        [[state]]
        name = "done"
        label = { en = "Done", zh = "完成" }
        closed = true
        [[field]]
        name = "a_int"
        type = "int"
        min = 1
        max = 3
        required = true
        label = { en = "Int", zh = "整数" }
        [[field]]
        name = "a_dec"
        type = "dec"
        label = { en = "Dec", zh = "小数" }
        [[field]]
        name = "a_money"
        type = "money"
        label = { en = "Money", zh = "金额" }
        [[field]]
        name = "a_date"
        type = "date"
        indexed = true
        label = { en = "Date", zh = "日期" }
        [[field]]
        name = "a_instant"
        type = "instant"
        computed = true
        label = { en = "Instant", zh = "时刻" }
        [[field]]
        name = "a_bool"
        type = "bool"
        default = true
        label = { en = "Bool", zh = "是否" }
        [[field]]
        name = "a_ref"
        type = "list<ref(SVC)>"
        label = { en = "Ref", zh = "引用" }
        [[field]]
        name = "a_map"
        type = "map"
        label = { en = "Map", zh = "映射" }
        [[field]]
        name = "a_role"
        type = "role"
        label = { en = "Role", zh = "角色" }
        [[field]]
        name = "a_dur"
        type = "dur"
        label = { en = "Duration", zh = "时长" }
        [[transition]]
        name = "finish"
        from = "new"
        to = "done"
        roles = ["SD"]
        "#,
    ),
];

fn made() -> (Vec<Route>, Kinds, Value) {
    let kinds = Kinds::load(KINDS).unwrap();
    let table = table();
    let document = document(&table.routes, &kinds);
    (table.routes, kinds, document)
}

fn each(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, visit)),
        Value::Object(map) => map.values().for_each(|item| each(item, visit)),
        _ => {}
    }
}

fn refs_resolve(document: &Value) {
    let mut count = 0;
    each(document, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            count += 1;
        }
    });
    assert!(count > 50);
}

fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let mut all = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            all.push((path.as_str(), method.as_str(), operation));
        }
    }
    all
}

#[test]
fn every_reference_resolves() {
    refs_resolve(&made().2);
    refs_resolve(&document(&table().routes, Kinds::builtin()));
}

#[test]
fn every_named_schema_is_read() {
    let mut schemas: Map<String, Value> = serde_json::from_str(SCHEMAS).unwrap();
    assert!(schemas.len() > 20);
    for (name, schema) in serde_json::from_str::<Map<String, Value>>(EVIDENCE).unwrap() {
        assert_eq!(schemas.insert(name.clone(), schema), None, "{name} is there twice");
    }
    for kind in Kinds::builtin().iter() {
        for (name, _) in kinds::schemas(kind) {
            assert!(!schemas.contains_key(&name), "{name} is a schema of its own and of a kind");
        }
    }
}

#[test]
fn every_route_is_documented_and_nothing_else() {
    let (routes, kinds, document) = made();
    let mut expected = BTreeSet::new();
    for route in &routes {
        let method = route.method.as_str().to_lowercase();
        if route.operation.each_kind {
            expected.extend(kinds.iter().map(|k| (route.path.replace("{kind}", &k.slug), method.clone())));
        } else {
            expected.insert((route.path.to_owned(), method));
        }
    }
    let found: BTreeSet<_> = operations(&document).into_iter().map(|(p, m, _)| (p.to_owned(), m.to_owned())).collect();
    assert_eq!(found, expected);
}

#[test]
fn operations_are_whole() {
    let (_, _, document) = made();
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "two operations are called {id}");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{method} {path}");
        assert!(!operation["summary"].as_str().unwrap().contains('{'), "{method} {path}");
        assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{method} {path}");
        let in_path: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation["parameters"].as_array().unwrap();
        let named = |place: &str| {
            let of_place = parameters.iter().filter(move |p| p["in"] == place);
            of_place.map(|p| p["name"].as_str().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(named("path").into_iter().collect::<BTreeSet<_>>(), in_path, "{method} {path}");
        let query = named("query");
        assert_eq!(query.iter().collect::<BTreeSet<_>>().len(), query.len(), "{method} {path}: {query:?}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with(['2', '3'])), "{method} {path}");
        assert!(responses.contains_key("default"), "{method} {path}");
        let open = operation.get("security").is_some();
        // Figures are where Prometheus looks for them, and not for everybody.
        let guarded = path.starts_with("/api/") || path == "/metrics";
        assert_eq!(open, !guarded, "{method} {path}");
        assert!(open || responses.contains_key("401"), "{method} {path}");
    }
}

#[test]
fn a_kind_becomes_schemas() {
    let (_, _, document) = made();
    let schemas = &document["components"]["schemas"];
    let service = &schemas["ServiceCreate"];
    assert_eq!(service["required"], json!(["title", "tier"]));
    assert_eq!(service["properties"]["tier"]["enum"], json!(["gold", "silver"]));
    assert_eq!(service["properties"]["tier"]["x-label"], json!({ "en": "Tier", "zh": "级别" }));
    assert_eq!(service["additionalProperties"], false);
    let test = &schemas["TestKindCreate"]["properties"];
    assert_eq!(test["a_int"]["minimum"], 1);
    assert_eq!(test["a_money"]["$ref"], "#/components/schemas/Money");
    assert_eq!(test["a_ref"]["items"]["pattern"], "^SVC-[0-9]{4}-[0-9]{6,}$");
    assert!(test.get("a_instant").is_none(), "a computed field is never sent");
    assert_eq!(schemas["TestKindRecord"]["properties"]["a_instant"]["readOnly"], true);
    assert_eq!(schemas["TestKindRecord"]["properties"]["state"]["enum"], json!(["new", "done"]));
    let patch = &schemas["TestKindPatch"]["properties"];
    assert_eq!(patch["a_int"]["anyOf"][1]["type"], "null");
    assert!(patch["title"].get("anyOf").is_none());
    let list = &document["paths"]["/api/v1/records/test-kind"]["get"]["parameters"];
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"a_date") && names.contains(&"state") && !names.contains(&"a_int"), "{names:?}");
}
