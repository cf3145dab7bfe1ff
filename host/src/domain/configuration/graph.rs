//! What depends on what: items, services, agreements, customers, contracts and assets as one graph, small enough to be
//! kept in memory (a node takes about 150 bytes, a relation 24).

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::number;

/// How one record depends on another. The name is what a path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// An item depends on an item, or a service on a service.
    DependsOn,
    /// An item runs on another.
    RunsOn,
    /// An item is a part of another, and is lost with it.
    PartOf,
    /// A service has an item as a component.
    Component,
    /// An agreement is about a service.
    Agreement,
    /// A customer has a service or an agreement.
    Customer,
    /// An agreement is underpinned by an operational agreement or by a contract's targets.
    Underpinned,
    /// An item, service or underpinning target is supplied under a contract.
    Contract,
    /// An item is embodied by an asset.
    Asset,
    /// An item stands in for another: no dependency, but an alternative.
    BacksUp,
    /// An open ticket or change names a record: nothing depends on it.
    Names,
}

impl Relation {
    /// Its name in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DependsOn => "depends-on",
            Self::RunsOn => "runs-on",
            Self::PartOf => "part-of",
            Self::Component => "component",
            Self::Agreement => "agreement",
            Self::Customer => "customer",
            Self::Underpinned => "underpinned-by",
            Self::Contract => "contract",
            Self::Asset => "asset",
            Self::BacksUp => "backs-up",
            Self::Names => "names",
        }
    }

    /// Whether the failure of one end is felt at the other.
    pub fn carries(self) -> bool {
        !matches!(self, Self::BacksUp | Self::Names)
    }

    /// What a stored reference means: the relation, and whether its source depends on its target (`true`) or its target
    /// on its source. `None` for references that no impact follows, such as `connects`.
    pub fn of(source: &str, rel: &str, target: &str) -> Option<(Self, bool)> {
        Some(match (source, rel, target) {
            ("CI", "depends-on", "CI") | ("SVC", "depends_on", "SVC") => (Self::DependsOn, true),
            ("CI", "runs-on", "CI") => (Self::RunsOn, true),
            ("CI", "part-of", "CI") => (Self::PartOf, true),
            ("CI", "backs-up", "CI") => (Self::BacksUp, true),
            ("CI", "services", "SVC") => (Self::Component, false),
            ("SVC", "cis", "CI") => (Self::Component, true),
            ("SLA", "service", "SVC") => (Self::Agreement, true),
            ("SVC", "customers", "CST") | ("SLA", "customer", "CST") => (Self::Customer, false),
            ("UC" | "OLA", "sla", "SLA") => (Self::Underpinned, false),
            ("UC", "contract", "CON") => (Self::Contract, true),
            // Common fields and links of both sides, whatever a link is called.
            ("CON" | "UC", _, "CI" | "SVC") => (Self::Contract, false),
            ("CI" | "SVC", _, "CON" | "UC") => (Self::Contract, true),
            ("AST", _, "CI" | "SVC") => (Self::Asset, false),
            ("CI" | "SVC", _, "AST") => (Self::Asset, true),
            ("INC" | "CHG", _, target) if NODES.contains(&target) => (Self::Names, true),
            _ => return None,
        })
    }
}

/// The prefixes of the records that are nodes.
pub const NODES: [&str; 8] = ["CI", "SVC", "SLA", "OLA", "UC", "CON", "CST", "AST"];

/// The prefixes of those that only count while they are open.
pub const TICKETS: [&str; 2] = ["INC", "CHG"];

/// Where a record stands in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Not read yet, or gone: retired, disposed of, closed. Nothing happens to it any more.
    #[default]
    Gone,
    /// Not in operation yet: it can be affected, but stands in for nothing.
    Coming,
    /// In operation.
    Here,
}

/// One relation as its two ends see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) other: u32,
    pub(super) relation: Relation,
    /// The source depends on the target.
    forward: bool,
    /// Redundancy group of the source, 0 for none.
    pub(super) group: u32,
}

#[derive(Debug, Default)]
struct Node {
    number: Arc<str>,
    standing: Standing,
    /// From the record's own references.
    out: Vec<Edge>,
    /// From others' references to it.
    into: Vec<Edge>,
}

/// A reference of a record, as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// Field or relation type.
    pub rel: &'a str,
    /// Number of the target.
    pub target: &'a str,
    /// Redundancy group, empty for none.
    pub group: &'a str,
}

/// Everything that depends on something, with open tickets.
#[derive(Debug, Default)]
pub struct Graph {
    index: HashMap<Arc<str>, u32>,
    nodes: Vec<Node>,
    groups: HashMap<Arc<str>, u32>,
}

impl Graph {
    /// Takes in a record: where it stands, and everything it refers to. What it referred to before is forgotten.
    pub fn put<'a>(&mut self, number: &str, standing: Standing, references: impl IntoIterator<Item = Stored<'a>>) {
        let at = self.node(number);
        let old = std::mem::take(&mut self.nodes[at as usize].out);
        for edge in &old {
            self.nodes[edge.other as usize].into.retain(|known| known.other != at);
        }
        let ticket = TICKETS.contains(&prefix(number));
        self.nodes[at as usize].standing = standing;
        if ticket && standing == Standing::Gone {
            return;
        }
        let mut out = Vec::new();
        for stored in references {
            let Some((relation, forward)) = Relation::of(prefix(number), stored.rel, prefix(stored.target)) else {
                continue;
            };
            let other = self.node(stored.target);
            let edge = Edge { other, relation, forward, group: self.group(stored.group) };
            // A record that names another twice is one relation; an item's own are told apart by their types.
            if other != at && !out.iter().any(|e: &Edge| e.other == other && e.relation == relation) {
                self.nodes[other as usize].into.push(Edge { other: at, ..edge });
                out.push(edge);
            }
        }
        out.shrink_to_fit();
        self.nodes[at as usize].out = out;
    }

    /// The place of a record; `None` when the graph does not know it.
    pub fn find(&self, number: &str) -> Option<u32> {
        self.index.get(number).copied()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The number of the record at a place.
    pub fn number(&self, at: u32) -> &str {
        &self.nodes[at as usize].number
    }

    /// Where the record at a place stands.
    pub fn standing(&self, at: u32) -> Standing {
        self.nodes[at as usize].standing
    }

    /// What a record depends on, directly.
    pub(super) fn needs(&self, at: u32) -> impl Iterator<Item = Edge> + '_ {
        let node = &self.nodes[at as usize];
        let forward = node.out.iter().filter(|e| e.forward);
        forward.chain(node.into.iter().filter(|e| !e.forward)).copied().filter(|e| self.counts(*e))
    }

    /// What depends on a record, directly.
    pub(super) fn needed_by(&self, at: u32) -> impl Iterator<Item = Edge> + '_ {
        let node = &self.nodes[at as usize];
        let forward = node.into.iter().filter(|e| e.forward);
        forward.chain(node.out.iter().filter(|e| !e.forward)).copied().filter(|e| self.counts(*e))
    }

    /// The items in operation that stand in for an item.
    pub(super) fn backups(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        let into = self.nodes[at as usize].into.iter().filter(|e| e.relation == Relation::BacksUp).map(|e| e.other);
        into.filter(|other| self.standing(*other) == Standing::Here)
    }

    /// The items that an item stands in for.
    pub(super) fn backed_up(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        self.nodes[at as usize].out.iter().filter(|e| e.relation == Relation::BacksUp).map(|e| e.other)
    }

    /// The open tickets and changes that name a record.
    pub fn tickets(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        self.nodes[at as usize].into.iter().filter(|e| e.relation == Relation::Names).map(|e| e.other)
    }

    fn counts(&self, edge: Edge) -> bool {
        edge.relation.carries() && self.standing(edge.other) != Standing::Gone
    }

    fn node(&mut self, number: &str) -> u32 {
        if let Some(at) = self.index.get(number) {
            return *at;
        }
        // Four thousand million records do not fit into memory either.
        let at = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let number: Arc<str> = number.into();
        self.nodes.push(Node { number: Arc::clone(&number), ..Node::default() });
        self.index.insert(number, at);
        at
    }

    fn group(&mut self, name: &str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        let next = u32::try_from(self.groups.len() + 1).unwrap_or(u32::MAX);
        *self.groups.entry(name.into()).or_insert(next)
    }
}

/// The prefix of a record's number.
pub fn prefix(number: &str) -> &str {
    number.split('-').next().unwrap_or_default()
}

/// Whether a record of this number is in the graph.
pub fn belongs(number: &str) -> bool {
    let prefix = prefix(number);
    (NODES.contains(&prefix) || TICKETS.contains(&prefix)) && number::parse(number).is_some()
}
