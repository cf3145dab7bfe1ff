//! The rules against a slow second opinion that goes through time minute by
//! minute and takes every sentence of the guide literally.
#![allow(missing_docs, clippy::unwrap_used)]

mod availability;
mod clock;
mod random;
mod world;
