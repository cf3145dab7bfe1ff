//! `mortise compile`: what the server starts to compile a component; no command for people.

use std::process::ExitCode;

use clap::Args;
use mortise::engine::{ChildOrder, Grants, compile_in_child};

/// Read a component from standard input and write its machine code to standard output, within limits.
#[derive(Args)]
pub(crate) struct Compile {
    /// Bytes of address space that this process may have.
    #[arg(long)]
    memory_bytes: u64,
    /// Seconds of processor time that this process may use.
    #[arg(long)]
    processor_s: u64,
    /// The component was admitted before: compile it and check nothing else.
    #[arg(long)]
    known: bool,
    /// Say what the component imports, and compile nothing.
    #[arg(long)]
    imports: bool,
    /// Import that is granted; may be given several times.
    #[arg(long, value_name = "IMPORT")]
    grant: Vec<String>,
}

impl Compile {
    /// Does it, in this thread.
    pub(crate) fn run(self) -> ExitCode {
        let Self { memory_bytes, processor_s, known, imports, grant } = self;
        let grants = Grants { imports: grant.into_iter().collect() };
        ExitCode::from(compile_in_child(ChildOrder { memory_bytes, processor_s, known, imports, grants }))
    }
}
