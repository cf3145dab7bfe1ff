//! Integration tests: one binary, stories on both databases.

// What a story cannot unwrap, it fails by.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod app;
pub mod client;
pub mod postgres;

#[cfg(test)]
mod accesses;
#[cfg(test)]
mod around_the_clock;
#[cfg(test)]
mod automatic;
#[cfg(test)]
mod backtest;
#[cfg(test)]
mod breaker;
#[cfg(test)]
mod budget;
#[cfg(test)]
mod change;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod governing;
#[cfg(test)]
mod guests;
#[cfg(test)]
mod happened;
#[cfg(test)]
mod http;
#[cfg(test)]
mod import;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod lives;
#[cfg(test)]
mod manual;
#[cfg(test)]
mod measures;
#[cfg(test)]
mod monitoring;
#[cfg(test)]
mod offering;
#[cfg(test)]
mod random_walk;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod real_log;
#[cfg(test)]
mod recompute;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod resolving;
#[cfg(test)]
mod rollout;
#[cfg(test)]
mod rooms;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod search;
#[cfg(test)]
mod seed;
#[cfg(test)]
mod sla;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod supplier;
#[cfg(test)]
mod swap;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod transfer;
#[cfg(test)]
mod trusting;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod views;
#[cfg(test)]
mod work;
