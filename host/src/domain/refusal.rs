//! A refusal: the domain's answer when it will not do what was asked.
//!
//! A refusal is a value, never a bug. It names the rule that refused and, where there is one, the
//! field, so that the HTTP room can print a problem document without knowing the rule.

use std::borrow::Cow;

use serde::Serialize;

/// What sort of refusal it is; the HTTP room gives each class its own status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The input breaks a rule of its kind.
    Invalid,
    /// Nobody is signed in, or the token is not known.
    Unauthenticated,
    /// The actor's roles, or the separation of duties, do not allow it.
    Forbidden,
    /// No such thing in the actor's organisation.
    NotFound,
    /// The state of the record, or of another record, does not allow it now.
    Conflict,
    /// The caller worked from an older revision than the stored one.
    Stale,
    /// The input is larger than the host accepts.
    TooLarge,
    /// The host cannot answer at present; trying again later may work.
    Unavailable,
}

/// Stable names of the rules that refuse; they are part of the interface and never change.
pub mod rule {
    /// The actor holds none of the roles that may do this (guide, section 2).
    pub const ROLE: &str = "role";
    /// The actor may do this only to records of his own.
    pub const OWN: &str = "own";
    /// The actor is named in the record in a way that forbids him this step (guide, section 0).
    pub const SEPARATION: &str = "separation-of-duties";
    /// A field has to be filled first.
    pub const REQUIRED: &str = "required";
    /// The transition needs a reason.
    pub const REASON: &str = "reason-required";
    /// The kind has no such transition from the record's state.
    pub const UNKNOWN_TRANSITION: &str = "unknown-transition";
    /// This role, or this person, has signed the transition already.
    pub const SIGNED: &str = "already-signed";
    /// The kind has no such field.
    pub const UNKNOWN_FIELD: &str = "unknown-field";
    /// The host fills the field; a client may not.
    pub const COMPUTED_FIELD: &str = "computed-field";
    /// The field may not be changed in the record's state.
    pub const LOCKED_FIELD: &str = "locked-field";
    /// The record is closed and read-only; corrections are new linked records (guide, section 0).
    pub const CLOSED: &str = "closed-record";
    /// The value is of another type than the field.
    pub const TYPE: &str = "type";
    /// The value lies outside the field's limits.
    pub const RANGE: &str = "range";
    /// The value is none of the field's options.
    pub const ENUM: &str = "enum";
    /// The value is not the number of a record that this field may point to.
    pub const REFERENCE: &str = "reference";
    /// The value does not have the form the field asks for (time zone, currency, period).
    pub const FORMAT: &str = "format";
    /// There is no such record kind.
    pub const UNKNOWN_KIND: &str = "unknown-kind";
    /// The path is not kept in an index, so lists cannot filter or sort by it.
    pub const NOT_INDEXED: &str = "not-indexed";
    /// The record has a newer revision than the one the caller read.
    pub const STALE: &str = "stale";
    /// There is no such thing.
    pub const NOT_FOUND: &str = "not-found";
}

/// One field that was refused, with the rule it broke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Path of the field, for example `impact` or `relations[2].ci`.
    pub field: String,
    /// The rule that refused it; see [`rule`].
    pub rule: Cow<'static, str>,
    /// One sentence for the person who sent it.
    pub message: String,
    /// The same in Chinese, where the rule's author wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_zh: Option<Box<str>>,
}

impl FieldProblem {
    /// A problem of one field.
    pub fn new(field: impl Into<String>, rule: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { field: field.into(), rule: rule.into(), message: message.into(), message_zh: None }
    }
}

/// Why the domain will not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The sort of refusal.
    pub class: Class,
    /// The rule that refused; see [`rule`].
    pub rule: Cow<'static, str>,
    /// The field it is about, where it is about one.
    pub field: Option<String>,
    /// One sentence for the person who asked.
    pub message: String,
    /// The same in Chinese, where the rule's author wrote it.
    pub message_zh: Option<Box<str>>,
    /// Every field that was refused, when several were looked at in one go.
    pub details: Vec<FieldProblem>,
}

impl Refusal {
    /// A refusal of any class, about no field in particular.
    pub fn new(class: Class, rule: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { class, rule: rule.into(), field: None, message: message.into(), message_zh: None, details: Vec::new() }
    }

    /// The input of one field breaks a rule.
    pub fn invalid(rule: impl Into<Cow<'static, str>>, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(Class::Invalid, rule, message) }
    }

    /// The inputs of one or more fields break rules; the first one names the refusal.
    ///
    /// An empty list gives a plain [`Class::Invalid`] refusal, so callers check before they call.
    pub fn fields(problems: Vec<FieldProblem>) -> Self {
        let Some(first) = problems.first().cloned() else {
            return Self::new(Class::Invalid, rule::TYPE, "the input is not valid");
        };
        let message = match problems.len() {
            1 => first.message,
            more => format!("{} (and {} more)", first.message, more - 1),
        };
        Self { field: Some(first.field), details: problems, ..Self::new(Class::Invalid, first.rule, message) }
    }

    /// The actor may not do this.
    pub fn forbidden(rule: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Class::Forbidden, rule, message)
    }

    /// Nobody is signed in.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(Class::Unauthenticated, "unauthenticated", message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Class::NotFound, rule::NOT_FOUND, message)
    }

    /// The present state of things does not allow it.
    pub fn conflict(rule: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Class::Conflict, rule, message)
    }

    /// The caller's revision is not the stored one.
    pub fn stale(message: impl Into<String>) -> Self {
        Self::new(Class::Stale, rule::STALE, message)
    }

    /// The input is too large.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(Class::TooLarge, "too-large", message)
    }

    /// The host cannot answer at present.
    pub fn unavailable(rule: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Class::Unavailable, rule, message)
    }

    /// The same refusal, said of a field.
    #[must_use]
    pub fn about(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_fields_are_named_by_the_first() {
        let refusal = Refusal::fields(vec![
            FieldProblem::new("impact", rule::TYPE, "impact must be a whole number"),
            FieldProblem::new("ci", rule::REFERENCE, "ci must be a CI number"),
        ]);
        assert_eq!(refusal.class, Class::Invalid);
        assert_eq!(refusal.rule, "type");
        assert_eq!(refusal.field.as_deref(), Some("impact"));
        assert_eq!(refusal.to_string(), "impact must be a whole number (and 1 more)");
        assert_eq!(refusal.details.len(), 2);
    }
}
