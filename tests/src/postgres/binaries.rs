//! Where PostgreSQL's programs are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Where [`find`] looks, for messages.
pub(crate) const PLACES: &str = "looked in PG_BIN, /usr/lib/postgresql/*/bin and PATH";

/// The programs a test server needs; they come in one folder.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "createdb"];

/// The folder with the programs of the newest PostgreSQL here.
pub(crate) fn find() -> Option<PathBuf> {
    let named = env::var_os("PG_BIN").map(PathBuf::from);
    named.into_iter().chain(debian()).chain(path()).find(|folder| complete(folder))
}

fn complete(folder: &Path) -> bool {
    PROGRAMS.iter().all(|program| folder.join(format!("{program}{}", env::consts::EXE_SUFFIX)).is_file())
}

/// Debian keeps the versions side by side; the newest comes first.
fn debian() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

/// The folders behind each `initdb` on the path; a link there may stand alone.
fn path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .filter_map(|folder| folder.join("initdb").canonicalize().ok())
        .filter_map(|initdb| initdb.parent().map(Path::to_path_buf))
        .collect()
}
