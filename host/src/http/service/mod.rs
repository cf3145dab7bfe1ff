//! What the server says about itself; no token needed.

pub(super) mod docs;
pub(super) mod document;
pub(super) mod health;
pub(super) mod rule;
pub(super) mod wit;
