//! The golden cases of the service level process, natively.
#![allow(missing_docs, clippy::unwrap_used)]

#[test]
fn all_golden_cases_agree() {
    let text = include_str!("../../../../tests/golden/sla.json");
    let report = mortise_sdk::testing::golden::<sla_rules::Standard>(text).unwrap();
    assert_eq!(report.cases, 23);
    report.assert_agrees();
}

/// What `itsm:sla` 0.2.0 adds.
#[test]
fn all_forecasts_agree() {
    let text = include_str!("../../../../tests/golden/sla_forecast.json");
    mortise_sdk::testing::golden::<sla_rules::Standard>(text).unwrap().assert_agrees();
}
