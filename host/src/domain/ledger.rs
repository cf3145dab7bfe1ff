//! The ledger of a budget line: its totals are the sums of what is booked on it (guide, section 3.3).
//!
//! Nothing here rounds: amounts are whole minor units of one currency. What a component proposes is computed from
//! these sums; the sums themselves are the host's.

use std::collections::BTreeMap;

use mortise_types::budget::{Commitment, CommitmentState};
use mortise_types::money::{Currency, Decimal, Error, largest_remainder};
use serde_json::{Value, json};

use super::record::Record;

/// An amount of one currency, in its minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Minor units (cents, fen; yen for JPY).
    pub minor: i128,
    /// The currency.
    pub currency: Currency,
}

impl Amount {
    /// Reads the form that records keep: `{"amount": "12.50", "currency": "CNY"}`.
    pub fn read(value: &Value) -> Option<Self> {
        let currency = Currency::iso(value.get("currency")?.as_str()?).ok()?;
        let minor = currency.parse(value.get("amount")?.as_str()?).ok()?;
        Some(Self { minor, currency })
    }

    /// The amount in a field of a record.
    pub fn of(record: &Record, field: &str) -> Option<Self> {
        Self::read(record.data.get(field)?)
    }

    /// Nothing of a currency.
    pub fn zero(currency: &Currency) -> Self {
        Self { minor: 0, currency: currency.clone() }
    }

    /// The decimal text that the process contract carries.
    pub fn text(&self) -> String {
        self.currency.format(self.minor)
    }

    /// The form that records keep.
    pub fn to_value(&self) -> Value {
        json!({ "amount": self.text(), "currency": self.currency.code() })
    }
}

/// Why the sums of a line cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbalanced {
    /// A record on the line has no amount in the line's currency.
    #[error("{0} has no amount in {1}")]
    Currency(String, String),
    /// The sums do not fit.
    #[error("the amounts are too large to be added exactly")]
    Overflow,
}

/// Everything booked on a budget line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// The line's currency.
    pub currency: Currency,
    /// Posted costs by posted period, minor units.
    pub by_period: BTreeMap<String, i128>,
    /// What each commitment still binds, by number, minor units; commitments that bind nothing are left out.
    pub open: BTreeMap<String, i128>,
    /// The commitments that bind money, in the contract's form, in the order of their numbers.
    pub commitments: Vec<Commitment>,
}

impl Totals {
    /// Adds up posted cost entries and binding commitments of one line; other records among them are passed over.
    ///
    /// # Errors
    /// A record in another currency, or amounts beyond exact arithmetic.
    pub fn of<'r>(
        currency: &Currency,
        entries: impl IntoIterator<Item = &'r Record>,
        commitments: impl IntoIterator<Item = &'r Record>,
    ) -> Result<Self, Unbalanced> {
        let mut totals = Self {
            currency: currency.clone(),
            by_period: BTreeMap::new(),
            open: BTreeMap::new(),
            commitments: Vec::new(),
        };
        for entry in entries.into_iter().filter(|entry| entry.state == POSTED) {
            let amount = amount_in(currency, entry, "amount")?;
            let period = entry.text("posted_period").unwrap_or_default().to_owned();
            add(totals.by_period.entry(period).or_default(), amount)?;
        }
        let mut binding: Vec<(&Record, CommitmentState)> = commitments
            .into_iter()
            .filter_map(|c| state_of(&c.state).filter(|state| state.is_open()).map(|state| (c, state)))
            .collect();
        binding.sort_by(|(a, _), (b, _)| a.number.cmp(&b.number));
        for (commitment, state) in binding {
            let amount = amount_in(currency, commitment, "amount")?;
            let invoiced = amount_in(currency, commitment, "invoiced")?;
            let rest = amount.checked_sub(invoiced).ok_or(Unbalanced::Overflow)?.max(0);
            if rest > 0 {
                totals.open.insert(commitment.number.clone(), rest);
            }
            totals.commitments.push(Commitment {
                amount: currency.format(amount),
                invoiced: currency.format(invoiced),
                state,
            });
        }
        totals.actual_minor()?;
        totals.open_minor()?;
        Ok(totals)
    }

    /// All posted costs, as the contract's text.
    pub fn actual(&self) -> String {
        // The sum was made once when the totals were, so it fits.
        self.currency.format(self.actual_minor().unwrap_or_default())
    }

    /// What open commitments still bind, as the contract's text.
    pub fn open_commitments(&self) -> String {
        // As above.
        self.currency.format(self.open_minor().unwrap_or_default())
    }

    /// Posted costs by period, as the contract's texts, in the order of the periods.
    pub fn actuals(&self) -> Vec<String> {
        self.by_period.values().map(|minor| self.currency.format(*minor)).collect()
    }

    /// Posted costs in minor units.
    ///
    /// # Errors
    /// [`Unbalanced::Overflow`].
    pub fn actual_minor(&self) -> Result<i128, Unbalanced> {
        sum(self.by_period.values())
    }

    /// What open commitments still bind, in minor units.
    ///
    /// # Errors
    /// [`Unbalanced::Overflow`].
    pub fn open_minor(&self) -> Result<i128, Unbalanced> {
        sum(self.open.values())
    }
}

/// State of a cost entry that counts.
pub const POSTED: &str = "posted";

/// What has been invoiced on a commitment: the sum of the posted cost entries that name it.
///
/// # Errors
/// As [`Totals::of`].
pub fn invoiced<'r>(
    currency: &Currency,
    commitment: &str,
    entries: impl IntoIterator<Item = &'r Record>,
) -> Result<i128, Unbalanced> {
    let mut sum = 0;
    for entry in entries {
        if entry.state == POSTED && entry.text("commitment") == Some(commitment) {
            add(&mut sum, amount_in(currency, entry, "amount")?)?;
        }
    }
    Ok(sum)
}

/// Where a commitment goes by itself after something was invoiced on it; `None`: it stays.
pub fn moved_by_invoice(state: &str, amount: i128, invoiced: i128) -> Option<&'static str> {
    match state {
        "open" | "part_invoiced" if invoiced >= amount => Some("consumed"),
        "open" if invoiced > 0 => Some("part_invoiced"),
        _ => None,
    }
}

/// A budget's share of one of its periods: equal shares by largest remainder, so that the periods add up to the
/// whole.
///
/// # Errors
/// [`Error::NoAllocationBasis`] without periods, [`Error::OutOfRange`] for amounts beyond exact arithmetic.
pub fn share_of_period(total: i128, periods: usize, index: usize) -> Result<i128, Error> {
    let one: Decimal = "1".parse()?;
    let shares = largest_remainder(total, &vec![one; periods])?;
    shares.get(index).copied().ok_or(Error::NoAllocationBasis)
}

fn state_of(text: &str) -> Option<CommitmentState> {
    serde_json::from_value(Value::from(text)).ok()
}

fn amount_in(currency: &Currency, record: &Record, field: &str) -> Result<i128, Unbalanced> {
    match Amount::of(record, field) {
        Some(amount) if amount.currency == *currency => Ok(amount.minor),
        _ => Err(Unbalanced::Currency(record.number.clone(), currency.code().to_owned())),
    }
}

fn add(sum: &mut i128, amount: i128) -> Result<(), Unbalanced> {
    *sum = sum.checked_add(amount).ok_or(Unbalanced::Overflow)?;
    Ok(())
}

fn sum<'a>(amounts: impl Iterator<Item = &'a i128>) -> Result<i128, Unbalanced> {
    let mut total = 0;
    for amount in amounts {
        add(&mut total, *amount)?;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::time::Instant;
    use proptest::prelude::*;

    fn record(kind: &str, number: &str, state: &str, data: Value) -> Record {
        Record {
            id: number.to_owned(),
            org: "o".to_owned(),
            kind: kind.to_owned(),
            number: number.to_owned(),
            title: String::new(),
            state: state.to_owned(),
            owner: String::new(),
            revision: 1,
            created_at: Instant(0),
            created_by: String::new(),
            updated_at: Instant(0),
            kind_version: 0,
            data: data.as_object().cloned().unwrap(),
        }
    }

    fn cny(minor: i128) -> Value {
        Amount { minor, currency: Currency::iso("CNY").unwrap() }.to_value()
    }

    fn entry(number: &str, state: &str, minor: i128, period: &str, commitment: Option<&str>) -> Record {
        record(
            "cost-entry",
            number,
            state,
            json!({ "amount": cny(minor), "posted_period": period, "commitment": commitment }),
        )
    }

    fn commitment(number: &str, state: &str, minor: i128, invoiced: i128) -> Record {
        record("commitment", number, state, json!({ "amount": cny(minor), "invoiced": cny(invoiced) }))
    }

    #[test]
    fn only_what_is_posted_or_binding_counts() {
        let yuan = Currency::iso("CNY").unwrap();
        let entries = [
            entry("CEN-1", "posted", 4_000_000, "2026-01", None),
            entry("CEN-2", "draft", 99, "2026-01", None),
            entry("CEN-3", "void", 99, "2026-01", None),
            entry("CEN-4", "posted", 2_850_050, "2026-02", None),
        ];
        let commitments = [
            commitment("CMT-3", "consumed", 900_000, 900_000),
            commitment("CMT-2", "open", 3_000_000, 1_200_000),
            commitment("CMT-1", "requested", 500, 0),
            commitment("CMT-4", "reserved", 100, 150),
        ];
        let totals = Totals::of(&yuan, &entries, &commitments).unwrap();
        assert_eq!(totals.actual(), "68500.50");
        assert_eq!(totals.actuals(), ["40000.00", "28500.50"]);
        assert_eq!(totals.open_commitments(), "18000.00");
        assert_eq!(totals.commitments.len(), 2);
        assert_eq!(totals.open.keys().collect::<Vec<_>>(), ["CMT-2"]);
    }

    #[test]
    fn another_currency_is_no_part_of_the_sum() {
        let dollar = Currency::iso("USD").unwrap();
        let entries = [entry("CEN-1", "posted", 1, "2026-01", None)];
        let wrong = Totals::of(&dollar, &entries, []).unwrap_err();
        assert_eq!(wrong.to_string(), "CEN-1 has no amount in USD");
    }

    #[test]
    fn an_invoice_moves_its_commitment() {
        for (state, amount, invoiced, to) in [
            ("open", 100, 0, None),
            ("open", 100, 99, Some("part_invoiced")),
            ("open", 100, 100, Some("consumed")),
            ("part_invoiced", 100, 99, None),
            ("part_invoiced", 100, 120, Some("consumed")),
            ("reserved", 100, 100, None),
            ("consumed", 100, 100, None),
        ] {
            assert_eq!(moved_by_invoice(state, amount, invoiced), to, "{state} {amount} {invoiced}");
        }
    }

    #[test]
    fn sums_beyond_exact_arithmetic_are_refused() {
        let yuan = Currency::iso("CNY").unwrap();
        let entries =
            [entry("CEN-1", "posted", i128::MAX, "2026-01", None), entry("CEN-2", "posted", 1, "2026-02", None)];
        assert_eq!(Totals::of(&yuan, &entries, []), Err(Unbalanced::Overflow));
    }

    proptest! {
        #[test]
        fn a_ledger_always_balances(
            amounts in proptest::collection::vec((-1_000_000_000_i128..1_000_000_000, 0..3_u8, 0..4_u8), 0..40),
            orders in proptest::collection::vec((0_i128..1_000_000_000, 0..4_u8), 0..4),
        ) {
            let yuan = Currency::iso("CNY").unwrap();
            let entries: Vec<Record> = amounts
                .iter()
                .enumerate()
                .map(|(i, (minor, month, names))| {
                    let names = format!("CMT-{names}");
                    entry(&format!("CEN-{i}"), "posted", *minor, &format!("2026-0{}", month + 1), Some(&names))
                })
                .collect();
            let commitments: Vec<Record> = orders
                .iter()
                .enumerate()
                .map(|(i, (minor, state))| {
                    let number = format!("CMT-{i}");
                    let paid = invoiced(&yuan, &number, &entries).unwrap();
                    let state = ["requested", "reserved", "open", "released"][usize::from(*state)];
                    commitment(&number, state, *minor, paid)
                })
                .collect();
            let totals = Totals::of(&yuan, &entries, &commitments).unwrap();
            // The order in which entries were booked does not matter, nothing counts twice, nothing is lost.
            let backwards = Totals::of(&yuan, entries.iter().rev(), commitments.iter().rev()).unwrap();
            prop_assert_eq!(&totals, &backwards);
            let sum: i128 = amounts.iter().map(|(minor, ..)| minor).sum();
            prop_assert_eq!(totals.actual_minor().unwrap(), sum);
            let all_invoiced: i128 =
                (0..4).map(|i| invoiced(&yuan, &format!("CMT-{i}"), &entries).unwrap()).sum();
            prop_assert_eq!(all_invoiced, sum);
            let open: i128 = commitments
                .iter()
                .filter(|c| c.state == "reserved" || c.state == "open")
                .map(|c| (Amount::of(c, "amount").unwrap().minor - Amount::of(c, "invoiced").unwrap().minor).max(0))
                .sum();
            prop_assert_eq!(totals.open_minor().unwrap(), open);
        }

        #[test]
        fn the_periods_of_a_budget_add_up(total in -1_000_000_000_i128..1_000_000_000, periods in 1_usize..30) {
            let shares: Vec<i128> = (0..periods).map(|i| share_of_period(total, periods, i).unwrap()).collect();
            prop_assert_eq!(shares.iter().sum::<i128>(), total);
            let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
            prop_assert!(most - least <= 1);
            prop_assert!(share_of_period(total, periods, periods).is_err());
        }
    }
}
