//! The WIT packages, read with the component tools' own library.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use wit_parser::{Resolve, WorldItem};

/// The folders below `wit/`: a package's first version under its name, later ones with the version.
const PACKAGES: [&str; 9] =
    ["types", "plugin", "log", "records", "sla", "sla-0.2.0", "change-risk", "budget", "supplier"];

fn resolve() -> Resolve {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit"));
    let mut resolve = Resolve::default();
    for package in PACKAGES {
        resolve.push_dir(root.join(package)).unwrap_or_else(|e| panic!("wit/{package}: {e:#}"));
    }
    resolve
}

#[test]
fn every_package_is_known_at_its_version() {
    let resolve = resolve();
    let names: Vec<String> = resolve.packages.iter().map(|(_, p)| p.name.to_string()).collect();
    for package in PACKAGES {
        let (name, version) = versioned(package);
        assert!(names.contains(&format!("itsm:{name}@{version}")), "{package}: {names:?}");
    }
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit")).unwrap().count();
    assert_eq!(folders, PACKAGES.len(), "a folder below wit/ is not tested");
}

/// Package and version of a folder.
fn versioned(folder: &str) -> (&str, &str) {
    match folder.rsplit_once('-') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => (name, version),
        _ => (folder, "0.1.0"),
    }
}

/// Released WIT is frozen: a component of the corpus was built with exactly this text.
#[test]
fn released_texts_are_as_they_were_released() {
    let text = include_str!("../corpus/released.txt");
    let released: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    for package in PACKAGES {
        let (name, version) = versioned(package);
        let wit = std::fs::read(format!("{}/../wit/{package}/{name}.wit", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let digest = mortise::domain::canonical::sha256(&wit);
        let id = format!("itsm:{name}@{version}");
        let Some((_, known)) = released.iter().find(|(known, _)| *known == id) else {
            panic!("{id} is not in tests/corpus/released.txt; `cargo xtask corpus` adds it when it is released");
        };
        assert_eq!(*known, digest, "{id} has changed since its release; make a new version instead");
    }
}

#[test]
fn every_item_is_documented_and_no_float_crosses() {
    let resolve = resolve();
    let mut bare = Vec::new();
    for (_, interface) in resolve.interfaces.iter() {
        let of = interface.name.clone().unwrap_or_default();
        for (name, function) in &interface.functions {
            if function.docs.contents.is_none() {
                bare.push(format!("{of}.{name}"));
            }
        }
        for (name, id) in &interface.types {
            let ty = &resolve.types[*id];
            let used = matches!(ty.kind, wit_parser::TypeDefKind::Type(wit_parser::Type::Id(_)));
            if ty.docs.contents.is_none() && !used {
                bare.push(format!("{of}.{name}"));
            }
            let text = format!("{:?}", ty.kind);
            assert!(!text.contains("F32") && !text.contains("F64"), "{of}.{name} is a float");
        }
    }
    assert!(bare.is_empty(), "without a word of documentation: {}", bare.join(", "));
}

#[test]
fn each_process_has_one_world_that_exports_evaluator_settings_and_about() {
    let resolve = resolve();
    for process in mortise_types::Process::ALL {
        let package = format!("itsm:{process}@0.1.0");
        let worlds: Vec<_> = resolve
            .worlds
            .iter()
            .filter(|(_, w)| w.package.is_some_and(|p| resolve.packages[p].name.to_string() == package))
            .collect();
        let [(_, world)] = worlds.as_slice() else { panic!("{package} has {} worlds", worlds.len()) };
        let exports: Vec<String> = world
            .exports
            .iter()
            .map(|(key, item)| {
                assert!(matches!(item, WorldItem::Interface { .. }));
                resolve.name_world_key(key)
            })
            .collect();
        for wanted in [
            format!("itsm:{process}/evaluator@0.1.0"),
            "itsm:plugin/settings@0.1.0".to_owned(),
            "itsm:plugin/about@0.1.0".to_owned(),
        ] {
            assert!(exports.contains(&wanted), "{package}: {exports:?}");
        }
    }
}
