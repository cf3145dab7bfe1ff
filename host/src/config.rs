//! Configuration: a TOML file, then the environment, then the command line; the later wins.
//!
//! Every key is known or refused. In the environment a key is written `MORTISE_` and its path in capitals, levels
//! joined by two underscores: `MORTISE_DATABASE__URL`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use crate::domain::attachment::AttachmentPolicy;
use crate::domain::policy::Policy;

/// Start of the environment variables that are configuration.
const PREFIX: &str = "MORTISE_";
/// Variables with this start belong to the test harness.
const HARNESS: &str = "MORTISE_TEST_";

/// Keys of `[registry]` that are texts, whatever they look like.
const TEXTS: [&str; 4] = ["host", "user", "password", "token"];

/// Everything a server can be told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address to listen on.
    pub listen: Listen,
    /// Folder for everything this node keeps: the embedded database, compiled components.
    pub data_dir: DataDir,
    /// Folder of components that an organisation without any gets at the first start.
    pub components: Option<PathBuf>,
    /// The organisation that tokens and imports belong to when none is named.
    pub organisation: Organisation,
    /// Where the records are.
    pub database: Database,
    /// What a component may use.
    pub engine: Engine,
    /// Candidates in shadow.
    pub shadow: Shadow,
    /// Files that are attached to records.
    pub attachments: Attachments,
    /// Registries that components are pushed to and pulled from.
    pub registry: Registry,
    /// What is written to the log.
    pub log: Log,
    /// Traces and figures for whoever watches the server.
    pub telemetry: Telemetry,
    /// Defaults of the processes.
    pub policy: Policy,
}

/// An address to listen on; 127.0.0.1:8080 unless told otherwise.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub struct Listen(pub SocketAddr);

impl Default for Listen {
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 8080)))
    }
}

/// The folder of this node; `mortise-data` in the working folder unless told otherwise.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct DataDir(pub PathBuf);

impl Default for DataDir {
    fn default() -> Self {
        Self(PathBuf::from("mortise-data"))
    }
}

/// The identifier of an organisation; `main` unless told otherwise.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Organisation(pub String);

impl Default for Organisation {
    fn default() -> Self {
        Self("main".to_owned())
    }
}

/// Where the records are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`; by default `mortise.db` in the data folder.
    pub url: Option<String>,
    /// Connections for reading (SQLite) or for everything (PostgreSQL).
    pub connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: None, connections: 8 }
    }
}

/// What a component may use for one decision.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Engine {
    /// Folder for compiled components; by default `compiled` in the data folder.
    pub cache_dir: Option<PathBuf>,
    /// Units of fuel.
    pub fuel: Option<u64>,
    /// Milliseconds on the clock.
    pub wall_ms: Option<u64>,
    /// Mebibytes of memory.
    pub memory_mib: Option<usize>,
    /// Decisions at the same time.
    pub concurrent_calls: Option<usize>,
    /// Mebibytes that compiled components on disk may take; 2048 unless told otherwise.
    pub cache_mib: Option<u64>,
    /// Days after which a compiled component that nobody uses leaves the disk; 30 unless told otherwise.
    pub cache_days: Option<u64>,
    /// Mebibytes of compiled components kept in memory beside those that decide now; 256 unless told otherwise.
    pub loaded_mib: Option<usize>,
    /// The process that compiles components.
    pub compile: Compile,
}

/// The process that compiles components, and what it may use for one of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Compile {
    /// The program that is started; the command line takes its own unless told otherwise. An empty path compiles in the
    /// server's own process, without the limits below.
    pub program: Option<PathBuf>,
    /// Mebibytes of address space; 2048 unless told otherwise.
    pub memory_mib: Option<u64>,
    /// Seconds of processor time; 60 unless told otherwise.
    pub processor_s: Option<u64>,
    /// Seconds on the clock; 180 unless told otherwise.
    pub wall_s: Option<u64>,
    /// Mebibytes of machine code; 256 unless told otherwise.
    pub artifact_mib: Option<u64>,
}

/// What this node does for candidates in shadow.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shadow {
    /// Decisions that may wait to be asked of candidates; more are dropped and counted.
    pub queue: usize,
    /// Differing decisions that are kept for a candidate, the newest.
    pub keep: u32,
    /// Percentage of one processor that slow candidates may take, 1 to 100.
    pub share_pct: u32,
}

impl Default for Shadow {
    fn default() -> Self {
        Self { queue: 2_048, keep: 1_000, share_pct: 25 }
    }
}

/// Files that are attached to records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attachments {
    /// Folder of the files; by default `blobs` in the data folder. Nodes that share a PostgreSQL database have to share
    /// this folder as well (a network file system), or one node does not find what another one took.
    pub dir: Option<PathBuf>,
    /// Mebibytes that a file may have.
    pub max_mib: u32,
    /// Media types that may be attached (`image/*` for all images); empty for all that are not refused.
    pub allow: Vec<String>,
    /// Media types that may not be attached, whatever is allowed; by default programs and installers.
    pub refuse: Vec<String>,
}

impl Default for Attachments {
    fn default() -> Self {
        let AttachmentPolicy { max_mib, allow, refuse } = AttachmentPolicy::default();
        Self { dir: None, max_mib, allow, refuse }
    }
}

impl Attachments {
    /// Which files may be attached.
    pub fn policy(&self) -> AttachmentPolicy {
        let Self { max_mib, allow, refuse, .. } = self.clone();
        AttachmentPolicy { max_mib, allow, refuse }
    }
}

/// Registries that components are pushed to and pulled from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registry {
    /// The registry that name, password and token are for, with its port if it has one: no other gets them.
    pub host: Option<String>,
    /// Name, for registries that ask for one.
    pub user: Option<String>,
    /// The password that goes with it.
    pub password: Option<Secret>,
    /// A token that is sent as it is, instead of name and password.
    pub token: Option<Secret>,
    /// Certificates of the authorities that registries are trusted by (PEM), instead of the public ones.
    pub ca_file: Option<PathBuf>,
    /// Seconds that one request may take.
    pub timeout_s: u64,
    /// Mebibytes of a component at the most.
    pub max_mib: u32,
}

impl Default for Registry {
    fn default() -> Self {
        Self { host: None, user: None, password: None, token: None, ca_file: None, timeout_s: 120, max_mib: 64 }
    }
}

/// A text that is not shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// What is written to the log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// A filter like `info` or `mortise=debug,warn`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines, one object per line.
    Json,
}

/// Traces and figures for whoever watches the server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Address of an OpenTelemetry collector that takes OTLP over HTTP, for example `http://127.0.0.1:4318`; without
    /// one, no traces are made.
    pub otlp_endpoint: Option<String>,
    /// Headers for the collector, for example its key.
    pub headers: BTreeMap<String, String>,
    /// What the collector calls this server.
    pub service_name: String,
    /// Share of requests that are traced, in percent.
    pub sample_percent: u32,
    /// Whether `GET /metrics` answers without a token, and then about every organisation.
    pub open_metrics: bool,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            headers: BTreeMap::new(),
            service_name: "mortise".to_owned(),
            sample_percent: 100,
            open_metrics: false,
        }
    }
}

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("configuration file {path}: {why}")]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// The file is not TOML, or a key or value is not one of ours.
    #[error("configuration {source_name}: {why}")]
    Content {
        /// The file, or `from the environment`.
        source_name: String,
        /// What is wrong, with line and key where known.
        why: String,
    },
    /// A number that cannot be meant.
    #[error("configuration: {key} = {value}: it has to be {bounds}")]
    Value {
        /// The key, with its section.
        key: &'static str,
        /// What it was given.
        value: u64,
        /// What it may be.
        bounds: String,
    },
}

impl Config {
    /// Reads `file` if there is one, then the environment.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is unknown, a value that does not fit.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut table = Table::new();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|why| ConfigError::File { path: path.to_owned(), why })?;
            let content = |why: toml::de::Error| ConfigError::Content {
                source_name: path.display().to_string(),
                why: why.to_string(),
            };
            // Read once by itself, so that an error names the file's own line.
            toml::from_str::<Self>(&text).map_err(content)?;
            table = text.parse().map_err(content)?;
        }
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix(PREFIX).filter(|_| !name.starts_with(HARNESS)) {
                let path: Vec<String> = key.split("__").map(str::to_lowercase).collect();
                // A password may well look like a number.
                let text = path.first().is_some_and(|section| section == "registry")
                    && path.last().is_some_and(|key| TEXTS.contains(&key.as_str()));
                set(&mut table, &path, if text { value.as_str().into() } else { scalar(&value) });
            }
        }
        let config = Self::deserialize(Value::Table(table)).map_err(|why| ConfigError::Content {
            source_name: "from the environment".to_owned(),
            why: why.to_string(),
        })?;
        config.check()?;
        Ok(config)
    }

    /// Refuses numbers that nobody can mean: a share of more than a whole, a limit with which nothing runs.
    fn check(&self) -> Result<(), ConfigError> {
        let whole = |number: u32| Some(u64::from(number));
        let size = |number: Option<usize>| number.map(|number| number as u64);
        let Compile { memory_mib, processor_s, wall_s, artifact_mib, .. } = self.engine.compile;
        let breaker = &self.policy.component.breaker;
        let most = u64::MAX;
        for (key, value, least, most) in [
            ("database.connections", whole(self.database.connections), 1, 1_000),
            ("engine.fuel", self.engine.fuel, 100_000, most),
            ("engine.wall_ms", self.engine.wall_ms, 1, 600_000),
            ("engine.memory_mib", size(self.engine.memory_mib), 1, 4_096),
            ("engine.concurrent_calls", size(self.engine.concurrent_calls), 1, 10_000),
            ("engine.compile.memory_mib", memory_mib, 256, most),
            ("engine.compile.processor_s", processor_s, 1, most),
            ("engine.compile.wall_s", wall_s, 1, most),
            ("engine.compile.artifact_mib", artifact_mib, 1, most),
            ("shadow.queue", size(Some(self.shadow.queue)), 1, 1_000_000),
            ("shadow.share_pct", whole(self.shadow.share_pct), 1, 100),
            ("attachments.max_mib", whole(self.attachments.max_mib), 1, 1_000_000),
            ("registry.timeout_s", Some(self.registry.timeout_s), 1, 86_400),
            ("registry.max_mib", whole(self.registry.max_mib), 0, 4_096),
            ("telemetry.sample_percent", whole(self.telemetry.sample_percent), 0, 100),
            ("policy.component.breaker.share_percent", whole(breaker.share_percent), 0, 100),
            ("policy.component.breaker.probe_percent", whole(breaker.probe_percent.get()), 1, 100),
        ] {
            let Some(value) = value.filter(|value| !(least..=most).contains(value)) else { continue };
            let bounds = if most == u64::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
            return Err(ConfigError::Value { key, value, bounds });
        }
        Ok(())
    }

    /// The address of the database.
    pub fn database_url(&self) -> String {
        let embedded = || format!("sqlite:{}", self.data_dir.0.join("mortise.db").display());
        self.database.url.clone().unwrap_or_else(embedded)
    }

    /// The folder of attachments.
    pub fn attachments_dir(&self) -> PathBuf {
        self.attachments.dir.clone().unwrap_or_else(|| self.data_dir.0.join("blobs"))
    }
}

fn set(table: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [key] => {
            table.insert(key.clone(), value);
        }
        [key, rest @ ..] => {
            let inner = table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

/// A number, `true`, `false`, or text.
fn scalar(text: &str) -> Value {
    text.parse().map(Value::Integer).or_else(|_| text.parse().map(Value::Boolean)).unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let dir = std::env::temp_dir().join(format!("mortise-config-{}", std::process::id()));
        std::fs::write(&dir, "listen = \"127.0.0.1:9000\"\n[database]\nconnections = 3\n").unwrap();
        let config = Config::load(
            Some(&dir),
            environment(&[("MORTISE_DATABASE__URL", "sqlite:x.db"), ("HOME", "/"), ("MORTISE_TEST_POSTGRES", "skip")]),
        )
        .unwrap();
        std::fs::remove_file(&dir).unwrap();
        assert_eq!(config.listen.0.port(), 9000);
        assert_eq!(config.database_url(), "sqlite:x.db");
        assert_eq!(config.database.connections, 3);
    }

    #[test]
    fn a_password_is_a_text_and_not_shown() {
        let pairs = [("MORTISE_REGISTRY__PASSWORD", "007"), ("MORTISE_REGISTRY__TIMEOUT_S", "5")];
        let config = Config::load(None, environment(&pairs)).unwrap();
        assert_eq!(config.registry.password.as_ref().unwrap().0, "007");
        assert_eq!(config.registry.timeout_s, 5);
        assert!(!format!("{config:?}").contains("007"));
    }

    #[test]
    fn a_number_that_cannot_be_meant_is_refused_by_its_key() {
        for (name, value, key) in [
            ("MORTISE_TELEMETRY__SAMPLE_PERCENT", "101", "telemetry.sample_percent"),
            ("MORTISE_SHADOW__SHARE_PCT", "500", "shadow.share_pct"),
            ("MORTISE_SHADOW__QUEUE", "0", "shadow.queue"),
            ("MORTISE_ENGINE__WALL_MS", "0", "engine.wall_ms"),
            ("MORTISE_ENGINE__COMPILE__MEMORY_MIB", "1", "engine.compile.memory_mib"),
            ("MORTISE_POLICY__COMPONENT__BREAKER__SHARE_PERCENT", "200", "policy.component.breaker.share_percent"),
        ] {
            let error = Config::load(None, environment(&[(name, value)])).unwrap_err().to_string();
            assert!(error.contains(&format!("{key} = {value}")) && !error.contains('\n'), "{error}");
        }
        Config::load(None, environment(&[("MORTISE_TELEMETRY__SAMPLE_PERCENT", "0")])).unwrap();
    }

    #[test]
    fn an_unknown_key_is_named() {
        let error = Config::load(None, environment(&[("MORTISE_DATABSE__URL", "x")])).unwrap_err();
        assert!(error.to_string().contains("databse"), "{error}");
    }
}
