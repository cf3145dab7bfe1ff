//! The command line: one file per command.

/// Prints a line. Whoever reads may have gone (`… | head`): the command then ends without a word.
macro_rules! say {
    () => { $crate::cli::print(format_args!("")) };
    ($($words:tt)*) => { $crate::cli::print(format_args!($($words)*)) };
}

mod archive;
mod compile;
mod desk;
mod evidence;
mod export;
mod fill;
mod import;
mod import_records;
mod kind;
mod migrate;
mod plugin;
mod plugin_approve;
mod plugin_backtest;
mod plugin_breaker;
mod plugin_inspect;
mod plugin_oci;
mod plugin_rollout;
mod plugin_run;
mod plugin_sign;
mod record;
mod serve;
mod token;
mod trust;
mod verify;

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use mortise::app::App;
use mortise::clock::Clock;
use mortise::config::Config;
use mortise::engine::{Compiler, Engine, EngineConfig};
use mortise::flows::FlowError;
use mortise::telemetry;

/// An ITSM core whose decisions are taken by components that you can swap.
#[derive(Parser)]
#[command(name = "mortise", version, about, long_about = None)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Where the configuration and the data are.
#[derive(Args, Clone)]
pub(crate) struct Place {
    /// Configuration file (TOML). Environment variables MORTISE_… win over it, options over both.
    #[arg(long, global = true, value_name = "FILE", env = "MORTISE_CONFIG")]
    config: Option<PathBuf>,
    /// Folder for the embedded database and compiled components.
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Database: sqlite:PATH or postgres://USER@HOST/NAME.
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Organisation to work in.
    #[arg(long, alias = "org", global = true, value_name = "ID")]
    organisation: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API.
    Serve(serve::Serve),
    /// Bring the database's tables to this version's shape.
    Migrate(migrate::Migrate),
    /// Make, list and revoke bearer tokens.
    #[command(subcommand)]
    Token(token::Token),
    /// Make, read, list and change records without a server.
    #[command(subcommand)]
    Record(record::RecordCommand),
    /// Record kinds: list, show, check a file, put one in force, take a change back.
    #[command(subcommand)]
    Kind(kind::Kind),
    /// Write the evidence of a period for an auditor: report, matrix and records.
    Evidence(evidence::Evidence),
    /// Replay an event log (CSV) into records.
    Import(import::Import),
    #[command(hide = true)]
    Fill(fill::Fill),
    #[command(hide = true)]
    Compile(compile::Compile),
    /// Make and change records from the rows of a file (CSV, XLSX, JSON Lines).
    ImportRecords(import_records::ImportRecords),
    /// Write the records of a kind to a file (CSV, XLSX, JSON Lines).
    Export(export::ExportCommand),
    /// Write everything of an organisation to one file.
    Archive(archive::ArchiveCommand),
    /// Make an organisation from an archive.
    Restore(archive::RestoreCommand),
    /// Check everything of an organisation: audit chain, records, references, ledger, decisions.
    Verify(verify::Verify),
    /// Whose components are taken: policy and publishers' keys.
    #[command(subcommand)]
    Trust(trust::Trust),
    /// Components: list, upload, activate, roll back, inspect, run; projects: new, build, test, bench.
    #[command(subcommand)]
    Plugin(plugin::Plugin),
}

/// Prints a line for [`say`].
fn print(line: std::fmt::Arguments<'_>) {
    written(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Ends the command where its output was not taken; quietly, when nobody reads on.
fn written(result: std::io::Result<()>) {
    let Err(error) = result else { return };
    if error.kind() != ErrorKind::BrokenPipe {
        eprintln!("mortise: the output cannot be written: {error}");
    }
    std::process::exit(1);
}

/// What the caller got wrong: exit status 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

impl Arguments {
    /// Does what needs neither configuration nor runtime; gives back the rest.
    pub(crate) fn alone(self) -> Result<ExitCode, Box<Self>> {
        match self {
            Self { command: Command::Compile(command), .. } => Ok(command.run()),
            other => Err(Box::new(other)),
        }
    }
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let place = &arguments.place;
    match arguments.command {
        Command::Serve(command) => command.run(place).await,
        Command::Migrate(command) => command.run(place).await,
        Command::Token(command) => command.run(place).await,
        Command::Record(command) => command.run(place).await,
        Command::Kind(command) => command.run(place).await,
        Command::Evidence(command) => command.run(place).await,
        Command::Import(command) => command.run(place).await,
        Command::Fill(command) => command.run(place).await,
        // Done before there is a runtime.
        Command::Compile(_) => Ok(()),
        Command::ImportRecords(command) => command.run(place).await,
        Command::Export(command) => command.run(place).await,
        Command::Archive(command) => command.run(place).await,
        Command::Restore(command) => command.run(place).await,
        Command::Verify(command) => command.run(place).await,
        Command::Trust(command) => command.run(place).await,
        Command::Plugin(command) => command.run(place).await,
    }
}

impl Place {
    /// The configuration, with the options of the command line over it.
    fn load(&self) -> anyhow::Result<Config> {
        // The variable that names the file is an option, not a key of the file.
        let environment = std::env::vars().filter(|(name, _)| name != "MORTISE_CONFIG");
        let mut config = Config::load(self.config.as_deref(), environment).map_err(|e| Usage(e.to_string()))?;
        if let Some(dir) = &self.data_dir {
            config.data_dir.0.clone_from(dir);
        }
        if let Some(url) = &self.database_url {
            config.database.url = Some(url.clone());
        }
        if let Some(organisation) = &self.organisation {
            config.organisation.0.clone_from(organisation);
        }
        let compiler = &mut config.engine.compile.program;
        *compiler = compiler.take().or_else(own_program);
        Ok(config)
    }

    /// The configuration and every room, for a command that works on the database by itself.
    async fn open(&self) -> anyhow::Result<(Config, App)> {
        let mut config = self.load()?;
        if config.log.filter == "info" {
            // A command's own output is what its caller wants to see.
            "warn".clone_into(&mut config.log.filter);
        }
        telemetry::log(&config.log).map_err(Usage)?;
        let app = App::build(&config, Clock::system()).await.context("the desk does not open")?;
        Ok((config, app))
    }
}

/// This very program, even where its file has been replaced since it started.
fn own_program() -> Option<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Some(running) } else { std::env::current_exe().ok() }
}

/// An engine for a command that needs no server.
fn engine() -> anyhow::Result<Engine> {
    let compiler = Compiler { program: own_program(), ..Compiler::default() };
    Ok(Engine::new(EngineConfig { compiler, ..EngineConfig::default() })?)
}

/// A refusal by a rule is the caller's to mend; anything else is ours.
pub(crate) fn flow(error: FlowError) -> anyhow::Error {
    match error {
        FlowError::Refused(refusal) => {
            let field = refusal.field.map(|f| format!("{f}: ")).unwrap_or_default();
            let mut text = format!("{field}{} [{}]", refusal.message, refusal.rule);
            for problem in refusal.details.iter().filter(|_| refusal.details.len() > 1) {
                text.push_str(&format!("\n  {}: {} [{}]", problem.field, problem.message, problem.rule));
            }
            Usage(text).into()
        }
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    /// Options that clash are found when a command is built, which an ordinary run does for one command only.
    #[test]
    fn the_commands_fit_together() {
        super::Arguments::command().debug_assert();
    }
}
