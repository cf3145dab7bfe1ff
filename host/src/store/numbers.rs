//! Record numbers: one ascending counter per organisation, prefix and year, handed out in blocks.
//!
//! A node reserves a block in a write of its own and hands it out from memory, so that the counter is never a lock
//! that all writers wait on. What a node did not use when it stopped is a gap (domain guide, section 0).

use std::collections::HashMap;
use std::ops::RangeInclusive;

use tokio::sync::Mutex;

use super::tx::{execute, fetch_optional};
use super::{Store, StoreError};

/// How many numbers a busy node reserves at once.
const BLOCK: i64 = 16;

type Counter = (String, String, i64);

/// The blocks this node holds.
#[derive(Default)]
pub(super) struct Numbers(Mutex<HashMap<Counter, RangeInclusive<i64>>>);

impl Store {
    /// The next number of a counter: positive, never given twice.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_number(&self, org: &str, prefix: &str, year: i64) -> Result<i64, StoreError> {
        let key = (org.to_owned(), prefix.to_owned(), year);
        let mut held = self.numbers().0.lock().await;
        if let Some(block) = held.get_mut(&key)
            && let Some(n) = block.next()
        {
            return Ok(n);
        }
        let mut block = self.reserve_numbers(org, prefix, year, BLOCK).await?;
        // A block of sixteen is never empty.
        let n = block.next().unwrap_or(*block.start());
        held.insert(key, block);
        Ok(n)
    }

    /// Reserves `count` numbers in a row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reserve_numbers(
        &self,
        org: &str,
        prefix: &str,
        year: i64,
        count: i64,
    ) -> Result<RangeInclusive<i64>, StoreError> {
        let (org, prefix) = (org.to_owned(), prefix.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    &mut *tx,
                    "INSERT INTO counters (org, prefix, year, last) VALUES ($1, $2, $3, 0)
                     ON CONFLICT (org, prefix, year) DO NOTHING",
                    &org,
                    &prefix,
                    year
                )?;
                let last = fetch_optional!(
                    tx,
                    (i64,),
                    "UPDATE counters SET last = last + $4 WHERE org = $1 AND prefix = $2 AND year = $3 RETURNING last",
                    &org,
                    &prefix,
                    year,
                    count
                )?;
                let (last,) = last.ok_or_else(|| StoreError::corrupt("counters", "the row vanished"))?;
                Ok(last - count + 1..=last)
            })
        })
        .await
    }
}
