//! How the failure of one record spreads: what depends on it, by which ways, and whether it is lost or only degraded.
//!
//! A record needs each of its dependencies, but of a redundancy group any one is enough: relations of an item with the
//! same `group`, and an item together with those that back it up. So a record is lost when a dependency that stands
//! alone is lost, or every member of a group; it is degraded when something it depends on is affected and it is not
//! lost. The states are the least ones for which this holds, so that circles lose nobody by themselves.

use std::collections::VecDeque;

use super::graph::{Edge, Graph, Relation, Standing};

/// What is left of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing happens to it.
    #[default]
    None,
    /// Something it depends on is affected, but it goes on.
    Degraded,
    /// It is lost.
    Full,
}

impl Effect {
    /// Its name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Degraded => "degraded",
            Self::Full => "full",
        }
    }
}

/// Which way relations are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To whatever depends on the record.
    Up,
    /// To whatever the record depends on.
    Down,
}

/// One step of a way; its relation is that of whichever end depends on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it starts, nearer to the record asked about.
    pub from: u32,
    /// Where it leads.
    pub to: u32,
    /// How the one depends on the other.
    pub relation: Relation,
}

/// The distance of what was not reached.
const FAR: u32 = u32::MAX;

/// Everything that is reached from a record in one direction.
#[derive(Debug)]
pub struct Spread<'g> {
    graph: &'g Graph,
    direction: Direction,
    start: u32,
    distance: Vec<u32>,
    /// In the order of the distances, without the start.
    reached: Vec<u32>,
}

impl<'g> Spread<'g> {
    /// Follows the relations from a record to their end.
    pub fn from(graph: &'g Graph, start: u32, direction: Direction) -> Self {
        let mut distance = vec![FAR; graph.len()];
        distance[start as usize] = 0;
        let mut reached = vec![start];
        let mut next = 0;
        while let Some(&at) = reached.get(next) {
            next += 1;
            let further = distance[at as usize] + 1;
            let mut visit = |other: u32| {
                if distance[other as usize] == FAR {
                    distance[other as usize] = further;
                    reached.push(other);
                }
            };
            match direction {
                Direction::Up => graph.needed_by(at).for_each(|e| visit(e.other)),
                Direction::Down => graph.needs(at).for_each(|e| visit(e.other)),
            }
        }
        reached.remove(0);
        Self { graph, direction, start, distance, reached }
    }

    /// Where it starts.
    pub fn start(&self) -> u32 {
        self.start
    }

    /// What is reached, nearest first.
    pub fn reached(&self) -> &[u32] {
        &self.reached
    }

    /// How many steps away a reached record is.
    pub fn distance(&self, at: u32) -> u32 {
        self.distance[at as usize]
    }

    /// The shortest ways from the start to a record, at most `most`, in the order of the numbers on them from the end.
    pub fn ways(&self, to: u32, most: usize) -> Vec<Vec<Step>> {
        let mut found = Vec::new();
        let mut back = Vec::new();
        self.trace(to, most, &mut back, &mut found);
        found
    }

    fn trace(&self, at: u32, most: usize, back: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
        let here = self.distance[at as usize];
        if here == FAR || found.len() >= most {
            return;
        }
        if at == self.start {
            found.push(back.iter().rev().copied().collect());
            return;
        }
        let before = |other: u32| self.distance[other as usize] == here - 1;
        let step = |e: Edge| before(e.other).then_some(Step { from: e.other, to: at, relation: e.relation });
        let mut steps: Vec<Step> = match self.direction {
            Direction::Up => self.graph.needs(at).filter_map(step).collect(),
            Direction::Down => self.graph.needed_by(at).filter_map(step).collect(),
        };
        steps.sort_by_key(|s| (self.graph.number(s.from), s.relation));
        for step in steps {
            if found.len() >= most {
                return;
            }
            back.push(step);
            // A way is as long as the distance, which falls with every call.
            self.trace(step.from, most, back, found);
            back.pop();
        }
    }

    /// What a loss does to every record; nothing is lost yet. Nothing but what this spread reached is looked at.
    pub fn effects(&self) -> Effects<'_> {
        let (of, waiting) = (vec![Effect::None; self.graph.len()], vec![false; self.graph.len()]);
        Effects { spread: self, of, waiting, queue: VecDeque::new(), affected: Vec::new() }
    }

    fn within(&self, at: u32) -> bool {
        self.distance[at as usize] != FAR
    }
}

/// What the loss of a record does to others.
#[derive(Debug)]
pub struct Effects<'s> {
    spread: &'s Spread<'s>,
    of: Vec<Effect>,
    waiting: Vec<bool>,
    queue: VecDeque<u32>,
    /// Those with an effect, so that one question after the other costs no more than its own answer.
    affected: Vec<u32>,
}

impl Effects<'_> {
    /// What it does to this one.
    pub fn of(&self, at: u32) -> Effect {
        self.of[at as usize]
    }

    /// Loses a record, and nothing else: what was lost before is there again.
    pub fn lose(&mut self, lost: u32) {
        for at in self.affected.drain(..) {
            self.of[at as usize] = Effect::None;
        }
        self.worsen(lost, Effect::Full);
        while let Some(at) = self.queue.pop_front() {
            self.waiting[at as usize] = false;
            let worse = self.judge(at);
            // Each record gets worse twice at most, so this ends.
            if worse > self.of[at as usize] {
                self.worsen(at, worse);
            }
        }
    }

    /// Whoever depends on a record, or on one that it stands in for, has to be judged again.
    fn worsen(&mut self, at: u32, effect: Effect) {
        self.of[at as usize] = effect;
        self.affected.push(at);
        let graph = self.spread.graph;
        graph.needed_by(at).for_each(|e| self.ask(e.other));
        for other in graph.backed_up(at) {
            if self.of(other) != Effect::None {
                graph.needed_by(other).for_each(|e| self.ask(e.other));
            }
        }
    }

    fn ask(&mut self, other: u32) {
        let known = self.waiting[other as usize] || self.of[other as usize] == Effect::Full;
        if !known && self.spread.within(other) {
            self.waiting[other as usize] = true;
            self.queue.push_back(other);
        }
    }

    fn judge(&self, at: u32) -> Effect {
        let graph = self.spread.graph;
        let mut worst = Effect::None;
        // Group, and what was seen of it so far: whether a named member is affected, and whether any is not lost.
        let mut groups: Vec<(u32, bool, bool)> = Vec::new();
        for edge in graph.needs(at) {
            let affected = self.of(edge.other) != Effect::None;
            if edge.group == 0 {
                if affected {
                    let left = self.of(edge.other) != Effect::Full || self.stands_in(edge.other);
                    worst = worst.max(if left { Effect::Degraded } else { Effect::Full });
                }
            } else {
                // Who is not in operation yet is no help; but it may be what was lost.
                let counts = affected || graph.standing(edge.other) == Standing::Here;
                let left = counts && self.of(edge.other) != Effect::Full || self.stands_in(edge.other);
                match groups.iter_mut().find(|(group, ..)| *group == edge.group) {
                    Some((_, any, rest)) => (*any, *rest) = (*any || affected, *rest || left),
                    None => groups.push((edge.group, affected, left)),
                }
            }
            if worst == Effect::Full {
                return worst;
            }
        }
        for (_, affected, left) in groups {
            if affected {
                worst = worst.max(if left { Effect::Degraded } else { Effect::Full });
            }
        }
        worst
    }

    /// Whether something that backs this one up is not lost.
    fn stands_in(&self, at: u32) -> bool {
        self.spread.graph.backups(at).any(|other| self.of(other) != Effect::Full)
    }
}
