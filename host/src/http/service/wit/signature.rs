//! Types and signatures as HTML, each name with a link to where it is defined.

use wit_parser::{Function, Handle, Resolve, Type, TypeDefKind, TypeId};

use super::markdown::escape;
use super::place;

/// A type as it is written, with links.
pub(super) fn ty(resolve: &Resolve, ty: &Type) -> String {
    match ty {
        Type::Id(id) => named(resolve, *id),
        primitive => format!("<span class=\"p\">{}</span>", word(primitive)),
    }
}

fn word(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S8 => "s8",
        Type::S16 => "s16",
        Type::S32 => "s32",
        Type::S64 => "s64",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::Char => "char",
        Type::String => "string",
        Type::ErrorContext => "error-context",
        Type::Id(_) => "type",
    }
}

fn named(resolve: &Resolve, id: TypeId) -> String {
    let def = &resolve.types[id];
    let Some(name) = &def.name else { return shape(resolve, &def.kind) };
    match place::of_type(resolve, id) {
        Some(href) => format!("<a href=\"{}\">{}</a>", escape(&href), escape(name)),
        None => escape(name),
    }
}

/// A type without a name of its own, or what a name stands for.
pub(super) fn shape(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let of = |word: &str, inner: &[Option<&Type>]| {
        let inner: Vec<String> =
            inner.iter().map(|inner| inner.map_or_else(|| "_".to_owned(), |inner| ty(resolve, inner))).collect();
        format!("<span class=\"p\">{word}</span>&lt;{}&gt;", inner.join(", "))
    };
    match kind {
        TypeDefKind::Type(inner) => ty(resolve, inner),
        TypeDefKind::List(inner) => of("list", &[Some(inner)]),
        TypeDefKind::Option(inner) => of("option", &[Some(inner)]),
        TypeDefKind::Result(result) => match (&result.ok, &result.err) {
            (None, None) => "<span class=\"p\">result</span>".to_owned(),
            (ok, None) => of("result", &[ok.as_ref()]),
            (ok, err) => of("result", &[ok.as_ref(), err.as_ref()]),
        },
        TypeDefKind::Tuple(tuple) => of("tuple", &tuple.types.iter().map(Some).collect::<Vec<_>>()),
        TypeDefKind::Map(key, value) => of("map", &[Some(key), Some(value)]),
        TypeDefKind::Handle(Handle::Own(id)) => named(resolve, *id),
        TypeDefKind::Handle(Handle::Borrow(id)) => of("borrow", &[Some(&Type::Id(*id))]),
        other => other.as_str().to_owned(),
    }
}

/// A function as it is written, with links.
pub(super) fn function(resolve: &Resolve, name: &str, function: &Function) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| format!("<span class=\"n\">{}</span>: {}", escape(&param.name), ty(resolve, &param.ty)))
        .collect();
    let result = function.result.as_ref().map(|result| format!(" -&gt; {}", ty(resolve, result)));
    let kind = if function.kind.is_async() { "async func" } else { "func" };
    format!("<b>{}</b>: {kind}({}){}", escape(name), params.join(", "), result.unwrap_or_default())
}
