//! What concerns a record as a whole: its time line, copies of it, merging it into another.

pub(super) mod copy;
pub(super) mod merge;
pub(super) mod timeline;
