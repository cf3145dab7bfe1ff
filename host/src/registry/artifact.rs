//! Pushing and pulling: the component, and the signatures that refer to it.

use std::collections::BTreeMap;

use super::client::Client;
use super::manifest::{
    Descriptor, EMPTY_TEXT, INDEX, Index, Interfaces, MANIFEST, Manifest, WASM, WASM_CONFIG, WasmConfig, digest,
};
use super::reference::is_digest;
use super::{Error, Reference};
use crate::domain::signature::{self, Signature};

/// A component to be pushed.
#[derive(Debug, Clone, Copy)]
pub struct Component<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// What it calls itself.
    pub name: &'a str,
    /// The version it states.
    pub version: &'a str,
    /// What it says it does.
    pub summary: &'a str,
    /// What it exports, with versions.
    pub exports: &'a [String],
    /// What it imports, with versions.
    pub imports: &'a [String],
}

/// What was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The digest of the component's manifest, by which it is pulled.
    pub digest: String,
    /// The digests of the signatures' manifests.
    pub signatures: Vec<String>,
}

/// What was pulled, checked against its digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// The digest of the manifest, by which it is pulled again.
    pub digest: String,
    /// The component.
    pub bytes: Vec<u8>,
    /// The signatures that refer to it: claims, until a key has verified them.
    pub signatures: Vec<Signature>,
}

/// Signatures of one component that are looked at, at the most.
const MOST_SIGNATURES: usize = 32;

/// Pushes a component under the reference's tag (or under its digest alone), and its signatures.
///
/// # Errors
/// What the registry says; a reference by digest that is not the component's.
pub fn push(
    client: &Client,
    reference: &Reference,
    component: &Component<'_>,
    signatures: &[Signature],
) -> Result<Pushed, Error> {
    let layer = Descriptor::of(WASM, component.bytes);
    let config = written(&WasmConfig {
        created: "1970-01-01T00:00:00Z",
        architecture: "wasm",
        os: "wasip2",
        layer_digests: vec![layer.digest.clone()],
        component: Interfaces { exports: component.exports, imports: component.imports },
    })?;
    let annotations = [("title", component.name), ("version", component.version), ("description", component.summary)];
    let manifest = written(&Manifest {
        schema_version: 2,
        media_type: Some(MANIFEST.to_owned()),
        artifact_type: None,
        config: Descriptor::of(WASM_CONFIG, &config),
        layers: vec![layer],
        subject: None,
        annotations: annotations
            .map(|(name, value)| (format!("org.opencontainers.image.{name}"), value.to_owned()))
            .into(),
    })?;
    let own = digest(&manifest);
    if let Some(wanted) = reference.digest.as_ref().filter(|wanted| **wanted != own) {
        return Err(Error::Digest { what: "the manifest".to_owned(), wanted: wanted.clone(), found: own });
    }
    client.put_blob(component.bytes, "the component")?;
    client.put_blob(&config, "the component's config")?;
    client.put_manifest(reference.tag.as_deref().unwrap_or(&own), MANIFEST, &manifest)?;
    let subject = Descriptor::of(MANIFEST, &manifest);
    let mut pushed = Vec::with_capacity(signatures.len());
    for signature in signatures {
        pushed.push(push_signature(client, &subject, signature)?);
    }
    Ok(Pushed { digest: own, signatures: pushed })
}

/// Pushes a signature as an artifact that refers to the component's manifest; gives its digest.
fn push_signature(client: &Client, subject: &Descriptor, signature: &Signature) -> Result<String, Error> {
    let file = signature.to_string();
    let annotations: BTreeMap<String, String> = [
        ("vnd.mortise.signature.algorithm".to_owned(), signature.algorithm.to_string()),
        ("vnd.mortise.signature.key".to_owned(), signature.key.clone()),
    ]
    .into();
    let manifest = written(&Manifest {
        schema_version: 2,
        media_type: Some(MANIFEST.to_owned()),
        artifact_type: Some(signature::MEDIA_TYPE.to_owned()),
        config: Descriptor::empty(),
        layers: vec![Descriptor::of(signature::MEDIA_TYPE, file.as_bytes())],
        subject: Some(subject.clone()),
        annotations: annotations.clone(),
    })?;
    client.put_blob(file.as_bytes(), "the signature")?;
    client.put_blob(EMPTY_TEXT, "the signature's config")?;
    let own = digest(&manifest);
    let answer = client.put_manifest(&own, MANIFEST, &manifest)?;
    // A registry that keeps such lists says so; for another one the list is a tag.
    if !answer.headers().contains_key("oci-subject") {
        let mut entry = Descriptor::of(MANIFEST, &manifest);
        entry.artifact_type = Some(signature::MEDIA_TYPE.to_owned());
        entry.annotations = annotations;
        list_under_tag(client, &subject.digest, entry)?;
    }
    Ok(own)
}

/// Adds an entry to the list that the fallback tag of a manifest names.
fn list_under_tag(client: &Client, subject: &str, entry: Descriptor) -> Result<(), Error> {
    let tag = fallback_tag(subject);
    let mut index = match client.manifest(&tag)? {
        Some(text) => read::<Index>(&text, "the list of signatures")?,
        None => Index { schema_version: 2, media_type: Some(INDEX.to_owned()), manifests: Vec::new() },
    };
    if index.manifests.iter().any(|known| known.digest == entry.digest) {
        return Ok(());
    }
    index.manifests.push(entry);
    client.put_manifest(&tag, INDEX, &written(&index)?)?;
    Ok(())
}

/// `sha256-…`: the tag under which a registry without the referrers interface lists what refers to a manifest.
fn fallback_tag(digest: &str) -> String {
    digest.replacen(':', "-", 1)
}

/// Pulls a component and what signatures refer to it.
///
/// # Errors
/// That there is none; that it is no component; that what came is not what the digests say; what the registry says.
pub fn pull(client: &Client, reference: &Reference) -> Result<Pulled, Error> {
    let text = client.manifest(reference.wanted())?.ok_or_else(|| Error::Missing(reference.to_string()))?;
    let own = digest(&text);
    let manifest: Manifest = read(&text, "the manifest")?;
    if manifest.media_type.as_deref().is_some_and(|kind| kind != MANIFEST) {
        return Err(Error::Form(format!("{reference} is a list of artifacts or an image, not a component")));
    }
    let [layer] = &manifest.layers[..] else {
        let message = format!("{reference} has {} layers; a component has one", manifest.layers.len());
        return Err(Error::Form(message));
    };
    if layer.media_type != WASM {
        let message = format!("{reference} is '{}', not '{WASM}'", layer.media_type.escape_default());
        return Err(Error::Form(message));
    }
    let bytes = blob(client, layer, client.most_bytes(), "the component")?;
    let signatures = signatures(client, &own)?;
    Ok(Pulled { digest: own, bytes, signatures })
}

/// The signatures that refer to a manifest, in the registry's order. One that cannot be read is none.
fn signatures(client: &Client, subject: &str) -> Result<Vec<Signature>, Error> {
    let list = match client.referrers(subject)? {
        Some(list) => Some(list),
        None => client.manifest(&fallback_tag(subject))?,
    };
    let Some(list) = list else { return Ok(Vec::new()) };
    let index: Index = read(&list, "the list of signatures")?;
    let ours = index.manifests.iter().filter(|entry| entry.artifact_type.as_deref() == Some(signature::MEDIA_TYPE));
    let mut found = Vec::new();
    for entry in ours.take(MOST_SIGNATURES) {
        match signature_of(client, entry, subject) {
            Ok(signature) => found.extend(signature),
            // Anybody who may attach something to a component could keep everybody from pulling it.
            Err(Error::Form(_) | Error::Missing(_) | Error::Digest { .. } | Error::TooLarge { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn signature_of(client: &Client, entry: &Descriptor, subject: &str) -> Result<Option<Signature>, Error> {
    if !is_digest(&entry.digest) {
        return Ok(None);
    }
    let Some(text) = client.manifest(&entry.digest)? else { return Ok(None) };
    let manifest: Manifest = read(&text, "a signature's manifest")?;
    let about = manifest.subject.as_ref().is_some_and(|it| it.digest == subject);
    let Some(layer) = manifest.layers.first().filter(|layer| about && layer.media_type == signature::MEDIA_TYPE) else {
        return Ok(None);
    };
    let file = blob(client, layer, signature::MOST_BYTES as u64, "a signature")?;
    Ok(Signature::parse(&file).ok())
}

fn blob(client: &Client, of: &Descriptor, most: u64, what: &str) -> Result<Vec<u8>, Error> {
    if !is_digest(&of.digest) {
        return Err(Error::Form(format!("{what} has a digest that is not SHA-256: '{}'", of.digest.escape_default())));
    }
    client.blob(&of.digest, of.size, most, what)
}

fn read<T: serde::de::DeserializeOwned>(text: &[u8], what: &str) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|error| Error::Form(format!("{what} cannot be read: {error}")))
}

fn written<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Form(error.to_string()))
}
