//! What a component claims to be, read from its bytes before anything of it is
//! compiled: which process it decides, what it imports, whether it keeps the
//! contract.

use std::collections::BTreeSet;

use mortise_types::Process;
use wit_component::DecodedWasm;
use wit_parser::decoding::decode_world;
use wit_parser::{Interface, PackageName, Resolve, TypeDefKind, World, WorldItem, WorldKey};

use super::bindings::{budget, change_risk, sla, supplier};
use super::compare;
use super::refused::{Refused, rule};

/// What a component claims to be.
#[derive(Debug)]
pub(super) struct Inspection {
    /// The process whose evaluator it exports.
    pub(super) process: Process,
    /// Imports with functions or resources. Imports of types alone are left out:
    /// they give nothing.
    pub(super) imports: Vec<String>,
    /// Everything it exports, beyond the contract too.
    pub(super) exports: Vec<String>,
    /// The WIT packages it names, with versions.
    pub(super) packages: Vec<String>,
}

/// Reads a component and holds it against the contract of its process.
pub(super) fn inspect(bytes: &[u8]) -> Result<Inspection, Refused> {
    if is_core_module(bytes) {
        return Err(not_a_component(
            "the file is a core module; make a component of it with `wasm-tools component new`",
        ));
    }
    let (resolve, world) = match wit_component::decode(bytes) {
        Ok(DecodedWasm::Component(resolve, world)) => (resolve, world),
        Ok(DecodedWasm::WitPackage(..)) => {
            return Err(not_a_component("the file is a WIT package, not a component"));
        }
        Err(error) => {
            return Err(not_a_component(&format!("the file is not a component: {error:#}")));
        }
    };
    let world = &resolve.worlds[world];
    let theirs = Exports { resolve: &resolve, items: &world.exports };
    let process = theirs.process()?;
    theirs.keep_contract_of(process)?;
    let names = |items: &Items, wanted: &dyn Fn(&WorldItem) -> bool| {
        items.iter().filter(|(_, item)| wanted(item)).map(|(key, _)| resolve.name_world_key(key)).collect::<Vec<_>>()
    };
    Ok(Inspection {
        process,
        imports: names(&world.imports, &|item| gives_something(&resolve, item)),
        exports: names(&world.exports, &|item| !matches!(item, WorldItem::Type { .. })),
        packages: packages(&resolve, world),
    })
}

type Items = wit_parser::IndexMap<WorldKey, WorldItem>;

fn not_a_component(message: &str) -> Refused {
    Refused::new(rule::NOT_A_COMPONENT, message)
}

/// Version 1 of the binary format, layer 0: a core module.
fn is_core_module(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x01\0\0\0")
}

/// Whether an import hands over an ability: functions or resources, not only types.
fn gives_something(resolve: &Resolve, item: &WorldItem) -> bool {
    let is_resource = |id| matches!(resolve.types[id].kind, TypeDefKind::Resource);
    match item {
        WorldItem::Interface { id, .. } => {
            let interface = &resolve.interfaces[*id];
            !interface.functions.is_empty() || interface.types.values().copied().any(is_resource)
        }
        WorldItem::Function(_) => true,
        WorldItem::Type { id, .. } => is_resource(*id),
    }
}

/// The packages whose interfaces a world names.
fn packages(resolve: &Resolve, world: &World) -> Vec<String> {
    let named = world.imports.keys().chain(world.exports.keys());
    let packages: BTreeSet<String> = named
        .filter_map(|key| match key {
            WorldKey::Interface(id) => resolve.interfaces[*id].package,
            WorldKey::Name(_) => None,
        })
        .map(|package| resolve.packages[package].name.to_string())
        .collect();
    packages.into_iter().collect()
}

/// The interfaces that a world exports.
struct Exports<'a> {
    resolve: &'a Resolve,
    items: &'a Items,
}

impl<'a> Exports<'a> {
    /// Exported interfaces that have a package, with its name.
    fn interfaces(&self) -> impl Iterator<Item = (&'a PackageName, &'a Interface)> {
        let resolve = self.resolve;
        self.items.iter().filter_map(move |(key, item)| match (key, item) {
            (WorldKey::Interface(_), WorldItem::Interface { id, .. }) => {
                let interface = &resolve.interfaces[*id];
                Some((&resolve.packages[interface.package?].name, interface))
            }
            _ => None,
        })
    }

    /// The one process whose evaluator is exported, in a version that this host runs.
    fn process(&self) -> Result<Process, Refused> {
        let unknown = |message: String| Refused::new(rule::UNKNOWN_WORLD, message);
        let mut found = Vec::new();
        let mut other_versions = Vec::new();
        for (package, interface) in self.interfaces() {
            let is_evaluator = package.namespace == "itsm" && interface.name.as_deref() == Some("evaluator");
            let process = Process::ALL.into_iter().find(|process| process.slug() == package.name);
            if let (true, Some(process)) = (is_evaluator, process) {
                let known = contract(process).map_err(unknown)?.version();
                if known.as_ref().is_some_and(|known| compatible(known, package)) {
                    found.push(process);
                } else {
                    let known = known.map(|known| known.to_string()).unwrap_or_default();
                    other_versions.push(format!("`{package}` (this host runs `{known}`)"));
                }
            }
        }
        found.dedup();
        match found[..] {
            [process] => Ok(process),
            [] if other_versions.is_empty() => {
                let evaluators = Process::ALL.map(|process| format!("`itsm:{process}/evaluator`")).join(", ");
                Err(unknown(format!("the component exports none of {evaluators}")))
            }
            [] => Err(unknown(format!(
                "the component is built for another version of the contract: {}",
                other_versions.join(", ")
            ))),
            _ => {
                let names = found.iter().map(|process| process.slug()).collect::<Vec<_>>();
                let message = format!("the component decides more than one process: {}", names.join(", "));
                Err(Refused::new(rule::SEVERAL_WORLDS, message))
            }
        }
    }

    /// Every function that the contract asks for is there, with its type.
    fn keep_contract_of(&self, process: Process) -> Result<(), Refused> {
        let contract = contract(process).map_err(|message| Refused::new(rule::UNKNOWN_WORLD, message))?;
        let ours = contract.exports();
        let (mut missing, mut changed) = (Vec::new(), Vec::new());
        for (package, wanted) in ours.interfaces() {
            let interface_name = wanted.name.as_deref().unwrap_or_default();
            let offered = self
                .interfaces()
                .find(|(other, interface)| compatible(package, other) && interface.name == wanted.name);
            let Some((_, offered)) = offered else {
                missing.push(format!("interface `{}`", qualified(package, interface_name, "")));
                continue;
            };
            for (name, function) in &wanted.functions {
                let named = qualified(package, interface_name, &format!("#{name}"));
                match offered.functions.get(name) {
                    None => missing.push(format!("function `{named}`")),
                    Some(other) => {
                        let difference = compare::functions(ours.resolve, function, self.resolve, other);
                        changed.extend(difference.err().map(|why| format!("`{named}`: {why}")));
                    }
                }
            }
        }
        if !missing.is_empty() {
            let message = format!("the component lacks {}", missing.join(", "));
            return Err(Refused::new(rule::MISSING_EXPORT, message));
        }
        if !changed.is_empty() {
            let message = format!("not as in the contract: {}", changed.join("; "));
            return Err(Refused::new(rule::CHANGED_EXPORT, message));
        }
        Ok(())
    }
}

/// `package/interface@version` and what follows it.
fn qualified(package: &PackageName, interface: &str, rest: &str) -> String {
    let version = package.version.as_ref().map(|version| format!("@{version}")).unwrap_or_default();
    format!("{}:{}/{interface}{version}{rest}", package.namespace, package.name)
}

/// Whether two packages are the same up to a semver-compatible version, as the
/// component model matches names: the first part of the version that is not 0 is equal.
fn compatible(a: &PackageName, b: &PackageName) -> bool {
    a.namespace == b.namespace
        && a.name == b.name
        && match (&a.version, &b.version) {
            (Some(a), Some(b)) if a.pre.is_empty() && b.pre.is_empty() => {
                let track = |major, minor, patch| match (major, minor) {
                    (0, 0) => (0, 0, patch),
                    (0, _) => (0, minor, 0),
                    _ => (major, 0, 0),
                };
                track(a.major, a.minor, a.patch) == track(b.major, b.minor, b.patch)
            }
            (a, b) => a == b,
        }
}

/// What the host expects of the components of one process.
struct Contract {
    resolve: Resolve,
    world: wit_parser::WorldId,
}

impl Contract {
    fn exports(&self) -> Exports<'_> {
        Exports { resolve: &self.resolve, items: &self.resolve.worlds[self.world].exports }
    }

    /// The package of the evaluator.
    fn version(&self) -> Option<PackageName> {
        let package = self.resolve.worlds[self.world].package?;
        Some(self.resolve.packages[package].name.clone())
    }
}

/// The contract that this host was built with.
fn contract(process: Process) -> Result<Contract, String> {
    let bytes = match process {
        Process::Sla => sla::CONTRACT,
        Process::ChangeRisk => change_risk::CONTRACT,
        Process::Budget => budget::CONTRACT,
        Process::Supplier => supplier::CONTRACT,
    };
    // Built in by the bindings macro and read back by the same library: a test
    // reads all four.
    let (resolve, world) = decode_world(bytes).map_err(|error| format!("{error:#}"))?;
    Ok(Contract { resolve, world })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn package(text: &str) -> PackageName {
        let (name, version) = text.split_once('@').unwrap();
        let (namespace, name) = name.split_once(':').unwrap();
        PackageName { namespace: namespace.to_owned(), name: name.to_owned(), version: Some(version.parse().unwrap()) }
    }

    #[test]
    fn versions_match_as_semver_says() {
        let same = |a, b| compatible(&package(a), &package(b));
        assert!(same("itsm:sla@0.1.0", "itsm:sla@0.1.7"));
        assert!(same("itsm:sla@1.0.0", "itsm:sla@1.9.7"));
        assert!(!same("itsm:sla@0.1.0", "itsm:sla@0.2.0"));
        assert!(!same("itsm:sla@1.0.0", "itsm:sla@2.0.0"));
        assert!(!same("itsm:sla@0.0.1", "itsm:sla@0.0.2"));
        assert!(!same("itsm:sla@0.1.0", "itsm:slb@0.1.0"));
        assert!(!same("itsm:sla@0.1.0-rc.1", "itsm:sla@0.1.0"));
    }

    #[test]
    fn the_contract_of_every_process_is_readable_and_keeps_itself() {
        for process in Process::ALL {
            let contract = contract(process).unwrap();
            assert_eq!(contract.version().unwrap().name, process.slug());
            assert_eq!(contract.exports().process().unwrap(), process);
            contract.exports().keep_contract_of(process).unwrap();
        }
    }

    #[test]
    fn what_is_not_a_component_is_told_apart() {
        let message = |bytes: &[u8]| {
            let refused = inspect(bytes).unwrap_err();
            assert_eq!(refused.rule, rule::NOT_A_COMPONENT);
            refused.message
        };
        assert!(message(b"\0asm\x01\0\0\0").contains("core module"));
        assert!(message(b"").contains("not a component"));
        assert!(message(b"#!/bin/sh").contains("not a component"));
        assert_eq!(inspect(b"\0asm\x0d\0\x01\0").unwrap_err().rule, rule::UNKNOWN_WORLD, "an empty component");
    }
}
