//! Records go out as files and come in again.

#![allow(clippy::unwrap_used)]

mod archive;
mod table;
pub(crate) mod verify;
