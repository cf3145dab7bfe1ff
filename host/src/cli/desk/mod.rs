//! A partner's desk: projects, golden cases and measurements. Needs no server and no database.

mod bench;
mod build;
mod cases;
mod new;
mod subject;
mod test;

pub(crate) use bench::Bench;
pub(crate) use build::Build;
pub(crate) use new::New;
pub(crate) use test::Test;

use super::Usage;

/// What is the caller's to mend ends with status 2, a tool that failed with status 1.
fn desk(error: mortise_desk::Error) -> anyhow::Error {
    match error {
        mortise_desk::Error::Tool { .. } => anyhow::Error::msg(error.to_string()),
        other => Usage(other.to_string()).into(),
    }
}
