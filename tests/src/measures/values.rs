//! Measured values at the end of each period, objectives that follow them, reports whose figures stay.

use mortise::domain::{Role, canonical};
use mortise::flows::fire_timers;
use serde_json::{Value, json};

use super::incident;
use crate::app::{Client, Desktop, for_each_db};
use crate::seed::write;

async fn definition(owner: &Client, formula: &str, frequency: &str, target: &str) -> String {
    let fields = json!({
        "title": "Incidents on time", "formula": formula, "unit": "%", "direction": "higher", "target": target,
        "method": "from incidents", "frequency": frequency, "analyst": "analyst"
    });
    let number = owner.create("measure-definition", fields).await;
    owner.go("measure-definition", &number, "active", json!({})).await;
    number
}

async fn values(reader: &Client, kpi: &str) -> Vec<Value> {
    let list = reader.get(&format!("/records/measured-value?kpi={kpi}&sort=created_at")).await.ok();
    list["records"].as_array().unwrap().clone()
}

async fn on_time(app: &Desktop, month: &str, met: usize, of: usize) {
    let (made, resolved) = (format!("2026-{month}-10T01:00:00Z"), format!("2026-{month}-10T03:00:00Z"));
    let past = (0..of).map(|n| incident(&made, &resolved, "SVC-2026-000001", "P2", n < met));
    write(app, past.collect()).await;
}

#[test]
fn the_end_of_a_period_gives_one_value_and_objectives_follow_it() {
    for_each_db(|app| async move {
        let owner = app.actor("owner", &[Role::Po]).await;
        let top = app.actor("director", &[Role::Top]).await;
        let kpi = definition(&owner, "incidents-in-target", "month", "95").await;
        let timers = owner.get(&format!("/records/measure-definition/{kpi}/timers")).await.ok();
        assert_eq!(timers["timers"], json!([{"name": "measure.2026-03", "due_at": "2026-04-01T00:00:00Z"}]));
        let objective = json!({
            "title": "On time", "measure": kpi, "direction": "higher", "target": "97", "due": "2026-12-31",
            "resources": "the desk", "method": "triage", "evaluation": "yearly"
        });
        let objective = owner.create("objective", objective).await;
        top.go("objective", &objective, "approved", json!({})).await;
        on_time(&app, "03", 46, 48).await;

        app.at("2026-03-31T23:59:59Z").await;
        assert!(values(&owner, &kpi).await.is_empty());
        // Two nodes at once.
        let second = app.second_node().await;
        app.clock.set("2026-04-01T00:00:00Z".parse().unwrap());
        let (a, b) = tokio::join!(fire_timers::run(&app.desk), fire_timers::run(&second.desk));
        assert_eq!(a.unwrap() + b.unwrap(), 1);
        let all = values(&owner, &kpi).await;
        assert_eq!(all.len(), 1, "{all:?}");
        let value = &all[0];
        // 46 of 48 on time; 95 % asked for.
        assert_eq!(
            (&value["value"], &value["status"], &value["period"]),
            (&json!("95.8"), &json!("green"), &json!("2026-03"))
        );
        assert_eq!((&value["sample"]["numerator"], &value["sample"]["denominator"]), (&json!("46"), &json!("48")));
        assert_eq!((&value["state"], &value["owner"]), (&json!("collected"), &json!("analyst")));
        assert_eq!(value["title"], "Incidents on time · 2026-03");
        // 95.8 of 97: 98.8 %.
        let tracked = owner.get(&format!("/records/objective/{objective}")).await.ok();
        assert_eq!((&tracked["actual"], &tracked["attainment_tenths"]), (&json!("95.8"), &json!(988)), "{tracked}");
        assert_eq!(tracked["status"], "amber");

        // April has no incidents: a value that is none, and says so. Nothing is shown as zero.
        app.at("2026-05-01T00:00:00Z").await;
        let all = values(&owner, &kpi).await;
        assert_eq!(all.len(), 2);
        let none = &all[1];
        assert_eq!((&none["value"], &none["status"], &none["period"]), (&Value::Null, &Value::Null, &json!("2026-04")));
        assert_eq!(none["sample"]["reason"], "no-data");
        assert_eq!(none["sample"]["missing"], "no incident that became resolved from 2026-04-01 to 2026-04-30");
        let path = format!("/records/measured-value/{}/transitions/confirmed", none["number"].as_str().unwrap());
        owner.post(&path, json!({})).await.problem(422, "required");
        let kept = owner.get(&format!("/records/objective/{objective}")).await.ok();
        assert_eq!(kept["actual"], "95.8");

        // What is retired is measured no more.
        owner.go("measure-definition", &kpi, "retired", json!({})).await;
        app.at("2026-06-02T00:00:00Z").await;
        assert_eq!(values(&owner, &kpi).await.len(), 2);
    });
}

#[test]
fn a_server_that_was_down_takes_the_values_it_missed() {
    for_each_db(|app| async move {
        let owner = app.actor("owner", &[Role::Po]).await;
        let kpi = definition(&owner, "incidents-recorded", "week", "10").await;
        on_time(&app, "03", 3, 3).await;
        // The story begins on Tuesday, 3 March; four weeks end until the end of the month.
        app.at("2026-03-31T00:00:00Z").await;
        let all = values(&owner, &kpi).await;
        let told: Vec<(&str, &Value)> =
            all.iter().map(|value| (value["period"].as_str().unwrap(), &value["value"])).collect();
        let none = Value::Null;
        assert_eq!(
            told,
            [
                ("2026-03-02/2026-03-08", &none),
                ("2026-03-09/2026-03-15", &json!("3")),
                ("2026-03-16/2026-03-22", &none),
                ("2026-03-23/2026-03-29", &none),
            ]
        );
        // 3 of 10.
        assert_eq!(all[1]["status"], "red");
        // A formula in words is somebody's to work out.
        let words = definition(&owner, "asked at the counter", "month", "10").await;
        app.at("2026-04-01T00:00:00Z").await;
        let value = values(&owner, &words).await.remove(0);
        assert_eq!((&value["value"], &value["sample"]["reason"]), (&Value::Null, &json!("no-such-measure")));
        let number = value["number"].as_str().unwrap();
        let path = format!("/records/measured-value/{number}");
        let filled = owner.patch(&path, json!({"value": "9.5"})).await.ok();
        assert_eq!(filled["status"], "amber", "{filled}");
        owner.go("measured-value", number, "confirmed", json!({})).await;
    });
}

async fn report(author: &Client, period: &str) -> String {
    let fields = json!({
        "title": format!("Report {period}"), "purpose": "to inform", "sources": "the desk", "method": "measures",
        "scope": "all services", "readers": ["zhao"], "period": period
    });
    author.create("service-report", fields).await
}

#[test]
fn the_figures_of_a_report_stay_and_can_be_checked() {
    for_each_db(|app| async move {
        let author = app.actor("author", &[Role::Slm]).await;
        on_time(&app, "02", 46, 48).await;
        let number = report(&author, "2026-02").await;
        let path = format!("/reports/{number}/snapshot");
        author.get(&path).await.problem(404, "not-found");
        let answer = author.post(&path, json!({})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let fixed = answer.ok();
        let hash = fixed["hash"].as_str().unwrap().to_owned();
        // The hash is that of the canonical text, which anybody can make again.
        assert_eq!(canonical::digest(&fixed["figures"]), hash);
        let record = author.get(&format!("/records/service-report/{number}")).await.ok();
        assert_eq!(record["snapshot_hash"], hash);
        let parts = fixed["figures"]["parts"].as_array().unwrap();
        assert_eq!(parts[0]["part"], "performance");
        let on_time_share = &parts[0]["measures"][0];
        assert_eq!(
            (&on_time_share["measure"], &on_time_share["value"]),
            (&json!("incidents-in-target"), &json!("95.8"))
        );
        assert_eq!(on_time_share["services"][0]["service"], "SVC-2026-000001");
        // January has no incidents: no trend, and no zero.
        assert_eq!(on_time_share["before"], Value::Null);
        let csat = &parts[5]["measures"][0];
        assert_eq!(
            (&csat["measure"], &csat["value"], &csat["reason"]),
            (&json!("csat"), &Value::Null, &json!("no-data"))
        );

        // Fixed again, hours later: the same figures, the same hash.
        app.at("2026-03-04T00:00:00Z").await;
        assert_eq!(author.post(&path, json!({})).await.ok()["hash"], hash);
        let read = author.get(&format!("{path}?recompute=true")).await.ok();
        assert_eq!((&read["intact"], &read["live"]["same"]), (&json!(true), &json!(true)), "{read}");
        // An incident is told of late: the report stays, and the difference shows.
        on_time(&app, "02", 0, 1).await;
        let read = author.get(&format!("{path}?recompute=true")).await.ok();
        assert_eq!((&read["hash"], &read["figures"]), (&json!(hash), &fixed["figures"]));
        assert_eq!(read["live"]["same"], false);
        let places: Vec<&str> =
            read["live"]["differences"].as_array().unwrap().iter().map(|d| d.as_str().unwrap()).collect();
        assert!(places.contains(&"/parts/0/measures/0/value"), "{places:?}");

        let early = report(&author, "2026-03").await;
        author.post(&format!("/reports/{early}/snapshot"), json!({})).await.problem(409, "period-not-over");
        let wrong = report(&author, "spring").await;
        author.post(&format!("/reports/{wrong}/snapshot"), json!({})).await.problem(422, "type");
        let reader = app.actor("reader", &[Role::Aud]).await;
        reader.post(&path, json!({})).await.problem(403, "role");
        reader.get(&path).await.ok();
        let customer = app.actor("customer", &[Role::Cus]).await;
        customer.get(&path).await.problem(403, "own");
    });
}
