//! What baselines froze: the content of records as it was when the baseline was taken.

use serde_json::Value;

use super::tx::fetch_all;
use super::unit::{insert_rows, texts};
use super::{Store, StoreError, Tx};

/// The content of one record in a baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Frozen {
    /// Number of the baseline.
    pub baseline: String,
    /// Number of the record.
    pub number: String,
    /// The record's own form: columns and fields.
    pub content: Value,
}

/// Contents that are handed to one insert.
pub(super) const AT_ONCE: usize = 512;

impl Store {
    /// What a baseline keeps, in the order of the numbers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn frozen(&self, org: &str, baseline: &str) -> Result<Vec<Frozen>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            (String, String),
            "SELECT number, content FROM baseline_contents WHERE org = $1 AND baseline = $2 ORDER BY number",
            org,
            baseline
        )?;
        rows.into_iter()
            .map(|(number, content)| {
                let content = serde_json::from_str(&content)
                    .map_err(|e| StoreError::corrupt(format!("{number} in {baseline}"), e))?;
                Ok(Frozen { baseline: baseline.to_owned(), number, content })
            })
            .collect()
    }
}

pub(super) async fn insert(tx: &mut Tx, org: &str, frozen: &[Frozen]) -> Result<(), StoreError> {
    let org = org.to_owned();
    let rows = frozen.iter().map(|f| texts([&org, &f.baseline, &f.number, &f.content.to_string()])).collect();
    insert_rows(tx, "INSERT INTO baseline_contents (org, baseline, number, content) VALUES ", rows).await
}
