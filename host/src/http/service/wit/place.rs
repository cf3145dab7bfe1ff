//! Where each item of the contracts is shown.

use wit_parser::{InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner, WorldId};

use super::slug;

/// The address of an interface.
pub(super) fn of_interface(resolve: &Resolve, id: InterfaceId) -> Option<String> {
    let interface = &resolve.interfaces[id];
    let package = &resolve.packages[interface.package?].name;
    Some(format!("/docs/wit/{}#{}", slug(package), interface.name.as_deref()?))
}

/// The address of an item of an interface: a function, a type.
pub(super) fn of_item(resolve: &Resolve, interface: InterfaceId, name: &str) -> Option<String> {
    Some(format!("{}.{}", of_interface(resolve, interface)?, word(name)))
}

/// An item's name as it is shown: `rows.next` of `[method]rows.next`.
pub(super) fn word(name: &str) -> String {
    match name.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some(("constructor", of)) => format!("{of}.constructor"),
        Some((_, name)) => name.to_owned(),
        None => name.to_owned(),
    }
}

/// The address of a type: of the place where it was defined, not of those that use it.
pub(super) fn of_type(resolve: &Resolve, id: TypeId) -> Option<String> {
    let id = origin(resolve, id);
    let def = &resolve.types[id];
    let TypeOwner::Interface(interface) = def.owner else { return None };
    of_item(resolve, interface, def.name.as_deref()?)
}

/// The anchor of a world; interfaces may have its name.
pub(super) fn world_anchor(resolve: &Resolve, id: WorldId) -> String {
    format!("world-{}", resolve.worlds[id].name)
}

/// Sees through `use`, not through `type`.
pub(super) fn origin(resolve: &Resolve, mut id: TypeId) -> TypeId {
    while let Some(used) = used(resolve, id) {
        id = used;
    }
    id
}

/// What a type was brought in from by `use`, if it was.
pub(super) fn used(resolve: &Resolve, id: TypeId) -> Option<TypeId> {
    let def = &resolve.types[id];
    match def.kind {
        TypeDefKind::Type(Type::Id(inner))
            if resolve.types[inner].name.is_some() && resolve.types[inner].owner != def.owner =>
        {
            Some(inner)
        }
        _ => None,
    }
}
