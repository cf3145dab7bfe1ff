//! Four eyes: who may promote, what has to be approved, and what has to be explained.

use mortise::domain::Role;
use mortise::flows::{jobs, shadow};
use serde_json::{Value, json};

use super::{activate, digest, incident};
use crate::app::{Agreed, Client, Desktop, for_each_db};

/// An incident that is resolved after 150 minutes: too late by the standard component, in time by its double.
async fn flipping(app: &Desktop, agreed: &Agreed) {
    let agent = app.agent().await;
    let number = agent.create("incident", incident(agreed)).await;
    agent.go("incident", &number, "assigned", json!({})).await;
    agent.go("incident", &number, "in_progress", json!({})).await;
    app.clock.set(app.clock.now().plus(150 * 60_000));
    let solved = json!({"solution": "restarted", "closure_code": "fixed"});
    agent.go("incident", &number, "resolved", solved).await;
}

async fn live(admin: &Client) -> Value {
    admin.get("/activations?process=sla&live=true").await.ok()["activations"].clone()
}

#[test]
fn flips_in_shadow_are_explained_before_they_count() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let admin = app.administrator().await;
        let double = digest(&admin, "guests/sla-double").await;
        let id = activate(&admin, &double, json!({"mode": "shadow"})).await;
        flipping(&app, &mail).await;
        shadow::run(&app.desk).await.unwrap();
        let path = format!("/activations/{id}/promote");
        let before = live(&admin).await;
        for body in [json!({}), json!({"explanation": "  "}), json!({"percent": 10})] {
            let refused = admin.post(&path, body).await.problem(422, "explanation-required");
            assert_eq!(refused["field"], "explanation");
        }
        // Nor past the candidate, nor later.
        admin.post("/activations", super::wish(&double, json!({}))).await.problem(422, "explanation-required");
        let plan = super::wish(&double, json!({"effective_from": "2027-01-01T00:00:00Z"}));
        admin.post("/activations", plan).await.problem(422, "explanation-required");
        assert_eq!(live(&admin).await, before);
        // With other settings it is another candidate.
        let why = "Targets were doubled with the customer's word of 1 March";
        let canary = admin.post(&path, json!({"percent": 10, "explanation": why})).await.ok();
        assert_eq!(canary["explanation"], why);
        let canary = canary["id"].as_str().unwrap();
        let made = admin.post(&format!("/activations/{canary}/promote"), json!({"reason": "go"})).await.ok();
        assert_eq!(
            (&made["explanation"], &made["mode"]),
            (&json!(why), &json!("active")),
            "it goes on with the candidate"
        );
        let found = admin.get(&format!("/records/component?sha256={double}")).await.ok();
        let number = found["records"][0]["number"].as_str().unwrap().to_owned();
        let history = admin.get(&format!("/records/component/{number}/history")).await.ok();
        let last = history["entries"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["action"], &last["after"]["explanation"]), (&json!("promote"), &json!(why)), "{history}");
        // Going back never waits for words.
        let id = made["id"].as_str().unwrap();
        admin.post(&format!("/activations/{id}/revert"), json!({})).await.ok();
    });
}

#[test]
fn flips_of_the_named_dry_run_count() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let admin = app.administrator().await;
        let double = digest(&admin, "guests/sla-double").await;
        flipping(&app, &mail).await;
        let run = admin.post("/backtests", json!({"process": "sla", "component": double})).await.ok();
        let id = run["id"].as_str().unwrap();
        let with = |extra: Value| super::wish(&double, extra);
        admin.post("/activations", with(json!({"backtest": id}))).await.problem(409, "backtest-unfinished");
        jobs::run(&app.desk).await.unwrap();
        let other = json!({"backtest": id, "settings": {}});
        let other = admin.post("/activations", super::wish(&super::standard(&admin).await, other)).await;
        assert_eq!(other.problem(422, "reference")["field"], "backtest");
        let missing = admin.post("/activations", with(json!({"backtest": "none"}))).await;
        assert_eq!(missing.problem(422, "reference")["field"], "backtest");
        admin.post("/activations", with(json!({"backtest": id}))).await.problem(422, "explanation-required");
        admin.post("/activations", with(json!({"backtest": id, "explanation": "as agreed"}))).await.ok();
    });
}

#[test]
fn so_many_may_flip_without_a_word_as_the_policy_says() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let mut lenient = app.clone();
        lenient.config.policy.component.unexplained_flips = 100;
        let lenient = lenient.second_node().await;
        let (strict, admin) = (app.administrator().await, lenient.administrator().await);
        let double = digest(&admin, "guests/sla-double").await;
        let id = activate(&admin, &double, json!({"mode": "shadow"})).await;
        app.desk.catalog.refresh().await.unwrap();
        flipping(&app, &mail).await;
        shadow::run(&app.desk).await.unwrap();
        strict.post(&format!("/activations/{id}/promote"), json!({})).await.problem(422, "explanation-required");
        admin.post(&format!("/activations/{id}/promote"), json!({})).await.ok();
    });
}

#[test]
fn a_publisher_promotes_nothing_of_his_own_and_an_owner_approves_first() {
    for_each_db(|app| async move {
        let mut careful = app.clone();
        careful.config.policy.component.approval_required = true;
        let app = careful.second_node().await;
        let (admin, owner) = (app.administrator().await, app.actor("owner", &[Role::Po]).await);
        let publisher = app.actor("publisher", &[Role::Pub]).await;
        let double = digest(&publisher, "guests/sla-double").await;
        let both = app.actor("publisher", &[Role::Pub, Role::Adm]).await;
        let shadow = super::wish(&double, json!({"mode": "shadow"}));
        both.post("/activations", shadow.clone()).await.problem(403, "separation-of-duties");
        // To be tried takes no approval: it has no effect.
        let id = admin.post("/activations", shadow).await.ok()["id"].as_str().unwrap().to_owned();
        let path = format!("/activations/{id}/promote");
        both.post(&path, json!({})).await.problem(403, "separation-of-duties");
        owner.post(&path, json!({})).await.problem(403, "role");
        for body in [json!({}), json!({"percent": 5})] {
            admin.post(&path, body).await.problem(409, "component-state");
        }
        let canary = super::wish(&double, json!({"mode": "canary", "percent": 5}));
        admin.post("/activations", canary).await.problem(409, "component-state");
        let found = admin.get(&format!("/records/component?sha256={double}")).await.ok();
        let component = format!("/records/component/{}", found["records"][0]["number"].as_str().unwrap());
        admin.post(&format!("{component}/transitions/verified"), json!({"reason": "looked at"})).await.ok();
        owner.post(&format!("{component}/transitions/approved"), json!({})).await.ok();
        admin.post(&path, json!({"percent": 5})).await.ok();
        assert_eq!(admin.get(&component).await.ok()["state"], "active", "a canary decides");
    });
}
