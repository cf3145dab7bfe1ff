//! What is live, as one immutable value.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use mortise_types::Process;

use crate::domain::breaker::{Breaker, State};
use crate::domain::component::{Activation, Choice, Question, Say, Scope, Subject, arrange, choose};
use crate::domain::lookup::LookupGrant;
use crate::engine::Prepared;
use crate::telemetry::metrics::Meter;

/// A component that has a say in a scope, ready to be called.
pub struct Live {
    /// The activation that made it live.
    pub activation: Activation,
    /// The component's name and version, `NAME@VERSION`.
    pub name: String,
    /// Its settings, as JSON text.
    pub settings: Arc<str>,
    /// The compiled component; or why it does not load on this node.
    pub prepared: Result<Prepared, Arc<str>>,
    /// What it may look up; none where it does not import lookups.
    pub lookups: Option<Arc<LookupGrant>>,
    /// Counts what it is asked.
    pub meter: Meter,
    /// Where its breaker stands; none where it never tripped.
    pub breaker: Option<Breaker>,
    /// The last good version of its scope, which decides while its breaker is open; none where there is none, or it
    /// wants something else to happen.
    pub fallback: Option<Arc<Live>>,
}

impl Live {
    /// Where its breaker stands.
    pub fn stands(&self) -> State {
        self.breaker.as_ref().map_or(State::Closed, |breaker| breaker.state)
    }
}

impl AsRef<Activation> for Live {
    fn as_ref(&self) -> &Activation {
        &self.activation
    }
}

/// Who has a say in which scope, the most specific first.
type Says = Vec<(Scope, Say<Live>)>;

/// Everything that is live on this node.
#[derive(Default)]
pub struct Snapshot {
    scopes: HashMap<(String, Process), Says>,
    generations: HashMap<(String, String), i64>,
}

impl Snapshot {
    /// A snapshot of these activations under these generations: the live ones, and those that ended but still judge
    /// records that were opened before their successors.
    pub fn new(live: Vec<Arc<Live>>, generations: HashMap<(String, String), i64>) -> Self {
        let mut by: HashMap<(String, Process), Vec<Arc<Live>>> = HashMap::new();
        for one in live {
            by.entry((one.activation.org.clone(), one.activation.process)).or_default().push(one);
        }
        Self { scopes: by.into_iter().map(|(key, rows)| (key, arrange(rows))).collect(), generations }
    }

    /// Who decides about a record, and which candidate is asked beside; see [`choose`].
    pub fn choose(&self, org: &str, process: Process, question: &Question<'_>) -> Option<Choice<Live>> {
        choose(self.scopes(org, process), question)
    }

    /// The active component for something that is no record: the most specific one that covers `subject`.
    pub fn resolve(&self, org: &str, process: Process, subject: &Subject) -> Option<Arc<Live>> {
        let mut covering = self.scopes(org, process).iter().filter(|(scope, _)| scope.covers(subject));
        covering.find_map(|(_, say)| say.active.as_ref().map(|judge| Arc::clone(&judge.live)))
    }

    /// Who decides about something that is no record, the most specific scope first: what is active, its last good
    /// version while its breaker is open.
    pub fn deciding(&self, org: &str, process: Process, subject: &Subject) -> Vec<Arc<Live>> {
        let covering = self.scopes(org, process).iter().filter(|(scope, _)| scope.covers(subject));
        let active = covering.filter_map(|(_, say)| say.active.as_ref().map(|judge| &judge.live));
        let stands = active.filter_map(|live| match live.stands() {
            State::Closed => Some(Arc::clone(live)),
            State::Open | State::Probing => live.fallback.clone(),
        });
        stands.collect()
    }

    /// Activations that ended and decide all the same: for records that were opened before their successors, or in the
    /// place of one whose breaker is open.
    pub fn standing_in(&self, org: &str) -> HashSet<String> {
        let of = self.scopes.iter().filter(|((own, _), _)| own == org);
        let all = of.flat_map(|(_, says)| says).flat_map(|(_, say)| say.reachable());
        let with = all.flat_map(|live| [live.fallback.clone(), Some(live)]).flatten();
        with.filter(|live| !live.activation.is_live()).map(|live| live.activation.id.clone()).collect()
    }

    /// What is active for the whole organisation.
    pub fn organisation(&self, org: &str, process: Process) -> Option<Arc<Live>> {
        self.active(org, process, &Scope::Organisation)
    }

    /// What is active for the whole organisation, where an activation is for a part of it: beyond all that is active for
    /// scopes between the two.
    pub fn beyond(&self, of: &Activation) -> Option<Arc<Live>> {
        let wide = self.organisation(&of.org, of.process)?;
        Some(wide).filter(|_| of.scope != Scope::Organisation)
    }

    /// What is active for this very scope.
    pub fn active(&self, org: &str, process: Process, of: &Scope) -> Option<Arc<Live>> {
        let (_, say) = self.scopes(org, process).iter().find(|(scope, _)| scope == of)?;
        say.active.as_ref().map(|judge| Arc::clone(&judge.live))
    }

    /// Who decides in place of an activation whose breaker is open: the last good version of its scope; where there is
    /// none, whoever decides in the next less specific scope. None where nobody does.
    pub fn instead(&self, org: &str, process: Process, question: &Question<'_>, of: &Live) -> Option<Arc<Live>> {
        let wider = || self.wider(org, process, question, &of.activation.scope);
        of.fallback.clone().or_else(wider)
    }

    /// Who decides in the next scope that is less specific than this one, as far as its breaker lets it; its last good
    /// version while it is open. None where nobody does.
    pub fn wider(&self, org: &str, process: Process, question: &Question<'_>, than: &Scope) -> Option<Arc<Live>> {
        // Scopes are sorted, the most specific first.
        let scopes = self.scopes(org, process);
        let rest = scopes.iter().position(|(scope, _)| scope.rank() < than.rank())?;
        let next = choose(&scopes[rest..], question)?.live;
        match next.stands() {
            State::Closed => Some(next),
            State::Open | State::Probing => self.instead(org, process, question, &next),
        }
    }

    /// What is live by the identifier of its activation, as far as this node calls it.
    pub fn find(&self, org: &str, process: Process, activation: &str) -> Option<Arc<Live>> {
        let all = self.scopes(org, process).iter().flat_map(|(_, say)| say.reachable());
        all.into_iter().find(|live| live.activation.id == activation)
    }

    /// What does not load on this node, and whose breaker does not say so yet.
    pub fn unloaded(&self) -> Vec<Arc<Live>> {
        let all = self.scopes.values().flatten().flat_map(|(_, say)| say.reachable());
        all.filter(|live| live.prepared.is_err() && live.stands() == State::Closed).collect()
    }

    /// A candidate by the identifier of its activation, while it is one.
    pub fn candidate(&self, org: &str, process: Process, activation: &str) -> Option<Arc<Live>> {
        let candidates = self.scopes(org, process).iter().filter_map(|(_, say)| say.candidate.as_ref());
        let mut live = candidates.map(|judge| &judge.live);
        live.find(|live| live.activation.id == activation).map(Arc::clone)
    }

    fn scopes(&self, org: &str, process: Process) -> &[(Scope, Say<Live>)] {
        self.scopes.get(&(org.to_owned(), process)).map_or(&[], Vec::as_slice)
    }

    /// True when nothing was activated since this snapshot was taken.
    pub fn is_at(&self, generations: &HashMap<(String, String), i64>) -> bool {
        self.generations == *generations
    }

    /// The generation this node runs for a process; 0 when nothing was ever activated.
    pub fn generation(&self, org: &str, process: Process) -> i64 {
        self.generations.get(&(org.to_owned(), process.slug().to_owned())).copied().unwrap_or_default()
    }
}
