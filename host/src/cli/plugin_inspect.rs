//! `mortise plugin inspect`: what a component file is, and what it would need; no server, no database.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use mortise::engine::{Admission, Engine, EngineConfig, GRANTABLE, Grants};
use mortise::flows::upload_component;
use serde_json::{Value, json};
use wasm_metadata::Producers;
use wasmparser::{Parser, Payload};

use super::Usage;
use super::plugin::bytes;

/// Show what a component file is: process, imports, exports, WIT versions, size, who made it, settings, and what a
/// server would have to grant it. Needs no server.
#[derive(Args)]
pub(crate) struct Inspect {
    /// Component file (.wasm).
    component: PathBuf,
    /// Judge it with these imports granted and no others, for example itsm:log/log; may be given several times.
    /// Without it, everything that it asks for is granted.
    #[arg(long, value_name = "IMPORT")]
    grant: Vec<String>,
    /// Everything as JSON, with the schema of the settings.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let file = bytes(&self.component)?;
        let metadata = Metadata::read(&file);
        let grants =
            if self.grant.is_empty() { Grants::all() } else { Grants { imports: self.grant.into_iter().collect() } };
        let engine = Engine::new(EngineConfig::default())?;
        let admission = engine
            .admit(file.into(), &grants)
            .await
            .map_err(|e| Usage(format!("{}: {} [{}]", self.component.display(), e.message, e.rule)))?;
        if self.json {
            say!("{}", serde_json::to_string_pretty(&document(&admission, &metadata))?);
        } else {
            say!("{}", text(&admission, &metadata).trim_end());
        }
        Ok(())
    }
}

/// What tools have written into the file, beside what the component says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct Metadata {
    /// Languages and tools that made it, with their versions, by what they did.
    producers: BTreeMap<String, BTreeMap<String, String>>,
    /// What the file says of its package: version, licences, where its source is.
    package: BTreeMap<&'static str, String>,
}

impl Metadata {
    /// Whatever can be read; a file that is no component is refused elsewhere.
    fn read(file: &[u8]) -> Self {
        let mut found = Self::default();
        // How deep in nested modules and components the parser is: a package is what the outermost says.
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(file) {
            match payload {
                Ok(Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) => depth += 1,
                Ok(Payload::End(_)) => depth = depth.saturating_sub(1),
                Ok(Payload::CustomSection(section)) if section.name() == "producers" => {
                    found.add_producers(section.data());
                }
                Ok(Payload::CustomSection(section)) if depth == 0 => {
                    let known = PACKAGE.into_iter().find(|name| *name == section.name());
                    if let (Some(name), Ok(text)) = (known, std::str::from_utf8(section.data())) {
                        found.package.insert(name, shortened(text));
                    }
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        found
    }

    /// The languages and tools of one producers section.
    fn add_producers(&mut self, section: &[u8]) {
        let Ok(producers) = Producers::from_bytes(section, 0) else { return };
        for (field, entries) in producers.iter() {
            let known = self.producers.entry(field.clone()).or_default();
            known.extend(entries.iter().map(|(name, version)| (name.clone(), version.clone())));
        }
    }
}

/// Custom sections that say something of the package, as text.
const PACKAGE: [&str; 7] = ["authors", "description", "homepage", "licenses", "revision", "source", "version"];

/// The imports that an administrator would have to grant, as he names them.
fn needed(admission: &Admission) -> Vec<String> {
    admission.imports.iter().map(|import| import.split('@').next().unwrap_or(import).to_owned()).collect()
}

fn document(admission: &Admission, metadata: &Metadata) -> Value {
    let mut about = upload_component::manifest(admission);
    about["digest"] = json!(admission.digest);
    about["process"] = json!(admission.process);
    about["name"] = json!(admission.name);
    about["version"] = json!(admission.version);
    about["needs_granted"] = json!(needed(admission));
    about["metadata"] = json!({ "producers": metadata.producers, "package": metadata.package });
    about
}

fn text(admission: &Admission, metadata: &Metadata) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing into a text cannot fail.
        let _ = writeln!(out, "{name:<14}{value}");
    };
    line("Component", &format!("{} {}", admission.name, admission.version));
    line("", &admission.summary);
    line("Process", admission.process.slug());
    line("Digest", &format!("sha256:{}", admission.digest));
    line("Size", &format!("{} bytes ({} KB)", admission.size, admission.size.div_ceil(1024)));
    list(&mut line, "Built for", &admission.wit);
    list(&mut line, "Exports", &admission.exports);
    list(&mut line, "Imports", &admission.imports);
    let needed = needed(admission);
    let grants: Vec<String> = needed
        .iter()
        .map(|import| match GRANTABLE.contains(&import.as_str()) {
            true => import.clone(),
            false => format!("{import} (this version grants it to nobody)"),
        })
        .collect();
    list(&mut line, "Needs granted", &grants);
    let made_by: Vec<String> = metadata
        .producers
        .iter()
        .flat_map(|(field, entries)| entries.iter().map(move |entry| (field, entry)))
        .map(|(field, (name, version))| format!("{field}: {name} {version}").trim_end().to_owned())
        .collect();
    list(&mut line, "Made by", &made_by);
    let package: Vec<String> = metadata.package.iter().map(|(what, text)| format!("{what}: {text}")).collect();
    list(&mut line, "The file says", &package);
    list(&mut line, "Settings", &settings(&admission.settings_schema, &admission.settings_defaults));
    out
}

/// A heading and its values, one a line.
fn list(line: &mut impl FnMut(&str, &str), heading: &str, values: &[String]) {
    if values.is_empty() {
        line(heading, "none");
    }
    for (i, value) in values.iter().enumerate() {
        line(if i == 0 { heading } else { "" }, value);
    }
}

/// One line for each setting: name, type, default, and what it means.
fn settings(schema: &Value, defaults: &Value) -> Vec<String> {
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    properties
        .iter()
        .map(|(name, property)| {
            let property = follow(schema, property);
            let default = defaults.get(name).map_or_else(|| "none".to_owned(), |value| shortened(&value.to_string()));
            let mut text = format!("{name}: {} = {default}", kind(property));
            if let Some(meaning) = property["description"].as_str() {
                // A schema's description may have paragraphs; the first says what it is.
                let first = meaning.split("\n\n").next().unwrap_or(meaning).replace('\n', " ");
                text.push_str(&format!(" \u{2013} {first}"));
            }
            text
        })
        .collect()
}

/// Sees through one `$ref` into the schema's own definitions; a reference with words of its own keeps them.
fn follow<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    let target = property["$ref"].as_str().and_then(|at| schema.pointer(at.strip_prefix('#')?));
    target.filter(|_| property.get("description").is_none()).unwrap_or(property)
}

fn kind(property: &Value) -> String {
    match &property["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ if property.get("enum").is_some() => "enum".to_owned(),
        _ => "any".to_owned(),
    }
}

/// Characters of a default value that are shown; `--json` has all of it.
const SHOWN: usize = 60;

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let head: String = text.chars().take(SHOWN).collect();
    format!("{head}\u{2026}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::settings;

    #[test]
    fn settings_say_type_default_and_meaning() {
        let schema = json!({
            "properties": {
                "steps": { "type": "integer", "description": "How many\nsteps.\n\nMore words." },
                "mode": { "$ref": "#/$defs/Mode" },
                "limit": { "type": ["integer", "null"] },
            },
            "$defs": { "Mode": { "enum": ["a", "b"], "description": "How." } },
        });
        let lines = settings(&schema, &json!({ "steps": 1, "mode": "a" }));
        assert_eq!(
            lines,
            [
                "limit: integer or null = none",
                "mode: enum = \"a\" \u{2013} How.",
                "steps: integer = 1 \u{2013} How many steps."
            ]
        );
    }
}
