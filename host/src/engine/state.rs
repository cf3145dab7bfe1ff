//! What the host keeps beside one guest call: its limits and its log.

use serde::{Deserialize, Serialize};
use wasmtime::ResourceLimiter;

use super::bindings::shared::itsm::log::log::{Host, Level};
use super::config::Limits;
use super::lookup::{Desk, Lookups};

/// How important a log line is, in the component's judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// A line that a component wrote while it decided. No part of the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its importance.
    pub level: LogLevel,
    /// Its text, cut at the limit.
    pub message: String,
}

/// The data of a store.
pub(super) struct State {
    memory_bytes: usize,
    memory_limit: usize,
    memory_peak: usize,
    memory_refused: Option<(usize, usize)>,
    memories: usize,
    table_elements: usize,
    table_limit: usize,
    table_refused: bool,
    tables: usize,
    instances: usize,
    output_bytes: usize,
    log: Vec<LogLine>,
    log_lines: usize,
    log_line_bytes: usize,
    log_flood: usize,
    log_written: usize,
    /// What the guest looks up.
    pub(super) lookups: Desk,
}

impl State {
    pub(super) fn new(limits: &Limits, lookups: Lookups) -> Self {
        Self {
            lookups: Desk::new(lookups, limits),
            memory_bytes: 0,
            memory_limit: limits.memory_bytes,
            memory_peak: 0,
            memory_refused: None,
            memories: limits.memories,
            table_elements: 0,
            table_limit: limits.table_elements,
            table_refused: false,
            tables: limits.tables,
            instances: limits.instances,
            output_bytes: limits.output_bytes,
            log: Vec::new(),
            log_lines: limits.log_lines,
            log_line_bytes: limits.log_line_bytes,
            log_flood: limits.log_flood,
            log_written: 0,
        }
    }

    /// The most bytes that all linear memories had together.
    pub(super) fn memory_peak(&self) -> usize {
        self.memory_peak
    }

    /// The limit on what crosses to the host at once.
    pub(super) fn output_bytes(&self) -> usize {
        self.output_bytes
    }

    /// Whether the guest was ever refused memory or table space.
    pub(super) fn starved(&self) -> bool {
        self.memory_refused.is_some() || self.table_refused
    }

    /// What it was refused, `place` being where it then gave up.
    pub(super) fn starvation(&self, place: &str) -> String {
        match self.memory_refused {
            Some((asked, allowed)) => {
                format!("asked for {asked} bytes of memory, {allowed} are allowed{place}")
            }
            None => format!("asked for more than {} table entries{place}", self.table_limit),
        }
    }

    /// Takes the log. A last line says how many were dropped.
    pub(super) fn take_log(&mut self) -> Vec<LogLine> {
        let mut log = std::mem::take(&mut self.log);
        let dropped = self.log_written.saturating_sub(log.len());
        if dropped > 0 {
            let message = format!("{dropped} further lines were dropped");
            log.push(LogLine { level: LogLevel::Warn, message });
        }
        log
    }
}

/// The error that ends a call that floods the log.
#[derive(Debug)]
pub(super) struct LogFlood(usize);

impl std::fmt::Display for LogFlood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "more than {} log lines were written", self.0)
    }
}

impl std::error::Error for LogFlood {}

impl Host for State {
    fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.log_written += 1;
        if self.log_written > self.log_flood {
            return Err(LogFlood(self.log_flood).into());
        }
        if self.log.len() < self.log_lines {
            let level = match level {
                Level::Debug => LogLevel::Debug,
                Level::Info => LogLevel::Info,
                Level::Warn => LogLevel::Warn,
                Level::Error => LogLevel::Error,
            };
            self.log.push(LogLine { level, message: cut(message, self.log_line_bytes) });
        }
        Ok(())
    }
}

/// Shortens a text to at most `bytes` bytes, at a character.
fn cut(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
        text.shrink_to_fit();
    }
    text
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        // The guest sees a failed `memory.grow` and may cope. If it then traps,
        // this is why.
        if total > self.memory_limit {
            self.memory_refused = Some((total, self.memory_limit));
            return Ok(false);
        }
        if let Some(maximum) = maximum.filter(|maximum| desired > *maximum) {
            self.memory_refused = Some((desired, maximum));
            return Ok(false);
        }
        self.memory_bytes = total;
        self.memory_peak = self.memory_peak.max(total);
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.table_elements.saturating_add(desired.saturating_sub(current));
        if total > self.table_limit || maximum.is_some_and(|maximum| desired > maximum) {
            self.table_refused = true;
            return Ok(false);
        }
        self.table_elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn state() -> State {
        let limits = Limits { memory_bytes: 1000, log_lines: 2, log_flood: 4, log_line_bytes: 5, ..Limits::default() };
        State::new(&limits, Lookups::None)
    }

    #[test]
    fn memories_count_together_and_the_peak_is_kept() {
        let mut state = state();
        assert!(state.memory_growing(0, 400, None).unwrap());
        assert!(state.memory_growing(0, 500, None).unwrap());
        assert!(!state.memory_growing(400, 600, None).unwrap());
        assert!(state.starved());
        assert_eq!(state.memory_peak(), 900);
        assert!(state.memory_growing(400, 500, None).unwrap());
        assert_eq!(state.memory_peak(), 1000);
    }

    #[test]
    fn the_log_is_cut_counted_and_ended() {
        let mut state = state();
        for text in ["one", "a long line", "three"] {
            state.log(Level::Info, text.to_owned()).unwrap();
        }
        let log = state.take_log();
        assert_eq!(log.len(), 3);
        assert_eq!(log[1].message, "a lon");
        assert_eq!(log[2].message, "1 further lines were dropped");
        state.log(Level::Info, "four".into()).unwrap();
        assert!(state.log(Level::Info, "five".into()).unwrap_err().is::<LogFlood>());
    }

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(cut("配置项".to_owned(), 4), "配");
    }
}
