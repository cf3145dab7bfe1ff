//! `mortise migrate`

use clap::Args;
use mortise::store::{Store, StoreConfig};

use super::Place;

/// Bring the database's tables to this version's shape. Serving does the same by itself.
#[derive(Args)]
pub(crate) struct Migrate {}

impl Migrate {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let config = place.load()?;
        std::fs::create_dir_all(&config.data_dir.0)?;
        let url = config.database_url();
        let store = Store::open(&StoreConfig { url: url.clone(), connections: 2 }).await?;
        let ran = store.migrate().await?;
        if ran.is_empty() {
            say!("nothing to do");
        }
        for name in ran {
            say!("{name}");
        }
        store.close().await;
        Ok(())
    }
}
