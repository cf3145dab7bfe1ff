//! Samples of monitoring raise, count and clear events; backups fail and recover by what is reported of them.

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, for_each_db};

async fn sample(client: &Client, value: &str) -> Value {
    client.post("/samples", json!({"source": "db-01", "metric": "cpu", "value": value})).await.ok()
}

async fn event(client: &Client, number: &str) -> Value {
    client.get(&format!("/records/event/{number}")).await.ok()
}

async fn events(client: &Client) -> usize {
    client.get("/records/event").await.ok()["records"].as_array().map_or(0, Vec::len)
}

#[test]
fn three_samples_in_a_row_raise_an_event_and_three_clear_it() {
    for_each_db(|app| async move {
        let monitor = app.technician().await;
        // The guide's example: raised on the fourth.
        for value in ["82", "91", "92"] {
            assert_eq!(sample(&monitor, value).await["outcome"], "noted", "{value}");
        }
        let raised = sample(&monitor, "93").await;
        assert_eq!((&raised["outcome"], &raised["high"]), (&json!("raised"), &json!(3)));
        let number = raised["event"].as_str().unwrap().to_owned();
        let record = event(&monitor, &number).await;
        assert_eq!(
            (&record["state"], &record["severity"], &record["count"]),
            (&json!("raised"), &json!("alarm"), &json!(3))
        );
        assert_eq!(record["created_by"], "mortise");
        // Further samples are the same event's, also after a person has seen it; the threshold itself is high.
        assert_eq!(sample(&monitor, "90").await, json!({"outcome": "counted", "high": 4, "low": 0, "event": number}));
        monitor.go("event", &number, "acknowledged", json!({})).await;
        assert_eq!(sample(&monitor, "99.5").await["event"], json!(number));
        let record = event(&monitor, &number).await;
        assert_eq!((&record["count"], &record["value"]), (&json!(5), &json!("99.5")));
        // 85 is neither high nor low, and breaks a row of low ones.
        for value in ["84.9", "84.9", "85", "84.9", "84.9"] {
            assert_eq!(sample(&monitor, value).await["outcome"], "noted", "{value}");
        }
        assert_eq!(sample(&monitor, "12").await, json!({"outcome": "cleared", "high": 0, "low": 3, "event": number}));
        assert_eq!(event(&monitor, &number).await["state"], "cleared");
        // The next trouble is another event.
        for value in ["95", "95"] {
            assert_eq!(sample(&monitor, value).await["outcome"], "noted");
        }
        let again = sample(&monitor, "95").await;
        assert_eq!(again["outcome"], "raised");
        assert_ne!(again["event"], json!(number));
        assert_eq!(events(&monitor).await, 2);
    });
}

#[test]
fn a_converted_event_does_not_come_back_while_the_trouble_lasts() {
    for_each_db(|app| async move {
        let (monitor, desk) = (app.technician().await, app.agent().await);
        let agreed = app.agreed_service("Database").await;
        for value in ["95", "95"] {
            sample(&monitor, value).await;
        }
        let number = sample(&monitor, "95").await["event"].as_str().unwrap().to_owned();
        let fields = json!({"title": "Database slow", "service": agreed.service, "impact": 2, "urgency": 2});
        let incident = desk.create("incident", fields).await;
        let path = format!("/records/event/{number}/transitions/converted");
        desk.post(&path, json!({})).await.problem(422, "required");
        desk.post(&path, json!({"ticket": agreed.service})).await.problem(422, "converted-into-a-ticket");
        desk.go("event", &number, "converted", json!({"ticket": incident})).await;
        // A dip does not end the episode; three low samples do.
        for value in ["95", "89", "95", "95", "95"] {
            assert_eq!(sample(&monitor, value).await["outcome"], "noted", "{value}");
        }
        for value in ["1", "1", "1", "95", "95"] {
            assert_eq!(sample(&monitor, value).await["outcome"], "noted", "{value}");
        }
        assert_eq!(sample(&monitor, "95").await["outcome"], "raised");
        assert_eq!(events(&monitor).await, 2);
    });
}

#[test]
fn samples_at_once_make_one_event_and_are_all_counted() {
    for_each_db(|app| async move {
        let monitor = app.technician().await;
        let many = (0..20).map(|_| {
            let monitor = monitor.clone();
            tokio::spawn(async move { sample(&monitor, "97").await })
        });
        let mut outcomes = Vec::new();
        for taken in many.collect::<Vec<_>>() {
            outcomes.push(taken.await.unwrap()["outcome"].as_str().unwrap().to_owned());
        }
        let of = |outcome: &str| outcomes.iter().filter(|o| *o == outcome).count();
        assert_eq!(of("raised"), 1, "{outcomes:?}");
        let list = monitor.get("/records/event").await.ok();
        let list = list["records"].as_array().unwrap();
        assert_eq!(list.len(), 1);
        assert_eq!(list[0]["count"], 20, "{outcomes:?}");
    });
}

#[test]
fn wrong_samples_are_refused_by_field() {
    for_each_db(|app| async move {
        let monitor = app.technician().await;
        let refused = monitor.post("/samples", json!({"source": "a", "value": "hot", "at": "soon", "unit": "%"})).await;
        let problem = refused.problem(422, "required");
        let mut fields: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["at", "metric", "unit"]);
        let with = |value: &str, at: &str| json!({"source": "a", "metric": "m", "value": value, "at": at});
        assert_eq!(
            monitor.post("/samples", with("hot", "2026-03-03T00:00:00Z")).await.problem(422, "type")["field"],
            "value"
        );
        assert_eq!(
            monitor.post("/samples", with("1", "2026-03-04T00:00:00Z")).await.problem(422, "range")["field"],
            "at"
        );
        let huge = json!({"source": "a", "metric": "m", "value": "9".repeat(38), "threshold": "0.05"});
        monitor.post("/samples", huge).await.problem(422, "range");
        monitor.post("/samples", with("1", "2026-03-03T00:30:00Z")).await.ok();
        monitor.post("/samples", with("1", "2026-03-03T00:29:59Z")).await.problem(409, "sample-order");
        // A threshold of its own.
        let own = json!({"source": "a", "metric": "errors", "value": "2", "threshold": "1"});
        assert_eq!(monitor.post("/samples", own).await.ok()["high"], 1);
        let customer = app.actor("zhao", &[Role::Cus]).await;
        customer.post("/samples", with("1", "2026-03-03T00:30:00Z")).await.problem(403, "role");
    });
}

async fn state(client: &Client, kind: &str, number: &str) -> String {
    let record = client.get(&format!("/records/{kind}/{number}")).await.ok();
    record["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_backup_fails_when_the_last_good_one_is_too_old_and_recovers_with_the_next() {
    for_each_db(|app: Desktop| async move {
        let (owner, technician) = (app.actor("owner", &[Role::Po]).await, app.technician().await);
        let fields = json!({
            "title": "Records", "data": "records", "key": true, "interval_h": 24, "rpo_min": 1440, "store": "vault",
            "last_ok_at": "2026-03-03T00:00:00Z"
        });
        let job = owner.create("backup-job", fields).await;
        owner.go("backup-job", &job, "active", json!({})).await;
        // Exactly as old as allowed is still good.
        app.at("2026-03-04T00:00:00Z").await;
        assert_eq!(state(&owner, "backup-job", &job).await, "active");
        app.at("2026-03-04T00:01:00Z").await;
        assert_eq!(state(&owner, "backup-job", &job).await, "failing");
        // An old one that is reported late does not help; a new one does.
        let path = format!("/records/backup-job/{job}");
        technician.patch(&path, json!({"last_ok_at": "2026-03-03T00:00:30Z"})).await.ok();
        assert_eq!(state(&owner, "backup-job", &job).await, "failing");
        let future = technician.patch(&path, json!({"last_ok_at": "2026-03-05T00:00:00Z"})).await;
        future.problem(422, "not-in-the-future");
        let report = technician.patch(&path, json!({"last_ok_at": "2026-03-04T00:00:30Z"})).await.ok();
        assert_eq!(report["state"], "active");
        app.at("2026-03-05T00:00:30Z").await;
        assert_eq!(state(&owner, "backup-job", &job).await, "active");
        app.at("2026-03-05T00:01:30Z").await;
        assert_eq!(state(&owner, "backup-job", &job).await, "failing");
    });
}

#[test]
fn an_alarm_that_nobody_looks_at_becomes_one_incident() {
    for_each_db(|app: Desktop| async move {
        let (owner, monitor) = (app.actor("owner", &[Role::Po]).await, app.technician().await);
        let agreed = app.agreed_service("Database").await;
        let fields = json!({
            "title": "Database server", "type": "server", "unique_id": "db-01", "criticality": 3,
            "services": [agreed.service], "relations": [], "attributes": {"model": "R7"}
        });
        let server = owner.create("configuration-item", fields).await;
        for value in ["95", "95"] {
            sample(&monitor, value).await;
        }
        let number = sample(&monitor, "95").await["event"].as_str().unwrap().to_owned();
        let record = event(&monitor, &number).await;
        assert_eq!((&record["cis"], &record["services"]), (&json!([server]), &json!([agreed.service])));
        // Counted in between; not a minute too early.
        app.at("2026-03-03T01:14:59Z").await;
        sample(&monitor, "97").await;
        assert_eq!(event(&monitor, &number).await["state"], "raised");
        // On two nodes at once: one incident.
        let second = app.second_node().await;
        app.clock.set("2026-03-03T01:15:00Z".parse().unwrap());
        let (a, b) =
            tokio::join!(mortise::flows::fire_timers::run(&app.desk), mortise::flows::fire_timers::run(&second.desk));
        assert_eq!(a.unwrap() + b.unwrap(), 1);
        let record = event(&monitor, &number).await;
        assert_eq!(record["state"], "converted");
        let list = monitor.get("/records/incident").await.ok();
        let incidents = list["records"].as_array().unwrap();
        assert_eq!(incidents.len(), 1, "{incidents:?}");
        let incident = &incidents[0];
        // Each names the other, and its clock runs.
        assert_eq!(record["ticket"], incident["number"]);
        assert_eq!(incident["links"], json!([{"type": "made-by", "ref": number}]));
        assert_eq!(
            (&incident["service"], &incident["ci"], &incident["priority"], &incident["category"]),
            (&json!(agreed.service), &json!(server), &json!("P3"), &json!("monitoring"))
        );
        assert!(incident["sla"]["resolution"]["due_at"].is_string(), "{incident}");
        // While the trouble lasts there is no other.
        for value in ["97", "97", "97"] {
            assert_eq!(sample(&monitor, value).await["outcome"], "noted");
        }
        app.at("2026-03-03T03:00:00Z").await;
        assert_eq!(monitor.get("/records/incident").await.ok()["records"].as_array().unwrap().len(), 1);
        assert_eq!(events(&monitor).await, 1);
        let history = monitor.get(&format!("/records/event/{number}/history")).await.ok();
        let last = history["entries"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["action"], &last["role"]), (&json!("transition:converted"), &json!("auto")));
    });
}

#[test]
fn an_alarm_that_is_seen_or_has_no_service_stays_an_event() {
    for_each_db(|app: Desktop| async move {
        let (owner, monitor, desk) = (app.actor("owner", &[Role::Po]).await, app.technician().await, app.agent().await);
        let agreed = app.agreed_service("Database").await;
        // No item is called so.
        for value in ["95", "95", "95"] {
            sample(&monitor, value).await;
        }
        let fields = json!({
            "title": "Switch", "type": "switch", "unique_id": "sw-01", "criticality": 3,
            "services": [agreed.service], "relations": [], "attributes": {"model": "S5"}
        });
        owner.create("configuration-item", fields).await;
        let mut seen = String::new();
        for _ in 0..3 {
            let sample = json!({"source": "sw-01", "metric": "load", "value": "95"});
            let taken = monitor.post("/samples", sample).await.ok();
            seen = taken["event"].as_str().unwrap_or_default().to_owned();
        }
        monitor.go("event", &seen, "acknowledged", json!({})).await;
        // A warning is no alarm.
        let warning = json!({
            "title": "slow", "source": "ap-1", "metric": "delay", "value": "3", "severity": "warning",
            "services": [agreed.service]
        });
        desk.create("event", warning).await;
        app.at("2026-03-04T01:00:00Z").await;
        assert!(monitor.get("/records/incident").await.ok()["records"].as_array().unwrap().is_empty());
        let states = monitor.get("/records/event?state=converted").await.ok();
        assert!(states["records"].as_array().unwrap().is_empty());
        // What a person records is converted, too, as long as nobody has seen it.
        let alarm = json!({
            "title": "down", "source": "ap-2", "metric": "up", "value": "0", "severity": "alarm",
            "services": [agreed.service]
        });
        let alarm = desk.create("event", alarm).await;
        app.at("2026-03-04T01:15:00Z").await;
        assert_eq!(state(&monitor, "event", &alarm).await, "converted");
    });
}
