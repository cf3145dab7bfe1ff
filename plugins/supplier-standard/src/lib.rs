//! The reference component.
