//! `mortise archive`, `mortise restore`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use mortise::domain::{Actor, Role};
use mortise::flows::archive::{self, Archive};

use super::{Place, Usage, flow};

/// Write everything of an organisation to one file.
#[derive(Args)]
pub(crate) struct ArchiveCommand {
    /// File to write (ZIP).
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// In whose name.
    #[arg(long, default_value = "command-line")]
    user: String,
}

/// Make an organisation from an archive, under its own identifier or the one of --organisation.
#[derive(Args)]
pub(crate) struct RestoreCommand {
    /// The archive.
    file: PathBuf,
    /// In whose name.
    #[arg(long, default_value = "command-line")]
    user: String,
}

impl ArchiveCommand {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let (config, app) = place.open().await?;
        let actor = Actor::user(config.organisation.0, self.user, [Role::Adm]);
        let mut archive = Archive::begin(&app.desk, &actor).await.map_err(flow)?;
        // A file under its own name is whole.
        let unfinished = beside(&self.out);
        let unwritable = |e: std::io::Error| Usage(format!("{}: {e}", unfinished.display()));
        let mut out = std::io::BufWriter::new(std::fs::File::create(&unfinished).map_err(unwritable)?);
        while let Some(part) = archive.part().await.map_err(flow)? {
            out.write_all(&part)?;
        }
        out.into_inner().map_err(|e| e.into_error())?.sync_all()?;
        std::fs::rename(&unfinished, &self.out)?;
        let manifest = archive.manifest().clone();
        // It holds a connection, for which closing the database would wait.
        drop(archive);
        app.desk.store.close().await;
        for member in &manifest.members {
            say!("{:>10} rows {:>12} bytes  {}", member.rows, member.bytes, member.name);
        }
        say!("{}", self.out.display());
        Ok(())
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

impl RestoreCommand {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let name = self.file.display().to_string();
        let file = std::fs::File::open(&self.file).map_err(|e| Usage(format!("{name}: {e}")))?;
        let (_, app) = place.open().await?;
        let restored = archive::restore(&app.desk, file, &name, place.organisation.as_deref(), &self.user).await;
        let restored = restored.map_err(flow)?;
        app.desk.store.close().await;
        let rows: u64 = restored.manifest.members.iter().map(|member| member.rows).sum();
        say!("organisation {} restored: {rows} rows; make a token with: mortise token create", restored.org);
        Ok(())
    }
}
