//! Readings of records that are marked: who has seen what (guide, P12: sensitive records marked, access logged).

use serde::Serialize;

use super::record::Record;
use super::role::Role;
use super::time::Instant;

/// The field by which a record is marked, and the marks that make a reading an entry.
const FIELD: &str = "confidentiality";
const MARKS: [&str; 2] = ["confidential", "secret"];

/// Roles that see who has read a record (guide, section 2): the information security officer, who controls access;
/// the auditor and the management representative, who read everything. An administrator does not: he has no part in
/// business records.
pub const READERS: [Role; 3] = [Role::Sec, Role::Aud, Role::Mr];

/// An entry of the access log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Identifier; in the order of time.
    pub id: String,
    /// Number of the record that was read.
    pub number: String,
    /// When.
    pub at: Instant,
    /// Who.
    pub user: String,
    /// In which role.
    pub role: String,
    /// What of it: see [`Way`].
    pub action: String,
}

/// What of a record was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The record.
    Record,
    /// Its history.
    History,
    /// Its time line.
    Timeline,
    /// What was written about it.
    Comments,
    /// The names of its files.
    Attachments,
    /// One of its files.
    Attachment,
    /// A page of a list or view that it stands on.
    List,
    /// A file of a list.
    Export,
    /// What a search found.
    Search,
}

impl Way {
    /// The word in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::History => "history",
            Self::Timeline => "timeline",
            Self::Comments => "comments",
            Self::Attachments => "attachments",
            Self::Attachment => "attachment",
            Self::List => "list",
            Self::Export => "export",
            Self::Search => "search",
        }
    }
}

/// Whether a reading of the record is an entry of the access log.
pub fn is_marked(record: &Record) -> bool {
    record.text(FIELD).is_some_and(|mark| MARKS.contains(&mark))
}
