//! `mortise evidence`

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use mortise::domain::evidence::{Clause, Evidence as Definitions};
use mortise::domain::{Actor, Role};
use mortise::flows::Desk;
use mortise::flows::evidence::{self, Language, MatrixAsk};
use mortise::flows::measures::{self, PeriodAsk};

use super::{Place, Usage, flow};

/// Write the evidence of a period into a folder: report.html to hand to an auditor, matrix.json, certification.json,
/// and the records of each clause as JSON Lines.
#[derive(Args)]
pub(crate) struct Evidence {
    /// Folder to write into; it is made.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// First day, 2026-01-01. Default: a year before the last.
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Last day; it belongs to the period. Default: today.
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// Instead of both: 2026-03, 2026-Q1, 2026-H1 or 2026.
    #[arg(long, conflicts_with_all = ["from", "to"])]
    period: Option<String>,
    /// Time zone whose days they are.
    #[arg(long, default_value = "UTC")]
    tz: String,
    /// Language: en or zh.
    #[arg(long, default_value = "en")]
    lang: String,
    /// Records shown for each item in the report; the JSON Lines have all of them.
    #[arg(long, default_value_t = 100, value_name = "N")]
    records: i64,
    /// Address of the server, to make the numbers in the report links.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

impl Evidence {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let lang = Language::parse(&self.lang)
            .ok_or_else(|| Usage(format!("--lang: '{}' is neither en nor zh", self.lang)))?;
        let base = self.base_url.as_deref().map(evidence::base_url).transpose();
        let base = base.map_err(|refusal| Usage(format!("--base-url: {}", refusal.message)))?;
        let (config, app) = place.open().await?;
        let (desk, org) = (&app.desk, config.organisation.0.as_str());
        if desk.store.organisation(org).await?.is_none() {
            return Err(Usage(format!("there is no organisation '{org}'")).into());
        }
        // As an auditor: what he may not see does not leave the house either.
        let actor = Actor::user(org, "command-line", BTreeSet::from([Role::Aud]));
        let asked = PeriodAsk { from: self.from, to: self.to, period: self.period, tz: Some(self.tz.clone()) };
        let otherwise = evidence::last_year(desk.clock.now(), &self.tz);
        let span = measures::period(&asked, otherwise).map_err(|refusal| flow(refusal.into()))?;
        let ask = MatrixAsk { span, lang, clauses: Vec::new(), limit: self.records.max(0), verify: true };
        let matrix = evidence::matrix(desk, &actor, &ask).await.map_err(flow)?;
        let file = evidence::certification(desk, &actor, lang, ask.limit).await.map_err(flow)?;

        let out = &self.out;
        std::fs::create_dir_all(out).map_err(|e| Usage(format!("{}: {e}", out.display())))?;
        write(&out.join("report.html"), &evidence::document(&matrix, &file, base.as_deref()))?;
        write(&out.join("matrix.json"), &serde_json::to_string_pretty(&matrix)?)?;
        write(&out.join("certification.json"), &serde_json::to_string_pretty(&file)?)?;
        let mut records = 0;
        for clause in &Definitions::builtin().clauses {
            records += lines(desk, &actor, &ask, clause, out).await?;
        }
        let summary = matrix.summary;
        say!("clauses present {:>6}", summary.present);
        say!("        overdue {:>6}", summary.overdue);
        say!("        partial {:>6}", summary.partial);
        say!("        missing {:>6}", summary.missing);
        say!("certification   {:>6}  of {} items ready", file.ready, file.of);
        say!("records written {records:>6}");
        say!("audit trail     {} ({} entries, head {})", matrix.chain.state, matrix.chain.entries, matrix.chain.head);
        say!("written to      {}", out.display());
        app.desk.store.close().await;
        Ok(())
    }
}

/// The records of a clause, one a line, each with the item it shows; gives how many.
async fn lines(desk: &Desk, actor: &Actor, ask: &MatrixAsk, clause: &Clause, out: &Path) -> anyhow::Result<usize> {
    let path = out.join(format!("clause-{}.jsonl", clause.covers.join("-")));
    let mut file = BufWriter::new(File::create(&path).with_context(|| path.display().to_string())?);
    let mut count = 0;
    for item in &clause.items {
        let mut place = Some((0, None));
        while let Some(at) = place {
            let page = evidence::item_records(desk, actor, item, &ask.span, ask.lang, at).await.map_err(flow)?;
            for (record, found) in page.records {
                let line = serde_json::json!({
                    "clause": clause.number, "item": item.id, "kind": record.kind, "state_then": found.state,
                    "record": record.to_json(),
                });
                writeln!(file, "{line}").with_context(|| path.display().to_string())?;
                count += 1;
            }
            place = page.next;
        }
    }
    file.flush().with_context(|| path.display().to_string())?;
    Ok(count)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| path.display().to_string())
}
