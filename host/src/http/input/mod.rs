//! Reading requests: every way in which one can be malformed is named here.

pub(super) mod body;
pub(super) mod cursor;
pub(super) mod etag;
pub(super) mod json;
pub(super) mod key;
pub(super) mod members;
pub(super) mod paging;
pub(super) mod params;
pub(super) mod pipe;
pub(super) mod place;
pub(super) mod stream;

pub(super) use body::{Fields, KindFile, OptionalFields, Sent, Upload};
pub(super) use members::Members;
pub(super) use params::Params;
pub(super) use place::Place;
