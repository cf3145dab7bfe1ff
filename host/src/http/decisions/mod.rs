//! Decisions: what was decided, and running it again.

pub(super) mod export;
pub(super) mod list;
pub(super) mod read;
pub(super) mod replay;
