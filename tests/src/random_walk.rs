//! A random walk over the API: several people at once make, change and move records of every kind, rightly and
//! wrongly, while the host does its part. Whatever they do, only what the dictionary allows happens to a record, no
//! acknowledged change is lost, every refusal names its rule, and the audit chain verifies.

#![allow(clippy::unwrap_used)]

mod dice;
mod model;
mod values;
mod verdict;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use mortise::domain::{Kind, Role};
use mortise::flows::fire_timers;
use serde_json::{Map, Value, json};

use crate::app::{Answer, Client, Desktop, for_each_db};
use dice::Dice;
use model::{Acknowledged, Model};
use values::Values;

/// Steps that each of the walkers takes.
const STEPS: u64 = 260;
/// Hours that the clock moves on at most.
const HOURS: u64 = 30;

/// Prints the seed of a walk that fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the walk of seed {} failed: RANDOM_WALK_SEED={} walks it again", self.0, self.0);
        }
    }
}

fn seed() -> u64 {
    let given = std::env::var("RANDOM_WALK_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or(0x5EED_0D1C_E5EE_D001)
}

/// Who walks: some with one hat, some with every one, so that records get far and every refusal is met.
fn walkers() -> Vec<(&'static str, Vec<Role>)> {
    let all = || Role::ALL.to_vec();
    vec![
        ("ann", vec![Role::Sd, Role::Te]),
        ("bob", vec![Role::Po, Role::Cm]),
        ("cai", vec![Role::Cus]),
        ("dan", vec![Role::Slm, Role::Sup, Role::Bud, Role::Sec]),
        ("eve", vec![Role::Top, Role::Mr, Role::Aud]),
        ("fay", all()),
        ("gao", all()),
        ("han", all()),
    ]
}

#[test]
fn whatever_people_do_at_once_the_records_stay_what_they_should_be() {
    for_each_db(|app| async move {
        let seed = Seed(seed());
        let model = Arc::new(Model::default());
        let kinds: Arc<Vec<Arc<Kind>>> = Arc::new(app.desk.kinds(crate::app::ORG).iter().cloned().collect());
        let hours = Arc::new(AtomicI64::new(0));
        let mut walks = tokio::task::JoinSet::new();
        for (index, (user, roles)) in walkers().into_iter().enumerate() {
            let client = app.actor(user, &roles).await;
            let walk = Walk {
                app: app.clone(),
                client,
                kinds: Arc::clone(&kinds),
                model: Arc::clone(&model),
                hours: Arc::clone(&hours),
                dice: Dice::new(seed.0 ^ (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)),
                first: index == 0,
            };
            walks.spawn(walk.run());
        }
        while let Some(done) = walks.join_next().await {
            done.unwrap();
        }
        verdict::check(&app, &kinds, &model).await;
        mortise::flows::reindex::run(&app.desk).await.unwrap();
        let findings = app.findings().await;
        assert!(findings.is_empty(), "{findings:#?}");
        drop(seed);
    });
}

/// One person's way.
struct Walk {
    app: Desktop,
    client: Client,
    kinds: Arc<Vec<Arc<Kind>>>,
    model: Arc<Model>,
    hours: Arc<AtomicI64>,
    dice: Dice,
    /// The first one moves the clock, too: time has one hand.
    first: bool,
}

impl Walk {
    async fn run(mut self) {
        for step in 0..STEPS {
            if self.first && step % 8 == 7 {
                self.time_passes().await;
            }
            // Records first, or there is nothing to be moved.
            match self.dice.roll(10) + if step < 40 { 0 } else { 2 } {
                0..=4 => self.create().await,
                5 | 6 => self.update().await,
                _ => self.transition().await,
            }
        }
    }

    async fn time_passes(&mut self) {
        let start: mortise::domain::Instant = crate::app::START.parse().unwrap();
        let hours = 1 + self.dice.roll(HOURS) as i64;
        let hours = self.hours.fetch_add(hours, Ordering::SeqCst) + hours;
        self.app.clock.set(start.plus(hours * 3_600_000));
        fire_timers::run(&self.app.desk).await.unwrap();
    }

    fn values(&mut self) -> Values<'_> {
        Values { dice: &mut self.dice, model: &self.model, hours: self.hours.load(Ordering::SeqCst) }
    }

    async fn create(&mut self) {
        let kind = Arc::clone(self.dice.of(&self.kinds));
        let fields: Vec<_> = kind.all_fields().filter(|field| !field.computed && field.name != "links").collect();
        let mut input = Map::new();
        for field in fields {
            // What is required is given nearly always, the rest now and then.
            let given = if field.required { self.dice.roll(20) > 0 } else { self.dice.roll(4) == 0 };
            if given && let Some(value) = self.values().of(field) {
                input.insert(field.name.clone(), value);
            }
        }
        input.insert("description".to_owned(), json!(self.model.token()));
        let answer = self.client.post(&format!("/records/{}", kind.slug), Value::Object(input.clone())).await;
        self.note(&kind, &answer, &input, None);
    }

    async fn update(&mut self) {
        let Some((kind, number, known)) = self.known() else { return };
        let mut patch = self.some_fields(&kind, 2);
        patch.insert("description".to_owned(), json!(self.model.token()));
        let path = format!("/records/{}/{number}", kind.slug);
        let body = Value::Object(patch.clone()).to_string().into_bytes();
        let (tag, expected) = self.revision(known);
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(tag.as_deref().map(|tag| ("if-match", tag)));
        let answer = self.client.send("PATCH", &path, &headers, Some(body)).await;
        self.note(&kind, &answer, &patch, expected);
    }

    async fn transition(&mut self) {
        let Some((kind, number, known)) = self.known() else { return };
        let state = self.model.state(&number);
        let from_here: Vec<_> = kind.transitions_from(&state).cloned().collect();
        // Mostly a step that leads on from here; sometimes any other state's name.
        let step = (self.dice.roll(5) > 0 && !from_here.is_empty()).then(|| self.dice.of(&from_here).clone());
        let name = match &step {
            Some(step) => step.name.clone(),
            None => self.dice.of(&kind.states).name.clone(),
        };
        let mut input = Map::new();
        for name in step.iter().flat_map(|step| &step.require) {
            let field = kind.field(name).filter(|field| !field.computed).cloned();
            if let Some(value) = field.and_then(|field| self.values().of(&field)) {
                input.insert(name.clone(), value);
            }
        }
        let path = format!("/records/{}/{number}/transitions/{name}?reason=because", kind.slug);
        let body = Value::Object(input.clone()).to_string().into_bytes();
        let (tag, expected) = self.revision(known);
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(tag.as_deref().map(|tag| ("if-match", tag)));
        let answer = self.client.send("POST", &path, &headers, Some(body)).await;
        self.note(&kind, &answer, &input, expected);
    }

    /// A record that somebody made, with the newest revision that was acknowledged.
    fn known(&mut self) -> Option<(Arc<Kind>, String, i64)> {
        let (slug, number, revision) = self.model.any(&mut self.dice)?;
        let kind = self.kinds.iter().find(|kind| kind.slug == slug)?;
        Some((Arc::clone(kind), number, revision))
    }

    /// The revision to work from, if any: the newest known one, or one that is certainly old.
    fn revision(&mut self, known: i64) -> (Option<String>, Option<i64>) {
        let revision = match self.dice.roll(4) {
            0 => known,
            1 if known > 1 => 1 + self.dice.roll(known.unsigned_abs() - 1) as i64,
            _ => return (None, None),
        };
        (Some(format!("\"{revision}\"")), Some(revision))
    }

    fn some_fields(&mut self, kind: &Kind, most: u64) -> Map<String, Value> {
        let fields: Vec<_> = kind.fields.iter().filter(|field| !field.computed).cloned().collect();
        let mut patch = Map::new();
        if fields.is_empty() {
            return patch;
        }
        for _ in 0..self.dice.roll(most + 1) {
            let field = self.dice.of(&fields).clone();
            if let Some(value) = self.values().of(&field) {
                patch.insert(field.name.clone(), value);
            }
        }
        patch
    }

    /// Keeps what was acknowledged; checks how it was refused.
    fn note(&self, kind: &Kind, answer: &Answer, input: &Map<String, Value>, expected: Option<i64>) {
        if !(200..300).contains(&answer.status) {
            self.model.refused(kind, answer);
            return;
        }
        let revision = answer.body["revision"].as_i64().unwrap();
        if let Some(expected) = expected {
            assert_eq!(revision, expected + 1, "written over another revision: {}", answer.text);
        }
        let fields = input.keys().map(|name| (name.clone(), answer.body.get(name).cloned().unwrap_or_default()));
        self.model.acknowledge(Acknowledged {
            kind: kind.slug.clone(),
            number: answer.body["number"].as_str().unwrap().to_owned(),
            state: answer.body["state"].as_str().unwrap().to_owned(),
            revision,
            fields: fields.collect(),
        });
    }
}
