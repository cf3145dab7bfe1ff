//! Candidates in shadow: asked what live decisions were asked, after these are written, off the request path and
//! without effect. What they say is compared and counted; nothing else comes of it.

mod queue;
mod report;
mod work;

pub use queue::{Shadows, ShadowsConfig};
pub use report::{Report, decisions, report};
pub use work::{forever, run};

pub(super) use queue::asked;
