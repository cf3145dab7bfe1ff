//! Whatever happens, and however much of it at once: totals are the sums of entries.

use mortise_types::money::Currency;

use super::*;
use crate::app::for_each_db;

/// A small deterministic generator (xorshift): the story needs variety, not chance.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

fn minor(amount: &Value) -> i128 {
    Currency::iso("CNY").unwrap().parse(amount["amount"].as_str().unwrap()).unwrap()
}

impl Treasury {
    async fn all(&self, kind: &str, line: &str) -> Vec<Value> {
        let list = self.owner.get(&format!("/records/{kind}?line={line}&limit=200")).await.ok();
        list["records"].as_array().unwrap().clone()
    }

    /// The line says what its entries and commitments add up to.
    async fn balances(&self, line: &str) {
        let (entries, commitments) = (self.all("cost-entry", line).await, self.all("commitment", line).await);
        let posted = entries.iter().filter(|entry| entry["state"] == "posted");
        let actual: i128 = posted.clone().map(|entry| minor(&entry["amount"])).sum();
        let mut open = 0;
        for commitment in &commitments {
            let named = posted.clone().filter(|entry| entry["commitment"] == commitment["number"]);
            let invoiced: i128 = named.map(|entry| minor(&entry["amount"])).sum();
            assert_eq!(minor(&commitment["invoiced"]), invoiced, "{commitment}");
            if ["reserved", "open", "part_invoiced"].contains(&commitment["state"].as_str().unwrap()) {
                open += (minor(&commitment["amount"]) - invoiced).max(0);
            }
        }
        let record = self.record("budget-line", line).await;
        let yuan = Currency::iso("CNY").unwrap();
        assert_eq!(record["figures"]["actual"], json!(yuan.format(actual)));
        assert_eq!(record["figures"]["open_commitments"], json!(yuan.format(open)));
        let available = minor(&record["amount"]) - actual - open;
        assert_eq!(record["figures"]["available"], json!(yuan.format(available)));
    }

    async fn something(&self, line: &str, dice: u64, amount: String) {
        match dice {
            0..=2 => drop(self.cost(line, &amount, "2026-02-10", json!({})).await),
            3 => drop(self.cost(line, &format!("-{amount}"), "2026-02-11", json!({"kind": "correction"})).await),
            4 => drop(self.draft(line, &amount, "2026-02-12", json!({})).await),
            5 | 6 => {
                let number = number(&self.commitment(line, &amount).await);
                // It may be refused for lack of money; both are fine.
                let path = step("commitment", &number, "reserved");
                self.owner.post(&path, json!({"reason": "needed"})).await;
            }
            _ => {
                let commitments = self.all("commitment", line).await;
                let Some(one) = commitments.iter().find(|c| c["state"] == "reserved") else { return };
                let order = number(one);
                // Others may be at the same order.
                self.suppliers.post(&step("commitment", &order, "open"), json!({})).await;
                let draft = self.draft(line, &amount, "2026-02-13", json!({"commitment": order})).await;
                self.owner.post(&step("cost-entry", &draft, "posted"), json!({})).await;
            }
        }
    }
}

#[test]
fn the_ledger_balances_whatever_is_booked_at_once() {
    for_each_db(|app| async move {
        let treasury = std::sync::Arc::new(Treasury::open(app).await);
        let line = treasury.line("everything", "20000.00").await;
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
        for _ in 0..6 {
            let mut at_once = tokio::task::JoinSet::new();
            for _ in 0..6 {
                let (what, amount) = (dice.roll(10), format!("{}.{:02}", 1 + dice.roll(900), dice.roll(100)));
                let (treasury, line) = (treasury.clone(), line.clone());
                at_once.spawn(async move { treasury.something(&line, what, amount).await });
            }
            while let Some(done) = at_once.join_next().await {
                done.unwrap();
            }
            treasury.balances(&line).await;
        }
        assert!(treasury.all("cost-entry", &line).await.len() > 8, "the dice booked too little");
    });
}
