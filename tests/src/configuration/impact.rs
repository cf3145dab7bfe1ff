//! What depends on what.

use super::*;
use crate::app::for_each_db;

/// Number, impact and distance of what was found.
fn found(side: &Value) -> Vec<(String, String, i64)> {
    let line = |i: &Value| {
        let text = |name: &str| i[name].as_str().unwrap().to_owned();
        (text("number"), text("impact"), i["distance"].as_i64().unwrap())
    };
    side["items"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn an_impact_leads_to_services_agreements_and_customers_with_its_ways() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let depot = Depot::open(app).await;
        let portal = depot.service("Portal", json!({"depends_on": [agreed.service]})).await;
        let rack = depot.live("rack", json!([]), json!({})).await;
        let host = depot.live("host", json!([to("part-of", &rack)]), json!({"criticality": 4})).await;
        let mail = depot.live("mail", json!([to("runs-on", &host)]), json!({"services": [agreed.service]})).await;
        let cable = depot.live("cable", json!([to("connects", &rack)]), json!({})).await;

        let answer = depot.impact(&rack, "?direction=both").await;
        let up = &answer["up"];
        let full = |number: &String, distance: i64| (number.clone(), "full".to_owned(), distance);
        let expected = [
            full(&host, 1),
            full(&mail, 2),
            full(&agreed.service, 3),
            full(&agreed.agreement, 4),
            full(&portal, 4),
            full(&agreed.customer, 5),
        ];
        assert_eq!(found(up), expected, "{answer}");
        assert!(!up.to_string().contains(&cable));
        let step = |from: &String, to: &String, relation: &str| json!({"from": from, "to": to, "relation": relation});
        let mail_item = up["items"].as_array().unwrap().iter().find(|i| i["number"] == mail).unwrap().clone();
        assert_eq!(mail_item["paths"], json!([[step(&rack, &host, "part-of"), step(&host, &mail, "runs-on")]]));
        assert_eq!((&mail_item["title"], &mail_item["kind"]), (&json!("mail"), &json!("configuration-item")));
        assert_eq!((&up["services"], &up["agreements"], &up["customers"]), (&json!(2), &json!(1), &json!(1)));
        assert_eq!((&up["total"], &up["full"], &up["degraded"]), (&json!(6), &json!(6), &json!(0)));
        assert_eq!(answer["down"]["total"], 0);

        let down = depot.impact(&agreed.service, "?direction=down").await["down"].clone();
        assert_eq!(found(&down), [full(&mail, 1), full(&host, 2), full(&rack, 3)]);
        let services = depot.impact(&rack, "?kind=service&limit=1").await["up"].clone();
        assert_eq!((found(&services).len(), &services["total"]), (1, &json!(6)));
        let near = depot.impact(&rack, "?depth=1").await["up"].clone();
        assert_eq!((&near["total"], &near["beyond_depth"]), (&json!(1), &json!(true)));
    });
}

#[test]
fn redundancy_degrades_until_the_last_member_is_lost() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let power = depot.live("power", json!([]), json!({})).await;
        let one = depot.live("one", json!([to("runs-on", &power)]), json!({})).await;
        let two = depot.live("two", json!([to("runs-on", &power)]), json!({})).await;
        let grouped = |ci: &str| json!({"type": "depends-on", "ci": ci, "group": "nodes"});
        let shop = depot.service("Shop", json!({})).await;
        let cluster = depot.live("cluster", json!([grouped(&one), grouped(&two)]), json!({"services": [shop]})).await;
        let spare = depot.live("spare", json!([to("backs-up", &cluster)]), json!({})).await;

        let effect = async |of: &str, on: &str| {
            let up = depot.impact(of, "").await["up"].clone();
            found(&up).into_iter().find(|(number, ..)| number == on).map(|(_, effect, _)| effect)
        };
        assert_eq!(effect(&one, &cluster).await.as_deref(), Some("degraded"));
        assert_eq!(effect(&one, &shop).await.as_deref(), Some("degraded"));
        assert_eq!(effect(&power, &cluster).await.as_deref(), Some("full"));
        // The spare stands in for the cluster, until it is retired.
        assert_eq!(effect(&cluster, &shop).await.as_deref(), Some("degraded"));
        depot.retire(10, &[&spare]).await;
        assert_eq!(effect(&cluster, &shop).await.as_deref(), Some("full"));
        let down = depot.impact(&cluster, "?direction=down&paths=5").await["down"].clone();
        let expected = [(one.clone(), "degraded", 1), (two, "degraded", 1), (power, "full", 2)];
        assert_eq!(found(&down), expected.map(|(n, e, d)| (n, e.to_owned(), d)));
        assert_eq!(down["items"][2]["paths"].as_array().unwrap().len(), 2);

        // A retired member is not affected and saves nobody.
        depot.retire(12, &[&one, &cluster]).await;
        assert_eq!(effect(down["items"][1]["number"].as_str().unwrap(), &cluster).await.as_deref(), Some("full"));
    });
}

#[test]
fn every_answer_knows_what_was_committed_before_it_on_every_node() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let other = depot.app.second_node().await.actor("owner", &[Role::Po, Role::Te]).await;
        let a = depot.planned("a", json!([]), json!({})).await;
        let total = async |number: &str| {
            let here = depot.impact(number, "").await["up"]["total"].clone();
            let there = other.get(&format!("/configuration/{number}/impact")).await.ok()["up"]["total"].clone();
            assert_eq!(here, there);
            here.as_i64().unwrap()
        };
        assert_eq!(total(&a).await, 0);
        let b = depot.planned("b", json!([to("runs-on", &a)]), json!({})).await;
        assert_eq!(total(&a).await, 1);
        other.post(&relations(&b), to("depends-on", &a)).await.ok();
        let path = format!("{}?type=runs-on&ci={a}", relations(&b));
        other.send("DELETE", &path, &[], None).await.ok();
        assert_eq!(total(&a).await, 1);
        depot.owner.patch(&item(&b), json!({"relations": []})).await.ok();
        assert_eq!(total(&a).await, 0);
    });
}

#[test]
fn open_incidents_and_changes_of_the_affected_are_counted_once() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let depot = Depot::open(app).await;
        let agent = depot.app.agent().await;
        let host = depot.live("host", json!([]), json!({})).await;
        let mail = depot.live("mail", json!([to("runs-on", &host)]), json!({"services": [agreed.service]})).await;
        let incident = json!({
            "title": "Mail is down", "service": agreed.service, "customer": agreed.customer, "caller": "zhao",
            "channel": "phone", "category": "mail", "impact": 2, "urgency": 2, "ci": mail, "cis": [mail, host]
        });
        let counts = async || {
            let up = depot.impact(&host, "").await["up"].clone();
            (up["open_incidents"].as_i64().unwrap(), up["open_changes"].as_i64().unwrap())
        };
        assert_eq!(counts().await, (0, 0));
        let first = agent.create("incident", incident.clone()).await;
        agent.create("incident", incident).await;
        assert_eq!(counts().await, (2, 0));
        let change = depot.approved_change(&[&host]).await;
        assert_eq!(counts().await, (2, 1));
        let cancel = "cancelled";
        depot.manager.go("change", &change, cancel, json!({})).await;
        agent.go("incident", &first, cancel, json!({})).await;
        assert_eq!(counts().await, (1, 0));
    });
}

#[test]
fn an_impact_is_asked_of_what_can_have_one_by_who_may_read_items() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let a = depot.planned("a", json!([]), json!({})).await;
        let path = format!("/configuration/{a}/impact");
        let customer = depot.app.actor("customer", &[Role::Cus]).await;
        customer.get(&path).await.problem(403, "own");
        depot.owner.get("/configuration/CI-2026-999999/impact").await.problem(404, "not-found");
        let change = depot.approved_change(&[&a]).await;
        depot.manager.get(&format!("/configuration/{change}/impact")).await.problem(404, "not-found");
        depot.owner.get(&format!("{path}?direction=left")).await.problem(422, "enum");
        depot.owner.get(&format!("{path}?depth=0")).await.problem(422, "range");
        depot.owner.get(&format!("{path}?kind=servce")).await.problem(422, "unknown-kind");
        let auditor = depot.app.actor("auditor", &[Role::Aud]).await;
        assert_eq!(auditor.get(&path).await.ok()["up"]["total"], 0);
    });
}
