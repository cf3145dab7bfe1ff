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
use crate::domain::time::{Instant, local_date};
use crate::domain::{Actor, Role};
use crate::flows::measures::year_until;
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

/// The address of a server as it stands before the addresses of records in a document, without a slash at its end.
///
/// # Errors
/// `format`: what is no address of the web, or has more than scheme, host, port and path.
pub fn base_url(text: &str) -> Result<String, Refusal> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let sign = |sign: char| sign.is_ascii_alphanumeric() || "-._~:/[]%+".contains(sign);
    let host = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
    if !is_host(host) || !rest.is_some_and(|rest| rest.chars().all(sign)) {
        let message = "base_url has to be an address like https://desk.example: http or https, a host, perhaps a port and \
                       a path";
        return Err(Refusal::invalid(rule::FORMAT, "base_url", message));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Whether a text is a host, perhaps with a port: nothing that could say anything else in an address.
pub fn is_host(text: &str) -> bool {
    let sign = |sign: char| sign.is_ascii_alphanumeric() || "-._:[]".contains(sign);
    text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[') && text.chars().all(sign)
}

/// The period of evidence when none is asked for: the year that ends today.
pub fn last_year(now: Instant, zone: &str) -> Option<(Date, Date)> {
    let today = local_date(zone, now).ok()?;
    Some(year_until(today))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_documents_are_of_the_web() {
        for (text, is) in [
            ("https://desk.example/", Some("https://desk.example")),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("http://[::1]:8080/itsm/", Some("http://[::1]:8080/itsm")),
            ("", None),
            ("https://", None),
            ("https:///x", None),
            ("desk.example", None),
            ("javascript:alert(1)", None),
            ("https://desk.example/\"><script>", None),
            ("https://user@desk.example", None),
            ("https://desk.example?x=1", None),
        ] {
            assert_eq!(base_url(text).ok().as_deref(), is, "{text}");
        }
    }
}
