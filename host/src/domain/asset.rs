//! What an asset is worth, whether it is worth repairing, and what a stock count says (guide, P19 and P20).
//!
//! Money is in minor units and nothing is rounded but the two amounts that are booked, half to even.

use jiff::civil::Date;
use mortise_types::money::{Error, half_even_div};

use super::time::add_months;

/// An asset's value on a day, straight line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valuation {
    /// Whole months in use, no more than the useful life.
    pub months: u32,
    /// What is left at the end of the useful life, minor units.
    pub residual: i128,
    /// What has been written off so far, minor units.
    pub depreciated: i128,
    /// Cost less what has been written off, minor units.
    pub book_value: i128,
}

/// Values an asset: its depreciation up to a month is its share of the whole, so that the rounding of one month is made
/// good in the next. `cost` is in minor units, `residual_bp` in hundredths of a percent.
///
/// # Errors
/// Amounts that do not fit, or a useful life of no months.
pub fn value(cost: i128, residual_bp: u32, useful_months: u32, months: u32) -> Result<Valuation, Error> {
    let part = |amount: i128, of: u32, whole: u32| {
        half_even_div(amount.checked_mul(i128::from(of)).ok_or(Error::OutOfRange)?, i128::from(whole))
    };
    let residual = part(cost, residual_bp, 10_000)?;
    let months = months.min(useful_months);
    let depreciated = part(cost - residual, months, useful_months)?;
    Ok(Valuation { months, residual, depreciated, book_value: cost - depreciated })
}

/// Whole months from one day to another; the month after 31 January is over on the last day of February. None when
/// `to` is the earlier one.
pub fn whole_months(from: Date, to: Date) -> Option<u32> {
    let months = (i32::from(to.year()) - i32::from(from.year())) * 12 + i32::from(to.month()) - i32::from(from.month());
    let whole = if months > 0 && add_months(from, months) > to { months - 1 } else { months };
    u32::try_from(whole).ok().filter(|_| from <= to)
}

/// What is done about a faulty asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The vendor repairs it under warranty.
    VendorWarranty,
    /// It is repaired in house.
    InHouse,
    /// It is replaced.
    Replace,
}

impl Route {
    /// Its name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VendorWarranty => "vendor-warranty",
            Self::InHouse => "in-house",
            Self::Replace => "replace",
        }
    }
}

/// What a recommendation is worked out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The warranty holds.
    pub in_warranty: bool,
    /// Cost of the repair in minor units, where it is known.
    pub cost: Option<i128>,
    /// Book value in minor units of the same currency.
    pub book_value: i128,
    /// Repairs before this one, in the months that are looked at.
    pub earlier: i64,
    /// The asset is beyond its useful life.
    pub outlived: bool,
}

/// Limits of a recommendation, which an organisation sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Percent of the book value beyond which a repair is not worth its cost.
    pub cost_percent: i64,
    /// Earlier repairs from which it is not either.
    pub repairs: i64,
}

/// What to do about a fault, with every reason to replace the asset, in the order of the guide.
pub fn repair_or_replace(fault: &Fault, limits: Limits) -> (Route, Vec<&'static str>) {
    if fault.in_warranty {
        return (Route::VendorWarranty, vec!["in-warranty"]);
    }
    let exceeds = |cost: i128| {
        let hundredfold = cost.saturating_mul(100);
        hundredfold > fault.book_value.saturating_mul(i128::from(limits.cost_percent))
    };
    let reasons: Vec<&str> = [
        (fault.cost.is_some_and(exceeds), "cost-exceeds-share-of-book-value"),
        (fault.earlier >= limits.repairs, "repaired-too-often"),
        (fault.outlived, "beyond-useful-life"),
    ]
    .into_iter()
    .filter_map(|(holds, reason)| holds.then_some(reason))
    .collect();
    if reasons.is_empty() { (Route::InHouse, vec!["worth-repairing"]) } else { (Route::Replace, reasons) }
}

/// What a stock count says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Found of booked, in tenths of a percent, rounded half up; none when nothing is booked.
    pub accuracy_tenths: Option<i64>,
    /// Assets whose absence has to be investigated; none when enough was found.
    pub investigate: Option<i64>,
    /// Found beyond what is booked.
    pub surplus: i64,
}

/// Compares a count with the books: with less than `limit_percent` found, what is missing is investigated.
pub fn count(booked: i64, found: i64, limit_percent: i64) -> Count {
    let accuracy_tenths =
        (booked > 0).then(|| (i128::from(found) * 2000 + i128::from(booked)) / (2 * i128::from(booked)));
    let short = i128::from(found) * 100 < i128::from(booked) * i128::from(limit_percent);
    Count {
        accuracy_tenths: accuracy_tenths.and_then(|tenths| i64::try_from(tenths).ok()),
        investigate: short.then_some(booked - found),
        surplus: (found - booked).max(0),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_guides_asset_is_worth_what_it_says() {
        let valuation = value(1_200_000, 500, 36, 20).unwrap();
        let expected = Valuation { months: 20, residual: 60_000, depreciated: 633_333, book_value: 566_667 };
        assert_eq!(valuation, expected);
        assert_eq!(value(1_200_000, 500, 36, 0).unwrap().book_value, 1_200_000);
        assert_eq!(value(1_200_000, 500, 36, 36).unwrap().book_value, 60_000);
        assert_eq!(value(1_200_000, 500, 36, 99).unwrap(), value(1_200_000, 500, 36, 36).unwrap());
        // Halves go to the even side: 1/2 and 3/2 of a minor unit.
        assert_eq!(value(2, 0, 4, 1).unwrap().depreciated, 0);
        assert_eq!(value(2, 0, 4, 3).unwrap().depreciated, 2);
        assert!(value(100, 0, 0, 0).is_err());
        assert!(value(i128::MAX, 500, 36, 20).is_err());
    }

    #[test]
    fn months_are_whole_when_their_day_has_come() {
        let months =
            |from: (i16, i8, i8), to: (i16, i8, i8)| whole_months(date(from.0, from.1, from.2), date(to.0, to.1, to.2));
        assert_eq!(months((2024, 7, 15), (2026, 3, 14)), Some(19));
        assert_eq!(months((2024, 7, 15), (2026, 3, 15)), Some(20));
        assert_eq!(months((2026, 1, 31), (2026, 2, 27)), Some(0));
        assert_eq!(months((2026, 1, 31), (2026, 2, 28)), Some(1));
        assert_eq!(months((2026, 3, 3), (2026, 3, 3)), Some(0));
        assert_eq!(months((2026, 3, 3), (2026, 3, 2)), None);
        assert_eq!(months((2026, 3, 3), (2026, 2, 28)), None);
    }

    #[test]
    fn a_fault_is_repaired_while_that_is_worth_it() {
        let limits = Limits { cost_percent: 50, repairs: 3 };
        let fault = Fault { in_warranty: false, cost: None, book_value: 566_667, earlier: 0, outlived: false };
        let route = |fault: Fault| repair_or_replace(&fault, limits);
        // The guide's: 3 000.00 against 5 666.67 is 52.9 %.
        let dear = Fault { cost: Some(300_000), ..fault };
        assert_eq!(route(dear), (Route::Replace, vec!["cost-exceeds-share-of-book-value"]));
        assert_eq!(route(Fault { in_warranty: true, ..dear }).0, Route::VendorWarranty);
        assert_eq!(route(Fault { cost: Some(283_333), ..fault }).0, Route::InHouse);
        assert_eq!(route(Fault { cost: Some(50), book_value: 100, ..fault }).0, Route::InHouse);
        assert_eq!(route(Fault { earlier: 2, ..fault }).0, Route::InHouse);
        let worn = Fault { earlier: 3, outlived: true, ..fault };
        assert_eq!(route(worn), (Route::Replace, vec!["repaired-too-often", "beyond-useful-life"]));
    }

    #[test]
    fn a_count_below_the_limit_is_investigated() {
        let counted = |booked, found| count(booked, found, 98);
        assert_eq!(counted(100, 96), Count { accuracy_tenths: Some(960), investigate: Some(4), surplus: 0 });
        assert_eq!(counted(100, 98), Count { accuracy_tenths: Some(980), investigate: None, surplus: 0 });
        assert_eq!(counted(100, 103), Count { accuracy_tenths: Some(1030), investigate: None, surplus: 3 });
        assert_eq!(counted(0, 0), Count { accuracy_tenths: None, investigate: None, surplus: 0 });
    }

    proptest! {
        /// What is written off grows to exactly cost less residual, whatever the months in between.
        #[test]
        fn depreciation_only_grows_and_ends_at_the_residual(
            cost in 0_i128..10_000_000_000, bp in 0_u32..=10_000, life in 1_u32..240
        ) {
            let mut last = 0;
            for months in 0..=life {
                let now = value(cost, bp, life, months).unwrap();
                prop_assert!(now.depreciated >= last);
                prop_assert_eq!(now.depreciated + now.book_value, cost);
                last = now.depreciated;
            }
            prop_assert_eq!(value(cost, bp, life, life).unwrap().book_value, value(cost, bp, life, 0).unwrap().residual);
        }
    }
}
