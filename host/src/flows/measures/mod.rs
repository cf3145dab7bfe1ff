//! Measures: what the definitions say of a period, computed from live records (guide, P47 and block (e) of each
//! process).

mod ask;
mod compute;
mod forecast;
mod kpi;
mod read;
mod report;
mod special;

pub use ask::{PeriodAsk, period, year_until};
pub use read::{Group, Measured, Period, list, read};

pub use report::{fix as fix_report, fixed as fixed_report};

pub(super) use kpi::follow;
pub(super) use read::measured;

use crate::domain::refusal::{Refusal, rule};
use crate::domain::{Actor, Role};

/// Roles that read measures and reports (guide, section 2, row "Report, KPI").
const READERS: [Role; 12] = [
    Role::Sd,
    Role::Te,
    Role::Po,
    Role::Cm,
    Role::Cab,
    Role::Slm,
    Role::Sup,
    Role::Bud,
    Role::Sec,
    Role::Aud,
    Role::Top,
    Role::Mr,
];

/// Refuses an actor who may not see measures.
fn permit(actor: &Actor) -> Result<(), Refusal> {
    if actor.auto || READERS.iter().any(|role| actor.has(*role)) {
        return Ok(());
    }
    let roles = READERS.map(Role::code).join(", ");
    Err(Refusal::forbidden(rule::ROLE, format!("to read measures takes one of the roles {roles}")))
}
