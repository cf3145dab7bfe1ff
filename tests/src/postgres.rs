//! A PostgreSQL of our own: started once per test process, gone with it.

mod binaries;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The server's superuser, which owns every test's database.
const USER: &str = "mortise";

/// Part of the socket's name; said everywhere, or `PGPORT` would be asked.
const PORT: &str = "5432";

/// Users a server may run as where the tests run as root, which PostgreSQL refuses to be.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// A PostgreSQL server for tests, in a temporary folder, reachable by a socket in that folder
/// only, without flushing to disk.
///
/// It ends when the test process ends, even by a kill: a small shell that holds the reading end
/// of a pipe stops it when the pipe closes, and removes the folder.
pub struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    databases: AtomicU32,
    /// Holds the writing end of the pipe.
    _keeper: Child,
}

impl Postgres {
    /// The server of this process, started at the first call; `None` when this run leaves
    /// PostgreSQL out (`MORTISE_TEST_POSTGRES=skip`, which `cargo xtask test` sets, visibly,
    /// where no PostgreSQL is installed).
    ///
    /// # Panics
    /// When PostgreSQL is not left out and cannot be started; the message says why.
    #[must_use]
    pub fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Result<Option<Postgres>, String>> = OnceLock::new();
        let server = SERVER.get_or_init(|| {
            if env::var_os("MORTISE_TEST_POSTGRES").is_some_and(|value| value == "skip") {
                return Ok(None);
            }
            Self::start().map(Some)
        });
        match server {
            Ok(server) => server.as_ref(),
            Err(error) => panic!("no PostgreSQL for the tests: {error}"),
        }
    }

    /// Creates an empty database and returns its URL.
    ///
    /// # Panics
    /// When the database cannot be created; the message says why.
    #[must_use]
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let created = Command::new(self.bin.join("createdb"))
            .arg("--host")
            .arg(&self.folder)
            .args(["--port", PORT, "--username", USER, &name])
            .current_dir("/")
            .output();
        match created {
            Ok(output) if output.status.success() => self.url(&name),
            Ok(output) => panic!("no database {name}: {}", String::from_utf8_lossy(&output.stderr).trim()),
            Err(error) => panic!("no database {name}: cannot start createdb: {error}"),
        }
    }

    /// The folder goes into the query: an authority cannot hold its slashes.
    fn url(&self, database: &str) -> String {
        let host: String = self
            .folder
            .to_string_lossy()
            .bytes()
            .map(|byte| match byte {
                b'/' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect();
        format!("postgres://{USER}@localhost:{PORT}/{database}?host={host}")
    }

    fn start() -> Result<Self, String> {
        let bin = binaries::find().ok_or_else(|| format!("no initdb, pg_ctl and createdb ({})", binaries::PLACES))?;
        let account = Account::for_server()?;
        let folder = folder(account.as_ref())?;
        let mut keeper = account.as_ref().map_or_else(|| Command::new("sh"), Account::shell);
        keeper
            .args(["-c", SCRIPT, "sh"])
            .arg(&bin)
            .args([USER, PORT])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        apart(&mut keeper);
        let mut keeper = keeper.spawn().map_err(|error| format!("cannot start a shell: {error}"))?;
        let mut ready = String::new();
        if let Some(out) = keeper.stdout.take() {
            // An error leaves `ready` empty, which is looked at next.
            drop(BufReader::new(out).read_line(&mut ready));
        }
        if ready.trim() != "ready" {
            let mut why = String::new();
            if let Some(mut err) = keeper.stderr.take() {
                drop(err.read_to_string(&mut why));
            }
            drop(keeper.wait());
            drop(fs::remove_dir_all(&folder));
            return Err(format!("with {}: {}", bin.display(), why.trim()));
        }
        Ok(Self { bin, folder, databases: AtomicU32::new(0), _keeper: keeper })
    }
}

/// What keeps the server: see the file.
const SCRIPT: &str = include_str!("postgres/server.sh");

/// Whom the server runs as when we are root.
struct Account {
    name: &'static str,
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None` when we are not root, and the server may be ours.
    fn for_server() -> Result<Option<Self>, String> {
        if id("-u", None) != Some(0) {
            return Ok(None);
        }
        UNPRIVILEGED
            .into_iter()
            .find_map(|name| Some(Self { name, uid: id("-u", Some(name))?, gid: id("-g", Some(name))? }))
            .map(Some)
            .ok_or_else(|| {
                format!("PostgreSQL does not run as root, and there is no user {}", UNPRIVILEGED.join(" or "))
            })
    }

    /// A shell under this account, by whichever program is there.
    fn shell(&self) -> Command {
        if runs("runuser") {
            let mut command = Command::new("runuser");
            command.args(["-u", self.name, "--", "sh"]);
            return command;
        }
        if runs("setpriv") {
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={}", self.uid))
                .arg(format!("--regid={}", self.gid))
                .args(["--clear-groups", "sh"]);
            return command;
        }
        let mut command = Command::new("su");
        command.args(["-s", "/bin/sh", self.name]);
        command
    }
}

/// Whether a program is there.
fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

/// A numeric id of a user, of ours without a name.
fn id(which: &str, user: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(which).args(user).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// A new folder that belongs to whoever runs the server.
fn folder(account: Option<&Account>) -> Result<PathBuf, String> {
    let folder = tempfile::Builder::new()
        .prefix("mortise-pg-")
        .tempdir()
        .map_err(|error| format!("no temporary folder: {error}"))?
        .keep();
    if let Some(account) = account {
        give(&folder, account).map_err(|error| format!("cannot give {} away: {error}", folder.display()))?;
    }
    Ok(folder)
}

#[cfg(unix)]
fn give(folder: &Path, account: &Account) -> std::io::Result<()> {
    std::os::unix::fs::chown(folder, Some(account.uid), Some(account.gid))
}

#[cfg(not(unix))]
fn give(_: &Path, _: &Account) -> std::io::Result<()> {
    Ok(())
}

/// Keeps Ctrl-C away from the keeper, which ends by its pipe and then still has to clean up.
#[cfg(unix)]
fn apart(keeper: &mut Command) {
    use std::os::unix::process::CommandExt;
    keeper.process_group(0);
}

#[cfg(not(unix))]
fn apart(_: &mut Command) {}

#[cfg(test)]
mod unit {
    #![allow(clippy::unwrap_used)]

    use sqlx::Connection;

    use super::Postgres;

    #[tokio::test]
    async fn every_database_is_new_and_empty() {
        let Some(server) = Postgres::shared() else {
            return;
        };
        let (one, other) = (server.database(), server.database());
        assert_ne!(one, other);
        let mut connection = sqlx::PgConnection::connect(&one).await.unwrap();
        sqlx::query("CREATE TABLE t (id BIGINT)").execute(&mut connection).await.unwrap();
        let mut connection = sqlx::PgConnection::connect(&other).await.unwrap();
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(tables, 0);
    }
}
