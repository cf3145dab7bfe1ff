//! The dependency table of host/ARCHITECTURE.md, held.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// Room and what it may name of ours.
const TABLE: [(&str, &[&str]); 7] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("engine", &["domain"]),
    ("catalog", &["domain", "store", "engine", "telemetry"]),
    ("flows", &["domain", "store", "engine", "catalog", "clock", "telemetry"]),
    ("registry", &["domain"]),
    ("http", &["domain", "store", "catalog", "flows", "telemetry"]),
];

/// Crates that belong to one room.
const CRATES: [(&str, &str); 5] =
    [("wasmtime", "engine"), ("ureq", "registry"), ("sqlx", "store"), ("axum", "http"), ("anyhow", "")];

/// Store methods that write; `http` reads only.
const WRITES: [&str; 12] = [
    "commit",
    "commit_all",
    "write",
    "add_token",
    "revoke_token",
    "add_component",
    "activate",
    "add_shadow",
    "append",
    "claim_timers",
    "index_anew",
    "restore",
];

fn source() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../host/src"))
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Every `crate::ROOM` and every foreign crate that a file names, outside of its tests.
#[derive(Default)]
struct Names {
    rooms: BTreeSet<String>,
    crates: BTreeSet<String>,
    words: BTreeSet<String>,
    store_calls: BTreeSet<String>,
}

impl Names {
    fn path(&mut self, segments: &[String]) {
        match segments {
            [first, second, ..] if first == "crate" => {
                self.rooms.insert(second.clone());
            }
            [first, ..] => {
                self.crates.insert(first.clone());
            }
            [] => {}
        }
        self.words.extend(segments.iter().cloned());
    }

    fn tree(&mut self, tree: &syn::UseTree, mut before: Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before);
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|t| self.tree(t, before.clone())),
            syn::UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.path(&before);
            }
            syn::UseTree::Rename(rename) => {
                before.push(rename.ident.to_string());
                self.path(&before);
            }
            syn::UseTree::Glob(_) => self.path(&before),
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|a| a.path().is_ident("cfg") && quote(a).contains("test"))
}

fn quote(attribute: &syn::Attribute) -> String {
    match &attribute.meta {
        syn::Meta::List(list) => list.tokens.to_string(),
        _ => String::new(),
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.path(&segments);
        syn::visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if let syn::Expr::Field(field) = &*call.receiver
            && let syn::Member::Named(name) = &field.member
            && name == "store"
        {
            self.store_calls.insert(call.method.to_string());
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

fn names(file: &Path) -> Names {
    let text = std::fs::read_to_string(file).unwrap();
    let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mut names = Names::default();
    names.visit_file(&parsed);
    names
}

#[test]
fn rooms_name_only_what_the_table_allows() {
    let mut broken = Vec::new();
    for (room, allowed) in TABLE {
        let mut found = Vec::new();
        files(&source().join(room), &mut found);
        assert!(!found.is_empty(), "room {room} is empty");
        for file in found {
            let Names { rooms, crates, words, store_calls } = names(&file);
            let place = file.strip_prefix(source()).unwrap().display().to_string();
            let known: Vec<&str> =
                TABLE.iter().map(|(r, _)| *r).chain(["clock", "app", "config", "telemetry"]).collect();
            for other in rooms.iter().filter(|r| known.contains(&r.as_str())) {
                if other != room && !allowed.contains(&other.as_str()) {
                    broken.push(format!("{place} names crate::{other}"));
                }
            }
            for (name, home) in CRATES {
                if crates.contains(name) && home != room {
                    broken.push(format!("{place} names {name}, which belongs to {home}"));
                }
            }
            if room != "http" && words.contains("StatusCode") {
                broken.push(format!("{place} names StatusCode"));
            }
            if room == "domain" && (crates.contains("tokio") || crates.contains("std") && words.contains("SystemTime"))
            {
                broken.push(format!("{place} is not pure"));
            }
            if room == "http" {
                broken.extend(
                    store_calls.iter().filter(|c| WRITES.contains(&c.as_str())).map(|c| format!("{place} writes: {c}")),
                );
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn unsafe_stands_in_one_engine_file_alone() {
    let mut found = Vec::new();
    files(&source(), &mut found);
    let with: Vec<_> = found
        .into_iter()
        .filter(|f| std::fs::read_to_string(f).unwrap().contains("unsafe {"))
        .map(|f| f.strip_prefix(source()).unwrap().display().to_string())
        .collect();
    assert_eq!(with, ["engine/artifact.rs"]);
}
