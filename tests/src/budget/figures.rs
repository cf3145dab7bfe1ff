//! The figures of a budget.

use mortise::domain::Actor;
use mortise::flows::budget::{FiguresQuery, figures};

use super::*;
use crate::app::for_each_db;

#[test]
fn a_budget_shows_where_it_stands_and_where_it_leads() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("servers", "130000.00").await;
        for (amount, on) in [("10000.00", "2026-01-10"), ("15000.00", "2026-02-10"), ("10000.00", "2026-02-11")] {
            treasury.cost(&line, amount, on, json!({})).await;
        }
        treasury.ordered(&line, "500.00").await;
        let desk = &treasury.app.desk;
        let reader = Actor::user(ORG, "auditor", [Role::Aud]);
        let plain = FiguresQuery::default();
        let report = figures(desk, &reader, &treasury.budget, &plain).await.unwrap();
        assert_eq!(
            report["totals"],
            json!({"planned": "130000.00", "actual": "35000.00", "open_commitments": "500.00", "available": "94500.00"})
        );
        assert_eq!(report["by_period"], json!({"2026-01": "10000.00", "2026-02": "25000.00"}));
        assert_eq!(report["lines"][0]["figures"]["actual"], "35000.00");
        // January and February are over.
        assert_eq!(report["run_rate"], json!({"run_rate_eac": "210000.00", "variance": "-80000.00"}));
        assert_eq!(report["service_cost"]["grand_total"], "35000.00");
        assert_eq!(report["service_cost"]["services"][0]["id"], json!(treasury.service));
        assert_eq!(report["converted"], Value::Null);
        let dollars = FiguresQuery { convert: Some(("USD".into(), "0.14".into())) };
        let report = figures(desk, &reader, &treasury.budget, &dollars).await.unwrap();
        assert_eq!(report["converted"]["actual"], "4900.00");
        let unknown = FiguresQuery { convert: Some(("ABC".into(), "1".into())) };
        assert!(figures(desk, &reader, &treasury.budget, &unknown).await.is_err());
        let technician = Actor::user(ORG, "technician", [Role::Te]);
        assert!(figures(desk, &technician, &treasury.budget, &plain).await.is_err());
        let stranger = Actor::user("elsewhere", "auditor", [Role::Aud]);
        assert!(figures(desk, &stranger, &treasury.budget, &plain).await.is_err());
    });
}
