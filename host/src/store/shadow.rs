//! What candidates in shadow came to: sums, groups of what changed, and the newest decisions that come out otherwise.

use std::collections::BTreeMap;

use super::backtests::Compared;
use super::tx::{Bind, execute, fetch_all, fetch_built, fetch_optional};
use super::{Store, StoreError, Tx};
use crate::domain::Instant;
use crate::domain::backtest::Sort;
use crate::domain::component::Activation;

/// Groups that are told apart for a candidate; what changes in yet other words is counted as [`OTHERS`].
const MOST_GROUPS: i64 = 200;
/// The group of everything beyond.
const OTHERS: &str = "others";

/// Figures of a candidate beside one activation that decided; as a part, what is to be added to them.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Organisation.
    pub org: String,
    /// Activation of the candidate.
    pub activation: String,
    /// Activation that decided.
    pub against: String,
    /// Decisions with equal outcomes.
    pub same: i64,
    /// With the same verdict and other figures.
    pub differs: i64,
    /// With another verdict.
    pub flips: i64,
    /// On which the candidate failed.
    pub fails: i64,
    /// That the candidate was not asked, for want of room.
    pub dropped: i64,
    /// Fuel of the decisions and of the candidate.
    pub fuel: (i64, i64),
    /// Microseconds of the decisions and of the candidate.
    pub took_us: (i64, i64),
    /// When the first of them was taken; none while none was asked.
    pub first_at: Option<Instant>,
    /// When the last of them was taken.
    pub last_at: Option<Instant>,
    /// What changed, in words, and how often.
    pub groups: BTreeMap<String, i64>,
    /// What did not come out the same; empty when figures are read.
    pub decisions: Vec<Compared>,
}

async fn add(tx: &mut Tx, part: &Part, keep: i64) -> Result<(), StoreError> {
    execute!(
        &mut *tx,
        "INSERT INTO shadow_figures
            (org, activation, against, same, differs, flips, fails, dropped, fuel_decided, fuel_candidate, us_decided,
             us_candidate, first_at, last_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (org, activation, against) DO UPDATE SET
            same = shadow_figures.same + excluded.same, differs = shadow_figures.differs + excluded.differs,
            flips = shadow_figures.flips + excluded.flips, fails = shadow_figures.fails + excluded.fails,
            dropped = shadow_figures.dropped + excluded.dropped,
            fuel_decided = shadow_figures.fuel_decided + excluded.fuel_decided,
            fuel_candidate = shadow_figures.fuel_candidate + excluded.fuel_candidate,
            us_decided = shadow_figures.us_decided + excluded.us_decided,
            us_candidate = shadow_figures.us_candidate + excluded.us_candidate,
            first_at = CASE WHEN shadow_figures.first_at = 0 THEN excluded.first_at ELSE shadow_figures.first_at END,
            last_at = CASE WHEN excluded.last_at > shadow_figures.last_at THEN excluded.last_at
                           ELSE shadow_figures.last_at END",
        &part.org,
        &part.activation,
        &part.against,
        part.same,
        part.differs,
        part.flips,
        part.fails,
        part.dropped,
        part.fuel.0,
        part.fuel.1,
        part.took_us.0,
        part.took_us.1,
        part.first_at.map_or(0, |at| at.0),
        part.last_at.map_or(0, |at| at.0)
    )?;
    for (group, count) in &part.groups {
        count_group(tx, part, group, *count).await?;
    }
    for compared in &part.decisions {
        insert(tx, part, compared).await?;
    }
    if !part.decisions.is_empty() {
        execute!(
            &mut *tx,
            "DELETE FROM shadow_decisions WHERE org = $1 AND activation = $2 AND decision <= (
                 SELECT decision FROM shadow_decisions WHERE org = $1 AND activation = $2
                 ORDER BY decision DESC LIMIT 1 OFFSET $3)",
            &part.org,
            &part.activation,
            keep
        )?;
    }
    Ok(())
}

async fn count_group(tx: &mut Tx, part: &Part, group: &str, count: i64) -> Result<(), StoreError> {
    // A candidate may say ever new words; so many are told apart.
    let known = fetch_optional!(
        &mut *tx,
        (i64, i64),
        "SELECT COUNT(*), CAST(COALESCE(MAX(CASE WHEN change_group = $4 THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM shadow_groups
         WHERE org = $1 AND activation = $2 AND against = $3",
        &part.org,
        &part.activation,
        &part.against,
        group
    )?;
    let room = known.is_none_or(|(groups, own)| own == 1 || groups < MOST_GROUPS);
    execute!(
        &mut *tx,
        "INSERT INTO shadow_groups (org, activation, against, change_group, count) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (org, activation, against, change_group) DO UPDATE SET
            count = shadow_groups.count + excluded.count",
        &part.org,
        &part.activation,
        &part.against,
        if room { group } else { OTHERS },
        count
    )?;
    Ok(())
}

async fn insert(tx: &mut Tx, part: &Part, c: &Compared) -> Result<(), StoreError> {
    execute!(
        &mut *tx,
        "INSERT INTO shadow_decisions
            (org, activation, decision, against, number, at, sort, change_group, money, differences, output)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (org, activation, decision) DO NOTHING",
        &part.org,
        &part.activation,
        &c.decision,
        &part.against,
        &c.number,
        c.at.0,
        c.sort.as_str(),
        &c.group,
        c.money.as_deref(),
        &c.differences,
        c.output.as_deref()
    )?;
    Ok(())
}

type FigureRow = (String, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
type ComparedRow = (String, String, i64, String, String, Option<String>, String, Option<String>);

impl Store {
    /// Adds to the figures of candidates, each part in its turn, and keeps the newest `keep` differing decisions of
    /// each candidate.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_shadow(&self, parts: Vec<Part>, keep: i64) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for part in &parts {
                    add(tx, part, keep).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The figures of a candidate, beside each activation that decided meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shadow_figures(&self, org: &str, activation: &str) -> Result<Vec<Part>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            FigureRow,
            "SELECT against, same, differs, flips, fails, dropped, fuel_decided, fuel_candidate, us_decided,
                    us_candidate, first_at, last_at
             FROM shadow_figures WHERE org = $1 AND activation = $2 ORDER BY against",
            org,
            activation
        )?;
        let groups = fetch_all!(
            &mut tx,
            (String, String, i64),
            "SELECT against, change_group, count FROM shadow_groups WHERE org = $1 AND activation = $2",
            org,
            activation
        )?;
        let read = |(against, same, differs, flips, fails, dropped, fd, fc, ud, uc, first, last): FigureRow| Part {
            org: org.to_owned(),
            activation: activation.to_owned(),
            groups: groups.iter().filter(|g| g.0 == against).map(|g| (g.1.clone(), g.2)).collect(),
            against,
            same,
            differs,
            flips,
            fails,
            dropped,
            fuel: (fd, fc),
            took_us: (ud, uc),
            first_at: Some(Instant(first)).filter(|at| at.0 != 0),
            last_at: Some(Instant(last)).filter(|at| at.0 != 0),
            decisions: Vec::new(),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Decisions that come out otherwise with a candidate, the newest first: older than a decision, of one sort or all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shadow_decisions(
        &self,
        org: &str,
        activation: &str,
        sort: Option<Sort>,
        before: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Compared>, StoreError> {
        let mut sql = "SELECT decision, number, at, sort, change_group, money, differences, output
             FROM shadow_decisions WHERE org = $1 AND activation = $2"
            .to_owned();
        let mut binds = vec![Bind::Text(org.to_owned()), Bind::Text(activation.to_owned())];
        for (condition, value) in [("sort =", sort.map(Sort::as_str)), ("decision <", before)] {
            if let Some(value) = value {
                binds.push(Bind::Text(value.to_owned()));
                sql.push_str(&format!(" AND {condition} ${}", binds.len()));
            }
        }
        binds.push(Bind::Int(limit));
        sql.push_str(&format!(" ORDER BY decision DESC LIMIT ${}", binds.len()));
        let mut tx = self.read().await?;
        let rows = fetch_built::<ComparedRow>(&mut tx, sql, binds).await?;
        let read = |(decision, number, at, sort, group, money, differences, output): ComparedRow| {
            let unknown = || StoreError::corrupt(format!("shadow of decision {decision}"), format!("sort '{sort}'"));
            let sort = Sort::parse(&sort).ok_or_else(unknown)?;
            let decided = String::new();
            Ok(Compared { decision, number, at: Instant(at), sort, group, money, differences, output, decided })
        };
        rows.into_iter().map(read).collect()
    }

    /// Decisions that flipped while this component with these settings was in shadow for this scope.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shadow_flips(&self, of: &Activation) -> Result<i64, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            (i64,),
            "SELECT CAST(COALESCE(SUM(f.flips), 0) AS BIGINT) FROM shadow_figures f
             JOIN activations a ON a.org = f.org AND a.id = f.activation
             WHERE a.org = $1 AND a.process = $2 AND a.scope = $3 AND a.scope_value = $4
               AND a.digest = $5 AND a.settings_hash = $6",
            &of.org,
            of.process.slug(),
            of.scope.kind(),
            of.scope.value(),
            &of.digest,
            &of.settings_hash
        )?;
        Ok(row.map_or(0, |(flips,)| flips))
    }
}
