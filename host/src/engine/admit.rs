//! How bytes become a component: the checks of an upload, and loading what was
//! admitted before.

use std::sync::Arc;
use std::time::SystemTime;

use mortise_types::Process;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use wasmtime::component::Component;

use super::artifact::{self, Artifact};
use super::cache::hex;
use super::call::run;
use super::card::{Card, Describe};
use super::compiler::{self, Task};
use super::failure::Failure;
use super::lookup::Lookups;
use super::program::Prepared;
use super::refused::{Grants, Refused, rule};
use super::settings::Schema;
use super::{Engine, Inner};

/// A component that passed every check, and all that is known about it.
#[derive(Debug, Clone, Serialize)]
pub struct Admission {
    /// SHA-256 of its bytes, lower-case hexadecimal: its identity.
    pub digest: String,
    /// The process whose decisions it takes.
    pub process: Process,
    /// What it calls itself, e.g. `sla-standard`.
    pub name: String,
    /// The version it states.
    pub version: String,
    /// What it says it does, one sentence.
    pub summary: String,
    /// Bytes.
    pub size: usize,
    /// What it imports beside types, with versions.
    pub imports: Vec<String>,
    /// What it exports, with versions.
    pub exports: Vec<String>,
    /// The WIT packages it was built with, as `package@version`.
    pub wit: Vec<String>,
    /// JSON Schema of its settings.
    pub settings_schema: Value,
    /// Its default settings, written out.
    pub settings_defaults: Value,
    /// Ready to be called.
    #[serde(skip)]
    pub prepared: Prepared,
}

/// Bytes of a component's name, version or summary at the most.
const MOST_CARD_TEXT: usize = 1_000;

impl Engine {
    /// Takes an upload through every check.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub async fn admit(&self, bytes: Arc<[u8]>, grants: &Grants) -> Result<Admission, Refused> {
        self.0.check_size(&bytes)?;
        let size = bytes.len();
        // Where a child compiles, it reads the component first: what it survives, this process survives.
        let (digest, component) = self.component(Arc::clone(&bytes), Some(grants.clone())).await?;
        let inspection = {
            let grants = grants.clone();
            off_thread(move || compiler::read(&bytes, &grants), rule::NOT_A_COMPONENT).await?
        };
        let prepared = self.link(component, digest, grants).await?;
        let card = self.describe(&prepared).await.map_err(|failure| {
            let rule = if failure.cause.blames_component() { rule::DOES_NOT_DESCRIBE } else { rule::BUSY };
            Refused::new(rule, format!("asked who it is, the component failed: {failure}"))
        })?;
        check_card(&card)?;
        let schema = Schema::compile(&card.schema).map_err(|why| {
            Refused::new(rule::INVALID_SETTINGS_SCHEMA, format!("the settings schema is not usable: {why}"))
        })?;
        let bad_defaults = |problems| {
            Refused::new(
                rule::INVALID_DEFAULT_SETTINGS,
                format!("the component's default settings do not pass its own checks: {problems}"),
            )
        };
        let settings_defaults = schema.check(&card.defaults).map_err(bad_defaults)?;
        self.validate(&prepared, &card.defaults).await.map_err(bad_defaults)?;
        self.validate(&prepared, "{}").await.map_err(bad_defaults)?;
        let settings_schema = schema.text.clone();
        // Prepared just now and not handed out: nobody can have set it.
        let _ = prepared.schema().set(schema);
        Ok(Admission {
            digest: prepared.digest().to_owned(),
            process: inspection.process,
            name: card.name,
            version: card.version,
            summary: card.summary,
            size,
            imports: inspection.imports,
            exports: inspection.exports,
            wit: inspection.packages,
            settings_schema,
            settings_defaults,
            prepared,
        })
    }

    /// Makes a component ready that was admitted before, here or on another node.
    /// Comes from the cache if this node compiled it, else it is compiled off the
    /// async threads.
    ///
    /// # Errors
    /// If this host cannot run it, with these grants.
    pub async fn load(&self, bytes: Arc<[u8]>, grants: &Grants) -> Result<Prepared, Refused> {
        self.0.check_size(&bytes)?;
        let (digest, component) = self.component(bytes, None).await?;
        self.link(component, digest, grants).await
    }

    /// The same without its bytes, if this node has it compiled: `digest` is the SHA-256 of what was admitted.
    ///
    /// # Errors
    /// If this host cannot run it, with these grants.
    pub async fn load_kept(&self, digest: &str, grants: &Grants) -> Option<Result<Prepared, Refused>> {
        let (inner, wanted) = (Arc::clone(&self.0), digest.to_owned());
        let kept = off_thread(move || Ok(inner.kept(&wanted)), rule::DOES_NOT_COMPILE).await;
        match kept {
            Ok(Some(component)) => Some(self.link(component, digest.to_owned(), grants).await),
            Ok(None) | Err(_) => None,
        }
    }

    /// Reads what a component imports and exports, grants or no grants, before anybody decides what it is given.
    /// Blocks no async thread; nothing is compiled.
    ///
    /// # Errors
    /// If it is no component of a process that this host runs.
    pub async fn imports(&self, bytes: Arc<[u8]>) -> Result<Vec<String>, Refused> {
        self.0.check_size(&bytes)?;
        let _turn = self.0.uploads.acquire().await.ok();
        let inner = Arc::clone(&self.0);
        off_thread(move || inner.compiler.imports(&bytes), rule::NOT_A_COMPONENT).await
    }

    /// The compiled component of these bytes, and their digest; `upload` holds what an upload is granted.
    async fn component(&self, bytes: Arc<[u8]>, upload: Option<Grants>) -> Result<(String, Component), Refused> {
        let (digest, kept) = {
            let (inner, bytes) = (Arc::clone(&self.0), Arc::clone(&bytes));
            let look = move || {
                let digest = hex(&Sha256::digest(&bytes));
                let kept = inner.kept(&digest);
                Ok((digest, kept))
            };
            off_thread(look, rule::DOES_NOT_COMPILE).await?
        };
        if let Some(component) = kept {
            return Ok((digest, component));
        }
        // Uploads take turns, and so do components that were admitted before: one that compiles for long makes
        // further uploads wait, but never what this node has to run.
        let turns = if upload.is_some() { &self.0.uploads } else { &self.0.compiler_turns };
        // Never closed; were it, compiling without waiting would still be right.
        let _turn = turns.acquire().await.ok();
        let inner = Arc::clone(&self.0);
        let work = move || {
            let task = upload.as_ref().map_or(Task::Known, Task::Admit);
            let artifact = Artifact::compile(&inner.wasmtime, &inner.compiler, &bytes, task)?;
            let component = artifact::fresh(&inner.wasmtime, &artifact).ok_or_else(|| {
                Refused::new(rule::DOES_NOT_COMPILE, "the compiler's result does not fit this engine")
            })?;
            if let Some(cache) = &inner.cache
                && let Err(error) = cache.save(&digest, &artifact)
            {
                tracing::warn!(%digest, %error, "a compiled component could not be kept");
            }
            Ok((digest, component))
        };
        off_thread(work, rule::DOES_NOT_COMPILE).await
    }

    async fn link(&self, component: Component, digest: String, grants: &Grants) -> Result<Prepared, Refused> {
        let (engine, grants) = (self.0.wasmtime.clone(), grants.clone());
        off_thread(move || Prepared::link(&engine, &component, digest, &grants), rule::DOES_NOT_COMPILE).await
    }

    /// Removes compiled components from disk that nobody used for long, or that are too many. Gives how many went.
    pub async fn prune_cache(&self) -> usize {
        let inner = Arc::clone(&self.0);
        let work = move || {
            let Some(cache) = &inner.cache else { return 0 };
            cache.prune(inner.cache_unused, inner.cache_bytes, SystemTime::now()).unwrap_or_else(|error| {
                tracing::warn!(%error, "compiled components that nobody uses could not be removed");
                0
            })
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(0)
    }

    /// Asks a component for its card.
    pub(super) async fn describe(&self, prepared: &Prepared) -> Result<Card, Failure> {
        run(&self.0, prepared.pre(), Lookups::None, Describe(prepared.shared())).await.result
    }
}

impl Inner {
    /// A component that this node compiled before.
    fn kept(&self, digest: &str) -> Option<Component> {
        self.cache.as_ref()?.load(&self.wasmtime, digest)
    }

    fn check_size(&self, bytes: &[u8]) -> Result<(), Refused> {
        let (size, most) = (bytes.len(), self.limits.component_bytes);
        if size <= most {
            return Ok(());
        }
        let message = format!("the component has {size} bytes, {most} are allowed");
        Err(Refused::new(rule::TOO_LARGE, message))
    }
}

/// Runs work that takes long on a thread that may block. A panic in it, for which
/// only strange bytes can be the reason, counts as a refusal under `rule`.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
    rule: &'static str,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "reading a component ended in a panic");
        Err(Refused::new(rule, "the component cannot be read"))
    })
}

fn check_card(card: &Card) -> Result<(), Refused> {
    let texts = [("name", &card.name), ("version", &card.version), ("summary", &card.summary)];
    for (what, text) in texts {
        let problem = if text.trim().is_empty() {
            "is empty"
        } else if text.len() > MOST_CARD_TEXT {
            "is too long"
        } else if text.chars().any(char::is_control) {
            "contains control characters"
        } else {
            continue;
        };
        let message = format!("the component's {what} {problem}");
        return Err(Refused::new(rule::DOES_NOT_DESCRIBE, message));
    }
    Ok(())
}
