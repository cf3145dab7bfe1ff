//! What depends on what, kept in memory for each organisation that was asked about lately.
//!
//! A graph is read from the database once and then follows the audit trail: before every answer, the records that have
//! an entry since are read again. So an answer knows everything that was committed before the question, on every node,
//! and costs two small reads and a walk in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, RwLock};
use tokio::time::Instant;

use crate::domain::Kinds;
use crate::domain::configuration::graph::{self, Graph, Standing, Stored};
use crate::flows::{Desk, FlowError};
use crate::store::StoreError;
use crate::store::snapshot::GraphRow;

/// A graph that nobody asked for this long is forgotten.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// With more entries than this behind it, a graph is read anew: that takes no longer, and not from the audit trail.
const FAR_BEHIND: i64 = 50_000;

/// The graphs of this node; cheap to clone.
#[derive(Clone, Default)]
pub struct Graphs(Arc<Mutex<HashMap<String, Slot>>>);

struct Slot {
    used: Instant,
    graph: Arc<RwLock<Followed>>,
}

/// A graph, and how far in the audit trail it has followed.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub(super) graph: Graph,
    /// `None` before it was read.
    seq: Option<i64>,
    /// The kinds whose states told where the records stand; with other kinds it is read anew.
    kinds: Option<Arc<Kinds>>,
}

impl Followed {
    fn read_with(&self, kinds: &Arc<Kinds>) -> bool {
        self.kinds.as_ref().is_some_and(|known| Arc::ptr_eq(known, kinds))
    }
}

impl Graphs {
    fn slot(&self, org: &str) -> Arc<RwLock<Followed>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        slots.retain(|known, slot| known == org || slot.used.duration_since(now.min(slot.used)) < IDLE);
        let slot = slots.entry(org.to_owned()).or_insert_with(|| Slot { used: now, graph: Arc::default() });
        slot.used = now;
        Arc::clone(&slot.graph)
    }
}

/// The organisation's graph with everything that is committed.
pub(super) async fn current(desk: &Desk, org: &str) -> Result<OwnedRwLockReadGuard<Followed>, FlowError> {
    let slot = desk.graphs.slot(org);
    let kinds = desk.kinds(org);
    let place = desk.store.audit_place(org).await?;
    let known = |f: &Followed| f.read_with(&kinds) && f.seq.is_some_and(|seq| seq >= place);
    let reading = Arc::clone(&slot).read_owned().await;
    if known(&reading) {
        return Ok(reading);
    }
    drop(reading);
    let mut followed = slot.write_owned().await;
    if !known(&followed) {
        follow(desk, org, &kinds, &mut followed, place).await?;
    }
    Ok(followed.downgrade())
}

/// Brings a graph up to a place in the audit trail. What is read may be newer than that: it is read again then.
async fn follow(
    desk: &Desk,
    org: &str,
    kinds: &Arc<Kinds>,
    followed: &mut Followed,
    place: i64,
) -> Result<(), StoreError> {
    match followed.seq {
        Some(seq) if followed.read_with(kinds) && place - seq <= FAR_BEHIND => {
            let mut changed = desk.store.audited(org, seq, place).await?;
            changed.retain(|number| graph::belongs(number));
            if !changed.is_empty() {
                let rows = desk.store.graph_of(org, &changed).await?;
                take_in(&mut followed.graph, kinds, &rows);
            }
        }
        _ => {
            let mut graph = Graph::default();
            for prefix in graph::NODES.iter().chain(&graph::TICKETS) {
                let Some(kind) = kinds.by_prefix(prefix) else { continue };
                let ticket = graph::TICKETS.contains(prefix);
                for state in kind.states.iter().filter(|s| !ticket || !done(prefix, s.closed, &s.name)) {
                    read(desk, org, kinds, (&kind.slug, &state.name), &mut graph).await?;
                }
            }
            followed.graph = graph;
            followed.kinds = Some(Arc::clone(kinds));
        }
    }
    followed.seq = Some(place);
    Ok(())
}

/// Reads the records of a kind in a state.
async fn read(desk: &Desk, org: &str, kinds: &Kinds, of: (&str, &str), graph: &mut Graph) -> Result<(), StoreError> {
    const PAGE: i64 = 5_000;
    let mut after = String::new();
    loop {
        let rows = desk.store.graph_page(org, of.0, of.1, &after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.id);
        take_in(graph, kinds, &rows);
    }
}

fn take_in(graph: &mut Graph, kinds: &Kinds, rows: &[GraphRow]) {
    for row in rows {
        let stored = row.links.iter().map(|(rel, target, group)| Stored { rel, target, group });
        graph.put(&row.number, standing(kinds, &row.number, &row.state), stored);
    }
}

/// Where a record stands, from its state.
fn standing(kinds: &Kinds, number: &str, state: &str) -> Standing {
    let prefix = graph::prefix(number);
    let Some(kind) = kinds.by_prefix(prefix) else { return Standing::Gone };
    if done(prefix, kind.state(state).is_some_and(|s| s.closed), state) {
        Standing::Gone
    } else if state == kind.initial || COMING.contains(&state) {
        Standing::Coming
    } else {
        Standing::Here
    }
}

/// States between the first and operation.
const COMING: [&str; 3] = ["planned", "designed", "in_build"];

/// Whether nothing happens any more to a record in this state: it is closed, or on its way out, or, for a ticket or a
/// change, the work is done.
fn done(prefix: &str, closed: bool, state: &str) -> bool {
    let over: &[&str] = match prefix {
        "INC" => &["resolved"],
        "CHG" => &["implemented", "backed_out", "reviewed"],
        _ => &["retired", "disposed", "lost"],
    };
    closed || over.contains(&state)
}
