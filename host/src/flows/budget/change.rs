//! What a change costs: lines, contingency by its risk band, and the running cost of this year (domain guide, 3.3,
//! change-cost).

use mortise_types::budget::{self, ChangeCostRequest, CostItem, LabourLine, RiskBand};
use mortise_types::{Outcome, Process, Request};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::book::currency_of;
use super::subject;
use crate::domain::ledger::Amount;
use crate::domain::refusal::{Refusal, rule as general};
use crate::flows::FlowError;
use crate::flows::decide::Answer;
use crate::flows::working::{Cause, Working};

/// A change with a cost plan costs what the component works out from it; without one, what was said.
pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    let again = matches!(working.cause, Cause::Again { process: Process::Budget, .. });
    let Some(plan) = working.field("cost_plan").cloned() else {
        if again {
            return Err(working.not_again());
        }
        if working.touched(&["cost_plan"]) {
            working.set("cost_figures", Value::Null);
        }
        return Ok(());
    };
    let band = band(working);
    let last = working.record.at("cost_figures.risk_band").cloned();
    let same_cost = !working.touched(&["cost", "cost_plan", "budget_line"]);
    if !again && same_cost && last == Some(json!(band)) {
        return Ok(());
    }
    let line = match working.text("budget_line") {
        Some(number) => working.desk.store.record(&working.record.org, number).await?,
        None => None,
    };
    let currency = match (&line, Amount::of(&working.record, "cost")) {
        (Some(line), _) => currency_of(line)?,
        (None, Some(cost)) => cost.currency,
        (None, None) => {
            let message = "budget_line or cost is required: a cost plan is in the currency of one of them";
            return Err(Refusal::invalid(general::REQUIRED, "budget_line", message).into());
        }
    };
    let request = ChangeCostRequest {
        currency: currency.code().to_owned(),
        labour: list::<LabourLine>(&plan, "labour")?,
        items: list::<CostItem>(&plan, "items")?,
        contingency_bp: None,
        risk_band: Some(band),
        recurring_monthly: plan["recurring_monthly"].as_str().unwrap_or("0").to_owned(),
        months_in_year: plan["months_in_year"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        attributes: mortise_types::Attributes::new(),
    };
    let subject = subject("change", line.as_ref(), None);
    let request = Request::Budget(budget::Request::ChangeCost(request));
    match working.ask(&subject, &request).await {
        Answer::Decided(decision, id) => {
            if let Outcome::Budget(budget::Outcome::ChangeCost(outcome)) = decision.outcome {
                working.set("cost", json!({ "amount": outcome.total_this_year, "currency": currency.code() }));
                let mut figures = json!(outcome);
                figures["currency"] = json!(currency.code());
                figures["risk_band"] = json!(band);
                figures["decision"] = json!(id);
                working.mark_fallback(&id, &mut figures);
                working.set("cost_figures", figures);
            }
            Ok(())
        }
        Answer::Refused { code, message, .. } => Err(Refusal::invalid(code, "cost_plan", message).into()),
        // The cost that was said stands; a change without one waits for it.
        Answer::Failed => {
            working.set("manual", json!(true));
            Ok(())
        }
    }
}

/// The band of the last assessment; before there is one, the worst: what is not known counts as such (guide, 3.2).
fn band(working: &Working<'_>) -> RiskBand {
    let known = working.record.at("assessment.band").cloned();
    known.and_then(|band| serde_json::from_value(band).ok()).unwrap_or(RiskBand::VeryHigh)
}

fn list<T: DeserializeOwned>(plan: &Value, key: &str) -> Result<Vec<T>, Refusal> {
    match plan.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(list) => serde_json::from_value(list.clone()).map_err(|error| {
            let field = format!("cost_plan.{key}");
            let message = format!("{field}: {error}");
            Refusal::invalid(general::TYPE, field, message)
        }),
    }
}
