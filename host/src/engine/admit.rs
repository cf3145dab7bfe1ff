//! How bytes become a component: the checks of an upload, and loading what was
//! admitted before.

use std::sync::Arc;

use mortise_types::Process;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use wasmtime::component::Component;

use super::cache::hex;
use super::call::run;
use super::card::{Card, Describe};
use super::failure::Failure;
use super::inspect::inspect;
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
        let inspection = {
            let bytes = Arc::clone(&bytes);
            off_thread(move || inspect(&bytes), rule::NOT_A_COMPONENT).await?
        };
        grants.check(inspection.imports.iter().map(String::as_str))?;
        let size = bytes.len();
        let prepared = self.load(bytes, grants).await?;
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
        let (digest, cached) = {
            let (inner, bytes) = (Arc::clone(&self.0), Arc::clone(&bytes));
            off_thread(
                move || {
                    let digest = hex(&Sha256::digest(&bytes));
                    let cache = inner.cache.as_ref();
                    let cached = cache.and_then(|cache| cache.load(&inner.wasmtime, &digest));
                    Ok((digest, cached))
                },
                rule::DOES_NOT_COMPILE,
            )
            .await?
        };
        let component = match cached {
            Some(component) => component,
            None => self.compile(bytes, digest.clone()).await?,
        };
        let (engine, grants) = (self.0.wasmtime.clone(), grants.clone());
        off_thread(move || Prepared::link(&engine, &component, digest, &grants), rule::DOES_NOT_COMPILE).await
    }

    /// Compiles a component and keeps the result for the next start.
    async fn compile(&self, bytes: Arc<[u8]>, digest: String) -> Result<Component, Refused> {
        // Never closed; were it, compiling without waiting would still be right.
        let _turn = self.0.compiler.acquire().await.ok();
        let inner = Arc::clone(&self.0);
        off_thread(
            move || {
                let component = Component::from_binary(&inner.wasmtime, &bytes).map_err(|error| {
                    Refused::new(rule::DOES_NOT_COMPILE, format!("the component cannot be compiled: {error:#}"))
                })?;
                if let Some(cache) = &inner.cache
                    && let Err(error) = cache.save(&digest, &component)
                {
                    tracing::warn!(%digest, %error, "a compiled component could not be kept");
                }
                Ok(component)
            },
            rule::DOES_NOT_COMPILE,
        )
        .await
    }

    /// Asks a component for its card.
    pub(super) async fn describe(&self, prepared: &Prepared) -> Result<Card, Failure> {
        run(&self.0, prepared.pre(), Describe(prepared.shared())).await.result
    }
}

impl Inner {
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
