//! What a partner's desk needs to make a component, in any of four languages and without a server:
//! a new project, the contract as WIT, the small library of each language, and the way from
//! sources to a checked component.
//!
//! The command line (`mortise plugin new`, `plugin build`) and `cargo xtask plugins` both build
//! with it, so that an example of this repository is built like a partner's own project.
//!
//! | File | What it knows |
//! |---|---|
//! | `language.rs` | the languages, their sources and the library that a project gets |
//! | `contract.rs` | the WIT packages of this version, and the world of one component |
//! | `project.rs` | a project's folder and its `mortise.toml` |
//! | `template.rs` | new projects |
//! | `tools.rs` | finding and running compilers |
//! | `build/` | from sources to a component, one file per language |
//! | `component.rs` | from a core module to a component, and what it may import |

pub mod build;
pub mod component;
mod contract;
mod error;
mod language;
mod project;
mod template;
mod tools;

pub use build::{Built, build};
pub use error::{Error, Result};
pub use language::Language;
pub use project::Project;
pub use template::{New, create};
pub use tools::Tools;
