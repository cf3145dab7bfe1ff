//! Components in OCI registries: pushing, pulling, and the signatures that go with them.
//!
//! A component is an artifact as the component world writes them (CNCF, Wasm OCI artifact): an image manifest with a
//! config of `application/vnd.wasm.config.v0+json` and one layer of `application/wasm`, so `wkg` and others read what
//! Mortise pushes, and the other way round. A signature is an artifact of its own that refers to the component's
//! manifest (`subject`, OCI 1.1); for a registry without the referrers interface it is also listed under the fallback
//! tag that the distribution specification names.
//!
//! Whatever a registry sends is held against the digest that was asked for, or that its manifest states, and against a
//! limit of size, before anybody sees it. Calls block: use them off the async threads.

mod artifact;
mod auth;
mod client;
mod error;
mod manifest;
mod reference;

pub use artifact::{Component, Pulled, Pushed, pull, push};
pub use client::{Access, Client};
pub use error::Error;
pub use reference::Reference;
