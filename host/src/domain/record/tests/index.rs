use super::*;

#[test]
fn the_index_holds_what_lists_filter_by() {
    let mut record = incident();
    record.set_computed("sla.resolution.level", json!("breached"));
    record.set_computed("sla.resolution.ever_breached", json!(true));
    record.set_computed("sla.resolution.due_at", json!("2026-03-31T09:30:00Z"));
    let entries = index_entries(kind("incident"), &record);
    let value = |path: &str| entries.iter().find(|(known, _)| known == path).map(|(_, value)| value.as_str());
    assert_eq!(value("service"), Some("SVC-2026-000001"));
    assert_eq!(value("impact"), Some("09007199254740993"));
    assert_eq!(value("sla.resolution.level"), Some("breached"));
    assert_eq!(value("sla.resolution.ever_breached"), Some("true"));
    assert_eq!(value("sla.resolution.due_at"), Some("2026-03-31T09:30:00.000Z"));
    assert_eq!(value("sla.response.level"), None);
    assert_eq!(value("ci"), None);
    assert_eq!(value("title"), None);
}

#[test]
fn lists_give_one_entry_for_each_different_item() {
    let input = json!({"title": "Freeze", "services": ["SVC-2026-000002", "SVC-2026-000001", "SVC-2026-000002"]});
    let record = make("blackout", &user("cm", &[Role::Cm]), input).unwrap();
    let services: Vec<_> =
        index_entries(kind("blackout"), &record).into_iter().filter(|(path, _)| path == "services").collect();
    assert_eq!(services.len(), 2);
    assert_eq!(references(kind("blackout"), &record).len(), 2);
}

#[test]
fn references_are_found_wherever_they_stand() {
    let input = json!({
        "title": "db1", "type": "server", "criticality": 3, "services": ["SVC-2026-000001"],
        "relations": [{"type": "runs-on", "ci": "CI-2026-000002"}, {"type": "backs-up", "ci": "CI-2026-000002"}],
        "links": [{"type": "documented-in", "ref": "DOC-2026-000001"}],
    });
    let record = make("configuration-item", &user("po", &[Role::Po]), input).unwrap();
    let found: Vec<_> = references(kind("configuration-item"), &record)
        .into_iter()
        .map(|reference| format!("{} {} {}", reference.rel, reference.number, reference.prefix))
        .collect();
    let expected = [
        "backs-up CI-2026-000002 CI",
        "documented-in DOC-2026-000001 DOC",
        "runs-on CI-2026-000002 CI",
        "services SVC-2026-000001 SVC",
    ];
    assert_eq!(found, expected);

    let keys = json!([{"id": "erp", "weight": "2", "line": "BLN-2026-000001"}, {"id": "lan", "weight": "1"}]);
    let run = make("allocation", &user("bud", &[Role::Bud]), json!({"title": "room", "keys": keys})).unwrap();
    let found = references(kind("allocation"), &run);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].rel.as_str(), found[0].prefix.as_str()), ("keys.line", "BLN"));
}
