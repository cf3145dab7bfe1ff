//! Work on records: who takes part in it, and who sees what of it.
//!
//! Comments, attachments and watchers stand beside a record; its own fields are not touched by them. The guide's
//! permission matrix (section 2) does not speak of them. Whoever may read a record takes part in the work on it, but
//! for the auditor, who works on audits, findings and what he raised himself and reads the rest, and for customers to whom
//! only what a record says was opened; customers neither see nor write what is internal.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::access;
use super::audit::AuditEntry;
use super::kind::{Extent, Grant, Kind};
use super::record::Record;
use super::refusal::{Refusal, rule};
use super::role::{Acting, Actor, Role, Who};
use super::time::Instant;

/// Bytes that the text of a comment may have.
pub const COMMENT_BYTES: usize = 64 << 10;

/// Who sees a comment or an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Whoever may read the record.
    Public,
    /// Staff only.
    Internal,
}

impl Visibility {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
        }
    }

    /// The visibility of that word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Public, Self::Internal].into_iter().find(|v| v.as_str() == text)
    }

    /// What somebody writes: staff writes internally unless it says otherwise, customers write publicly.
    ///
    /// # Errors
    ///
    /// `enum` for another word; `role` when a customer wants to write internally.
    pub fn of(actor: &Actor, asked: Option<&str>) -> Result<Self, Refusal> {
        let asked = asked.map(|text| {
            let message = format!("visibility must be one of public, internal, not '{text}'");
            Self::parse(text).ok_or_else(|| Refusal::invalid(rule::ENUM, "visibility", message))
        });
        match (asked.transpose()?, sees_internal(actor)) {
            (Some(Self::Internal), false) => {
                let message = "what customers write is public: internal takes any role but CUS (customer)";
                Err(Refusal::forbidden(rule::ROLE, message).about("visibility"))
            }
            (Some(asked), _) => Ok(asked),
            (None, true) => Ok(Self::Internal),
            (None, false) => Ok(Self::Public),
        }
    }
}

/// Whether the actor sees what is internal.
pub fn sees_internal(actor: &Actor) -> bool {
    actor.auto || actor.staff_role().is_some()
}

/// Whether the actor sees an audit entry: that something internal was written is internal as well.
pub fn sees_entry(actor: &Actor, entry: &AuditEntry) -> bool {
    entry.after.get("visibility").and_then(Value::as_str) != Some(Visibility::Internal.as_str()) || sees_internal(actor)
}

/// The capacity in which the actor takes part in the work on a record.
///
/// # Errors
///
/// `role` or `own`, as for reading; `role` for an auditor.
pub fn permit(kind: &Kind, actor: &Actor, record: &Record) -> Result<Acting, Refusal> {
    if actor.auto {
        return Ok(Acting::Host);
    }
    access::involved(kind, actor, record)?;
    let working = actor.only_as(actor.roles.iter().copied().filter(|role| *role != Role::Aud));
    access::involved(kind, &working, record).or_else(|refusal| match refusal.rule.as_ref() {
        rule::ROLE if audits(kind, actor, record) => Ok(Acting::As(Role::Aud)),
        rule::ROLE => {
            let message = "the role AUD (auditor) works on audits, findings and what it raised itself; other records \
                           it only reads";
            Err(Refusal::forbidden(rule::ROLE, message))
        }
        _ => Err(refusal),
    })
}

/// Whether the record is an auditor's work: of a kind that the role writes by its name, or one that the role may raise
/// and he has raised.
fn audits(kind: &Kind, actor: &Actor, record: &Record) -> bool {
    let named =
        |grants: &[Grant]| grants.iter().any(|grant| grant.who == Who::Role(Role::Aud) && grant.extent == Extent::All);
    actor.has(Role::Aud)
        && (named(&kind.access.update) || (named(&kind.access.create) && access::owns(kind, actor, record)))
}

/// Refuses work on a record that is read-only.
///
/// # Errors
///
/// `closed-record`.
pub fn open(kind: &Kind, record: &Record) -> Result<(), Refusal> {
    if kind.state(&record.state).is_some_and(|state| state.closed) {
        let message = format!("{} is {} and read-only; write on a new linked record", record.number, record.state);
        return Err(Refusal::conflict(rule::CLOSED, message));
    }
    Ok(())
}

/// Who took something back, when and why. What is retracted is not shown any more; that it was there stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Retraction {
    /// When.
    pub at: Instant,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Refuses to take something back that somebody else wrote, or without a reason. An administrator may take back
/// anything.
///
/// # Errors
///
/// `own`, `reason-required` or `retracted`.
pub fn may_retract(actor: &Actor, author: &str, before: Option<&Retraction>, reason: &str) -> Result<(), Refusal> {
    if author != actor.user && !actor.has(Role::Adm) {
        let message = "it is retracted by whoever wrote it, or by the role ADM (administrator)";
        return Err(Refusal::forbidden(rule::OWN, message));
    }
    if let Some(Retraction { by, at, .. }) = before {
        return Err(Refusal::conflict("retracted", format!("it was retracted by {by} at {at}")));
    }
    if reason.trim().is_empty() {
        return Err(Refusal::invalid(rule::REASON, "reason", "to retract takes a reason"));
    }
    Ok(())
}

/// A comment on a record. It is never edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Identifier (UUIDv7); the order of identifiers is the order of comments.
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Number of the record.
    pub number: String,
    /// When it was written.
    pub at: Instant,
    /// Who wrote it.
    pub author: String,
    /// In which role.
    pub role: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// The text.
    pub text: String,
    /// Whether it was the first answer by a person: a public one by staff, on a record that keeps the time of its
    /// first answer and had none (guide, section 3.1). The clocks are not touched by it.
    pub first_answer: bool,
    /// Set once it was taken back.
    pub retracted: Option<Retraction>,
}

impl Comment {
    /// The comment as it is shown: the text of a retracted one is not.
    pub fn to_json(&self) -> Value {
        let text = Some(&self.text).filter(|_| self.retracted.is_none());
        json!({
            "id": self.id,
            "record": self.number,
            "at": self.at,
            "author": self.author,
            "role": self.role,
            "visibility": self.visibility,
            "text": text,
            "first_answer": self.first_answer,
            "retracted": self.retracted,
        })
    }
}

/// Checks the text of a comment.
///
/// # Errors
///
/// `required`, `range` or `format`.
pub fn comment_text(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(rule::REQUIRED, "text", "text must not be empty"));
    }
    if text.len() > COMMENT_BYTES {
        let message = format!("text has {} bytes; a comment has {COMMENT_BYTES} at most", text.len());
        return Err(Refusal::invalid(rule::RANGE, "text", message));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Refusal::invalid(
            rule::FORMAT,
            "text",
            "text must not have control characters but line ends and tabs",
        ));
    }
    Ok(())
}

/// Mentions looked at in one comment.
const MENTIONS: usize = 50;
/// Characters a mentioned name may have.
const NAME: usize = 64;

/// What follows each `@` of a text and could be, or begin with, a user's name. Chinese is written without spaces, so
/// where the name ends is for whoever knows the users.
pub fn mentions(text: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut before = None;
    for (at, sign) in text.char_indices() {
        // An address (li@example.com) mentions nobody.
        let free = before.is_none_or(|c: char| !c.is_ascii_alphanumeric());
        before = Some(sign);
        if sign != '@' || !free || found.len() == MENTIONS {
            continue;
        }
        let rest = text[at + 1..].chars().take(NAME);
        let name: String = rest.take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-')).collect();
        if !name.is_empty() {
            found.insert(name);
        }
    }
    found.into_iter().collect()
}

/// Every text that `run` begins with, the longest first.
pub fn beginnings(run: &str) -> impl Iterator<Item = &str> {
    let ends: Vec<usize> = run.char_indices().map(|(at, sign)| at + sign.len_utf8()).collect();
    ends.into_iter().rev().map(|end| &run[..end])
}

/// Somebody who wants to know what happens to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watcher {
    /// Organisation.
    pub org: String,
    /// Number of the record.
    pub number: String,
    /// Who watches.
    pub user: String,
    /// Since when.
    pub since: Instant,
    /// Who added him.
    pub added_by: String,
}

impl Watcher {
    /// The watcher as it is shown.
    pub fn to_json(&self) -> Value {
        json!({ "record": self.number, "user": self.user, "since": self.since, "added_by": self.added_by })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn mentions_are_found_in_any_script() {
        assert_eq!(mentions("ask @li.wei, and @zhao-2: now"), ["li.wei", "zhao-2"]);
        assert_eq!(mentions("请@张三看一下"), ["张三看一下"]);
        assert_eq!(beginnings("张三看").collect::<Vec<_>>(), ["张三看", "张三", "张"]);
        assert!(mentions("mail li@example.com, or @ nobody").is_empty());
        assert_eq!(mentions("@a @a @a"), ["a"]);
        assert_eq!(mentions(&"@".repeat(1000)), Vec::<String>::new());
    }

    #[test]
    fn texts_have_limits() {
        comment_text("好的\n\t再见").unwrap();
        comment_text(&"x".repeat(COMMENT_BYTES)).unwrap();
        let refused = |text: &str| comment_text(text).unwrap_err().rule;
        assert_eq!(refused(" \n"), "required");
        assert_eq!(refused(&"好".repeat(COMMENT_BYTES / 3 + 1)), "range");
        assert_eq!(refused("bell \u{7}"), "format");
    }

    #[test]
    fn customers_write_publicly() {
        let customer = Actor::user("o", "zhao", [Role::Cus]);
        let agent = Actor::user("o", "li", [Role::Sd]);
        assert_eq!(Visibility::of(&customer, None).unwrap(), Visibility::Public);
        assert_eq!(Visibility::of(&agent, None).unwrap(), Visibility::Internal);
        assert_eq!(Visibility::of(&agent, Some("public")).unwrap(), Visibility::Public);
        assert_eq!(Visibility::of(&customer, Some("internal")).unwrap_err().rule, "role");
        assert_eq!(Visibility::of(&agent, Some("secret")).unwrap_err().rule, "enum");
    }
}
