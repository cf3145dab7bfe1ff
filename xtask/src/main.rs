//! `cargo xtask`: everything a person does with this repository, one command each.
//!
//! | File | What it knows |
//! |---|---|
//! | `workspace.rs` | where things are, how cargo is called |
//! | `progress.rs` | long steps stay visible, on a terminal and in a log |
//! | `toolchain/` | where the compilers of all languages come from |
//! | `guests.rs` | which crates become components, and building them |
//! | `projects.rs` | the examples in other languages, built like a partner's |
//! | `corpus.rs` | keeping the components of released contracts |
//! | `serve.rs`, `tests.rs`, `fill.rs`, `fuzz.rs`, `bench.rs` | the commands |

mod bench;
mod corpus;
mod fill;
mod fuzz;
mod guests;
// The same search as in the test harness: a run must not promise a server that the tests cannot find.
#[path = "../../tests/src/postgres/binaries.rs"]
mod postgres_binaries;
mod progress;
mod projects;
#[path = "../../tests/src/registry/binary.rs"]
mod registry_binary;
mod serve;
mod tests;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Builds, serves and tests Mortise.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build every component into target/components
    Plugins,
    /// Keep the reference components under the contract versions they are built for (tests/corpus)
    Corpus,
    /// Build host and reference components, then serve demo data on 127.0.0.1:8080
    ///
    /// What follows `--` goes to `mortise serve`.
    Serve {
        /// Build with optimisations
        #[arg(long)]
        release: bool,
    },
    /// Run all tests, on SQLite and on a PostgreSQL started for them
    ///
    /// What follows `--` goes to the test harness.
    Test {
        /// Filters and options of `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Fill a database with a made-up organisation of two years
    Fill(fill::Wish),
    /// Try damaged input on everything that takes bytes from strangers
    ///
    /// admission, conversion, settings, kinds; --seconds for each (60), --seed to make inputs again.
    Fuzz {
        /// Targets and options of the fuzz program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Measure a release build
    ///
    /// What follows `--` goes to the benchmark program, too.
    Bench {
        /// Options of the benchmark program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let (own, rest) = split(std::env::args().collect());
    match run(Cli::parse_from(own).command, rest) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What is for us, and what follows the first `--`.
fn split(mut args: Vec<String>) -> (Vec<String>, Vec<String>) {
    match args.iter().position(|arg| arg == "--") {
        Some(at) => {
            let rest = args.split_off(at + 1);
            args.truncate(at);
            (args, rest)
        }
        None => (args, Vec::new()),
    }
}

fn run(command: Command, rest: Vec<String>) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    match command {
        Command::Plugins => {
            if !rest.is_empty() {
                bail!("`cargo xtask plugins` takes no arguments");
            }
            guests::build(&workspace, guests::Which::All)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Corpus => corpus::corpus(&workspace),
        Command::Serve { release } => serve::serve(&workspace, release, &rest),
        Command::Test { args } => tests::test(&workspace, &args, &rest),
        Command::Fill(wish) => fill::fill(&workspace, &wish),
        Command::Fuzz { args } => fuzz::fuzz(&workspace, &[args, rest].concat()),
        Command::Bench { args } => bench::bench(&workspace, &[args, rest].concat()),
    }
}

#[cfg(test)]
mod unit {
    #![allow(clippy::unwrap_used)]

    use clap::Parser;

    use super::{Cli, Command, split};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_follows_test_goes_to_cargo_and_to_the_harness() {
        for (line, cargo, harness) in [
            ("xtask test", "", ""),
            ("xtask test sla", "sla", ""),
            ("xtask test -- --nocapture", "", "--nocapture"),
            ("xtask test -p xtask sla -- --exact -- x", "-p xtask sla", "--exact -- x"),
        ] {
            let (own, rest) = split(words(line));
            let Command::Test { args } = Cli::try_parse_from(own).unwrap().command else {
                unreachable!("every line is a test call");
            };
            assert_eq!((args, rest), (words(cargo), words(harness)), "{line}");
        }
    }
}
