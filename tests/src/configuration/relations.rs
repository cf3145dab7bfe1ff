//! Relations of items, and what of a live item may be edited.

use super::*;
use crate::app::for_each_db;

#[test]
fn relations_are_added_shown_and_removed_as_edits_of_the_record() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let shop = depot.service("Shop", json!({})).await;
        let host = depot.planned("host", json!([]), json!({})).await;
        let db = depot.planned("db", json!([]), json!({"services": [shop]})).await;
        let spare = depot.planned("spare", json!([to("backs-up", &host)]), json!({})).await;

        let new = json!({"type": "runs-on", "ci": host, "group": "hosts"});
        let answer = depot.owner.post(&format!("{}?reason=found%20so", relations(&db)), new.clone()).await;
        assert_eq!((answer.status, answer.etag()), (201, "\"2\"".to_owned()));
        let shown = answer.ok();
        assert_eq!(shown["total"], 2, "{shown}");
        let record = depot.owner.get(&item(&db)).await.ok();
        assert_eq!(record["relations"], json!([new]));
        let history = depot.owner.get(&format!("{}/history", item(&db))).await.ok();
        let entry = history["entries"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&entry["action"], &entry["reason"]), (&json!("update"), &json!("found so")));

        let shown = depot.owner.get(&relations(&host)).await.ok();
        let lines: Vec<_> = shown["relations"].as_array().unwrap().clone();
        let line = |side: &str, sort: &str, number: &String| {
            lines.iter().any(|l| l["side"] == side && l["type"] == sort && l["number"] == *number)
        };
        assert!(line("from", "runs-on", &db) && line("from", "backs-up", &spare), "{shown}");
        assert_eq!(lines[0]["title"].as_str().map(str::is_empty), Some(false));

        // The same rights, and the same locking.
        depot.manager.post(&relations(&db), to("connects", &spare)).await.problem(403, "role");
        let stale = [("if-match", "\"1\""), ("content-type", "application/json")];
        let body = to("connects", &spare).to_string().into_bytes();
        depot.owner.send("POST", &relations(&db), &stale, Some(body)).await.problem(412, "stale");

        let path = format!("{}?type=runs-on&ci={host}", relations(&db));
        let shown = depot.owner.send("DELETE", &path, &[], None).await.ok();
        assert_eq!((&shown["total"], &shown["revision"]), (&json!(1), &json!(3)));
        depot.owner.send("DELETE", &path, &[], None).await.problem(404, "not-found");
        let path = format!("{}?type=runs-on", relations(&db));
        depot.owner.send("DELETE", &path, &[], None).await.problem(422, "required");
    });
}

#[test]
fn what_is_no_relation_is_refused_whichever_way_it_comes_in() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let a = depot.planned("a", json!([]), json!({})).await;
        let b = depot.planned("b", json!([to("depends-on", &a)]), json!({})).await;
        let c = depot.planned("c", json!([to("depends-on", &b)]), json!({})).await;
        depot.owner.post(&relations(&a), to("depends-on", &a)).await.problem(422, "self-relation");
        depot.owner.post(&relations(&b), to("depends-on", &a)).await.problem(422, "duplicate-relation");
        depot.owner.post(&relations(&a), to("likes", &b)).await.problem(422, "enum");
        depot.owner.post(&relations(&a), to("depends-on", "CI-2026-009999")).await.problem(422, "reference");
        depot.owner.post(&relations(&a), json!({"type": "connects"})).await.problem(422, "required");

        let problem = depot.owner.post(&relations(&a), to("depends-on", &c)).await.problem(422, "relation-cycle");
        assert_eq!(problem["field"], "relations[0].ci");
        let named = format!("{a} depends on {c}, which depends on {b}, which depends on {a}");
        assert!(problem["detail"].as_str().unwrap().ends_with(&named), "{problem}");
        let patch = json!({"relations": [to("runs-on", &c), to("depends-on", &b)]});
        let problem = depot.owner.patch(&item(&a), patch).await.problem(422, "relation-cycle");
        assert_eq!(problem["field"], "relations[1].ci");
        // Relations of other types may lead in a circle.
        depot.owner.post(&relations(&a), to("runs-on", &c)).await.ok();

        let shop = depot.service("Shop", json!({})).await;
        let portal = depot.service("Portal", json!({"depends_on": [shop]})).await;
        let patch = json!({"depends_on": [portal]});
        let problem = depot.owner.patch(&format!("/records/service/{shop}"), patch).await;
        assert_eq!(problem.problem(422, "relation-cycle")["field"], "depends_on[0]");
        let patch = json!({"depends_on": [shop]});
        depot.owner.patch(&format!("/records/service/{shop}"), patch).await.problem(422, "self-relation");
    });
}

#[test]
fn two_edits_at_once_close_no_circle_together() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let node = depot.app.second_node().await.actor("owner", &[Role::Po, Role::Te]).await;
        for _ in 0..8 {
            // Four items, each of which is to depend on the next.
            let mut ring = Vec::new();
            for n in 0..4 {
                ring.push(depot.planned(&n.to_string(), json!([]), json!({})).await);
            }
            let edits = (0..4).map(|n| {
                let (from, next) = (ring[n].clone(), ring[(n + 1) % 4].clone());
                let client = if n % 2 == 0 { depot.owner.clone() } else { node.clone() };
                tokio::spawn(async move { client.post(&relations(&from), to("depends-on", &next)).await })
            });
            let mut refused = 0;
            for edit in edits.collect::<Vec<_>>() {
                let answer = edit.await.unwrap();
                if answer.status != 201 {
                    answer.problem(422, "relation-cycle");
                    refused += 1;
                }
            }
            assert_eq!(refused, 1);
        }
    });
}

#[test]
fn one_item_edited_by_many_at_once_keeps_every_relation() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let hub = depot.planned("hub", json!([]), json!({})).await;
        let mut edits = Vec::new();
        for n in 0..6 {
            let leaf = depot.planned(&n.to_string(), json!([]), json!({})).await;
            let (client, hub) = (depot.owner.clone(), hub.clone());
            edits.push(tokio::spawn(async move { client.post(&relations(&hub), to("depends-on", &leaf)).await.ok() }));
        }
        for edit in edits {
            edit.await.unwrap();
        }
        assert_eq!(depot.owner.get(&relations(&hub)).await.ok()["total"], 6);
    });
}

#[test]
fn a_live_item_changes_only_through_an_approved_change() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let host = depot.live("host", json!([]), json!({})).await;
        let disk = depot.live("disk", json!([]), json!({"version": "1"})).await;
        let edits = [
            json!({"version": "2"}),
            json!({"attributes": {"size": "1 TB"}}),
            json!({"criticality": 4}),
            json!({"location": "Beijing"}),
            json!({"title": "Disk"}),
            json!({"support_group": "storage"}),
        ];
        for edit in &edits {
            let problem = depot.owner.patch(&item(&disk), edit.clone()).await.problem(409, "approved-change");
            assert_eq!(problem["field"].as_str(), edit.as_object().unwrap().keys().next().map(String::as_str));
        }
        depot.owner.post(&relations(&disk), to("runs-on", &host)).await.problem(409, "approved-change");
        // A note may be made, and the same value again is no edit.
        let note = json!({"title": "disk", "status_note": "hums", "version": "1"});
        depot.owner.patch(&item(&disk), note).await.ok();

        // A change of something else allows nothing.
        depot.approved_change(&[&host]).await;
        depot.owner.patch(&item(&disk), json!({"version": "2"})).await.problem(409, "approved-change");
        let change = depot.approved_change(&[&disk]).await;
        depot.owner.patch(&item(&disk), json!({"version": "2"})).await.ok();
        let path = format!("{}?reason=as%20planned", item(&disk));
        depot.owner.patch(&path, json!({"version": "3"})).await.ok();
        let history = depot.owner.get(&format!("{}/history", item(&disk))).await.ok();
        let reasons: Vec<&Value> =
            history["entries"].as_array().unwrap().iter().rev().take(2).map(|e| &e["reason"]).collect();
        assert_eq!(reasons, [&json!(format!("as planned ({change})")), &json!(change)]);

        // While it is carried out, and no longer.
        depot.manager.go("change", &change, "scheduled", json!({})).await;
        depot.technician.go("change", &change, "implementing", json!({})).await;
        assert_eq!(depot.owner.get(&item(&disk)).await.ok()["state"], "in_change");
        depot.owner.post(&relations(&disk), to("runs-on", &host)).await.ok();
        depot.technician.go("change", &change, "implemented", json!({})).await;
        assert_eq!(depot.owner.get(&item(&disk)).await.ok()["state"], "live");
        depot.owner.patch(&item(&disk), json!({"version": "4"})).await.problem(409, "approved-change");
    });
}

#[test]
fn a_live_item_is_retired_by_a_change_that_names_what_needs_it() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let host = depot.live("host", json!([]), json!({})).await;
        let db = depot.live("db", json!([to("runs-on", &host)]), json!({})).await;
        let retired = format!("{}/transitions/retired", item(&host));
        depot.owner.post(&retired, json!({})).await.problem(409, "approved-change");
        depot.approved_change_on(10, &[&host]).await;
        let problem = depot.owner.post(&retired, json!({})).await.problem(409, "approved-change");
        assert!(problem["detail"].as_str().unwrap().contains(&db), "{problem}");
        let change = depot.approved_change_on(12, &[&host, &db]).await;
        depot.owner.post(&retired, json!({})).await.ok();
        let history = depot.owner.get(&format!("{}/history", item(&host))).await.ok();
        assert_eq!(history["entries"].as_array().unwrap().last().unwrap()["reason"], json!(change));
        // What nothing live needs any more goes by a change of its own.
        let twin = depot.planned("db", json!([]), json!({})).await;
        depot.owner.go("configuration-item", &twin, "in_build", json!({})).await;
        let live = format!("{}/transitions/live", item(&twin));
        depot.owner.post(&live, json!({})).await.problem(422, "one-live-item-of-an-identifier");
        depot.retire(14, &[&db]).await;
        depot.owner.post(&live, json!({})).await.ok();
    });
}

#[test]
fn changes_that_end_at_the_same_time_leave_their_items_live() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let node = depot.app.second_node().await.technician().await;
        for round in 0..4 {
            let disk = depot.live(&format!("disk {round}"), json!([]), json!({})).await;
            let mut changes = Vec::new();
            // Planned for two nights, and carried out at once all the same.
            for day in [10, 11] {
                changes.push(depot.approved_change_on(day + round * 2, &[&disk]).await);
            }
            for change in &changes {
                depot.manager.go("change", change, "scheduled", json!({})).await;
                depot.technician.go("change", change, "implementing", json!({})).await;
            }
            let mut ends = Vec::new();
            for (change, client) in changes.iter().zip([depot.technician.clone(), node.clone()]) {
                let path = format!("/records/change/{change}/transitions/implemented");
                ends.push(tokio::spawn(async move { client.post(&path, json!({})).await }));
            }
            for end in ends {
                end.await.unwrap().ok();
            }
            assert_eq!(depot.owner.get(&item(&disk)).await.ok()["state"], "live");
        }
    });
}
