//! Every process of the guide lived through over the API, by the roles that the guide names: `tests/lives/*.toml`.
//!
//! A file is a list of steps in a desk of its own, on both databases. Together the files make a record of every kind
//! and take every transition of the dictionary; what cannot be lived through is listed with its reason.

#![allow(clippy::unwrap_used)]

mod script;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use crate::app::for_each_db;
use script::{Life, Taken};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/lives"))
}

fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml") && !path.ends_with("exceptions.toml"))
        .collect();
    files.sort();
    if let Ok(only) = std::env::var("LIVES") {
        files.retain(|path| path.display().to_string().contains(&only));
    }
    files
}

/// Transitions of the dictionary that no story takes, each with the reason.
fn exceptions() -> BTreeSet<Taken> {
    #[derive(serde::Deserialize)]
    struct Exceptions {
        #[serde(default)]
        transition: Vec<Exception>,
    }
    #[derive(serde::Deserialize)]
    struct Exception {
        prefix: String,
        from: String,
        to: String,
        why: String,
    }
    let text = std::fs::read_to_string(folder().join("exceptions.toml")).unwrap_or_default();
    let listed: Exceptions = toml::from_str(&text).unwrap();
    listed
        .transition
        .into_iter()
        .map(|e| {
            assert!(e.why.len() > 20, "{} {} → {}: say why", e.prefix, e.from, e.to);
            (e.prefix, e.from, e.to)
        })
        .collect()
}

fn dictionary() -> (BTreeSet<String>, BTreeSet<Taken>) {
    let records: Vec<Value> = serde_json::from_str(include_str!("../golden/records.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (mut kinds, mut transitions) = (BTreeSet::new(), BTreeSet::new());
    for record in &records {
        let prefix = text(&record["prefix"]);
        // Views on decisions and components: nobody makes their records.
        if !matches!(prefix.as_str(), "DEC" | "PLG") {
            kinds.insert(prefix.clone());
            for step in record["transitions"].as_array().unwrap() {
                transitions.insert((prefix.clone(), text(&step["from"]), text(&step["to"])));
            }
        }
    }
    (kinds, transitions)
}

#[test]
fn every_process_can_be_lived_through() {
    for_each_db(|app| async move {
        let (mut made, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for file in files() {
            let app = app.again().await;
            let mut life = Life::new(app.clone(), &file);
            life.play(&folder().join("common.toml")).await;
            if !file.ends_with("common.toml") {
                life.play(&file).await;
            }
            let findings = app.findings().await;
            assert!(findings.is_empty(), "{}: {findings:#?}", file.display());
            made.extend(life.made);
            taken.extend(life.taken);
        }
        if std::env::var_os("LIVES").is_some() {
            return;
        }
        let (kinds, transitions) = dictionary();
        let missing: Vec<_> = kinds.difference(&made).collect();
        assert!(missing.is_empty(), "kinds of which no record was made: {missing:?}");
        let exceptions = exceptions();
        let missing: Vec<_> = transitions.difference(&taken).filter(|t| !exceptions.contains(*t)).collect();
        assert!(missing.is_empty(), "{} transitions that no story takes: {missing:?}", missing.len());
        let idle: Vec<_> = exceptions.iter().filter(|t| taken.contains(*t) || !transitions.contains(*t)).collect();
        assert!(idle.is_empty(), "exceptions that are none: {idle:?}");
    });
}
