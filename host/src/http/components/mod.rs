//! Components: what can decide.

pub(super) mod list;
pub(super) mod read;
pub(super) mod upload;

use serde_json::{Map, Value, json};

use crate::domain::Instant;
use crate::domain::component::Activation;
use crate::domain::trust::{self, Signed};
use crate::store::components::ComponentRow;

fn signed(one: &Signed) -> Value {
    json!({ "key": one.key, "signature": one.signature, "at": Instant(one.at), "by": one.by })
}

/// A component as lists show it; with everything it says about itself where `whole` is true.
fn shown(row: &ComponentRow, activations: &[Activation], whole: bool) -> Value {
    let live = activations.iter().filter(|a| a.digest == row.digest && a.is_live() && a.mode.decides());
    let grants: Vec<&str> = row.grants.split(',').filter(|name| !name.is_empty()).collect();
    let mut map = Map::new();
    map.insert("digest".to_owned(), row.digest.as_str().into());
    map.insert("number".to_owned(), row.number.as_str().into());
    map.insert("state".to_owned(), row.state.as_str().into());
    map.insert("process".to_owned(), row.process.as_str().into());
    map.insert("name".to_owned(), row.name.as_str().into());
    map.insert("version".to_owned(), row.version.as_str().into());
    // The manifest is written by this server; one it cannot read says nothing.
    if let Ok(Value::Object(mut manifest)) = serde_json::from_str(&row.manifest) {
        if !whole {
            manifest.retain(|name, _| matches!(name.as_str(), "summary" | "size" | "wit"));
        }
        map.extend(manifest);
    }
    map.insert("grants".to_owned(), json!(grants));
    if let Ok(lookups) = serde_json::from_str::<Value>(&row.lookup_grant) {
        map.insert("lookups".to_owned(), lookups);
    }
    map.insert("signatures".to_owned(), trust::signatures(&row.signatures).iter().map(signed).collect());
    map.insert("uploaded_at".to_owned(), json!(Instant(row.uploaded_at)));
    map.insert("uploaded_by".to_owned(), row.uploaded_by.as_str().into());
    map.insert("uploaded_as".to_owned(), row.uploaded_as.as_str().into());
    map.insert("active".to_owned(), live.map(Activation::to_json).collect());
    Value::Object(map)
}
