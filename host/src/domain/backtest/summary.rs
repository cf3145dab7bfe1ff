//! What a dry run comes to: counts, groups and costs, added up decision by decision or batch by batch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Comparison, Money, Sort};

/// Sums over compared decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Summary {
    /// Decisions compared.
    pub decisions: u64,
    /// With equal outcomes.
    pub same: u64,
    /// With the same verdict and other figures.
    pub differs: u64,
    /// With another verdict.
    pub flips: u64,
    /// On which the candidate failed.
    pub fails: u64,
    /// Stored requests that this version cannot read, decisions that had failed, and operations that a candidate for a
    /// part of the organisation leaves to whoever decides in the wider scope: they are not compared.
    pub skipped: u64,
    /// What changed, in the words of [`Comparison::group`].
    pub groups: BTreeMap<String, Tally>,
    /// Fuel of the stored decisions and of the candidate.
    pub fuel: (u64, u64),
    /// Microseconds of the stored decisions and of the candidate.
    pub took_us: (u64, u64),
}

/// Decisions of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// By how many millionths of its unit their main amounts are higher, by currency.
    #[serde(with = "sums")]
    pub money: BTreeMap<String, i128>,
}

impl Tally {
    fn pay(&mut self, currency: &str, millionths: i128) {
        let sum = self.money.entry(currency.to_owned()).or_default();
        *sum = sum.saturating_add(millionths);
    }
}

/// What one decision cost, then and now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Fuel.
    pub fuel: u64,
    /// Microseconds.
    pub took_us: u64,
}

impl Summary {
    /// Adds one compared decision.
    pub fn add(&mut self, comparison: &Comparison, old: Cost, new: Cost) {
        self.decisions += 1;
        match comparison.sort {
            Sort::Same => self.same += 1,
            Sort::Differs => self.differs += 1,
            Sort::Flips => self.flips += 1,
            Sort::Fails => self.fails += 1,
        }
        if comparison.sort != Sort::Same {
            let tally = self.groups.entry(comparison.group.clone()).or_default();
            tally.count += 1;
            if let Some(Money { millionths, currency }) = &comparison.money {
                tally.pay(currency, *millionths);
            }
        }
        self.fuel = (self.fuel.0 + old.fuel, self.fuel.1 + new.fuel);
        self.took_us = (self.took_us.0 + old.took_us, self.took_us.1 + new.took_us);
    }

    /// Adds another part of the same dry run.
    pub fn join(&mut self, other: &Self) {
        self.decisions += other.decisions;
        self.same += other.same;
        self.differs += other.differs;
        self.flips += other.flips;
        self.fails += other.fails;
        self.skipped += other.skipped;
        for (group, more) in &other.groups {
            let tally = self.groups.entry(group.clone()).or_default();
            tally.count += more.count;
            for (currency, millionths) in &more.money {
                tally.pay(currency, *millionths);
            }
        }
        self.fuel = (self.fuel.0 + other.fuel.0, self.fuel.1 + other.fuel.1);
        self.took_us = (self.took_us.0 + other.took_us.0, self.took_us.1 + other.took_us.1);
    }

    /// The summary as people read it. Agreement is the share of equal outcomes in hundredths of a percent, rounded
    /// down: 10 000 means that nothing differs. Without a decision there is none.
    pub fn to_json(&self) -> Value {
        let agreement = (self.same * 10_000).checked_div(self.decisions);
        let mut groups: Vec<(&String, &Tally)> = self.groups.iter().collect();
        groups.sort_by_key(|(name, tally)| (std::cmp::Reverse(tally.count), (*name).clone()));
        let groups: Vec<Value> = groups
            .into_iter()
            .map(|(group, tally)| {
                let mut line = json!({ "group": group, "count": tally.count });
                if !tally.money.is_empty() {
                    let sums = tally.money.iter();
                    let sum =
                        |(currency, sum): (&String, &i128)| Money { millionths: *sum, currency: currency.clone() };
                    line["money"] = sums.map(|one| sum(one).to_json()).collect();
                }
                line
            })
            .collect();
        let ratio = |(old, new): (u64, u64)| (new * 100).checked_div(old);
        json!({
            "decisions": self.decisions,
            "agreement_bp": agreement,
            "same": self.same,
            "differs": self.differs,
            "flips": self.flips,
            "fails": self.fails,
            "skipped": self.skipped,
            "groups": groups,
            "fuel": { "stored": self.fuel.0, "candidate": self.fuel.1, "percent": ratio(self.fuel) },
            "took_us": { "stored": self.took_us.0, "candidate": self.took_us.1, "percent": ratio(self.took_us) },
        })
    }
}

/// Sums as texts, since JSON's numbers cannot hold every i128.
mod sums {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    /// A sum by currency, or as it was stored before currencies were told apart.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Each(BTreeMap<String, String>),
        One(String),
    }

    pub(super) fn serialize<S: Serializer>(value: &BTreeMap<String, i128>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(value.iter().map(|(currency, sum)| (currency, sum.to_string())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, i128>, D::Error> {
        let each = match Stored::deserialize(deserializer)? {
            Stored::Each(each) => each,
            Stored::One(sum) if sum == "0" => BTreeMap::new(),
            Stored::One(sum) => BTreeMap::from([(String::new(), sum)]),
        };
        let read = |(currency, sum): (String, String)| Ok((currency, sum.parse().map_err(serde::de::Error::custom)?));
        each.into_iter().map(read).collect()
    }
}
