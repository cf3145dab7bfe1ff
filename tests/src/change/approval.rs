//! Who approves a change, and when an approval is stale.

use super::facts::model;
use super::*;
use crate::app::for_each_db;

#[test]
fn the_change_manager_approves_and_items_are_in_change_meanwhile() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 2, &[], &[]).await;
        let (number, record) = office.assessed(&[&item], json!({})).await;
        assert_eq!(record["assessment"]["route"], "change-manager");
        office.manager.post(&step(&number, "scheduled"), json!({})).await.problem(409, "unknown-transition");
        office.technician.post(&step(&number, "approved"), json!({})).await.problem(403, "role");
        office.board[0].post(&step(&number, "approved"), json!({})).await.problem(403, "role");
        let offered = async |client: &Client| {
            let list = client.get(&format!("{}/transitions", path(&number))).await.ok();
            let names = list["transitions"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(offered(&office.manager).await, ["approved", "rejected", "draft"]);
        assert!(offered(&office.board[0]).await.is_empty());
        let record = office.manager.go("change", &number, "approved", json!({})).await;
        assert_eq!(record["state"], "approved");
        let approval = &record["approvals"][0];
        assert_eq!((&approval["role"], &approval["user"]), (&json!("CM"), &json!("change-manager")));
        assert_eq!(approval["inputs_hash"], record["assessment"]["inputs_hash"]);
        assert_eq!(office.decisions(&number).await.0, 1, "nothing has changed, so nothing is decided again");

        office.manager.go("change", &number, "scheduled", json!({})).await;
        // A second change of the same item, at another time.
        let later = json!({"window_from": "2026-03-11T18:00:00Z", "window_to": "2026-03-11T20:00:00Z"});
        let other = office.approved(&[&item], later).await;
        office.manager.go("change", &other, "scheduled", json!({})).await;
        assert_eq!(office.state_of_item(&item).await, "live");
        office.technician.go("change", &number, "implementing", json!({})).await;
        assert_eq!(office.state_of_item(&item).await, "in_change");
        office.technician.go("change", &other, "implementing", json!({})).await;
        office.technician.go("change", &number, "implemented", json!({})).await;
        assert_eq!(office.state_of_item(&item).await, "in_change", "the other change is still at work");
        office.technician.go("change", &other, "backed_out", json!({})).await;
        assert_eq!(office.state_of_item(&item).await, "live");
        assert_eq!(
            office.events(&item).await,
            ["record.ci.created", "record.ci.in_build", "record.ci.live", "record.ci.in_change", "record.ci.live"]
        );
        let history = office.owner.get(&format!("/records/configuration-item/{item}/history")).await.ok();
        let taken = history["entries"].as_array().unwrap().iter().find(|e| e["action"] == "transition:in_change");
        let taken = taken.unwrap();
        assert_eq!((&taken["role"], &taken["reason"]), (&json!("auto"), &json!(number)));
    });
}

#[test]
fn whoever_asks_does_not_approve() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 2, &[], &[]).await;
        // The change manager wrote it down for somebody who is a change manager too.
        let chief = office.app.actor("chief", &[Role::Cm]).await;
        let fields = with(harmless(&[&item]), json!({"requester": "chief"}));
        let number = office.manager.create("change", fields).await;
        office.manager.go("change", &number, "submitted", json!({})).await;
        office.manager.go("change", &number, "assessed", json!({})).await;
        chief.post(&step(&number, "approved"), json!({})).await.problem(403, "separation-of-duties");
        office.manager.post(&step(&number, "approved"), json!({})).await.problem(403, "separation-of-duties");
        assert_eq!(office.record(&number).await["state"], "assessed");
        let other = office.app.actor("other", &[Role::Cm]).await;
        assert_eq!(other.go("change", &number, "approved", json!({})).await["state"], "approved");
    });
}

#[test]
fn the_board_approves_by_a_quorum_of_different_people() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("core switch", 4, &[], &[]).await;
        let risky = json!({
            "backout": {"state": "none"}, "tests": {"planned": 0, "passed": 0}, "complexity": "novel", "teams": 3,
            "timing": "business-hours", "security_relevant": true, "previous_attempt_failed": true
        });
        let (number, record) = office.assessed(&[&item], risky).await;
        let assessment = &record["assessment"];
        assert_eq!((&assessment["route"], &assessment["band"]), (&json!("cab"), &json!("very-high")));
        let approvers = json!([{"role": "CAB", "count": 2}, {"role": "TOP", "count": 1}, {"role": "SEC", "count": 1}]);
        assert_eq!(assessment["approvers"], approvers);

        let approve = step(&number, "approved");
        let [one, two, both] = &office.board;
        assert_eq!(one.post(&approve, json!({})).await.ok()["state"], "assessed");
        one.post(&approve, json!({})).await.problem(403, "already-signed");
        office.manager.post(&approve, json!({})).await.problem(403, "role");
        // A member of the board who is also top management: the quorum is not full, so for the board.
        let record = both.post(&approve, json!({})).await.ok();
        assert_eq!(record["approvals"][1]["role"], "CAB");
        both.post(&approve, json!({})).await.problem(403, "already-signed");
        two.post(&approve, json!({})).await.problem(403, "already-signed");
        let security = office.app.actor("security", &[Role::Sec]).await;
        let record = security.post(&approve, json!({})).await.ok();
        assert_eq!(record["conditions_met"], json!(["infosec-assessment"]));
        let top = office.app.actor("top", &[Role::Top]).await;
        let record = top.post(&approve, json!({})).await.ok();
        assert_eq!(record["state"], "approved");
        let met = json!(["backout-plan-or-accept-irreversible", "infosec-assessment"]);
        assert_eq!(record["conditions_met"], met);
        let events = office.events(&number).await;
        let of_it: Vec<_> =
            events.iter().filter(|e| *e == "record.chg.signed" || *e == "record.chg.approved").collect();
        assert_eq!(of_it, ["record.chg.signed"; 3].iter().chain(&["record.chg.approved"]).collect::<Vec<_>>());
        office.manager.go("change", &number, "scheduled", json!({})).await;
    });
}

#[test]
fn one_rejection_is_enough() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 2, &[], &[]).await;
        let (number, _) = office.assessed(&[&item], json!({"design_transition": true})).await;
        office.manager.post(&step(&number, "rejected"), json!({})).await.problem(403, "role");
        office.board[0].go("change", &number, "approved", json!({})).await;
        let record = office.board[1].go("change", &number, "rejected", json!({})).await;
        assert_eq!(record["state"], "rejected");
        assert_eq!(
            (&record["approvals"][1]["role"], &record["approvals"][1]["decision"]),
            (&json!("CAB"), &json!("reject"))
        );
    });
}

#[test]
fn an_emergency_takes_three_people() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 2, &[], &[]).await;
        let (number, record) = office.assessed(&[&item], json!({"type": "emergency"})).await;
        assert_eq!(record["assessment"]["route"], "ecab");
        let approve = step(&number, "approved");
        let everything = office.app.actor("everything", &[Role::Cm, Role::Te, Role::Top]).await;
        assert_eq!(everything.post(&approve, json!({})).await.ok()["approvals"][0]["role"], "CM");
        everything.post(&approve, json!({})).await.problem(403, "already-signed");
        let lead = office.app.actor("lead", &[Role::Te]).await;
        assert_eq!(lead.post(&approve, json!({})).await.ok()["state"], "assessed");
        let top = office.app.actor("top", &[Role::Top]).await;
        assert_eq!(top.post(&approve, json!({})).await.ok()["state"], "approved");
    });
}

#[test]
fn an_approval_is_stale_when_its_inputs_change() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 2, &[], &[]).await;
        let number = office.approved(&[&item], json!({})).await;
        office.manager.go("change", &number, "scheduled", json!({})).await;

        let record = office.technician.patch(&path(&number), json!({"description": "more words"})).await.ok();
        assert_eq!(record["state"], "scheduled");
        let same = json!({"complexity": "simple", "cost": {"amount": "0", "currency": "CNY"}});
        assert_eq!(office.technician.patch(&path(&number), same).await.ok()["state"], "scheduled");
        assert_eq!(office.decisions(&number).await.0, 1);

        let before = office.record(&number).await;
        let record = office.technician.patch(&path(&number), json!({"complexity": "moderate"})).await.ok();
        assert_eq!(record["state"], "assessed");
        assert_eq!(record["approvals"][0]["stale"], true);
        assert_ne!(record["assessment"]["inputs_hash"], before["assessment"]["inputs_hash"]);
        assert_eq!(office.decisions(&number).await.0, 2);
        let events = office.events(&number).await;
        assert_eq!(events.iter().filter(|e| *e == "change.approval-stale").count(), 1);
        assert_eq!(events.iter().filter(|e| *e == "change.assessed").count(), 2);
        let history = office.manager.get(&format!("{}/history", path(&number))).await.ok();
        let entries = history["entries"].as_array().unwrap();
        let back = entries.iter().rfind(|e| e["action"] == "transition:assessed").unwrap();
        assert_eq!((&back["role"], &back["before"]["state"]), (&json!("auto"), &json!("scheduled")));

        // Putting it back does not bring the approval back.
        let record = office.technician.patch(&path(&number), json!({"complexity": "simple"})).await.ok();
        assert_eq!(record["assessment"]["inputs_hash"], before["assessment"]["inputs_hash"]);
        office.manager.post(&step(&number, "scheduled"), json!({})).await.problem(409, "unknown-transition");
        let record = office.manager.go("change", &number, "approved", json!({})).await;
        assert_eq!((&record["state"], record["approvals"].as_array().unwrap().len()), (&json!("approved"), 2));
    });
}

#[test]
fn a_new_round_asks_everybody_again() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 2, &[], &[]).await;
        let (number, _) = office.assessed(&[&item], json!({"design_transition": true})).await;
        let [one, two, _] = &office.board;
        one.go("change", &number, "approved", json!({})).await;
        let record = office.manager.go("change", &number, "draft", json!({})).await;
        assert_eq!(record["approvals"][0]["stale"], true);
        office.technician.go("change", &number, "submitted", json!({})).await;
        office.manager.go("change", &number, "assessed", json!({})).await;
        assert_eq!(office.decisions(&number).await.0, 1, "the inputs are the same");
        assert_eq!(two.go("change", &number, "approved", json!({})).await["state"], "assessed");
        assert_eq!(one.go("change", &number, "approved", json!({})).await["state"], "approved");
        office.manager.go("change", &number, "scheduled", json!({})).await;
        let record = office.manager.go("change", &number, "assessed", json!({})).await;
        assert!(record["approvals"].as_array().unwrap().iter().all(|a| a["stale"] == true), "{record}");
    });
}

#[test]
fn what_costs_more_than_is_left_takes_the_budget_owner() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 2, &[], &[]).await;
        let purse = office.app.actor("purse", &[Role::Bud]).await;
        let money = |amount: &str, currency: &str| json!({"amount": amount, "currency": currency});
        let budget = json!({
            "title": "IT 2026", "year": 2026, "currency": "CNY", "periods": ["2026-03"], "total": money("5000.00", "CNY")
        });
        let budget = purse.create("budget", budget).await;
        office.app.actor("director", &[Role::Top]).await.go("budget", &budget, "approved", json!({})).await;
        let line = json!({
            "title": "Hardware", "budget": budget, "cost_type": "hardware", "nature": "indirect",
            "amount": money("1000.00", "CNY"), "forecast_to_go": money("0.00", "CNY"), "line_owner": "purse"
        });
        let line = purse.create("budget-line", line).await;
        let cost = |cost: Value| json!({"budget_line": line, "cost": cost});

        let number = office.draft(&[&item], cost(money("10.00", "USD"))).await;
        let submit = step(&number, "submitted");
        let problem = office.technician.post(&submit, json!({})).await.problem(422, "currency");
        assert_eq!(problem["field"], "cost.currency");
        office.technician.patch(&path(&number), json!({"cost": money("1000.00", "CNY")})).await.ok();
        let record = office.technician.go("change", &number, "submitted", json!({})).await;
        assert_eq!(record["assessment"]["conditions"], json!([]));
        assert_eq!(record["assessment"]["budget_available_minor"], 100_000);
        let record = office.technician.patch(&path(&number), json!({"cost": money("1000.01", "CNY")})).await.ok();
        assert_eq!(record["assessment"]["conditions"], json!(["budget-owner-approval"]));

        office.manager.go("change", &number, "assessed", json!({})).await;
        assert_eq!(office.manager.go("change", &number, "approved", json!({})).await["state"], "assessed");
        let record = purse.go("change", &number, "approved", json!({})).await;
        assert_eq!(record["state"], "approved");
        assert_eq!(record["conditions_met"], json!(["budget-owner-approval"]));
        // Less is left than before, with the same consequence.
        purse.patch(&format!("/records/budget-line/{line}"), json!({"amount": money("900.00", "CNY")})).await.ok();
        assert_eq!(office.manager.go("change", &number, "scheduled", json!({})).await["state"], "scheduled");
        let (_, decision) = office.decisions(&number).await;
        assert_eq!(decision["input"]["budget_available_minor"], 90_000);

        // Enough was left when this one was approved, and is not any more.
        let later = json!({"window_from": "2026-03-20T18:00:00Z", "window_to": "2026-03-20T20:00:00Z"});
        let number = office.approved(&[&item], with(later, cost(money("800.00", "CNY")))).await;
        purse.patch(&format!("/records/budget-line/{line}"), json!({"amount": money("700.00", "CNY")})).await.ok();
        office.manager.post(&step(&number, "scheduled"), json!({})).await.problem(409, "stale-approval");
        let record = office.record(&number).await;
        assert_eq!(record["assessment"]["conditions"], json!(["budget-owner-approval"]));
        purse.go("budget-line", &line, "frozen", json!({})).await;
        office.manager.post(&step(&number, "approved"), json!({})).await.ok();
        let (_, decision) = office.decisions(&number).await;
        assert_eq!(decision["input"]["budget_available_minor"], 0);
    });
}

#[test]
fn a_standard_change_is_approved_with_its_model() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 1, &[], &[]).await;
        let model_50 = model(&office, 50).await;
        let standard = |model: &str| json!({"type": "standard", "model": model, "security_relevant": true});
        let (number, record) = office.assessed(&[&item], standard(&model_50)).await;
        assert_eq!((&record["assessment"]["route"], &record["state"]), (&json!("standard"), &json!("approved")));
        assert_eq!(record["assessment"]["approvers"], json!([]));
        assert_eq!(
            (&record["approvals"][0]["role"], &record["approvals"][0]["user"]),
            (&json!("auto"), &json!("mortise"))
        );
        let history = office.manager.get(&format!("{}/history", path(&number))).await.ok();
        let entries = history["entries"].as_array().unwrap();
        let last: Vec<_> = entries.iter().rev().take(2).map(|e| (e["action"].clone(), e["actor"].clone())).collect();
        let expected = [("transition:approved", "mortise"), ("transition:assessed", "change-manager")];
        assert_eq!(last, expected.map(|(action, actor)| (json!(action), json!(actor))));
        office.manager.go("change", &number, "scheduled", json!({})).await;
        // An edit after which it still follows its model: approved again at once.
        let record = office.technician.patch(&path(&number), json!({"teams": 2})).await.ok();
        assert_eq!((&record["state"], record["approvals"].as_array().unwrap().len()), (&json!("approved"), 2));
        assert_eq!(record["approvals"][0]["stale"], true);

        let model_5 = model(&office, 5).await;
        let elsewhere = json!({"window_from": "2026-04-01T00:00:00Z", "window_to": "2026-04-01T01:00:00Z"});
        let (_, record) = office.assessed(&[&item], with(standard(&model_5), elsewhere.clone())).await;
        assert_eq!((&record["assessment"]["route"], &record["state"]), (&json!("change-manager"), &json!("assessed")));
        assert_eq!(record["assessment"]["flags"], json!(["above-model-score"]));

        // The model's last day is over.
        office.app.at("2027-01-01T00:00:00Z").await;
        let expired = office.manager.get(&format!("/records/change-model/{model_50}")).await.ok();
        assert_eq!(expired["state"], "expired");
        office.manager.post(&step(&number, "scheduled"), json!({})).await.problem(409, "stale-approval");
        let record = office.record(&number).await;
        assert_eq!((&record["assessment"]["route"], &record["state"]), (&json!("change-manager"), &json!("assessed")));
        let flags = json!(["H6-security-relevant", "standard-disqualified"]);
        assert_eq!(record["assessment"]["flags"], flags);
    });
}
