//! `mortise plugin push` and `pull`: components and their signatures in OCI registries; no server, no database.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use mortise::config;
use mortise::domain::signature::Signature;
use mortise::engine::{Engine, EngineConfig, Grants};
use mortise::registry::{self, Access, Client, Reference};

use super::plugin::bytes;
use super::plugin_sign::{beside, public_key};
use super::{Place, Usage};

/// Push a component to an OCI registry, with its signatures. Prints the digest by which it is pulled.
#[derive(Args)]
pub(crate) struct Push {
    /// Component file (.wasm).
    component: PathBuf,
    /// Where to: oci://HOST/NAME:TAG.
    reference: Reference,
    /// Signature to push with it; may be given several times. By default the component's path and .sig, if it is there.
    #[arg(long, value_name = "FILE")]
    signature: Vec<PathBuf>,
    /// Plain HTTP, for a registry in a network of your own; this machine needs no such permission.
    #[arg(long)]
    plain_http: bool,
}

/// Pull a component from an OCI registry, checked against its digest, with its signatures.
#[derive(Args)]
pub(crate) struct Pull {
    /// Where from: oci://HOST/NAME:TAG or oci://HOST/NAME@sha256:DIGEST. A tag can be moved, a digest cannot.
    reference: Reference,
    /// Where the component goes; by default the last part of the name, and .wasm.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Public key (SPKI in PEM); may be given several times. Unless one of them signed the component, nothing is kept.
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// Replace a file that is there.
    #[arg(long)]
    overwrite: bool,
    /// Plain HTTP, for a registry in a network of your own; this machine needs no such permission.
    #[arg(long)]
    plain_http: bool,
}

impl Push {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let Self { component, reference, signature, plain_http } = self;
        let file = bytes(&component)?;
        let named = !signature.is_empty();
        let files = if named { signature } else { vec![beside(&component)] };
        let mut signatures = Vec::new();
        for path in files.iter().filter(|path| named || path.exists()) {
            let text = fs::read(path).map_err(|e| Usage(format!("signature {}: {e}", path.display())))?;
            let signature = Signature::parse(&text).map_err(|why| Usage(format!("{}: {why}", path.display())))?;
            signatures.push(signature);
        }
        // What no server would take is not handed out either.
        let admission = Engine::new(EngineConfig::default())?
            .admit(file.clone().into(), &Grants::all())
            .await
            .map_err(|e| Usage(format!("{}: {} [{}]", component.display(), e.message, e.rule)))?;
        let access = access(&place.load()?.registry, &reference.host, plain_http)?;
        let to = reference.clone();
        let pushed = off_thread(move || {
            let client = Client::new(&to, access)?;
            let component = registry::Component {
                bytes: &file,
                name: &admission.name,
                version: &admission.version,
                summary: &admission.summary,
                exports: &admission.exports,
                imports: &admission.imports,
            };
            let pushed = registry::push(&client, &to, &component, &signatures)?;
            Ok((pushed, signatures))
        })
        .await?;
        let (pushed, signatures) = pushed;
        say!("{}", reference.at(&pushed.digest));
        for (digest, signature) in pushed.signatures.iter().zip(&signatures) {
            say!("signature {digest} by {} {}", signature.algorithm, signature.key);
        }
        Ok(())
    }
}

impl Pull {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let Self { reference, out, key, overwrite, plain_http } = self;
        let last = reference.name.rsplit('/').next().unwrap_or(&reference.name);
        let out = out.unwrap_or_else(|| PathBuf::from(format!("{last}.wasm")));
        if out.exists() && !overwrite {
            return Err(Usage(format!("{} is there; --overwrite replaces it", out.display())).into());
        }
        let keys = key.iter().map(|path| public_key(path)).collect::<anyhow::Result<Vec<_>>>()?;
        let access = access(&place.load()?.registry, &reference.host, plain_http)?;
        let from = reference.clone();
        let pulled = off_thread(move || registry::pull(&Client::new(&from, access)?, &from)).await?;
        let good = |signature: &Signature| keys.iter().any(|key| key.verify(&pulled.bytes, signature));
        if !keys.is_empty() && !pulled.signatures.iter().any(good) {
            let found: Vec<&str> = pulled.signatures.iter().map(|signature| signature.key.as_str()).collect();
            let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
            let message = format!("no good signature by the given keys; signatures by: {found}; nothing was kept");
            return Err(Usage(message).into());
        }
        write(&out, &pulled.bytes)?;
        say!("{}", reference.at(&pulled.digest));
        say!("{} ({} bytes)", out.display(), pulled.bytes.len());
        // The first good one stands where other commands look for it; without keys, the first.
        let (mut signatures, others): (Vec<_>, Vec<_>) = pulled.signatures.iter().partition(|it| good(it));
        signatures.extend(others);
        for (i, signature) in signatures.into_iter().enumerate() {
            let path = match i {
                0 => beside(&out),
                n => beside(&PathBuf::from(format!("{}.{}", out.display(), n + 1))),
            };
            write(&path, signature.to_string().as_bytes())?;
            let verdict = if good(signature) { "good" } else { "not checked" };
            say!("{} by {} {} ({verdict})", path.display(), signature.algorithm, signature.key);
        }
        Ok(())
    }
}

/// How the registry is reached, from the configuration.
fn access(registry: &config::Registry, host: &str, plain_http: bool) -> anyhow::Result<Access> {
    let given = registry.user.is_some() || registry.token.is_some();
    if given && registry.host.is_none() {
        let message = "registry.host (MORTISE_REGISTRY__HOST) says which registry the user, password or token are for";
        return Err(Usage(message.to_owned()).into());
    }
    let ours = registry.host.as_deref().is_some_and(|ours| ours.eq_ignore_ascii_case(host));
    let secret = |secret: &Option<config::Secret>| secret.as_ref().map(|secret| secret.0.clone());
    let authorities = registry
        .ca_file
        .as_ref()
        .map(|path| fs::read(path).map_err(|e| Usage(format!("registry.ca_file {}: {e}", path.display()))));
    Ok(Access {
        login: registry
            .user
            .clone()
            .filter(|_| ours)
            .map(|user| (user, secret(&registry.password).unwrap_or_default())),
        token: secret(&registry.token).filter(|_| ours),
        plain_http,
        authorities: authorities.transpose()?,
        timeout: Duration::from_secs(registry.timeout_s.max(1)),
        most_bytes: u64::from(registry.max_mib) << 20,
    })
}

/// Runs what blocks. What a registry says is the caller's to mend, or the registry's.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, registry::Error> + Send + 'static,
) -> anyhow::Result<T> {
    let done = tokio::task::spawn_blocking(work).await.context("the connection to the registry")?;
    Ok(done.map_err(|error| Usage(error.to_string()))?)
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    fs::write(&partial, bytes).with_context(|| partial.display().to_string())?;
    fs::rename(&partial, path).with_context(|| path.display().to_string())
}
