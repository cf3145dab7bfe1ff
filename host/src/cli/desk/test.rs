//! `mortise plugin test`: golden cases through the component, in the engine of the server.

use std::path::PathBuf;

use clap::Args;
use mortise::domain::backtest::compare;
use mortise_types::Process;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::cases::{Case, answer};
use super::subject::{Ready, Subject};

/// Build a project's component and run its golden cases: each request must give its outcome. Ends with status 1 if one
/// does not.
///
/// A case is {"name", "input", "expected"}, and "settings" where the defaults are not meant. `expected` is the outcome,
/// or {"error": CODE}.
#[derive(Args)]
pub(crate) struct Test {
    #[command(flatten)]
    subject: Subject,
    /// File with cases, or folder of such files; without it the project's folder golden.
    #[arg(long, value_name = "PATH")]
    golden: Option<PathBuf>,
    /// Write the outcomes of cases that have none yet; look at them before you keep them.
    #[arg(long)]
    record: bool,
}

/// What became of a case.
enum Found {
    Agrees,
    Differs(Vec<String>),
    Fails(String),
    New(Box<RawValue>),
}

impl Test {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let mut files = self.subject.cases(self.golden.as_deref())?;
        let (_, ready) = self.subject.admit().await?;
        let (mut agree, mut wrong, mut new) = (0_u64, 0_u64, 0_u64);
        for file in &mut files {
            say!("{}", file.path.display());
            let mut recorded = false;
            for case in &mut file.cases {
                match run(case, &ready).await {
                    Found::Agrees => {
                        agree += 1;
                        say!("  ok      {}", case.name);
                    }
                    Found::Differs(places) => {
                        wrong += 1;
                        say!("  DIFFERS {}", case.name);
                        for place in places {
                            say!("            {place}");
                        }
                    }
                    Found::Fails(why) => {
                        wrong += 1;
                        say!("  FAILS   {}\n            {why}", case.name);
                    }
                    Found::New(outcome) => {
                        new += 1;
                        say!("  new     {}\n            {outcome}", case.name);
                        recorded |= self.record;
                        case.expected = self.record.then_some(outcome);
                    }
                }
            }
            if recorded {
                file.write()?;
            }
        }
        let total = agree + wrong + new;
        let fate = if self.record { "recorded" } else { "without an outcome (--record writes it)" };
        let news = if new == 0 { String::new() } else { format!(", {new} {fate}") };
        say!("{total} cases: {agree} agree, {wrong} do not{news}");
        if wrong > 0 || (new > 0 && !self.record) {
            anyhow::bail!("{} of {total} cases do not agree", total - agree);
        }
        Ok(())
    }
}

async fn run(case: &Case, ready: &Ready) -> Found {
    let evaluation = match case.ask(ready).await {
        Ok(evaluation) => evaluation,
        Err(why) => return Found::Fails(why),
    };
    let got = match answer(&evaluation) {
        Ok(got) => got,
        Err(why) => return Found::Fails(why),
    };
    match &case.expected {
        None => Found::New(got),
        Some(expected) => match differences(ready.admission.process, expected, &got) {
            Ok(places) if places.is_empty() => Found::Agrees,
            Ok(places) => Found::Differs(places),
            Err(why) => Found::Fails(why),
        },
    }
}

/// The places in which an answer is not as expected.
fn differences(process: Process, expected: &RawValue, got: &RawValue) -> Result<Vec<String>, String> {
    let read = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).map_err(|e| e.to_string());
    let (expected, got) = (json!({ "outcome": read(expected)? }), json!({ "outcome": read(got)? }));
    let found = compare(process, None, &expected, &got).differences;
    Ok(found.into_iter().map(|it| format!("{}: expected {}, got {}", it.path, it.old, it.new)).collect())
}
