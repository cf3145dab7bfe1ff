//! Looking records up: what is granted, what is recorded, and what ends a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mortise::domain::lookup::{LookupGrant, Query, Recorded, Row};
use mortise::engine::{Cause, Engine, Evaluation, Found, Grants, Lookups, Source, SourceError, Thread, Verdict, rule};
use mortise_types::Process;
use serde_json::{Value, json};

use super::{admit, assert_healthy, case, component, engine, engine_with};

/// Three action items, and a count of how often they were asked for.
#[derive(Default)]
struct Items(AtomicUsize);

impl Source for Items {
    fn select(&self, query: Query) -> Found<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let values = |n: usize| query.fields.iter().map(|field| Value::from(format!("{field} {n}"))).collect();
            Ok((1..=3).map(|n| Row { number: format!("ACT-2026-00000{n}"), values: values(n) }).collect())
        })
    }
}

/// Never answers.
struct Blocked;

impl Source for Blocked {
    fn select(&self, _: Query) -> Found<'_> {
        Box::pin(std::future::pending())
    }
}

/// Does not work, or does not understand.
struct Broken(SourceError);

impl Source for Broken {
    fn select(&self, _: Query) -> Found<'_> {
        Box::pin(async { Err(self.0.clone()) })
    }
}

fn grant() -> Arc<LookupGrant> {
    Arc::new(LookupGrant::parse(&["action-item:number,state,title".to_owned()], 50).unwrap())
}

fn live(source: impl Source + 'static) -> Lookups {
    Lookups::Live { grant: grant(), source: Arc::new(source) }
}

async fn run(engine: &Engine, settings: Value, lookups: Lookups) -> Evaluation {
    let prepared = admit(engine, component("guests/lookup")).await.prepared;
    let request = case(Process::Sla, "S01").request;
    engine.evaluate_with(&prepared, &request, &settings.to_string(), lookups, Thread::Shared).await
}

async fn fails(settings: Value, lookups: Lookups, cause: Cause, words: &str) -> Evaluation {
    let engine = engine();
    let evaluation = run(&engine, settings, lookups).await;
    let failure = evaluation.result.as_ref().unwrap_err();
    assert_eq!(failure.cause, cause, "{failure}");
    assert!(failure.message.contains(words), "{failure}");
    assert_healthy(&engine).await;
    evaluation
}

#[tokio::test]
async fn an_import_of_lookups_takes_a_grant() {
    let refused = engine().admit(component("guests/lookup"), &Grants::none()).await.map(|it| it.name).unwrap_err();
    assert_eq!(refused.rule, rule::UNGRANTED_IMPORT);
    assert!(refused.message.contains("itsm:records/lookup@0.1.0"), "{refused}");
    let imports = engine().imports(component("guests/lookup")).await.unwrap();
    assert_eq!(imports, ["itsm:records/lookup@0.1.0"]);
}

#[tokio::test]
async fn what_was_looked_up_is_recorded_and_answers_again() {
    let engine = engine();
    let source = Arc::new(Items::default());
    let lookups = Lookups::Live { grant: grant(), source: source.clone() };
    let first = run(&engine, json!({}), lookups).await;
    let Ok(Verdict::Decided(decision)) = &first.result else { panic!("{:?}", first.result) };
    let reason = decision.reasons.last().unwrap();
    let data = json!(reason.data).to_string();
    assert!(reason.code == "found" && data.contains('3') && data.contains("title 1"), "{reason:?}");
    let [made] = &first.lookups[..] else { panic!("{:?}", first.lookups) };
    assert_eq!((made.query.kind.as_str(), made.query.limit), ("action-item", 50), "no more rows than granted");
    assert_eq!(made.answer.as_ref().unwrap().len(), 3);

    // Through its stored form, without a source.
    let stored: Vec<Recorded> = mortise::domain::lookup::recorded(&json!(first.lookups).to_string()).unwrap();
    let again = run(&engine, json!({}), Lookups::Recorded(stored.clone())).await;
    assert_eq!(again.result.as_ref().unwrap(), first.result.as_ref().unwrap());
    assert_eq!((again.fuel, &again.lookups), (first.fuel, &first.lookups));
    assert_eq!(source.0.load(Ordering::Relaxed), 1);

    // What is not in the record has a name.
    let other = Lookups::Recorded(stored);
    fails(json!({"state": "done"}), other, Cause::LookupMissing, "not in the record").await;
    fails(json!({}), Lookups::Recorded(Vec::new()), Cause::LookupMissing, "action-item").await;
    fails(json!({}), Lookups::None, Cause::LookupMissing, "no records").await;
}

#[tokio::test]
async fn what_is_not_granted_is_refused_by_name_and_never_asked_for() {
    let source = Arc::new(Items::default());
    for (settings, named) in
        [(json!({"kind": "incident"}), "incident"), (json!({"field": "owner"}), "action-item.owner")]
    {
        let lookups = Lookups::Live { grant: grant(), source: source.clone() };
        let evaluation = run(&engine(), settings, lookups).await;
        let Ok(Verdict::Refused(refusal)) = &evaluation.result else { panic!("{:?}", evaluation.result) };
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("not-granted", named));
        assert_eq!(evaluation.lookups.len(), 1, "the refusal is part of the decision");
    }
    assert_eq!(source.0.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_source_that_never_answers_is_ended_by_the_clock() {
    let engine = engine_with(|config| config.limits.wall = Duration::from_millis(150));
    let evaluation = run(&engine, json!({}), live(Blocked)).await;
    assert_eq!(evaluation.result.unwrap_err().cause, Cause::Timeout);
    assert!(evaluation.took < Duration::from_secs(30), "{:?}", evaluation.took);
    assert_healthy(&engine).await;
}

#[tokio::test]
async fn a_flood_of_lookups_ends_the_call() {
    let limits = engine().limits().clone();
    let evaluation = fails(json!({"way": "flood"}), live(Items::default()), Cause::Lookup, "16 lookups").await;
    assert_eq!(evaluation.lookups.len(), limits.lookups);
    let rows = engine_with(|config| config.limits.lookup_rows = 5);
    let failure = run(&rows, json!({"way": "flood"}), live(Items::default())).await.result.unwrap_err();
    assert!(failure.message.contains("5 rows"), "{failure}");
    let bytes = engine_with(|config| config.limits.lookup_bytes = 300);
    let failure = run(&bytes, json!({"way": "flood"}), live(Items::default())).await.result.unwrap_err();
    assert!(failure.message.contains("300 bytes"), "{failure}");
}

#[tokio::test]
async fn handles_that_are_never_dropped_end_the_call() {
    fails(json!({"way": "hoard"}), live(Items::default()), Cause::Lookup, "8 lookups held").await;
}

#[tokio::test]
async fn records_that_cannot_be_read_are_not_the_component_s_fault() {
    let broken = Broken(SourceError::Failed("the disk is gone".to_owned()));
    let evaluation = fails(json!({}), live(broken), Cause::LookupFailed, "the disk is gone").await;
    assert!(!evaluation.result.unwrap_err().cause.blames_component());
    let invalid = Broken(SourceError::Invalid("state has no value 'x'".to_owned()));
    let evaluation = run(&engine(), json!({}), live(invalid)).await;
    let Ok(Verdict::Refused(refusal)) = &evaluation.result else { panic!("{:?}", evaluation.result) };
    assert_eq!(refusal.code, "invalid-lookup");
}
