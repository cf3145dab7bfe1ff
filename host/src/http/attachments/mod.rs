//! Files attached to records.

pub(super) mod add;
pub(super) mod disposition;
pub(super) mod list;
pub(super) mod read;
pub(super) mod retract;
