//! Evidence for an auditor: the clause-by-clause matrix and the certification file, from live records (guide, section
//! 5 and P55). Nothing is written.

mod certification;
mod chain;
mod find;
mod found;
mod html;
mod matrix;
mod records;

pub use certification::{CertificationFound, CertificationState, certification};
pub use chain::ChainFound;
pub use found::{ClauseFound, ItemFound, Language, Matrix, RecordFound};
pub use html::document;
pub use matrix::{MatrixAsk, matrix};
pub use records::{RecordPage, item_records};

use crate::domain::refusal::{Refusal, rule};
use crate::domain::time::{Instant, add_days, add_months, local_date};
use crate::domain::{Actor, Role};
use jiff::civil::Date;

/// Roles that read all evidence: who audits, who represents the management, who answers for it.
const READERS: [Role; 3] = [Role::Aud, Role::Mr, Role::Top];

/// Refuses an actor who may not see the evidence.
fn permit(actor: &Actor) -> Result<(), Refusal> {
    if actor.auto || READERS.iter().any(|role| actor.has(*role)) {
        return Ok(());
    }
    let roles = READERS.map(Role::code).join(", ");
    Err(Refusal::forbidden(rule::ROLE, format!("to read the evidence takes one of the roles {roles}")))
}

/// The period of evidence when none is asked for: the year that ends today.
pub fn last_year(now: Instant, zone: &str) -> Option<(Date, Date)> {
    let today = local_date(zone, now).ok()?;
    Some((add_days(add_months(today, -12), 1), today))
}
