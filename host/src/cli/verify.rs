//! `mortise verify`

use clap::Args;
use mortise::flows::verify::{self, Finding};

use super::{Place, flow};

/// Check everything of an organisation and say exactly what is wrong. Nothing is changed.
///
/// Exit status 0: nothing is wrong. 1: something is. 2: it could not be asked so.
#[derive(Args)]
pub(crate) struct Verify {
    /// One JSON object a line for each finding, then the summary.
    #[arg(long)]
    json: bool,
}

/// Something is wrong: exit status 1.
#[derive(Debug, thiserror::Error)]
#[error("{0} findings")]
struct Wrong(u64);

impl Verify {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let (config, app) = place.open().await?;
        let org = config.organisation.0;
        let json = self.json;
        let mut tell = move |finding: Finding| {
            if json {
                say!("{}", serde_json::json!({ "finding": finding }));
            } else {
                let Finding { check, about, field, expected, found } = finding;
                let field = if field.is_empty() { String::new() } else { format!(" {field}") };
                say!("{check}: {about}{field}: expected {expected}, found {found}");
            }
        };
        let summary = verify::run(&app.desk, &org, &mut tell).await.map_err(flow)?;
        app.desk.store.close().await;
        if json {
            say!("{}", serde_json::json!({ "summary": summary }));
        } else {
            let verify::Summary { records, audit_entries, decisions, .. } = &summary;
            say!("organisation {org}: {records} records, {audit_entries} audit entries, {decisions} decisions");
            if summary.unsealed > 0 {
                say!("{} decisions are from before the audit trail had their digests", summary.unsealed);
            }
            if summary.waiting > 0 {
                say!("{} records wait for their index, which a running server makes anew", summary.waiting);
            }
            for (check, count) in &summary.findings {
                say!("{check:>10}: {count} findings");
            }
        }
        if summary.is_clean() { Ok(()) } else { Err(Wrong(summary.findings.values().sum()).into()) }
    }
}
