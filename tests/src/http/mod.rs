//! The interface as clients meet it.

mod components;
mod decisions;
mod events;
mod lookups;
mod records;
mod server;
mod trust;
mod wrong_input;

use serde_json::{Value, json};

use crate::app::Client;

/// Makes an action item; gives its number. Every member of staff may.
async fn item(client: &Client, title: &str) -> String {
    client.create("action-item", json!({ "title": title })).await
}

/// Texts under a key of every object in a list.
fn texts<'v>(list: &'v Value, key: &str) -> Vec<&'v str> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item[key].as_str()).collect()
}
