//! The sums of budget lines and commitments are those of what is booked on them.

use serde_json::Value;

use super::Check;
use crate::domain::ledger::{self, Amount, Totals};
use crate::domain::record::Record;
use crate::flows::FlowError;
use crate::store::listing::{ListQuery, SortKey};

/// Lines read at once.
const PAGE: usize = 200;

impl Check<'_, '_> {
    pub(super) async fn ledger(&mut self) -> Result<(), FlowError> {
        let store = &self.desk.store;
        let mut query = ListQuery {
            org: self.org.clone(),
            kind: "budget-line".to_owned(),
            filters: Vec::new(),
            text: None,
            sort: SortKey::Created,
            descending: false,
            after: None,
            limit: PAGE,
            only: None,
        };
        loop {
            let page = store.list(&query).await?;
            for line in &page.records {
                let of = |kind: &'static str| store.records_by_field(&line.org, kind, "line", &line.number, i64::MAX);
                let (entries, commitments) = (of("cost-entry").await?, of("commitment").await?);
                self.line(line, &entries, &commitments);
            }
            query.after = page.next;
            if query.after.is_none() {
                return Ok(());
            }
        }
    }

    fn line(&mut self, line: &Record, entries: &[Record], commitments: &[Record]) {
        let Some(amount) = Amount::of(line, "amount") else {
            if !entries.is_empty() || !commitments.is_empty() {
                self.finding("ledger", &line.number, "amount", "an amount, since costs are booked", "nothing");
            }
            return;
        };
        let currency = &amount.currency;
        let sums = Totals::of(currency, entries, commitments).and_then(|totals| {
            let spent = totals.actual_minor()?;
            let bound = totals.open_minor()?;
            Ok((totals, amount.minor.saturating_sub(spent).saturating_sub(bound)))
        });
        let (totals, available) = match sums {
            Ok(sums) => sums,
            Err(unbalanced) => {
                self.finding("ledger", &line.number, "figures", "sums that can be made", unbalanced.to_string());
                return;
            }
        };
        for (name, expected) in [
            ("actual", totals.actual()),
            ("open_commitments", totals.open_commitments()),
            ("available", currency.format(available)),
        ] {
            let path = format!("figures.{name}");
            let found = line.at(&path).and_then(Value::as_str);
            if found != Some(expected.as_str()) {
                self.finding("ledger", &line.number, path, expected, found.unwrap_or("nothing"));
            }
        }
        for commitment in commitments {
            let Ok(expected) = ledger::invoiced(currency, &commitment.number, entries) else { continue };
            let expected = currency.format(expected);
            let found = Amount::of(commitment, "invoiced").map(|amount| amount.text());
            if found.as_deref() != Some(expected.as_str()) {
                let found = found.unwrap_or_else(|| "nothing".to_owned());
                self.finding("ledger", &commitment.number, "invoiced", expected, found);
            }
        }
    }
}
