//! Watchers of records, and what they are told.

pub(super) mod list;
pub(super) mod notifications;
pub(super) mod put;
pub(super) mod remove;
pub(super) mod watching;
