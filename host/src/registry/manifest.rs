//! The documents of an artifact (OCI image specification 1.1; CNCF Wasm OCI artifact).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::canonical::sha256;

/// Media type of a manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of a list of manifests.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of a component's config.
pub(super) const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// Media type of a component.
pub(super) const WASM: &str = "application/wasm";
/// Media type of a config that says nothing.
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// The text of such a config.
pub(super) const EMPTY_TEXT: &[u8] = b"{}";

/// What something is, and how to know it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// What describes these bytes.
    pub(super) fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: digest(bytes),
            size: bytes.len() as u64,
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }

    /// What describes a config that says nothing.
    pub(super) fn empty() -> Self {
        Self::of(EMPTY, EMPTY_TEXT)
    }
}

/// A digest as registries write it.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256(bytes))
}

/// An artifact: its config and its layers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) schema_version: u8,
    pub(super) media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    /// The manifest that this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

/// A list of manifests: what refers to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    pub(super) schema_version: u8,
    pub(super) media_type: Option<String>,
    pub(super) manifests: Vec<Descriptor>,
}

/// The config of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WasmConfig<'a> {
    /// The same for the same component, so that pushing twice gives the same digest.
    pub(super) created: &'a str,
    pub(super) architecture: &'a str,
    /// What every component has here; none of ours imports WASI.
    pub(super) os: &'a str,
    pub(super) layer_digests: Vec<String>,
    pub(super) component: Interfaces<'a>,
}

/// What a component exports and imports, with versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Interfaces<'a> {
    pub(super) exports: &'a [String],
    pub(super) imports: &'a [String],
}
