//! `mortise plugin run`: golden-shaped requests in, golden-shaped outcomes out; no server, no database.

use std::io::{BufReader, Read, Write};
use std::path::PathBuf;

use clap::Args;
use mortise::engine::{Grants, Verdict};
use mortise_types::{Process, Request};
use serde_json::{Value, json};

use super::plugin::settings_wrong;
use super::{Usage, written};

/// Run requests through a component. Each JSON document on the input gives one line on the output: the outcome,
/// {"error": CODE} for a refusal, {"failure": CAUSE} when the component failed.
#[derive(Args)]
pub(crate) struct Run {
    /// Component file (.wasm).
    component: PathBuf,
    /// Process: sla, change-risk, budget, supplier.
    #[arg(long)]
    process: String,
    /// File with one JSON document, or one a line (JSON Lines); - for standard input.
    #[arg(long, default_value = "-")]
    input: String,
    /// File with the component's settings (JSON); without it its defaults hold.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Import to grant, for example itsm:log/log; may be given several times.
    #[arg(long, value_name = "IMPORT")]
    grant: Vec<String>,
    /// Print reasons, fuel and time beside the outcome.
    #[arg(long)]
    explain: bool,
}

impl Run {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let process: Process = self.process.parse().map_err(|e| Usage(format!("--process: {e}")))?;
        let settings = match &self.settings {
            Some(path) => read(path)?,
            None => "{}".to_owned(),
        };
        let bytes = std::fs::read(&self.component)
            .map_err(|e| Usage(format!("component {}: {e}", self.component.display())))?;
        let grants = Grants { imports: self.grant.iter().cloned().collect() };
        let engine = super::engine()?;
        let admission = engine
            .admit(bytes.into(), &grants)
            .await
            .map_err(|e| Usage(format!("component {}: {} [{}]", self.component.display(), e.message, e.rule)))?;
        if admission.process != process {
            let message = format!("{} decides for {}, not for {process}", admission.name, admission.process);
            return Err(Usage(message).into());
        }
        if let Err(refused) = engine.check_settings(&admission.prepared, &settings).await {
            return Err(settings_wrong(&refused).into());
        }
        let input: Box<dyn Read> = if self.input == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            let file = std::fs::File::open(&self.input).map_err(|e| Usage(format!("--input {}: {e}", self.input)))?;
            Box::new(file)
        };
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let (mut bad_input, mut failures) = (0_u64, 0_u64);
        for (n, document) in
            serde_json::Deserializer::from_reader(BufReader::new(input)).into_iter::<Value>().enumerate()
        {
            let document = match document {
                Ok(document) => document,
                Err(e) => {
                    written(out.flush());
                    return Err(Usage(format!("input document {}: not JSON: {e}", n + 1)).into());
                }
            };
            let request = match Request::from_json(process, document) {
                Ok(request) => request,
                Err(why) => {
                    bad_input += 1;
                    eprintln!("mortise: input document {}: {why}", n + 1);
                    written(writeln!(out, "{}", json!({ "error": "invalid-request" })));
                    continue;
                }
            };
            let evaluation = engine.evaluate(&admission.prepared, &request, &settings).await;
            let (mut line, reasons) = match &evaluation.result {
                Ok(Verdict::Decided(decision)) => {
                    (serde_json::to_string(&decision.outcome)?, serde_json::to_value(&decision.reasons)?)
                }
                Ok(Verdict::Refused(refusal)) => (json!({ "error": refusal.code }).to_string(), json!(refusal.message)),
                Err(failure) => {
                    failures += 1;
                    eprintln!("mortise: input document {}: {}: {}", n + 1, failure.cause, failure.message);
                    (json!({ "failure": failure.cause.to_string() }).to_string(), json!(failure.message))
                }
            };
            if self.explain {
                line = format!(
                    "{{\"outcome\":{line},\"reasons\":{reasons},\"fuel\":{},\"took_us\":{}}}",
                    evaluation.fuel,
                    evaluation.took.as_micros()
                );
            }
            written(writeln!(out, "{line}"));
        }
        written(out.flush());
        if failures > 0 {
            anyhow::bail!("the component failed on {failures} of the requests");
        }
        if bad_input > 0 {
            return Err(Usage(format!("{bad_input} of the input documents are not {process} requests")).into());
        }
        Ok(())
    }
}

fn read(path: &std::path::Path) -> anyhow::Result<String> {
    Ok(std::fs::read_to_string(path).map_err(|e| Usage(format!("{}: {e}", path.display())))?)
}
