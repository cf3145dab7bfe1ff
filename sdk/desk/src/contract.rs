//! The contract: the WIT packages of this version, and the world of one component.

use std::fs;
use std::path::Path;

use mortise_types::Process;

use crate::error::{Error, Result};

const TYPES: &str = include_str!("../../../wit/types/types.wit");
const PLUGIN: &str = include_str!("../../../wit/plugin/plugin.wit");
const LOG: &str = include_str!("../../../wit/log/log.wit");

/// The WIT text of a process's package.
fn text(process: Process) -> &'static str {
    match process {
        Process::Sla => include_str!("../../../wit/sla/sla.wit"),
        Process::ChangeRisk => include_str!("../../../wit/change-risk/change-risk.wit"),
        Process::Budget => include_str!("../../../wit/budget/budget.wit"),
        Process::Supplier => include_str!("../../../wit/supplier/supplier.wit"),
    }
}

/// The world that components are built for; its name appears in what is generated for them.
pub(crate) const WORLD: &str = "component";

/// Writes the packages of a process below `folder/deps`, and the world of its components to
/// `folder/world.wit`: the layout that every WIT tool reads.
pub(crate) fn write(folder: &Path, process: Process) -> Result<()> {
    for (name, text) in [("types", TYPES), ("plugin", PLUGIN), ("log", LOG), (process.slug(), text(process))] {
        write_file(&folder.join("deps").join(name).join(format!("{name}.wit")), text)?;
    }
    write_file(&folder.join("world.wit"), &world(process))
}

/// A world without the log: what a component imports, it has to be granted.
fn world(process: Process) -> String {
    let (plugin, log, evaluator) = (version(PLUGIN), version(LOG), version(text(process)));
    format!(
        "package mortise:desk;

/// What this component is built for. To write to the host's log, add
///     import itsm:log/log@{log};
/// An administrator then has to grant it.
world {WORLD} {{
    export itsm:plugin/about@{plugin};
    export itsm:plugin/settings@{plugin};
    export itsm:{process}/evaluator@{evaluator};
}}
"
    )
}

/// The version that a package's text states. A test reads that of every package.
fn version(text: &str) -> &str {
    let package = text.lines().find(|line| line.starts_with("package "));
    package.and_then(|line| line.split_once('@')).map_or("", |(_, version)| version.trim_end_matches(';'))
}

/// Writes a file and the folders above it, if its content is another one.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|existing| existing == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Error::file("make", folder, error))?;
    }
    fs::write(path, text).map_err(|error| Error::file("write", path, error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_world_of_every_process_is_complete() {
        for process in Process::ALL {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), process).unwrap();
            let mut resolve = wit_parser::Resolve::default();
            let (package, _) = resolve.push_dir(folder.path()).unwrap();
            let world = resolve.select_world(&[package], Some(WORLD)).unwrap();
            assert_eq!(resolve.worlds[world].exports.len(), 3, "{process}");
            assert!(version(text(process)).starts_with(|first: char| first.is_ascii_digit()), "{process}");
        }
    }
}
