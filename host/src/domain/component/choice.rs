//! Who judges a record: the choice among everything that has a say, as one pure function.
//!
//! The most specific scope that covers the record decides. Within a scope, a canary decides for its share of the
//! records, the active one for the others. An activation that leaves records alone that were opened before it
//! (`opened_after`) hands these to whoever judged them until then; where nobody did, the next less specific scope
//! decides. What was chosen never depends on a shadow.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Activation, Mode, Scope, Subject};
use crate::domain::time::Instant;

/// What a decision is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What scopes care for.
    pub subject: &'a Subject,
    /// Number of the record.
    pub number: &'a str,
    /// When the record was made.
    pub created_at: Instant,
}

/// On which side of a canary a decision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The active component decides.
    Active,
    /// The canary decides.
    Canary,
}

/// Who decides, and who is asked beside.
#[derive(Debug)]
pub struct Choice<T> {
    /// The one that decides.
    pub live: Arc<T>,
    /// As what it decides.
    pub side: Side,
    /// The candidate that is asked the same beside it, without effect.
    pub shadow: Option<Arc<T>>,
}

/// An activation, with what judges the records that it leaves alone.
#[derive(Debug)]
pub struct Judge<T> {
    /// The activation.
    pub live: Arc<T>,
    /// Who judges records that were opened before it; only when it leaves them alone.
    before: Option<Say<T>>,
}

/// What has a say in a scope: one that is active and one candidate.
#[derive(Debug)]
pub struct Say<T> {
    /// The active one.
    pub active: Option<Arc<Judge<T>>>,
    /// The candidate, in shadow or a canary.
    pub candidate: Option<Arc<Judge<T>>>,
}

impl<T> Default for Say<T> {
    fn default() -> Self {
        Self { active: None, candidate: None }
    }
}

/// Puts activations of one process in order: the live ones by scope, the most specific first, and behind each what was
/// live before, as far as records still depend on it. Ended activations come along to be found there.
pub fn arrange<T: AsRef<Activation>>(rows: impl IntoIterator<Item = Arc<T>>) -> Vec<(Scope, Say<T>)> {
    let mut scopes: HashMap<Scope, Vec<Arc<T>>> = HashMap::new();
    for row in rows {
        scopes.entry((*row).as_ref().scope.clone()).or_default().push(row);
    }
    let mut arranged: Vec<_> = scopes.into_iter().map(|(scope, rows)| (scope, say(rows))).collect();
    arranged.retain(|(_, say)| say.active.is_some() || say.candidate.is_some());
    // Among scopes that are as specific, the one that was decided about first.
    let first = |say: &Say<T>| say.active.as_ref().or(say.candidate.as_ref()).map(|j| j.activation().generation);
    arranged.sort_by_key(|(scope, say)| (std::cmp::Reverse(scope.rank()), first(say), scope.value().to_owned()));
    arranged
}

/// The rows of one scope. What a row hands records to is older than the row itself, so one walk builds everything.
fn say<T: AsRef<Activation>>(mut rows: Vec<Arc<T>>) -> Say<T> {
    rows.sort_by_key(|row| (**row).as_ref().generation);
    let mut known: Vec<Arc<Judge<T>>> = Vec::with_capacity(rows.len());
    for row in rows {
        let own: &Activation = (*row).as_ref();
        let before = own.opened_after.then(|| {
            let then = |of: fn(Mode) -> bool| {
                let mut earlier = known.iter().rev().filter(|judge| of(judge.activation().mode));
                earlier.find(|judge| judge.activation().was_live_at(own.before_generation)).cloned()
            };
            // A canary of something else has been withdrawn since; one of the same has become this.
            let canary = then(|mode| matches!(mode, Mode::Canary(_)));
            let candidate = canary.filter(|judge| judge.activation().same_policy(own));
            // A canary takes nothing from what is active: it only ever hands records to its own earlier shares.
            let active = (own.mode == Mode::Active).then(|| then(|mode| mode == Mode::Active)).flatten();
            Say { active, candidate }
        });
        known.push(Arc::new(Judge { live: row, before }));
    }
    let live = |of: fn(Mode) -> bool| {
        let mut found = known.iter().filter(|judge| judge.activation().is_live());
        found.find(|judge| of(judge.activation().mode)).cloned()
    };
    Say { active: live(|mode| mode == Mode::Active), candidate: live(Mode::is_candidate) }
}

impl<T: AsRef<Activation>> Judge<T> {
    /// The activation.
    pub fn activation(&self) -> &Activation {
        (*self.live).as_ref()
    }

    /// True when the record was opened before this activation, and keeps the judge it had.
    fn leaves_alone(&self, question: &Question<'_>) -> bool {
        let own = self.activation();
        own.opened_after && question.created_at < own.since()
    }

    /// The canary that has the record: this one, or an earlier share of the same that it leaves records to.
    fn canary<'a>(self: &'a Arc<Self>, question: &Question<'_>) -> Option<&'a Arc<Self>> {
        let mut one = self;
        loop {
            let Mode::Canary(percent) = one.activation().mode else { return None };
            if !one.leaves_alone(question) {
                return (bucket(one.activation(), question.number) < percent).then_some(one);
            }
            one = one.before.as_ref()?.candidate.as_ref()?;
        }
    }
}

impl<T: AsRef<Activation>> Say<T> {
    /// Who decides about the record in this scope; `None` when nobody does.
    fn judge(&self, question: &Question<'_>) -> Option<(&Arc<Judge<T>>, Side)> {
        let mut say = self;
        loop {
            if let Some(canary) = say.candidate.as_ref().and_then(|candidate| candidate.canary(question)) {
                return Some((canary, Side::Canary));
            }
            let active = say.active.as_ref()?;
            if !active.leaves_alone(question) {
                return Some((active, Side::Active));
            }
            say = active.before.as_ref()?;
        }
    }

    /// The candidate, if it is asked about the record without deciding.
    fn shadow(&self, question: &Question<'_>) -> Option<&Arc<Judge<T>>> {
        let candidate = self.candidate.as_ref()?;
        (candidate.activation().mode == Mode::Shadow && !candidate.leaves_alone(question)).then_some(candidate)
    }

    /// Everything that may still be asked: what is live, and what it leaves records to.
    pub fn reachable(&self) -> Vec<Arc<T>> {
        let mut found: Vec<Arc<T>> = Vec::new();
        let mut open: Vec<&Arc<Judge<T>>> = self.active.iter().chain(&self.candidate).collect();
        while let Some(judge) = open.pop() {
            if found.iter().any(|known| Arc::ptr_eq(known, &judge.live)) {
                continue;
            }
            found.push(Arc::clone(&judge.live));
            open.extend(judge.before.iter().flat_map(|say| say.active.iter().chain(&say.candidate)));
        }
        found
    }
}

/// Who decides about a record, and which candidate is asked beside; `None` when no scope that covers it has anybody.
/// A shadow is asked where it would decide if it were active: not below a more specific scope's word.
pub fn choose<T: AsRef<Activation>>(scopes: &[(Scope, Say<T>)], question: &Question<'_>) -> Option<Choice<T>> {
    let mut shadow: Option<&Arc<Judge<T>>> = None;
    for (scope, say) in scopes.iter().filter(|(scope, _)| scope.covers(question.subject)) {
        shadow = shadow.or_else(|| say.shadow(question));
        let Some((judge, side)) = say.judge(question) else { continue };
        // Scopes that are as specific come in an order of their own: a shadow in any of them may be asked.
        let mut equals =
            scopes.iter().filter(|(other, _)| other.rank() == scope.rank() && other.covers(question.subject));
        let shadow = shadow.or_else(|| equals.find_map(|(_, say)| say.shadow(question)));
        return Some(Choice {
            live: Arc::clone(&judge.live),
            side,
            shadow: shadow.map(|shadow| Arc::clone(&shadow.live)),
        });
    }
    None
}

/// In which hundredth a record is for a canary, 0 to 99: always the same for the same component, settings, scope and
/// record, on every node, so that raising the percentage only adds records.
pub(super) fn bucket(candidate: &Activation, number: &str) -> u8 {
    let mut hash = Sha256::new();
    let scope = &candidate.scope;
    for part in [candidate.digest.as_str(), candidate.settings_hash.as_str(), scope.kind(), scope.value(), number] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let hash = hash.finalize();
    let first = hash.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    u8::try_from(first % 100).unwrap_or(0)
}
