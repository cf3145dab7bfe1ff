//! Bearer tokens: who is asking.

use std::collections::BTreeSet;

use super::{Desk, FlowError};
use crate::domain::canonical;
use crate::domain::refusal::Refusal;
use crate::domain::time::Instant;
use crate::domain::{Actor, Role};
use crate::store::tokens::TokenRow;

/// What every token starts with, so that a leaked one is recognised.
const MARK: &str = "mt_";

/// A token that was just made. Its text is shown once and kept nowhere.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The text to send as `Authorization: Bearer …`.
    pub text: String,
    /// What is kept.
    pub row: TokenRow,
}

/// The actor behind a bearer token.
///
/// # Errors
/// Unauthenticated when the token is unknown, expired or revoked; the database's errors.
pub async fn run(desk: &Desk, token: &str) -> Result<Actor, FlowError> {
    let refused = |why: &str| Refusal::unauthenticated(format!("the bearer token is {why}"));
    if !token.starts_with(MARK) {
        return Err(refused("not one of this server's").into());
    }
    let row = desk.store.token(&canonical::sha256(token.as_bytes())).await?;
    let row = row.ok_or_else(|| refused("not known"))?;
    if row.revoked_at.is_some() {
        return Err(refused("revoked").into());
    }
    if row.expires_at.is_some_and(|at| at <= desk.clock.now().0) {
        return Err(refused("expired").into());
    }
    // Roles are written by `issue` alone; a word it does not know grants nothing.
    let roles: BTreeSet<Role> = row.roles.split(',').filter_map(|r| r.parse().ok()).collect();
    Ok(Actor::user(row.org, row.user, roles))
}

/// Makes a token for a user of an organisation with these roles.
///
/// # Errors
/// An unknown organisation, no roles, no source of randomness; the database's errors.
pub async fn issue(
    desk: &Desk,
    org: &str,
    user: &str,
    roles: &BTreeSet<Role>,
    label: &str,
    expires_at: Option<Instant>,
) -> Result<Issued, FlowError> {
    if desk.store.organisation(org).await?.is_none() {
        return Err(Refusal::not_found(format!("there is no organisation '{org}'")).into());
    }
    if user.trim().is_empty() {
        return Err(Refusal::invalid("required", "user", "a token needs a user").into());
    }
    if roles.is_empty() {
        return Err(Refusal::invalid("required", "roles", "a token needs at least one role").into());
    }
    let mut secret = [0_u8; 24];
    getrandom::fill(&mut secret)
        .map_err(|e| Refusal::unavailable("no-randomness", format!("no random bytes for a token: {e}")))?;
    let text = format!("{MARK}{}", canonical::hex(&secret));
    let row = TokenRow {
        id: desk.clock.id(),
        org: org.to_owned(),
        user: user.to_owned(),
        roles: roles.iter().map(|r| r.code()).collect::<Vec<_>>().join(","),
        label: label.to_owned(),
        created_at: desk.clock.now().0,
        expires_at: expires_at.map(|at| at.0),
        revoked_at: None,
    };
    desk.store.add_token(canonical::sha256(text.as_bytes()), row.clone()).await?;
    Ok(Issued { text, row })
}
