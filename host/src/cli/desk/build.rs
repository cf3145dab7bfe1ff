//! `mortise plugin build`: from a project's sources to a component that a server would take.

use clap::Args;

use super::subject::Subject;

/// Build a project's component into target/NAME.wasm, and check it as a server would at upload.
#[derive(Args)]
pub(crate) struct Build {
    #[command(flatten)]
    subject: Subject,
}

impl Build {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let (path, ready) = self.subject.admit().await?;
        let it = &ready.admission;
        say!("{}", path.display());
        say!("  {} {} for {}: {}", it.name, it.version, it.process, it.summary);
        say!("  {} bytes, sha256 {}", it.size, it.digest);
        if it.imports.is_empty() {
            say!("  imports nothing");
        } else {
            say!("  needs an administrator's grant for {}", it.imports.join(", "));
        }
        Ok(())
    }
}
