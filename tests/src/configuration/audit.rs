//! Configuration audits by comparison with a discovery.

use super::*;
use crate::app::{Answer, for_each_db};

/// A planned audit.
async fn planned(depot: &Depot) -> String {
    depot.owner.create("configuration-audit", json!({"title": "Servers", "scope": "every server"})).await
}

async fn discover(client: &Client, audit: &str, query: &str, media_type: &str, body: &str) -> Answer {
    let path = format!("/configuration-audits/{audit}/discovery{query}");
    client.send("POST", &path, &[("content-type", media_type)], Some(body.as_bytes().to_vec())).await
}

/// So many live servers `s1`, `s2` … of version 1.
async fn servers(depot: &Depot, many: u32) -> Vec<String> {
    let mut numbers = Vec::new();
    for n in 1..=many {
        numbers.push(depot.live(&format!("s{n}"), json!([]), json!({"version": "1"})).await);
    }
    numbers
}

/// A CSV of these versions of `s1`, `s2` …
fn csv(versions: &[(u32, &str)]) -> String {
    let rows = versions.iter().map(|(n, version)| format!("s{n},{version}\n"));
    format!("unique_id,version\n{}", rows.collect::<String>())
}

fn all_but(many: u32, other: &[(u32, &'static str)]) -> Vec<(u32, &'static str)> {
    (1..=many).map(|n| other.iter().find(|(m, _)| *m == n).copied().unwrap_or((n, "1"))).collect()
}

#[test]
fn an_audit_counts_lists_and_follows_up_what_differs() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let numbers = servers(&depot, 20).await;
        depot.planned("not yet", json!([]), json!({})).await;
        let audit = planned(&depot).await;
        // The guide's T11c: of twenty two are gone and one differs.
        let rows = all_but(20, &[(9, "2")]);
        let answer = discover(&depot.technician, &audit, "", "text/csv", &csv(&rows[..18])).await;
        assert_eq!(answer.etag(), "\"2\"");
        let record = answer.ok();
        let figures = ["registered", "discovered", "accuracy", "verdict"].map(|name| record[name].clone());
        assert_eq!(figures, [json!(20), json!(18), json!("85"), json!("nonconformity")]);
        let differences = record["differences"].as_array().unwrap();
        let lines: Vec<_> = differences.iter().map(|d| (d["kind"].as_str().unwrap(), d["ci"].clone())).collect();
        let expected = [("not-found", 18), ("not-found", 19), ("mismatch", 8)];
        assert_eq!(lines, expected.map(|(kind, n): (_, usize)| (kind, json!(numbers[n]))));
        assert_eq!(differences[2]["what"], "version is registered as '1', found '2'");
        let action = |n: usize| differences[n]["action"].as_str().unwrap().to_owned();
        let record = depot.owner.get(&format!("/records/action-item/{}", action(2))).await.ok();
        assert_eq!(
            (&record["source"], &record["due"], &record["owner"]),
            (&json!(audit), &json!("2026-04-02"), &json!("owner"))
        );
        assert_eq!(record["title"], "mismatch: s9");

        // The same again changes nothing.
        let again = discover(&depot.technician, &audit, "", "text/csv", &csv(&rows[..18])).await.ok();
        assert_eq!((&again["differences"], &again["revision"]), (&json!(differences), &json!(2)));
        // One was put right, one is new: its item is kept, the other's is done.
        let later = all_but(20, &[(9, "1"), (3, "7")]);
        let record = discover(&depot.technician, &audit, "", "text/csv", &csv(&later[..18])).await.ok();
        let now = record["differences"].as_array().unwrap();
        assert_eq!((now.len(), &now[0]["action"]), (3, &json!(action(0))));
        assert_eq!(now[2]["unique_id"], "s3");
        let listed = depot.owner.get(&format!("/records/action-item?source={audit}&sort=number")).await.ok();
        let states: Vec<&str> =
            listed["records"].as_array().unwrap().iter().map(|r| r["state"].as_str().unwrap()).collect();
        assert_eq!(states.iter().filter(|state| **state == "open").count(), 3);
        let done = depot.owner.get(&format!("/records/action-item/{}", action(2))).await.ok();
        assert_eq!((&done["state"], &done["done_on"]), (&json!("done"), &json!("2026-03-03")));

        depot.technician.go("configuration-audit", &audit, "collected", json!({})).await;
        depot.owner.go("configuration-audit", &audit, "assessed", json!({})).await;
        discover(&depot.owner, &audit, "", "text/csv", &csv(&rows)).await.problem(409, "audit-assessed");
    });
}

#[test]
fn accuracy_is_the_guides() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        servers(&depot, 50).await;
        let audit = planned(&depot).await;
        let figures = async |body: &str| {
            let record = discover(&depot.owner, &audit, "", "application/json", body).await.ok();
            (record["accuracy"].clone(), record["verdict"].clone())
        };
        let json_of = |rows: &[(u32, &str)]| {
            let rows = rows.iter().map(|(n, version)| json!({"unique_id": format!("s{n}"), "version": version}));
            Value::Array(rows.collect()).to_string()
        };
        assert_eq!(figures(&json_of(&all_but(50, &[]))).await, (json!("100"), json!("pass")));
        assert_eq!(figures(&json_of(&all_but(50, &[(7, "2")]))).await, (json!("98"), json!("pass")));
        // T11b: one of fifty is gone, one is not registered.
        let mut rows = all_but(50, &[]);
        rows[2] = (51, "1");
        assert_eq!(figures(&json_of(&rows)).await, (json!("96.1"), json!("correct")));
        let lines: String = all_but(50, &[(1, "2"), (2, "2"), (3, "2")])
            .iter()
            .map(|(n, version)| format!("{{\"unique_id\": \"s{n}\", \"version\": \"{version}\"}}\n"))
            .collect();
        let record = discover(&depot.owner, &audit, "", "application/x-ndjson", &lines).await.ok();
        assert_eq!((&record["accuracy"], &record["verdict"]), (&json!("94"), &json!("nonconformity")));
    });
}

#[test]
fn columns_are_mapped_and_the_scope_is_narrowed() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let place = |place: &str| json!({"location": place, "attributes": {"memory": "64"}});
        depot.live("a", json!([]), place("Beijing")).await;
        depot.live("b", json!([]), place("Beijing")).await;
        depot.live("c", json!([]), place("Shanghai")).await;
        let audit = planned(&depot).await;
        let body = "Serial,RAM\na,64\nb,32\n";
        let query = "?key=Serial&map=attributes.memory:RAM&location=Beijing";
        let record = discover(&depot.owner, &audit, query, "text/csv; charset=utf-8", body).await.ok();
        assert_eq!((&record["registered"], &record["discovered"]), (&json!(2), &json!(2)));
        assert_eq!(record["differences"][0]["what"], "attributes.memory is registered as '64', found '32'");
        let post = async |query: &str, media_type: &str, body: &str| {
            discover(&depot.owner, &audit, query, media_type, body).await
        };
        post("?map=colour:RAM", "text/csv", body).await.problem(422, "unknown-field");
        post("?map=version", "text/csv", body).await.problem(422, "format");
        post("?key=Serial&map=version:Release", "text/csv", body).await.problem(422, "columns");
        let problem = post("?key=Serial", "text/csv", "Serial\na\nb\na\n").await.problem(422, "key-twice");
        assert_eq!(problem["field"], "rows[3].Serial");
        post("", "application/json", "[{\"unique_id\": \"a\"}").await.problem(422, "unreadable-file");
        post("", "application/pdf", "x").await.problem(415, "content-type");
        post("?scope=x", "text/csv", body).await.problem(400, "unknown-parameter");
        // Nothing of that was written.
        let after = depot.owner.get(&format!("/records/configuration-audit/{audit}")).await.ok();
        assert_eq!(after["revision"], record["revision"]);
        let auditor = depot.app.actor("auditor", &[Role::Aud]).await;
        discover(&auditor, &audit, "", "text/csv", body).await.problem(403, "role");
        discover(&depot.owner, "CAU-2026-009999", "", "text/csv", body).await.problem(404, "not-found");
    });
}

#[test]
fn many_differences_are_counted_though_not_all_are_listed() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        servers(&depot, 3).await;
        let audit = planned(&depot).await;
        let mut body = csv(&all_but(3, &[]));
        for n in 10..100_010 {
            body.push_str(&format!("s{n},1\n"));
        }
        let record = discover(&depot.owner, &audit, "", "text/csv", &body).await.ok();
        assert_eq!((&record["discovered"], &record["not_registered"]), (&json!(100_003), &json!(100_000)));
        assert_eq!(record["differences"].as_array().unwrap().len(), 1_000);
        assert_eq!((&record["accuracy"], &record["unlisted"]["not_registered"]), (&json!("0"), &json!(99_000)));
        // Once it is right, nothing is left over.
        let record = discover(&depot.owner, &audit, "", "text/csv", &csv(&all_but(3, &[]))).await.ok();
        assert_eq!((record.get("differences"), record.get("unlisted")), (None, None));
        assert_eq!((&record["accuracy"], &record["verdict"]), (&json!("100"), &json!("pass")));
        let open = depot.owner.get(&format!("/records/action-item?source={audit}&state=open")).await.ok();
        assert_eq!(open["records"], json!([]));
    });
}
