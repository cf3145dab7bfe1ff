//! What is live, as one immutable value.

use std::collections::HashMap;
use std::sync::Arc;

use mortise_types::Process;

use crate::domain::component::{Activation, Scope, Subject};
use crate::engine::Prepared;

/// A component that is live for a scope, ready to be called.
pub struct Live {
    /// The activation that made it live.
    pub activation: Activation,
    /// The component's name and version, `NAME@VERSION`.
    pub name: String,
    /// Its settings, as JSON text.
    pub settings: Arc<str>,
    /// The compiled component.
    pub prepared: Prepared,
}

/// Everything that is live on this node.
#[derive(Default)]
pub struct Snapshot {
    live: HashMap<(String, Process), Vec<Arc<Live>>>,
    generations: HashMap<(String, String), i64>,
}

impl Snapshot {
    /// A snapshot of these activations under these generations.
    pub fn new(live: Vec<Live>, generations: HashMap<(String, String), i64>) -> Self {
        let mut by: HashMap<(String, Process), Vec<Arc<Live>>> = HashMap::new();
        for one in live {
            by.entry((one.activation.org.clone(), one.activation.process)).or_default().push(Arc::new(one));
        }
        for list in by.values_mut() {
            list.sort_by_key(|l| std::cmp::Reverse(l.activation.scope.rank()));
        }
        Self { live: by, generations }
    }

    /// The most specific live component that covers `subject`.
    pub fn resolve(&self, org: &str, process: Process, subject: &Subject) -> Option<Arc<Live>> {
        let list = self.live.get(&(org.to_owned(), process))?;
        list.iter().find(|l| l.activation.scope.covers(subject)).cloned()
    }

    /// What is live for the whole organisation.
    pub fn organisation(&self, org: &str, process: Process) -> Option<Arc<Live>> {
        let list = self.live.get(&(org.to_owned(), process))?;
        list.iter().find(|live| live.activation.scope == Scope::Organisation).cloned()
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
