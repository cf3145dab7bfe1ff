//! Where the registry's program is.

use std::env;
use std::path::PathBuf;

/// Where [`find`] looks, for messages.
pub(crate) const PLACES: &str = "looked for docker-registry in REGISTRY_BIN, PATH and /usr/bin";

/// Debian's name of the program.
const PROGRAM: &str = "docker-registry";

/// The program of a registry, if there is one here.
pub(crate) fn find() -> Option<PathBuf> {
    let named = env::var_os("REGISTRY_BIN").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = env::split_paths(&path).map(|folder| folder.join(PROGRAM)).collect();
    let usual = PathBuf::from("/usr/bin").join(PROGRAM);
    named.into_iter().chain(on_path).chain([usual]).find(|program| program.is_file())
}
