//! Demonstration data and the tokens to try it with.

use std::collections::BTreeMap;

use super::scenario::{self, Scenario};
use super::{Desk, FlowError, authenticate};
use crate::domain::Role;
use crate::domain::refusal::Refusal;

/// The people of the demonstration: name, roles, and what they are there for.
const PEOPLE: [(&str, &[Role], &str); 8] = [
    ("admin", &[Role::Adm], "administrator: components, activations, tokens"),
    ("wu", &[Role::Po], "process owner: approves components before they decide"),
    ("liu", &[Role::Sd], "service desk agent: incidents, requests"),
    ("huang", &[Role::Te], "technician"),
    ("ma", &[Role::Cm], "change manager"),
    ("qian", &[Role::Bud], "budget owner"),
    ("sheng", &[Role::Sup], "supplier manager"),
    ("auditor", &[Role::Aud], "internal auditor: reads everything, writes audits and findings, raises nonconformities"),
];

/// What the demonstration made.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Token text and purpose by person.
    pub tokens: Vec<(String, String, String)>,
    /// Record numbers by the key of the demonstration list.
    pub numbers: BTreeMap<String, String>,
}

/// Fills the organisation with demonstration data (nothing twice) and makes a fresh token for each of its people,
/// valid for a week.
///
/// # Errors
/// What the use cases refuse; the database's errors.
pub async fn run(desk: &Desk, org: &str) -> Result<Demo, FlowError> {
    const WEEK_MS: i64 = 7 * 86_400_000;
    let list: Scenario = toml::from_str(include_str!("../../demo/demo.toml"))
        .map_err(|e| Refusal::invalid("demo", "demo", format!("the demonstration list cannot be read: {e}")))?;
    let numbers = scenario::run(desk, org, "demo", &list).await?;
    let expires = desk.clock.now().plus(WEEK_MS);
    let mut tokens = Vec::with_capacity(PEOPLE.len());
    for (user, roles, purpose) in PEOPLE {
        let roles = roles.iter().copied().collect();
        let issued = authenticate::issue(desk, org, user, &roles, "demonstration", Some(expires)).await?;
        tokens.push((user.to_owned(), issued.text, purpose.to_owned()));
    }
    Ok(Demo { tokens, numbers })
}

impl Demo {
    /// What a new user sees: the address, the tokens, three commands to try.
    pub fn welcome(&self, address: &str) -> String {
        let token = |user: &str| self.tokens.iter().find(|t| t.0 == user).map_or("", |t| t.1.as_str());
        let number = |key: &str| self.numbers.get(key).map_or("", String::as_str);
        let mut text = format!("\nMortise is running: http://{address}   (API reference: http://{address}/docs)\n\n");
        text.push_str(&format!("Administrator's token: {}\n\nOther people of the demonstration:\n", token("admin")));
        for (user, token, purpose) in self.tokens.iter().filter(|t| t.0 != "admin") {
            text.push_str(&format!("  {user:<8} {token}  {purpose}\n"));
        }
        text.push_str(&format!(
            "\nTry:\n\
             1. the components and where they decide\n\
             curl -s -H 'Authorization: Bearer {admin}' http://{address}/api/v1/components\n\n\
             2. a new incident, its clocks decided by the SLA component\n\
             curl -s -H 'Authorization: Bearer {agent}' -H 'Content-Type: application/json' \
             -d '{{\"title\":\"Mail is down\",\"service\":\"{service}\",\"customer\":\"{customer}\",\
             \"impact\":1,\"urgency\":1,\"caller\":\"zhao\",\"channel\":\"phone\",\"category\":\"mail\"}}' \
             http://{address}/api/v1/records/incident\n\n\
             3. the decisions behind an incident, with input, output and reasons\n\
             curl -s -H 'Authorization: Bearer {admin}' 'http://{address}/api/v1/decisions?record={incident}'\n",
            admin = token("admin"),
            agent = token("liu"),
            service = number("mail"),
            customer = number("hospital"),
            incident = number("incident-1"),
        ));
        text
    }
}
