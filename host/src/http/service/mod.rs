//! What the server says about itself.

pub(super) mod docs;
pub(super) mod document;
pub(super) mod health;
pub(super) mod metrics;
pub(super) mod rule;
pub(super) mod wit;
