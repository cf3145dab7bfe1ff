//! What a component claims to be, read from its bytes before anything of it is
//! compiled: which process it decides, what it imports, whether it keeps the
//! contract that it was built for, item by item.

use std::collections::BTreeSet;

use mortise_types::Process;
use wit_component::DecodedWasm;
use wit_parser::{Interface, PackageName, Resolve, TypeDefKind, World, WorldId, WorldItem, WorldKey};

use super::compare;
use super::refused::{Refused, rule};
use crate::domain::contract::{Contracts, NAMESPACE};

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
    inspect_by(Contracts::released(), bytes)
}

/// The same by other contracts than this host's.
fn inspect_by(contracts: &Contracts, bytes: &[u8]) -> Result<Inspection, Refused> {
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
    let process = judge(contracts, &resolve, world)?;
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

/// Holds a component's world against the contracts, and says which process it decides.
fn judge(contracts: &Contracts, resolve: &Resolve, world: &World) -> Result<Process, Refused> {
    let theirs = Interfaces { resolve, items: &world.exports };
    let (process, contract) = theirs.process(contracts)?;
    theirs.keep(contracts, contract)?;
    theirs.are_known(contracts)?;
    Interfaces { resolve, items: &world.imports }.are_offered(contracts)?;
    Ok(process)
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
    match item {
        WorldItem::Interface { id, .. } => has_content(resolve, &resolve.interfaces[*id]),
        WorldItem::Function(_) => true,
        WorldItem::Type { id, .. } => is_resource(resolve, *id),
    }
}

fn has_content(resolve: &Resolve, interface: &Interface) -> bool {
    !interface.functions.is_empty() || interface.types.values().any(|id| is_resource(resolve, *id))
}

fn is_resource(resolve: &Resolve, id: wit_parser::TypeId) -> bool {
    matches!(resolve.types[id].kind, TypeDefKind::Resource)
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

/// The interfaces that a world exports, or those that it imports.
struct Interfaces<'a> {
    resolve: &'a Resolve,
    items: &'a Items,
}

impl<'a> Interfaces<'a> {
    /// Those that have a package, with its name.
    fn all(&self) -> impl Iterator<Item = (&'a PackageName, &'a Interface)> {
        let resolve = self.resolve;
        self.items.iter().filter_map(move |(key, item)| match (key, item) {
            (WorldKey::Interface(_), WorldItem::Interface { id, .. }) => {
                let interface = &resolve.interfaces[*id];
                Some((&resolve.packages[interface.package?].name, interface))
            }
            _ => None,
        })
    }

    /// Those of our own namespace that have functions or resources.
    fn ours(&self) -> impl Iterator<Item = (&'a PackageName, &'a Interface)> {
        let resolve = self.resolve;
        self.all().filter(move |(package, interface)| package.namespace == NAMESPACE && has_content(resolve, interface))
    }

    /// The one process whose evaluator is exported, and the newest of its
    /// contracts that the component is built for.
    fn process(&self, contracts: &Contracts) -> Result<(Process, WorldId), Refused> {
        let unknown = |message: String| Refused::new(rule::UNKNOWN_WORLD, message);
        let mut found: Vec<(Process, WorldId)> = Vec::new();
        let mut other_versions = Vec::new();
        for process in Process::ALL {
            let worlds = contracts.worlds(process);
            let evaluators: Vec<&PackageName> = self
                .all()
                .filter(|(package, interface)| {
                    package.namespace == NAMESPACE
                        && package.name == process.slug()
                        && interface.name.as_deref() == Some(EVALUATOR)
                })
                .map(|(package, _)| package)
                .collect();
            let newest = worlds.into_iter().find(|world| {
                let known = contracts.resolve.worlds[*world].package.map(|id| &contracts.resolve.packages[id].name);
                known.is_some_and(|known| evaluators.iter().any(|package| compatible(known, package)))
            });
            match newest {
                Some(world) => found.push((process, world)),
                None => other_versions.extend(evaluators),
            }
        }
        match found[..] {
            [one] => Ok(one),
            [] if other_versions.is_empty() => {
                let evaluators = Process::ALL.map(|process| format!("`itsm:{process}/{EVALUATOR}`")).join(", ");
                Err(unknown(format!("the component exports none of {evaluators}")))
            }
            [] => {
                let built_for = other_versions.iter().map(|package| format!("`{package}`")).collect::<Vec<_>>();
                let known = other_versions.iter().map(|package| known_versions(contracts, package));
                let known = known.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
                Err(unknown(format!(
                    "the component is built for another version of the contract: {}; this host runs {}, so it lacks {}",
                    built_for.join(", "),
                    known.join(", "),
                    self.unknown(contracts).join(", ")
                )))
            }
            _ => {
                let names = found.iter().map(|(process, _)| process.slug()).collect::<Vec<_>>();
                let message = format!("the component decides more than one process: {}", names.join(", "));
                Err(Refused::new(rule::SEVERAL_WORLDS, message))
            }
        }
    }

    /// Every function that the contract asks for is there, with its type.
    fn keep(&self, contracts: &Contracts, contract: WorldId) -> Result<(), Refused> {
        let ours = Interfaces { resolve: &contracts.resolve, items: &contracts.resolve.worlds[contract].exports };
        let (mut missing, mut changed) = (Vec::new(), Vec::new());
        for (package, wanted) in ours.all() {
            let interface_name = wanted.name.as_deref().unwrap_or_default();
            let Some((_, offered)) = self.like(package, wanted) else {
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

    /// The interface of the same name here, in a compatible version.
    fn like(&self, package: &PackageName, interface: &Interface) -> Option<(&'a PackageName, &'a Interface)> {
        self.all().find(|(other, candidate)| compatible(package, other) && candidate.name == interface.name)
    }

    /// Every exported interface of our namespace is one that this host asks for
    /// something. One that it does not know would never be called, and its author
    /// would never learn that. What is exported in a known version as well is for
    /// other hosts.
    fn are_known(&self, contracts: &Contracts) -> Result<(), Refused> {
        let unknown = self.unknown(contracts);
        if unknown.is_empty() {
            return Ok(());
        }
        let known: BTreeSet<String> = self
            .ours()
            .filter(|(package, interface)| known(contracts, package, interface).is_none())
            .map(|(package, _)| known_versions(contracts, package))
            .collect();
        let known: Vec<String> = known.into_iter().collect();
        let message = format!("the component exports {}; this host runs {}", unknown.join(", "), known.join(", "));
        Err(Refused::new(rule::UNKNOWN_EXPORT, message))
    }

    /// The interfaces of our namespace that this host does not know, by name.
    fn unknown(&self, contracts: &Contracts) -> Vec<String> {
        self.ours()
            .filter(|(package, interface)| {
                let in_a_known_version = || {
                    self.ours().any(|(other, candidate)| {
                        other.name == package.name
                            && candidate.name == interface.name
                            && known(contracts, other, candidate).is_some()
                    })
                };
                known(contracts, package, interface).is_none() && !in_a_known_version()
            })
            .map(|(package, interface)| {
                format!("`{}`", qualified(package, interface.name.as_deref().unwrap_or_default(), ""))
            })
            .collect()
    }

    /// Every imported interface of our namespace is one that this host has, with
    /// every function that the component calls. Whether it is granted is another
    /// question.
    fn are_offered(&self, contracts: &Contracts) -> Result<(), Refused> {
        let (mut unknown, mut changed) = (Vec::new(), Vec::new());
        for (package, wanted) in self.ours() {
            let name = wanted.name.as_deref().unwrap_or_default();
            if contracts.versions(&package.namespace, &package.name).is_empty() {
                // Not ours at all: refused by its name, as what nobody can grant.
                continue;
            }
            let Some(offered) = known(contracts, package, wanted) else {
                let runs = known_versions(contracts, package);
                unknown.push(format!("interface `{}` (this host has {runs})", qualified(package, name, "")));
                continue;
            };
            for (function_name, function) in &wanted.functions {
                let named = qualified(package, name, &format!("#{function_name}"));
                match offered.functions.get(function_name) {
                    None => unknown.push(format!("function `{named}`")),
                    Some(other) => {
                        let difference = compare::functions(&contracts.resolve, other, self.resolve, function);
                        changed.extend(difference.err().map(|why| format!("`{named}`: {why}")));
                    }
                }
            }
        }
        if !unknown.is_empty() {
            let message = format!("it imports what this host does not have: {}", unknown.join(", "));
            return Err(Refused::new(rule::UNKNOWN_IMPORT, message));
        }
        if !changed.is_empty() {
            let message = format!("it imports what this host has otherwise: {}", changed.join("; "));
            return Err(Refused::new(rule::CHANGED_IMPORT, message));
        }
        Ok(())
    }
}

/// The interface in each process's package that takes its decisions.
const EVALUATOR: &str = "evaluator";

/// The interface of the contracts that has this name, in a compatible version.
fn known<'c>(contracts: &'c Contracts, package: &PackageName, interface: &Interface) -> Option<&'c Interface> {
    let resolve = &contracts.resolve;
    resolve.interfaces.iter().map(|(_, candidate)| candidate).find(|candidate| {
        candidate.name == interface.name
            && candidate.package.is_some_and(|id| compatible(&resolve.packages[id].name, package))
    })
}

/// A package with the versions that this host has of it.
fn known_versions(contracts: &Contracts, package: &PackageName) -> String {
    let versions = contracts.versions(&package.namespace, &package.name);
    if versions.is_empty() {
        format!("no version of `{}:{}`", package.namespace, package.name)
    } else {
        format!("`{}:{}` {versions}", package.namespace, package.name)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::contract::SOURCES;

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
    fn every_contract_keeps_itself() {
        let contracts = Contracts::released();
        for process in Process::ALL {
            for world in contracts.worlds(process) {
                let resolve = &contracts.resolve;
                let own = Interfaces { resolve, items: &resolve.worlds[world].exports };
                assert_eq!(own.process(contracts).unwrap(), (process, world));
                own.keep(contracts, world).unwrap();
                own.are_known(contracts).unwrap();
                Interfaces { resolve, items: &resolve.worlds[world].imports }.are_offered(contracts).unwrap();
            }
        }
    }

    /// What is said about a component of a world written here, with our packages at hand.
    fn judged(contracts: &Contracts, extra: &str, body: &str) -> Result<Process, Refused> {
        let mut resolve = Resolve::default();
        for source in SOURCES {
            resolve.push_str(source.path, source.text).unwrap();
        }
        if !extra.is_empty() {
            resolve.push_str("extra.wit", extra).unwrap();
        }
        let text = format!("package test:test;\nworld w {{ {body} }}");
        let package = resolve.push_str("test.wit", &text).unwrap();
        let world = resolve.select_world(&[package], Some("w")).unwrap();
        judge(contracts, &resolve, &resolve.worlds[world])
    }

    const SHARED: &str = "export itsm:plugin/about@0.1.0; export itsm:plugin/settings@0.1.0;";

    /// What a host says that knows only the versions 0.1.0.
    fn first_host() -> Contracts {
        Contracts::of(SOURCES.iter().copied().filter(|source| source.package.ends_with("@0.1.0"))).unwrap()
    }

    #[test]
    fn a_component_of_the_new_contract_is_refused_by_name_on_a_host_that_lacks_it() {
        let (new, old) = ("include itsm:sla/policy@0.2.0;", "include itsm:sla/policy@0.1.0;");
        assert_eq!(judged(Contracts::released(), "", new).unwrap(), Process::Sla);
        assert_eq!(judged(Contracts::released(), "", old).unwrap(), Process::Sla);
        assert_eq!(judged(&first_host(), "", old).unwrap(), Process::Sla);
        let refused = judged(&first_host(), "", new).unwrap_err();
        assert_eq!(refused.rule, rule::UNKNOWN_WORLD);
        assert_eq!(
            refused.message,
            "the component is built for another version of the contract: `itsm:sla@0.2.0`; this host runs `itsm:sla` \
             0.1.0, so it lacks `itsm:sla/evaluator@0.2.0`, `itsm:sla/forecast@0.2.0`"
        );
    }

    #[test]
    fn an_added_interface_is_refused_by_name_where_it_is_not_known() {
        let mixed = format!("{SHARED} export itsm:sla/evaluator@0.1.0; export itsm:sla/forecast@0.2.0;");
        let refused = judged(&first_host(), "", &mixed).unwrap_err();
        assert_eq!(refused.rule, rule::UNKNOWN_EXPORT);
        assert_eq!(refused.message, "the component exports `itsm:sla/forecast@0.2.0`; this host runs `itsm:sla` 0.1.0");
        // Both versions of what it decides: for old hosts and new ones.
        let both = format!("{SHARED} export itsm:sla/evaluator@0.1.0; export itsm:sla/evaluator@0.2.0;");
        judged(&first_host(), "", &both).unwrap();
        let refused = judged(Contracts::released(), "", &both).unwrap_err();
        assert_eq!(refused.rule, rule::MISSING_EXPORT, "where 0.2.0 is known, all of it is asked for");
        assert!(refused.message.contains("interface `itsm:sla/forecast@0.2.0`"), "{refused}");
        // Somebody else's interfaces are nobody's business here.
        let foreign = "package acme:tools@1.0.0; interface tools { hammer: func(); }";
        let world = "include itsm:sla/policy@0.1.0; export acme:tools/tools@1.0.0;";
        judged(&first_host(), foreign, world).unwrap();
    }

    #[test]
    fn imports_of_another_version_are_refused_by_name() {
        let log = "package itsm:log@0.2.0; interface log { log: func(message: string); }";
        let world = "include itsm:sla/policy@0.1.0; import itsm:log/log@0.2.0;";
        let refused = judged(Contracts::released(), log, world).unwrap_err();
        assert_eq!(refused.rule, rule::UNKNOWN_IMPORT);
        assert!(refused.message.contains("`itsm:log/log@0.2.0` (this host has `itsm:log` 0.1.0)"), "{refused}");
        let log = "package itsm:log@0.1.1; interface log { log: func(message: string); flush: func(); }";
        let world = "include itsm:sla/policy@0.1.0; import itsm:log/log@0.1.1;";
        let refused = judged(Contracts::released(), log, world).unwrap_err();
        assert_eq!(refused.rule, rule::UNKNOWN_IMPORT);
        assert!(refused.message.contains("function `itsm:log/log@0.1.1#flush`"), "{refused}");
    }

    /// A component of the corpus, from its bytes.
    #[test]
    fn a_built_component_of_the_new_contract_is_refused_by_the_first_host() {
        let corpus = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus"));
        let new = std::fs::read(corpus.join("sla-0.2.0/sla-standard.wasm")).unwrap();
        assert_eq!(inspect(&new).unwrap().process, Process::Sla);
        let refused = inspect_by(&first_host(), &new).unwrap_err();
        assert!(refused.message.contains("`itsm:sla/forecast@0.2.0`"), "{refused}");
        let old = std::fs::read(corpus.join("sla-0.1.0/sla-standard.wasm")).unwrap();
        inspect_by(&first_host(), &old).unwrap();
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
