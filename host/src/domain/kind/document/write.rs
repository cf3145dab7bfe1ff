//! Writing a kind's file the way people write it: head, access, then part by part.

use toml::{Table, Value};

use super::Part;

const HEAD: [&str; 8] = ["prefix", "slug", "name", "process", "clause", "view", "initial", "owner_fields"];
const FIRST: [&str; 8] = ["name", "path", "from", "to", "type", "process", "kind", "on"];
const LAST: [&str; 3] = ["label", "message", "source"];

/// The whole file.
pub(super) fn document(table: &Table) -> String {
    let is_part = |key: &str| Part::ALL.iter().any(|part| part.key() == key);
    let mut out = String::new();
    for (key, value) in ordered(table, &HEAD, &[]) {
        // Tables come after everything that is not in one, and so does a key that no kind file has.
        if !is_part(key) && key != "access" {
            line(&mut out, key, value);
        }
    }
    if let Some(value) = table.get("access") {
        match value {
            Value::Table(access) => {
                out.push_str("\n[access]\n");
                lines(&mut out, access, &["create", "read", "update"], &[]);
            }
            other => line(&mut out, "access", other),
        }
    }
    for sort in Part::ALL {
        match table.get(sort.key()) {
            Some(Value::Array(items)) if items.iter().all(Value::is_table) => {
                for item in items.iter().filter_map(Value::as_table) {
                    out.push('\n');
                    out.push_str(&part(sort, item));
                }
            }
            // Wrong, and the parser will say so: it has to be in the text for that.
            Some(other) => out.insert_str(0, &format!("{} = {other}\n", sort.key())),
            None => {}
        }
    }
    out
}

/// One part, with its header.
pub(super) fn part(part: Part, table: &Table) -> String {
    let mut out = format!("[[{}]]\n", part.key());
    lines(&mut out, table, &FIRST, &LAST);
    out
}

fn lines(out: &mut String, table: &Table, first: &[&str], last: &[&str]) {
    for (key, value) in ordered(table, first, last) {
        line(out, key, value);
    }
}

/// The entries of a table: some keys first, some last, the others by name.
fn ordered<'t>(table: &'t Table, first: &[&str], last: &[&str]) -> Vec<(&'t str, &'t Value)> {
    let place = |list: &[&str], key: &str| list.iter().position(|known| *known == key);
    let mut entries: Vec<_> = table.iter().map(|(key, value)| (key.as_str(), value)).collect();
    entries.sort_by_key(|(key, _)| match (place(first, key), place(last, key)) {
        (Some(n), _) => (0, n),
        (None, None) => (1, 0),
        (None, Some(n)) => (2, n),
    });
    entries
}

fn line(out: &mut String, key: &str, value: &Value) {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let key = if bare { key.to_owned() } else { serde_json::Value::from(key).to_string() };
    out.push_str(&format!("{key} = {value}\n"));
}
