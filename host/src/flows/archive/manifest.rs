//! What an archive says about itself.

use serde::{Deserialize, Serialize};

/// Word by which an archive is recognised.
pub(super) const FORMAT: &str = "mortise-archive";
/// Version of the form in which it is written; another one is refused.
pub(super) const VERSION: u32 = 1;
/// Name of the member that holds it.
pub(super) const NAME: &str = "manifest.json";
/// Folder of the members that hold components.
pub(super) const COMPONENTS: &str = "components/";
/// Folder of the members that hold attachments.
pub(super) const ATTACHMENTS: &str = "attachments/";
/// What the ZIP's comment begins with; the rest of it is the checksum.
pub(super) const SEAL: &str = "mortise-archive sha256:";
/// Characters of the checksum.
pub(super) const SEAL_DIGITS: usize = 64;

/// The description of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `mortise-archive`.
    pub format: String,
    /// Version of the form.
    pub version: u32,
    /// Version of the server that made it.
    pub made_with: String,
    /// Version of the tables that it was read from.
    pub schema: i64,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// Who made it.
    pub made_by: String,
    /// The organisation.
    pub organisation: OrganisationPart,
    /// Every other member, in its order.
    pub members: Vec<Member>,
}

/// What is known of the organisation beside its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganisationPart {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Milliseconds.
    pub created_at: i64,
    /// Length of the audit trail.
    pub audit_seq: i64,
    /// Hash of its last entry.
    pub audit_hash: String,
    /// Length of the event stream.
    pub event_seq: i64,
    /// How often its kinds have changed.
    pub kinds_generation: i64,
}

/// A member of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Name in the ZIP.
    pub name: String,
    /// The table whose rows it holds; absent for a component or an attachment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The columns of each row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// How many rows; 0 where it holds none.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
    /// SHA-256 of them.
    pub sha256: String,
}
