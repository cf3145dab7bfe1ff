//! The kinds that govern the system (guide, P01 to P14): what their rules refuse, and what the host does by itself.
//! Lived through over the API.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use mortise::domain::canonical::sha256;
use mortise::flows::demo;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, ORG, for_each_db};

fn step(kind: &str, number: &str, name: &str) -> String {
    format!("/records/{kind}/{number}/transitions/{name}")
}

async fn record(client: &Client, kind: &str, number: &str) -> Value {
    client.get(&format!("/records/{kind}/{number}")).await.ok()
}

async fn list(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).await.ok()["records"].as_array().unwrap().clone()
}

/// The file of every document here.
const TEXT: &[u8] = b"We keep what we promise.";

/// Everybody who has to do with a document.
struct Writers {
    app: Desktop,
    author: Client,
    reviewer: Client,
    approver: Client,
    representative: Client,
}

impl Writers {
    async fn open(app: Desktop) -> Self {
        Self {
            author: app.actor("author", &[Role::Po]).await,
            reviewer: app.actor("reviewer", &[Role::Te]).await,
            approver: app.actor("approver", &[Role::Slm]).await,
            representative: app.actor("representative", &[Role::Mr]).await,
            app,
        }
    }

    /// The line of a version, signed by the first so many of reviewer and approver.
    fn history(version: &str, signed: usize) -> Value {
        let mut line = json!({
            "no": 1, "version": version, "place": "all", "content": "written", "changed_by": "author",
            "changed_on": "2026-03-01"
        });
        let signatures = [("reviewed_by", "reviewer"), ("approved_by", "approver")];
        for (name, who) in signatures.into_iter().take(signed) {
            line[name] = json!(who);
        }
        json!([line])
    }

    fn checks() -> Value {
        let principles = "conformity readability logic consistency system operability compatibility maintainability";
        principles.split(' ').collect()
    }

    async fn draft(&self, version: &str, more: Value) -> String {
        let mut fields = json!({
            "title": "Service policy", "class": "policy", "code": "SM-01001", "version": version, "controlled": true,
            "author": "author", "reviewer": "reviewer", "approver": "approver", "file_hash": sha256(TEXT),
            "change_history": Self::history(version, 0)
        });
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        let number = self.author.create("document", fields).await;
        let path = format!("/records/document/{number}/attachments?name=policy.txt");
        let kind = [("content-type", "text/plain")];
        assert_eq!(self.author.send("POST", &path, &kind, Some(TEXT.to_vec())).await.status, 201);
        number
    }

    /// What the reviewer fills in while the document is in review, and what the approver adds.
    async fn reviewed(&self, number: &str, version: &str) -> Value {
        let checked = json!({"quality_checks": Self::checks(), "change_history": Self::history(version, 1)});
        self.reviewer.patch(&format!("/records/document/{number}"), checked).await.ok();
        json!({"change_history": Self::history(version, 2)})
    }

    async fn approved(&self, version: &str, more: Value) -> String {
        let number = self.draft(version, more).await;
        self.author.go("document", &number, "in_review", json!({})).await;
        let signed = self.reviewed(&number, version).await;
        self.approver.go("document", &number, "approved", signed).await;
        number
    }

    async fn effective(&self, version: &str, more: Value) -> String {
        let number = self.approved(version, more).await;
        let fields = json!({"effective_on": "2026-03-01"});
        self.representative.go("document", &number, "effective", fields).await;
        number
    }
}

#[test]
fn a_document_is_written_reviewed_and_approved_by_different_people() {
    for_each_db(|app| async move {
        let writers = Writers::open(app).await;
        let path = "/records/document";
        let wrong = json!({"title": "x", "class": "policy", "code": "SM-1", "version": "1"});
        writers.author.post(path, wrong).await.problem(422, "version-scheme");
        let number = writers.draft("1.0", json!({})).await;
        let again = json!({"title": "x", "class": "policy", "code": "SM-01001", "version": "1.0"});
        writers.author.post(path, again).await.problem(422, "version-once");
        // The hash is that of a file which is there.
        let this = format!("{path}/{number}");
        writers.author.patch(&this, json!({"file_hash": "nonsense"})).await.problem(422, "file-hash");
        writers.author.patch(&this, json!({"file_hash": sha256(b"another")})).await.ok();
        let handed_in = step("document", &number, "in_review");
        writers.author.post(&handed_in, json!({})).await.problem(422, "file-attached");
        writers.author.patch(&this, json!({"file_hash": sha256(TEXT)})).await.ok();
        // Nobody signs for somebody else, or before there is something to sign.
        let checks = json!({"quality_checks": Writers::checks()});
        writers.author.patch(&this, checks.clone()).await.problem(422, "checked-by-the-reviewer");
        let history = |signed| json!({"change_history": Writers::history("1.0", signed)});
        writers.author.patch(&this, history(1)).await.problem(422, "reviewed-by-the-reviewer");
        writers.reviewer.patch(&this, history(1)).await.problem(422, "reviewed-by-the-reviewer");

        writers.reviewer.post(&handed_in, json!({})).await.problem(403, "role");
        writers.author.go("document", &number, "in_review", json!({})).await;
        let approved = step("document", &number, "approved");
        writers.author.post(&approved, json!({})).await.problem(403, "role");
        let mut all = history(2);
        all["quality_checks"] = Writers::checks();
        writers.approver.post(&approved, all).await.problem(422, "checked-by-the-reviewer");
        writers.approver.post(&approved, history(2)).await.problem(422, "required");
        writers.author.patch(&this, history(1)).await.problem(422, "reviewed-by-the-reviewer");
        writers.reviewer.patch(&this, history(2)).await.problem(422, "approved-by-the-approver");
        let mut some = history(1);
        some["quality_checks"] = json!(["logic"]);
        writers.reviewer.patch(&this, some).await.ok();
        writers.approver.post(&approved, json!({})).await.problem(422, "history-signed");
        writers.approver.post(&approved, history(2)).await.problem(422, "quality-checklist");
        // What comes back to its author is handed in unsigned again.
        writers.reviewer.go("document", &number, "draft", json!({})).await;
        writers.author.post(&handed_in, json!({})).await.problem(422, "handed-in-unreviewed");
        let mut unsigned = history(0);
        unsigned["quality_checks"] = json!(null);
        writers.author.patch(&this, unsigned).await.ok();
        writers.author.go("document", &number, "in_review", json!({})).await;
        let text = json!({"file_hash": "11"});
        writers.author.patch(&this, text).await.problem(422, "locked-field");
        let signed = writers.reviewed(&number, "1.0").await;
        writers.approver.go("document", &number, "approved", signed).await;

        // Who wrote it does not approve it, even where he is named.
        let own = writers.draft("1.1", json!({"approver": "author"})).await;
        writers.author.go("document", &own, "in_review", json!({})).await;
        writers.author.post(&step("document", &own, "approved"), json!({})).await.problem(403, "separation-of-duties");
    });
}

#[test]
fn customers_read_what_is_in_force_and_public() {
    for_each_db(|app| async move {
        let writers = Writers::open(app).await;
        let customer = writers.app.actor("zhao", &[Role::Cus]).await;
        let public = json!({"confidentiality": "public"});
        let draft = writers.draft("0.9", public.clone()).await;
        customer.get(&format!("/records/document/{draft}")).await.problem(403, "own");
        let first = writers.effective("1.0", public.clone()).await;
        assert_eq!(record(&customer, "document", &first).await["state"], "effective");
        let listed = list(&customer, "/records/document?class=policy&limit=1").await;
        assert_eq!((listed.len(), &listed[0]["number"]), (1, &json!(first)));
        let found = customer.get("/search?q=policy").await.ok();
        assert_eq!((found["hits"].as_array().unwrap().len(), &found["hits"][0]["number"]), (1, &json!(first)));
        // What is internal, as a document is unless it says otherwise, is none of his business; nor is what it replaced.
        let second = writers.effective("1.1", json!({})).await;
        assert!(list(&customer, "/records/document").await.is_empty());
        for number in [first, second] {
            customer.get(&format!("/records/document/{number}")).await.problem(403, "own");
        }
        let third = writers.effective("1.2", public).await;
        assert_eq!(record(&customer, "document", &third).await["version"], "1.2");
    });
}

#[test]
fn a_new_version_takes_the_place_of_the_old_one_and_is_acknowledged() {
    for_each_db(|app| async move {
        let writers = Writers::open(app).await;
        let draft = writers.draft("0.9", json!({})).await;
        writers.author.go("document", &draft, "in_review", json!({})).await;
        let signed = writers.reviewed(&draft, "0.9").await;
        writers.approver.go("document", &draft, "approved", signed).await;
        let effective = step("document", &draft, "effective");
        let on = json!({"effective_on": "2026-03-03"});
        writers.representative.post(&effective, on).await.problem(422, "draft-version");

        let old = writers.effective("1.0", json!({})).await;
        // A version takes effect on its day, and none after a higher one.
        let late = writers.approved("1.3", json!({})).await;
        let later = json!({"effective_on": "2026-06-01"});
        let effective = step("document", &late, "effective");
        writers.representative.post(&effective, later).await.problem(422, "takes-effect-in-time");
        let distribution = json!([{"to": "Li", "user": "li"}, {"to": "Archive"}, {"to": "Wu", "user": "wu"}]);
        let new = writers.effective("1.1", json!({"distribution": distribution})).await;
        assert_eq!(record(&writers.author, "document", &old).await["state"], "superseded");
        let lower = writers.approved("1.05", json!({})).await;
        let on = json!({"effective_on": "2026-03-01"});
        let effective = step("document", &lower, "effective");
        writers.representative.post(&effective, on).await.problem(422, "no-older-version");
        let now = record(&writers.author, "document", &new).await;
        assert_eq!((&now["state"], &now["review_due"]), (&json!("effective"), &json!("2027-03-01")));

        writers.app.at("2026-03-03T02:00:00Z").await;
        writers.app.at("2026-03-03T03:00:00Z").await;
        let made = list(&writers.author, "/records/acknowledgement?sort=user").await;
        let users: Vec<&str> = made.iter().map(|ack| ack["user"].as_str().unwrap()).collect();
        assert_eq!(users, ["li", "wu"]);
        assert_eq!((&made[0]["due"], &made[0]["document"]), (&json!("2026-03-17"), &json!(new)));
        let number = made[0]["number"].as_str().unwrap();
        let li = writers.app.actor("li", &[Role::Te]).await;
        let wu = writers.app.actor("wu", &[Role::Te]).await;
        wu.post(&step("acknowledgement", number, "confirmed"), json!({})).await.problem(403, "own");
        let auditor = writers.app.actor("auditor", &[Role::Aud]).await;
        let confirmed = step("acknowledgement", number, "confirmed");
        auditor.post(&confirmed, json!({})).await.problem(422, "own-acknowledgement");
        let confirmed = li.go("acknowledgement", number, "confirmed", json!({})).await;
        assert_eq!(confirmed["confirmed_at"], "2026-03-03T03:00:00Z");

        // Whoever has not confirmed by then is reminded; the old version is archived.
        writers.app.at("2026-04-03T00:00:00Z").await;
        assert_eq!(record(&writers.author, "document", &old).await["state"], "archived");
        let events = writers.app.desk.store.events_after(ORG, 0, 10_000).await.unwrap();
        let overdue: Vec<_> = events.iter().filter(|e| e.kind == "record.ack.reminder.overdue").collect();
        assert!(!overdue.is_empty() && overdue.iter().all(|e| e.number == made[1]["number"].as_str().unwrap()));
    });
}

#[test]
fn roles_are_given_by_somebody_else_and_a_process_has_one_owner() {
    for_each_db(|app| async move {
        let top = app.actor("director", &[Role::Top]).await;
        let representative = app.actor("representative", &[Role::Mr]).await;
        for user in ["li", "wu", "pan"] {
            app.actor(user, &[Role::Te]).await;
        }
        let fields =
            |user: &str, role: &str| json!({"title": "appointed", "user": user, "role": role, "from": "2026-01-01"});
        let number = representative.create("role-assignment", fields("li", "MR")).await;
        let approved = step("role-assignment", &number, "approved");
        top.post(&approved, json!({})).await.problem(422, "representative-in-writing");
        let own = top.create("role-assignment", fields("wu", "PO")).await;
        top.post(&step("role-assignment", &own, "approved"), json!({})).await.problem(403, "separation-of-duties");

        let card = json!({
            "title": "Incident management", "purpose": "p", "process_owner": "li", "inputs": "i", "outputs": "o",
            "activities": "a", "criteria": [], "quality_control": "q", "clause": "8.6.1"
        });
        let card = representative.create("process-card", card).await;
        let owner = |user: &str| {
            let mut fields = fields(user, "PO");
            fields["process"] = json!(card);
            fields
        };
        let first = representative.create("role-assignment", owner("li")).await;
        top.go("role-assignment", &first, "approved", json!({})).await;
        let second = representative.create("role-assignment", owner("wu")).await;
        let approved = step("role-assignment", &second, "approved");
        top.post(&approved, json!({})).await.problem(422, "one-accountable-owner");
        let path = format!("/records/role-assignment/{second}");
        representative.patch(&path, json!({"deputy_of": first})).await.ok();
        top.post(&approved, json!({})).await.ok();

        let publisher = representative.create("role-assignment", fields("pan", "PUB")).await;
        top.go("role-assignment", &publisher, "approved", json!({})).await;
        let administrator = representative.create("role-assignment", fields("pan", "ADM")).await;
        let approved = step("role-assignment", &administrator, "approved");
        top.post(&approved, json!({})).await.problem(422, "duties-are-separate");
        let auditor = representative.create("role-assignment", fields("li", "AUD")).await;
        let approved = step("role-assignment", &auditor, "approved");
        top.post(&approved, json!({})).await.problem(422, "duties-are-separate");
        let nobody = representative.post("/records/role-assignment", fields("nobody", "PO")).await;
        assert_eq!(nobody.problem(422, "reference")["field"], "user");
    });
}

#[test]
fn a_risk_is_treated_in_actions_and_accepted_by_those_who_may() {
    for_each_db(|app| async move {
        let owner = app.actor("owner", &[Role::Po]).await;
        let representative = app.actor("representative", &[Role::Mr]).await;
        let fields = json!({
            "title": "one supplier only", "kind": "risk", "area": "other-parties", "likelihood": 3, "impact": 4,
            "review_due": "2026-09-01"
        });
        let number = owner.create("risk", fields).await;
        let record = owner.go("risk", &number, "assessed", json!({})).await;
        assert_eq!((&record["rating"], &record["response"]), (&json!(12), &json!("escalate")));
        assert_eq!(record["treat_by"], "2026-04-02");
        let accept = json!({"treatment": "accept", "acceptance_criteria": "it never happened"});
        owner.post(&step("risk", &number, "accepted"), accept).await.problem(422, "acceptance-needs-top");
        owner.go("risk", &number, "treating", json!({"treatment": "reduce"})).await;
        let monitored = step("risk", &number, "monitored");
        let residual = json!({"residual_likelihood": 1, "residual_impact": 4});
        owner.post(&monitored, residual.clone()).await.problem(409, "treatment-in-actions");
        let action = json!({"title": "a second one", "text": "find one", "source": number, "due": "2026-03-20"});
        let action = owner.create("action-item", action).await;
        owner.post(&monitored, residual.clone()).await.problem(409, "treatment-in-actions");
        owner.go("action-item", &action, "done", json!({})).await;
        assert_eq!(owner.post(&monitored, residual).await.ok()["residual"], 4);
        let closed = step("risk", &number, "closed");
        representative.post(&closed, json!({})).await.problem(409, "effective-before-closing");
        owner.go("action-item", &action, "verified", json!({})).await;
        representative.post(&closed, json!({})).await.ok();
    });
}

#[test]
fn an_objective_is_tracked_and_revised_by_those_who_set_it() {
    for_each_db(|app| async move {
        let representative = app.actor("representative", &[Role::Mr]).await;
        let top = app.actor("director", &[Role::Top]).await;
        let measure = json!({
            "title": "CSAT", "formula": "csat", "unit": "%", "direction": "higher", "target": "85",
            "method": "survey", "frequency": "month", "analyst": "analyst"
        });
        let measure = app.actor("owner", &[Role::Po]).await.create("measure-definition", measure).await;
        let fields = json!({
            "title": "Satisfied customers", "measure": measure, "direction": "higher", "target": "85",
            "due": "2026-12-31", "resources": "two people", "method": "survey", "evaluation": "yearly"
        });
        let number = representative.create("objective", fields).await;
        let record = top.go("objective", &number, "approved", json!({})).await;
        assert_eq!(record["state"], "tracked");
        let path = format!("/records/objective/{number}");
        representative.patch(&path, json!({"target": "80"})).await.problem(422, "locked-field");
        let record = representative.patch(&path, json!({"actual": "83.3"})).await.ok();
        assert_eq!((&record["attainment_tenths"], &record["status"]), (&json!(980), &json!("amber")));
        let achieved = step("objective", &number, "achieved");
        representative.post(&achieved, json!({})).await.problem(422, "achieved-at-target");
        let revised = format!("{}?reason=fewer+answers", step("objective", &number, "revised"));
        let record = top.post(&revised, json!({"target": "83"})).await.ok();
        assert_eq!((&record["state"], &record["status"]), (&json!("tracked"), &json!("green")));
        // Looked at again and left as it is: both steps are said, and the revision that is answered is the one stored.
        let (revision, before) = (record["revision"].as_i64().unwrap(), app.desk.store.audit_head(ORG).await.unwrap());
        let again = top.post(&revised, json!({})).await.ok();
        assert_eq!((&again["state"], &again["revision"]), (&json!("tracked"), &json!(revision + 1)));
        assert_eq!(representative.get(&path).await.ok()["revision"], again["revision"]);
        let after = app.desk.store.audit_after(ORG, before.unwrap().0, i64::MAX).await.unwrap();
        let said: Vec<&str> = after.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(said, ["transition:revised", "transition:tracked"]);
        representative.post(&achieved, json!({})).await.ok();
    });
}

#[test]
fn the_demonstration_keeps_the_rules() {
    for_each_db(|app| async move {
        let first = demo::run(&app.desk, ORG).await.unwrap().numbers;
        let again = demo::run(&app.desk, ORG).await.unwrap().numbers;
        mortise::flows::reindex::run(&app.desk).await.unwrap();
        let findings = app.findings().await;
        assert!(findings.is_empty(), "{findings:#?}");
        assert_eq!(first, again);
    });
}
