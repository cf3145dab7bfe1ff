//! A made-up organisation: as many records as are asked for, the same for the same seed.
//!
//! Every record is checked against its kind and goes through the lifecycle's own transitions; numbers, indexed values,
//! references and the audit trail are written as for any other record. What differs: no component is asked (service
//! level clocks are worked out here, other decisions are left out), no timers are set, and no events are told, since
//! what is made up is no news.

mod clocks;
mod dice;
mod life;
mod order;
mod values;
mod words;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinHandle;

use super::{Desk, FlowError};
use crate::domain::{Instant, Kind, canonical};
use crate::store::StoreError;
use crate::store::unit::Unit;
use life::Frame;
use order::{Plan, Share};
use world::World;

/// Records a transaction, at the least and at the most: a page of an index is written once for each transaction that
/// adds to it.
const BATCH: (u64, u64) = (1_000, 10_000);
/// Transactions to aim at, so that there is progress to tell.
const STEPS: u64 = 50;
/// How far back records go, in milliseconds: two years.
const SPAN: i64 = 731 * 86_400_000;
/// What the rest stands on is made within the first month.
const FIRST_SPAN: i64 = 30 * 86_400_000;

/// What is to be made up.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Organisation that it goes into.
    pub org: String,
    /// Records, in all.
    pub records: u64,
    /// The same seed gives the same organisation, as long as the kinds are the same.
    pub seed: u64,
    /// When the two years end.
    pub until: Instant,
}

/// What was made.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Records by kind.
    pub made: BTreeMap<String, u64>,
    /// Reasons why a record was not made, with how many and an example.
    pub refused: BTreeMap<String, (u64, String)>,
}

impl Report {
    /// Records made, in all.
    pub fn records(&self) -> u64 {
        self.made.values().sum()
    }
}

/// Makes up an organisation; `tell` hears how many records there are after each batch.
///
/// # Errors
/// When the database fails.
pub async fn run(desk: &Desk, wish: &Wish, tell: impl Fn(u64)) -> Result<Report, FlowError> {
    let users = usize::try_from(wish.records / 500).unwrap_or(usize::MAX).clamp(40, 5_000);
    // What is there already keeps its identifiers.
    let trail = desk.store.audit_head(&wish.org).await?.map_or(0, |(length, _)| length);
    let ids = canonical::sha256(format!("{} {} {trail}", wish.org, wish.seed).as_bytes());
    let ids = ids.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or_default();
    let mut filler = Filler {
        desk,
        wish,
        world: World::new(wish.seed, ids, users),
        policy: desk.policy.constants.to_json(),
        batch: usize::try_from((wish.records / STEPS).clamp(BATCH.0, BATCH.1)).unwrap_or(usize::MAX),
        waiting: Vec::new(),
        writing: None,
        report: Report::default(),
        tell: &tell,
    };
    desk.store.brace().await?;
    let Plan { first, daily, days, last } = order::plan(&desk.kinds(&wish.org), wish.records);
    let begin = wish.until.plus(-SPAN);
    for share in &first {
        filler.all(share, begin, FIRST_SPAN, false).await?;
    }
    filler.days(&daily, days, begin.plus(FIRST_SPAN)).await?;
    for share in &last {
        filler.all(share, begin.plus(FIRST_SPAN), SPAN - FIRST_SPAN, false).await?;
    }
    filler.write().await?;
    filler.settle().await?;
    let report = filler.report;
    desk.store.tidy().await?;
    Ok(report)
}

struct Filler<'f, T> {
    desk: &'f Desk,
    wish: &'f Wish,
    world: World,
    /// The organisation's constants, as formulas read them.
    policy: Value,
    /// Records a transaction.
    batch: usize,
    waiting: Vec<Unit>,
    writing: Option<JoinHandle<Result<(), StoreError>>>,
    report: Report,
    tell: &'f T,
}

impl<T: Fn(u64)> Filler<'_, T> {
    /// Makes all records of a kind, one after another over a time.
    async fn all(&mut self, share: &Share, from: Instant, span: i64, daily: bool) -> Result<(), FlowError> {
        let count = i64::try_from(share.count).unwrap_or(i64::MAX);
        for i in 0..count {
            self.one(&share.kind, from.plus(moment(i, count, span)), daily).await?;
        }
        Ok(())
    }

    /// Makes what comes in day by day, the kinds mixed.
    async fn days(&mut self, daily: &[(Arc<Kind>, usize)], total: u64, from: Instant) -> Result<(), FlowError> {
        let weights: Vec<(usize, usize)> = daily.iter().enumerate().map(|(i, (_, weight))| (i, *weight)).collect();
        let total = i64::try_from(total).unwrap_or(i64::MAX);
        for i in 0..total {
            let at = from.plus(moment(i, total, SPAN - FIRST_SPAN));
            if let Some(kind) = self.world.dice.weigh(&weights).and_then(|i| daily.get(i)) {
                self.one(&kind.0, at, true).await?;
            }
        }
        Ok(())
    }

    async fn one(&mut self, kind: &Kind, at: Instant, daily: bool) -> Result<(), FlowError> {
        let org = &self.wish.org;
        self.world.reserve(self.desk, org, &kind.prefix, at.year(), 1).await?;
        let frame = Frame { org, kind, daily, at, until: self.wish.until, policy: &self.policy };
        match life::live(&mut self.world, frame) {
            Ok(unit) => {
                *self.report.made.entry(kind.slug.clone()).or_default() += 1;
                self.waiting.push(unit);
            }
            Err(refusal) => {
                let why = format!("{}: {}", kind.slug, refusal.rule);
                let (count, example) = self.report.refused.entry(why).or_default();
                *count += 1;
                *example = refusal.message;
            }
        }
        if self.waiting.len() >= self.batch { self.write().await } else { Ok(()) }
    }

    /// Writes what waits, while the next batch is made.
    async fn write(&mut self) -> Result<(), FlowError> {
        self.settle().await?;
        let units = std::mem::take(&mut self.waiting);
        let store = self.desk.store.clone();
        self.writing = Some(tokio::spawn(async move { store.commit_all(units).await }));
        (self.tell)(self.report.records());
        // Gives the writer the thread where there is only one.
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), FlowError> {
        if let Some(writing) = self.writing.take() {
            writing.await.map_err(|_| StoreError::Closed)??;
        }
        Ok(())
    }
}

/// The i-th of `count` moments that lie evenly in a time, from its beginning.
fn moment(i: i64, count: i64, span: i64) -> i64 {
    let offset = i128::from(i) * i128::from(span) / i128::from(count.max(1));
    i64::try_from(offset).unwrap_or(span)
}
