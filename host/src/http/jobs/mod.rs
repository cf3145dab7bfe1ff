//! Jobs: what goes on after the request was answered.

pub(super) mod cancel;
pub(super) mod items;
pub(super) mod list;
pub(super) mod read;
