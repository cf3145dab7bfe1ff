//! A whole organisation as one file, and the file as an organisation of another installation.
//!
//! The file is a ZIP: a member of JSON lines for each table, a member for each component, and `manifest.json` with
//! counts and checksums, last. The ZIP's comment ends with the SHA-256 of everything before it, so that a file that was
//! cut, lengthened or changed anywhere is not taken for whole.

mod manifest;
mod pack;
mod restore;
mod unpack;

pub use manifest::{Manifest, Member, OrganisationPart};
pub use pack::Archive;
pub use restore::{Restored, run as restore};
