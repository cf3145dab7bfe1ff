//! The WIT packages, read with the component tools' own library.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use wit_parser::{Resolve, WorldItem};

const PACKAGES: [&str; 8] = ["types", "plugin", "log", "records", "sla", "change-risk", "budget", "supplier"];

fn resolve() -> Resolve {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit"));
    let mut resolve = Resolve::default();
    for package in PACKAGES {
        resolve.push_dir(root.join(package)).unwrap_or_else(|e| panic!("wit/{package}: {e:#}"));
    }
    resolve
}

#[test]
fn every_package_is_known_at_0_1_0() {
    let resolve = resolve();
    let names: Vec<String> = resolve.packages.iter().map(|(_, p)| p.name.to_string()).collect();
    for package in PACKAGES {
        assert!(names.contains(&format!("itsm:{package}@0.1.0")), "{package}: {names:?}");
    }
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit")).unwrap().count();
    assert_eq!(folders, PACKAGES.len(), "a folder below wit/ is not tested");
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
