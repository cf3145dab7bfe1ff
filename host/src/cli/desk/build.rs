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
        println!("{}", path.display());
        println!("  {} {} for {}: {}", it.name, it.version, it.process, it.summary);
        println!("  {} bytes, sha256 {}", it.size, it.digest);
        if it.imports.is_empty() {
            println!("  imports nothing");
        } else {
            println!("  needs an administrator's grant for {}", it.imports.join(", "));
        }
        Ok(())
    }
}
