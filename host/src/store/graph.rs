//! References and relations between records.

use super::tx::{Bind, fetch_built};
use super::{Store, StoreError, Tx};

/// One reference: `source` names `target` in the relation `rel`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Number of the record that holds the reference.
    pub source: String,
    /// Field name, or the relation's type (`depends-on` …).
    pub rel: String,
    /// Number that is referred to.
    pub target: String,
}

impl Store {
    /// Every reference to one of `targets` in one of the relations `rels` (all relations when empty).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn links_to(&self, org: &str, targets: &[String], rels: &[&str]) -> Result<Vec<Link>, StoreError> {
        self.links(org, "target", targets, rels).await
    }

    /// Every reference from one of `sources` in one of the relations `rels` (all relations when empty).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn links_from(&self, org: &str, sources: &[String], rels: &[&str]) -> Result<Vec<Link>, StoreError> {
        self.links(org, "source", sources, rels).await
    }

    async fn links(
        &self,
        org: &str,
        side: &'static str,
        numbers: &[String],
        rels: &[&str],
    ) -> Result<Vec<Link>, StoreError> {
        let mut tx = self.read().await?;
        links_in(&mut tx, org, side, numbers, rels).await
    }
}

/// The references that have one of `numbers` on a side, `source` or `target`.
pub(super) async fn links_in(
    tx: &mut Tx,
    org: &str,
    side: &'static str,
    numbers: &[String],
    rels: &[&str],
) -> Result<Vec<Link>, StoreError> {
    const CHUNK: usize = 200;
    let mut found = Vec::new();
    for chunk in numbers.chunks(CHUNK) {
        let mut binds = vec![Bind::Text(org.to_owned())];
        let mut places = |values: &mut dyn Iterator<Item = String>| {
            let mut list = Vec::new();
            for value in values {
                binds.push(Bind::Text(value));
                list.push(format!("${}", binds.len()));
            }
            list.join(", ")
        };
        let within = places(&mut chunk.iter().cloned());
        let mut sql = format!("SELECT source, rel, target FROM links WHERE org = $1 AND {side} IN ({within})");
        if !rels.is_empty() {
            let within = places(&mut rels.iter().map(|r| (*r).to_owned()));
            sql.push_str(&format!(" AND rel IN ({within})"));
        }
        let rows = fetch_built::<(String, String, String)>(&mut *tx, sql, binds).await?;
        found.extend(rows.into_iter().map(|(source, rel, target)| Link { source, rel, target }));
    }
    found.sort();
    Ok(found)
}
