//! `cargo xtask test`: everything there is to test, and one summary at the end.

use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::guests::{self, Which};
use crate::postgres_binaries;
use crate::progress::say;
use crate::registry_binary;
use crate::workspace::{Workspace, run};

/// Builds the components and the host, then runs every test of the workspace.
///
/// Tests find the components through `MORTISE_TEST_COMPONENTS`, the host's binary through
/// `MORTISE_TEST_BIN`, PostgreSQL through `PG_BIN`, or `MORTISE_TEST_POSTGRES=skip`, and a registry likewise. A log
/// that is too large to be kept with the project is used where `MORTISE_TEST_LOG` says that it is.
///
/// # Errors
/// When a build fails, or `CI=true` and there is no PostgreSQL or no registry. A failing test is not an error
/// but an exit code: it has already been reported.
pub(crate) fn test(workspace: &Workspace, args: &[String], harness: &[String]) -> Result<ExitCode> {
    let started = Instant::now();
    let postgres = Postgres::find()?;
    let registry = Registry::find()?;
    guests::build(workspace, Which::All)?;
    run(
        "building the host",
        // The whole workspace is selected, as below: the same features, so nothing is compiled twice.
        workspace.cargo().args(["build", "--workspace", "--bin", "mortise"]),
    )?;

    let terminal = std::io::stdout().is_terminal();
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--no-fail-fast"]);
    if !args.iter().any(|arg| selects_packages(arg)) {
        cargo.arg("--workspace");
    }
    cargo
        .args(args)
        .args(["--", "--color", if terminal { "always" } else { "never" }])
        .args(harness)
        .env("MORTISE_TEST_COMPONENTS", workspace.components())
        .env("MORTISE_TEST_BIN", workspace.host_binary("debug"));
    postgres.apply(&mut cargo);
    registry.apply(&mut cargo);

    let (summary, passed) = watch(&mut cargo)?;
    say(&summary.text(passed, started.elapsed().as_secs()));
    say(&postgres.text());
    say(&registry.text());
    say(&match std::env::var("MORTISE_TEST_LOG").unwrap_or_default().as_str() {
        "" => "incident log: SKIPPED, MORTISE_TEST_LOG does not say where it is".to_owned(),
        path => format!("incident log: tested with {path}"),
    });
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn selects_packages(arg: &str) -> bool {
    arg.starts_with("-p") || arg.starts_with("--package") || arg == "--workspace"
}

/// The PostgreSQL half of this run.
enum Postgres {
    /// Its programs are in this folder.
    At(std::path::PathBuf),
    Skipped,
}

impl Postgres {
    fn find() -> Result<Self> {
        if let Some(bin) = postgres_binaries::find() {
            return Ok(Self::At(bin));
        }
        if std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1") {
            bail!(
                "CI={}: no PostgreSQL programs found ({}), and here its tests may not be skipped",
                std::env::var("CI").unwrap_or_default(),
                postgres_binaries::PLACES
            );
        }
        let skipped = Self::Skipped;
        say(&skipped.text());
        Ok(skipped)
    }

    fn apply(&self, cargo: &mut Command) {
        match self {
            Self::At(bin) => cargo.env("PG_BIN", bin).env_remove("MORTISE_TEST_POSTGRES"),
            Self::Skipped => cargo.env("MORTISE_TEST_POSTGRES", "skip"),
        };
    }

    fn text(&self) -> String {
        match self {
            Self::At(bin) => format!("PostgreSQL: tested with {}", bin.display()),
            Self::Skipped => format!("PostgreSQL: SKIPPED, no initdb found ({})", postgres_binaries::PLACES),
        }
    }
}

/// The registry of a run, for components.
enum Registry {
    /// Its program.
    At(std::path::PathBuf),
    Skipped,
}

impl Registry {
    fn find() -> Result<Self> {
        if let Some(program) = registry_binary::find() {
            return Ok(Self::At(program));
        }
        if std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1") {
            bail!("no registry found ({}), and under CI its tests may not be skipped", registry_binary::PLACES);
        }
        let skipped = Self::Skipped;
        say(&skipped.text());
        Ok(skipped)
    }

    fn apply(&self, cargo: &mut Command) {
        match self {
            Self::At(program) => cargo.env("REGISTRY_BIN", program).env_remove("MORTISE_TEST_REGISTRY"),
            Self::Skipped => cargo.env("MORTISE_TEST_REGISTRY", "skip"),
        };
    }

    fn text(&self) -> String {
        match self {
            Self::At(program) => format!("registry: tested with {}", program.display()),
            Self::Skipped => format!("registry: SKIPPED, none found ({})", registry_binary::PLACES),
        }
    }
}

/// What all test programs of a run reported together.
#[derive(Default)]
struct Summary {
    passed: u64,
    failed: u64,
    ignored: u64,
    failures: Vec<String>,
}

impl Summary {
    fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            for part in result.split([';', '.']) {
                let mut words = part.split_whitespace();
                let (Some(number), Some(what)) = (words.next(), words.next()) else {
                    continue;
                };
                let Ok(number) = number.parse::<u64>() else {
                    continue;
                };
                match what {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    "ignored" => self.ignored += number,
                    _ => {}
                }
            }
        } else if let Some(name) = line.strip_prefix("test ").and_then(|line| line.strip_suffix(" ... FAILED")) {
            self.failures.push(name.to_owned());
        }
    }

    fn text(&self, passed: bool, seconds: u64) -> String {
        let mut text = String::new();
        for name in &self.failures {
            text.push_str("failed: ");
            text.push_str(name);
            text.push('\n');
        }
        let word = if passed { "PASSED" } else { "FAILED" };
        text.push_str(&format!(
            "{word}: {} passed, {} failed, {} ignored, in {seconds} s",
            self.passed, self.failed, self.ignored
        ));
        text
    }
}

/// Runs cargo, passes on what the test programs print, and keeps count.
fn watch(cargo: &mut Command) -> Result<(Summary, bool)> {
    let mut child = cargo.stdout(Stdio::piped()).spawn().context("start cargo test")?;
    let source = child.stdout.take().context("read from cargo test")?;
    let mut summary = Summary::default();
    let mut out = std::io::stdout().lock();
    for line in BufReader::new(source).split(b'\n') {
        let line = line.context("read from cargo test")?;
        // Whoever reads our output may stop reading; the tests still finish.
        if out.write_all(&line).and_then(|()| out.write_all(b"\n")).is_ok() {
            drop(out.flush());
        }
        summary.read(&plain(&String::from_utf8_lossy(&line)));
    }
    let status = child.wait().context("wait for cargo test")?;
    Ok((summary, status.success()))
}

/// A line without its colours.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        if char == '\u{1b}' {
            // An escape sequence ends with its first letter.
            for char in chars.by_ref() {
                if char.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            text.push(char);
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod unit {
    use super::{Summary, plain};

    #[test]
    fn results_add_up_and_failures_are_named() {
        let mut summary = Summary::default();
        for line in [
            "test a::b ... ok",
            "test a::c ... \u{1b}[31mFAILED\u{1b}(B\u{1b}[m",
            "test result: \u{1b}[31mFAILED\u{1b}[m. 11 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.25s",
        ] {
            summary.read(&plain(line));
        }
        assert_eq!((summary.passed, summary.failed, summary.ignored), (15, 1, 2));
        assert_eq!(summary.failures, ["a::c"]);
        assert_eq!(summary.text(false, 3), "failed: a::c\nFAILED: 15 passed, 1 failed, 2 ignored, in 3 s");
    }
}
