use super::*;
use crate::domain::lifecycle;

#[test]
fn the_first_state_is_left_with_required_fields_only() {
    let record = incident();
    let refused = refusal(go(&agent(), &record, "assigned", json!({})), "required", Some("channel"));
    assert_eq!(refused.message, "channel is required before the record leaves the state new (and 1 more)");
    let change = go(&agent(), &record, "assigned", json!({"channel": "phone", "category": "mail"})).unwrap();
    assert_eq!((change.from.as_str(), change.to.as_str()), ("new", "assigned"));
    assert_eq!(change.changed, ["category", "channel", "state"]);
    assert!(change.moved());
    // An unfinished one can be withdrawn, and is read-only then.
    let cancelled = go(&agent(), &record, "cancelled", json!({})).unwrap().record;
    refusal(edit(&agent(), &cancelled, json!({"impact": 2})), "closed-record", None);
    assert_eq!(refusal(go(&agent(), &cancelled, "new", json!({})), "closed-record", None).class, Class::Conflict);
}

#[test]
fn transitions_check_name_role_and_fields() {
    let mut record = incident();
    record.state = "in_progress".into();
    let tech = user("tech", &[Role::Te]);
    let unknown = refusal(go(&tech, &record, "closed", json!({})), "unknown-transition", None);
    assert!(unknown.message.ends_with("it has assigned, awaiting_customer, awaiting_supplier, resolved"), "{unknown}");
    refusal(go(&user("cm", &[Role::Cm]), &record, "resolved", json!({})), "role", None);
    let refused =
        refusal(go(&tech, &record, "resolved", json!({"solution": "restarted"})), "required", Some("closure_code"));
    assert_eq!(refused.message, "closure_code is required for resolved");
    refusal(go(&tech, &record, "resolved", json!({"solution": 3})), "type", Some("solution"));
    refusal(go(&tech, &record, "resolved", json!({"pauses": []})), "computed-field", Some("pauses"));
    let resolved = go(&tech, &record, "resolved", json!({"solution": "restarted", "closure_code": "fixed"})).unwrap();
    assert_eq!(resolved.acting.to_string(), "TE");

    // A customer closes and reopens only incidents of his own.
    let client = user("client", &[Role::Cus]);
    refusal(go(&client, &resolved.record, "closed", json!({})), "own", None);
    let mut own = resolved.record.clone();
    own.data.insert("caller".into(), "client".into());
    assert_eq!(go(&client, &own, "closed", json!({})).unwrap().record.state, "closed");
    let names = |actor: &Actor, record: &Record| -> Vec<String> {
        let steps = lifecycle::available(kind("incident"), actor, record, &TransitionContext::default());
        steps.into_iter().map(|step| step.name.clone()).collect()
    };
    assert_eq!(names(&client, &own), ["in_progress", "closed"]);
    assert!(names(&client, &resolved.record).is_empty());
    assert!(names(&tech, &own).is_empty());
    assert_eq!(names(&Actor::host("org"), &own), ["closed"]);
}

fn change() -> Record {
    let input = json!({
        "title": "New disks", "type": "normal", "reason": "space", "impact": "none",
        "backout": {"state": "tested"}, "tests": {"planned": 1, "passed": 1},
        "window_from": "2026-03-31T20:00:00+08:00", "window_to": "2026-03-31T22:00:00+08:00",
        "cost": {"amount": "10", "currency": "CNY"},
    });
    make("change", &user("tech", &[Role::Te, Role::Cm]), input).unwrap()
}

#[test]
fn the_requester_never_approves() {
    let mut record = change();
    assert_eq!(record.data["window_from"], "2026-03-31T12:00:00Z");
    assert_eq!(record.data["cost"]["amount"], "10.00");
    record.state = "assessed".into();
    let approve = |actor: &Actor, context: &TransitionContext<'_>| {
        transition(kind("change"), actor, &record, "approved", Map::new(), context, Instant(0))
    };
    let route = [Role::Cm, Role::Top];
    let context = TransitionContext { route: &route, ..TransitionContext::default() };
    let refused =
        refusal(approve(&user("tech", &[Role::Te, Role::Cm]), &context), "separation-of-duties", Some("requester"));
    assert_eq!(refused.class, Class::Forbidden);
    assert_eq!(approve(&user("boss", &[Role::Cm]), &context).unwrap().record.state, "approved");
    assert_eq!(approve(&user("boss", &[Role::Top]), &context).unwrap().acting.to_string(), "TOP");
    let refused = refusal(approve(&user("board", &[Role::Cab]), &context), "role", None);
    assert_eq!(refused.message, "approved takes one of the roles CM, TOP");
    // Without a decision nobody approves, and the host only where the decision says so.
    refusal(approve(&user("boss", &[Role::Cm]), &TransitionContext::default()), "role", None);
    refusal(approve(&Actor::host("org"), &context), "role", None);
    let auto = TransitionContext { route_auto: true, ..TransitionContext::default() };
    assert_eq!(approve(&Actor::host("org"), &auto).unwrap().record.state, "approved");
}

#[test]
fn whoever_implemented_does_not_review() {
    let mut record = change();
    record.state = "implementing".into();
    let done = go(&user("tech", &[Role::Te]), &record, "implemented", json!({})).unwrap().record;
    assert_eq!(done.data["implementer"], "tech");
    let same = user("tech", &[Role::Te, Role::Cm]);
    refusal(go(&same, &done, "reviewed", json!({"outcome": "success"})), "separation-of-duties", Some("implementer"));
    let manager = user("manager", &[Role::Cm]);
    refusal(go(&manager, &done, "reviewed", json!({})), "required", Some("outcome"));
    go(&manager, &done, "reviewed", json!({"outcome": "success"})).unwrap();
}

fn agreement() -> Record {
    let input = json!({
        "title": "Mail for ACME", "customer": "CST-2026-000001", "service": "SVC-2026-000001", "version": "1",
        "targets": [{"priority": "P2", "response_s": 1800, "resolution_s": 14400, "calendar": "24x7"}],
        "availability_milli_pct": 99900, "calendar": "CLN-2026-000001", "workload_limit": 100,
        "consequence": "service credit", "review_due": "2027-03-31", "customer_signatory": "client",
    });
    let record = make("sla", &user("slm", &[Role::Slm]), input).unwrap();
    go(&user("slm", &[Role::Slm]), &record, "negotiating", json!({})).unwrap().record
}

#[test]
fn both_sides_sign() {
    let record = agreement();
    let (client, manager) = (user("client", &[Role::Cus]), user("slm", &[Role::Slm]));
    refusal(go(&user("other", &[Role::Cus]), &record, "agreed", json!({})), "own", None);
    let first = go(&client, &record, "agreed", json!({})).unwrap();
    assert_eq!((first.signed, first.moved()), (Some(Role::Cus), false));
    assert_eq!(first.changed, ["signatures"]);
    let signature = json!({"role": "CUS", "user": "client", "at": "1970-01-01T00:00:02Z", "for": "agreed"});
    assert_eq!(first.record.data["signatures"], json!([signature]));
    refusal(go(&client, &first.record, "agreed", json!({})), "already-signed", None);
    // One person with both roles does not sign for both sides.
    let both = user("client", &[Role::Cus, Role::Slm]);
    refusal(go(&both, &first.record, "agreed", json!({})), "already-signed", None);
    let mut named_too = first.record.clone();
    named_too.owner = "second".into();
    refusal(go(&user("second", &[Role::Cus]), &named_too, "agreed", json!({})), "already-signed", None);
    let second = go(&manager, &first.record, "agreed", json!({})).unwrap();
    assert_eq!((second.signed, second.record.state.as_str()), (None, "agreed"));
    assert_eq!(second.record.data["signatures"].as_array().unwrap().len(), 2);
    // What was signed is locked, but for the review date.
    refusal(edit(&manager, &second.record, json!({"workload_limit": 5})), "locked-field", Some("workload_limit"));
    edit(&manager, &second.record, json!({"review_due": "2027-06-30", "owner": "other"})).unwrap();
}

#[test]
fn an_edit_makes_pending_signatures_void() {
    let record = agreement();
    let manager = user("slm", &[Role::Slm]);
    let signed = go(&manager, &record, "agreed", json!({})).unwrap().record;
    let kept = edit(&manager, &signed, json!({"owner": "other"})).unwrap();
    assert!(kept.record.data.contains_key("signatures"));
    let edited = edit(&manager, &signed, json!({"workload_limit": 5})).unwrap();
    assert_eq!(edited.changed, ["signatures", "workload_limit"]);
    assert_eq!(edited.record.revision, signed.revision + 1);
    assert!(!edited.record.data.contains_key("signatures"));
}

#[test]
fn reopening_takes_two_people_and_a_reason_each_time() {
    let period = json!({"title": "March", "period": "2026-03", "budget": "BGT-2026-000001"});
    let mut record = make("period-close", &user("bud", &[Role::Bud]), period).unwrap();
    record.state = "closed".into();
    let (owner, top) = (user("bud", &[Role::Bud]), user("top", &[Role::Top]));
    let close = kind("period-close");
    let silent = transition(close, &owner, &record, "reopened", Map::new(), &TransitionContext::default(), Instant(0));
    refusal(silent, "reason-required", Some("reason"));
    refusal(go(&owner, &record, "reopened", json!({"pending": []})), "closed-record", None);
    let one = go(&owner, &record, "reopened", json!({})).unwrap().record;
    assert_eq!(one.state, "closed");
    assert_eq!(go(&top, &one, "reopened", json!({})).unwrap().record.state, "reopened");

    let mut budget = record;
    budget.kind = "budget".into();
    let one = go(&top, &budget, "reopened", json!({})).unwrap().record;
    let open = go(&owner, &one, "reopened", json!({})).unwrap().record;
    let mut closed = go(&owner, &open, "closed", json!({})).unwrap().record;
    assert!(!closed.data.contains_key("signatures"), "signatures of the first time do not count again");
    closed = go(&owner, &closed, "reopened", json!({})).unwrap().record;
    assert_eq!(closed.state, "closed");
}

#[test]
fn a_grade_d_is_signed_by_top_management() {
    let input = json!({"title": "Q1", "supplier": "SPL-2026-000001", "period": "2026-Q1", "measures": {}});
    let mut record = make("supplier-evaluation", &user("sup", &[Role::Sup]), input).unwrap();
    record.state = "scored".into();
    record.set_computed("grade", json!("C"));
    go(&user("sup", &[Role::Sup]), &record, "signed", json!({})).unwrap();
    record.set_computed("grade", json!("D"));
    refusal(go(&user("sup", &[Role::Sup]), &record, "signed", json!({})), "role", None);
    go(&user("top", &[Role::Top]), &record, "signed", json!({})).unwrap();
}
