//! From a core module to a component, and what a component may import.

use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::WorldKey;

/// The only namespace a component of ours imports from.
const NAMESPACE: &str = "itsm:";

/// Turns a core module with component metadata into a validated component.
///
/// # Errors
/// When the module carries no or wrong metadata, or as [`check`].
pub fn from_core_module(module: &[u8]) -> Result<Vec<u8>, String> {
    let component = ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| format!("no component can be made of the core module: {error:#}"))?;
    check(&component)?;
    Ok(component)
}

/// Checks what a component has on its outside.
///
/// # Errors
/// When the component exports nothing, or imports anything outside `itsm:`; the message names
/// each such import.
pub fn check(component: &[u8]) -> Result<(), String> {
    let World { imports, exports } = world(component)?;
    if exports.is_empty() {
        return Err("the component exports nothing; does its crate call an export macro?".to_owned());
    }
    let foreign: Vec<String> = imports.into_iter().filter(|name| !name.starts_with(NAMESPACE)).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the component imports {}; a component may import from `{NAMESPACE}` only \
         (no WASI, no clock, no randomness)",
        foreign.join(", ")
    ))
}

/// The names on a component's outside, for example `itsm:log/log@0.1.0`.
struct World {
    imports: Vec<String>,
    exports: Vec<String>,
}

/// # Errors
/// When the bytes are not a component.
fn world(component: &[u8]) -> Result<World, String> {
    let decoded = wit_component::decode(component).map_err(|error| format!("not a component: {error:#}"))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err("a WIT package, not a component".to_owned());
    };
    let world = &resolve.worlds[world];
    let names = |keys: &mut dyn Iterator<Item = &WorldKey>| keys.map(|key| resolve.name_world_key(key)).collect();
    Ok(World { imports: names(&mut world.imports.keys()), exports: names(&mut world.exports.keys()) })
}

#[cfg(test)]
mod unit {
    #![allow(clippy::unwrap_used)]

    use wit_component::{StringEncoding, embed_component_metadata};
    use wit_parser::Resolve;

    use super::{from_core_module, world};

    /// A section of a core module.
    fn section(id: u8, body: &[u8]) -> Vec<u8> {
        let mut section = vec![id, u8::try_from(body.len()).unwrap()];
        section.extend(body);
        section
    }

    /// A text as a module holds it.
    fn text(text: &str) -> Vec<u8> {
        let mut bytes = vec![u8::try_from(text.len()).unwrap()];
        bytes.extend(text.as_bytes());
        bytes
    }

    /// A core module that imports a function from an interface of `package`, and exports it
    /// as `run`.
    fn module(package: &str) -> Vec<u8> {
        let import = [&[1], &text(&format!("{package}/i"))[..], &text("f"), &[0, 0]].concat();
        let export = [&[1], &text("run")[..], &[0, 0]].concat();
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        // The one type: no parameters, no results.
        module.extend(section(1, &[1, 0x60, 0, 0]));
        module.extend(section(2, &import));
        module.extend(section(7, &export));

        let mut resolve = Resolve::default();
        let wit = format!(
            "package {package}; interface i {{ f: func(); }} \
             world w {{ import i; export run: func(); }}"
        );
        let package = resolve.push_str("test.wit", &wit).unwrap();
        let world = resolve.select_world(&[package], Some("w")).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        module
    }

    #[test]
    fn our_own_interfaces_may_be_imported() {
        let component = from_core_module(&module("itsm:log")).unwrap();
        let world = world(&component).unwrap();
        assert_eq!(world.imports, ["itsm:log/i"]);
        assert_eq!(world.exports, ["run"]);
    }

    #[test]
    fn a_foreign_import_is_refused_by_name() {
        let error = from_core_module(&module("wasi:clocks")).unwrap_err();
        assert!(error.to_string().contains("wasi:clocks/i"), "{error}");
    }

    #[test]
    fn a_module_without_metadata_is_refused() {
        let error = from_core_module(b"\0asm\x01\0\0\0").unwrap_err();
        assert!(error.to_string().contains("exports nothing"), "{error}");
        assert!(from_core_module(b"not wasm").is_err());
    }
}
