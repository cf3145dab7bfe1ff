//! A budget line with everything that is booked on it.

use mortise_types::Outcome;
use mortise_types::budget::{self, CommitRequest, LineRequest};
use mortise_types::money::Currency;
use serde_json::{Map, Value, json};

use super::{ask_about, person_for, rule, subject};
use crate::domain::component::Subject;
use crate::domain::ledger::{Amount, Totals, Unbalanced};
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::flows::FlowError;
use crate::flows::decide::Answer;
use crate::flows::working::Working;

/// A line as it was read, and its bookings as the unit will leave them.
pub(super) struct Book {
    /// The line, at the revision that everything booked was read after.
    pub(super) line: Record,
    /// Its currency.
    pub(super) currency: Currency,
    /// Its cost entries.
    pub(super) entries: Vec<Record>,
    /// Its commitments.
    pub(super) commitments: Vec<Record>,
}

impl Book {
    /// Reads a line and what is booked on it. The line comes first: whoever books afterwards advances its revision,
    /// and this unit then starts over.
    pub(super) async fn open(working: &Working<'_>, number: &str) -> Result<Self, FlowError> {
        let org = &working.record.org;
        let found = working.desk.store.record(org, number).await?;
        let line = found.ok_or_else(|| Refusal::not_found(format!("there is no budget line {number}")))?;
        Self::of(working, line).await
    }

    /// Reads what is booked on a line that was read before.
    pub(super) async fn of(working: &Working<'_>, line: Record) -> Result<Self, FlowError> {
        let (org, store) = (&working.record.org, &working.desk.store);
        let currency = currency_of(&line)?;
        let entries = store.records_by_field(org, "cost-entry", "line", &line.number, i64::MAX).await?;
        let commitments = store.records_by_field(org, "commitment", "line", &line.number, i64::MAX).await?;
        Ok(Self { line, currency, entries, commitments })
    }

    /// Takes a cost entry or a commitment as the unit will leave it.
    pub(super) fn take(&mut self, record: &Record) {
        let list = if record.kind == "commitment" { &mut self.commitments } else { &mut self.entries };
        match list.iter_mut().find(|known| known.number == record.number) {
            Some(known) => known.clone_from(record),
            None => list.push(record.clone()),
        }
    }

    /// The sums of the line.
    pub(super) fn totals(&self) -> Result<Totals, Refusal> {
        Totals::of(&self.currency, &self.entries, &self.commitments).map_err(unbalanced)
    }

    /// What the line may spend.
    pub(super) fn budget(&self) -> Amount {
        Amount::of(&self.line, "amount").unwrap_or_else(|| Amount::zero(&self.currency))
    }

    /// Refuses unless money of the line may move: it is open, or it was closed with its budget and that was reopened.
    pub(super) fn is_open(&self, budget: &Record) -> Result<(), Refusal> {
        let open = match self.line.state.as_str() {
            "open" => true,
            "closed" => budget.state == "reopened",
            _ => false,
        };
        if open {
            return Ok(());
        }
        let message = format!("{} is {}; nothing can be booked on it", self.line.number, self.line.state);
        Err(Refusal::conflict(rule::LINE_STATE, message).about("line"))
    }

    /// The request that asks who may grant a commitment on this line.
    pub(super) fn commit_request(&self, request: &Amount) -> Result<budget::Request, Refusal> {
        let totals = self.totals()?;
        Ok(budget::Request::Commit(CommitRequest {
            currency: self.currency.code().to_owned(),
            budget: self.budget().text(),
            actual: totals.actual(),
            open_commitments: totals.open_commitments(),
            request: request.text(),
            tolerance_bp: None,
            attributes: self.attributes(),
        }))
    }

    /// Facts about the line that a policy may decide by.
    pub(super) fn attributes(&self) -> mortise_types::Attributes {
        ["cost_type", "nature", "service"]
            .into_iter()
            .filter_map(|name| {
                let text = mortise_types::Value::Text(self.line.text(name)?.to_owned());
                Some((format!("line.{name}"), text))
            })
            .collect()
    }

    pub(super) fn subject(&self) -> Subject {
        subject("budget-line", Some(&self.line), None)
    }

    /// Works the line's figures out anew and writes them with the unit, which advances the line's revision. When the
    /// component fails, the sums are true all the same; the rest keeps its last valid value until a person decides.
    pub(super) async fn settle(self, working: &mut Working<'_>) -> Result<(), FlowError> {
        let totals = self.totals()?;
        let forecast = Amount::of(&self.line, "forecast_to_go").unwrap_or_else(|| Amount::zero(&self.currency));
        let request = budget::Request::Line(LineRequest {
            currency: self.currency.code().to_owned(),
            budget: self.budget().text(),
            actuals: totals.actuals(),
            commitments: totals.commitments.clone(),
            forecast_to_go: forecast.text(),
            warn_bp: None,
            alert_bp: None,
            underspend_bp: None,
            attributes: self.attributes(),
        });
        let mut figures = self.sums(&totals)?;
        match ask_about(working, &self.line.number, &self.subject(), request).await {
            Answer::Decided(decision, id) => {
                if let Outcome::Budget(budget::Outcome::Line(outcome)) = decision.outcome {
                    let proposed = json!(outcome);
                    // The sums stay the host's: what the component made of open commitments, it may see differently.
                    let fits = ["actual", "open_commitments"].iter().all(|name| proposed[name] == figures[*name]);
                    if fits {
                        figures.extend(proposed.as_object().cloned().unwrap_or_default());
                        figures.insert("decision".to_owned(), json!(id));
                    } else {
                        let reason = "invalid-output: the figures are not the sums of the line's entries";
                        person_for(working, &self.line.number, reason, &id);
                    }
                }
            }
            Answer::Refused { code, message, decision } => {
                person_for(working, &self.line.number, &format!("refused: {code}: {message}"), &decision);
            }
            Answer::Failed => {}
        }
        self.write(working, figures);
        Ok(())
    }

    /// The last figures with the sums brought up to date.
    fn sums(&self, totals: &Totals) -> Result<Map<String, Value>, Refusal> {
        let last = self.line.data.get("figures").and_then(Value::as_object).cloned();
        let mut figures = last.unwrap_or_default();
        let spent = totals.actual_minor().map_err(unbalanced)?;
        let bound = totals.open_minor().map_err(unbalanced)?;
        let available = self.budget().minor.checked_sub(spent).and_then(|left| left.checked_sub(bound));
        let available = available.ok_or_else(|| unbalanced(Unbalanced::Overflow))?;
        figures.insert("currency".to_owned(), json!(self.currency.code()));
        figures.insert("actual".to_owned(), json!(totals.actual()));
        figures.insert("open_commitments".to_owned(), json!(totals.open_commitments()));
        figures.insert("available".to_owned(), json!(self.currency.format(available)));
        Ok(figures)
    }

    fn write(self, working: &mut Working<'_>, figures: Map<String, Value>) {
        let (was, is) = (self.line.at("figures.level").cloned(), figures.get("level").cloned());
        if is != was
            && let Some(level) = is.as_ref().and_then(Value::as_str)
            && !(was.is_none() && level == "ok")
        {
            let data = json!({
                "available": figures.get("available"),
                "variance": figures.get("variance"),
                "variance_bp": figures.get("variance_bp"),
                "decision": figures.get("decision"),
            });
            working.event_about(&self.line.number, format!("budget.line.{level}"), data);
        }
        if self.line.number == working.record.number {
            working.set("figures", Value::Object(figures));
            return;
        }
        let mut after = self.line.clone();
        after.data.insert("figures".to_owned(), Value::Object(figures));
        working.along(self.line, after, "figures");
    }
}

/// The currency a line is kept in.
pub(super) fn currency_of(line: &Record) -> Result<Currency, Refusal> {
    match Amount::of(line, "amount") {
        Some(amount) => Ok(amount.currency),
        None => Err(Refusal::conflict(rule::LEDGER, format!("{} has no amount yet", line.number)).about("line")),
    }
}

/// The refusal for sums that cannot be made.
pub(super) fn unbalanced(error: Unbalanced) -> Refusal {
    Refusal::conflict(rule::LEDGER, error.to_string())
}
