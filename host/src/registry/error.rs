//! What can go wrong with a registry.

/// Why a registry was of no help.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The reference is none.
    #[error("'{text}' is no reference: {why}; one looks like oci://registry.example/name:tag or …@sha256:DIGEST")]
    Reference {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file for the connection cannot be used.
    #[error("{0}")]
    Setup(String),
    /// Nobody answers there, or not in time.
    #[error("{url}: {why}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// The system's words.
        why: String,
    },
    /// The registry wants other credentials, or any.
    #[error(
        "the registry does not allow it ({status}): {what}{said}; credentials come from [registry] in the \
             configuration, or MORTISE_REGISTRY__HOST with MORTISE_REGISTRY__USER and MORTISE_REGISTRY__PASSWORD, or \
             with MORTISE_REGISTRY__TOKEN"
    )]
    Denied {
        /// 401 or 403.
        status: u16,
        /// What was tried.
        what: String,
        /// The registry's words.
        said: String,
    },
    /// It is not there.
    #[error("the registry has no {0}")]
    Missing(String),
    /// The registry answered something that was not expected.
    #[error("the registry answers {status} to {what}{said}")]
    Refused {
        /// The status.
        status: u16,
        /// What was tried.
        what: String,
        /// The registry's words.
        said: String,
    },
    /// More bytes than are allowed, or than were said.
    #[error("{what} has more than {most} bytes")]
    TooLarge {
        /// What it is.
        what: String,
        /// The limit.
        most: u64,
    },
    /// What came is not what was asked for.
    #[error("{what} is not what was asked for: its digest is {found} instead of {wanted}")]
    Digest {
        /// What it is.
        what: String,
        /// The digest that was asked for.
        wanted: String,
        /// The digest of what came.
        found: String,
    },
    /// What is there is no component of ours.
    #[error("{0}")]
    Form(String),
}
