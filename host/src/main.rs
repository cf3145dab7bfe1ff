//! The `mortise` command: arguments → configuration → [`mortise::app::App`].
//!
//! Bad input ends with one line on standard error and exit status 2; a failure of the system with status 1.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = match cli::Arguments::parse().alone() {
        Ok(done) => return done,
        Err(arguments) => *arguments,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("mortise: the runtime does not start: {e}");
            return ExitCode::from(1);
        }
    };
    match runtime.block_on(cli::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) if e.is::<cli::Usage>() => {
            eprintln!("mortise: {e:#}");
            ExitCode::from(2)
        }
        Err(e) => {
            eprintln!("mortise: {e:#}");
            ExitCode::from(1)
        }
    }
}
