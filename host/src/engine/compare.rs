//! Whether a function of a component has the type that the contract gives it,
//! and if not, where the first difference lies.
//!
//! Component types are structural, so names of records do not count; names of
//! fields and cases do, and so does their order.

use wit_parser::{Function, Handle, Resolve, Type, TypeDefKind};

/// Compares two functions; the error says where they differ.
pub(super) fn functions(ours: &Resolve, wanted: &Function, theirs: &Resolve, offered: &Function) -> Result<(), String> {
    let compare = Compare { ours, theirs };
    if wanted.kind.is_async() != offered.kind.is_async() {
        let (is, expected) = if offered.kind.is_async() { ("", "not ") } else { ("not ", "") };
        return Err(format!("it is {is}async, {expected}async is expected"));
    }
    if wanted.params.len() != offered.params.len() {
        return Err(format!("{} parameters expected, found {}", wanted.params.len(), offered.params.len()));
    }
    for (wanted, offered) in wanted.params.iter().zip(&offered.params) {
        compare.types(&wanted.name, wanted.ty, offered.ty)?;
    }
    compare.optional("result", wanted.result, offered.result)
}

struct Compare<'a> {
    ours: &'a Resolve,
    theirs: &'a Resolve,
}

impl Compare<'_> {
    fn types(&self, at: &str, wanted: Type, offered: Type) -> Result<(), String> {
        let (wanted, offered) = (follow(self.ours, wanted), follow(self.theirs, offered));
        let (Type::Id(a), Type::Id(b)) = (wanted, offered) else {
            return if wanted == offered { Ok(()) } else { Err(self.differ(at, wanted, offered)) };
        };
        match (&self.ours.types[a].kind, &self.theirs.types[b].kind) {
            (TypeDefKind::Record(a), TypeDefKind::Record(b)) => {
                same_names(at, "field", a.fields.iter().map(|f| &f.name), b.fields.iter().map(|f| &f.name))?;
                a.fields
                    .iter()
                    .zip(&b.fields)
                    .try_for_each(|(a, b)| self.types(&format!("{at}.{}", a.name), a.ty, b.ty))
            }
            (TypeDefKind::Variant(a), TypeDefKind::Variant(b)) => {
                same_names(at, "case", a.cases.iter().map(|c| &c.name), b.cases.iter().map(|c| &c.name))?;
                a.cases
                    .iter()
                    .zip(&b.cases)
                    .try_for_each(|(a, b)| self.optional(&format!("{at}.{}", a.name), a.ty, b.ty))
            }
            (TypeDefKind::Enum(a), TypeDefKind::Enum(b)) => {
                same_names(at, "case", a.cases.iter().map(|c| &c.name), b.cases.iter().map(|c| &c.name))
            }
            (TypeDefKind::Flags(a), TypeDefKind::Flags(b)) => {
                same_names(at, "flag", a.flags.iter().map(|f| &f.name), b.flags.iter().map(|f| &f.name))
            }
            (TypeDefKind::Tuple(a), TypeDefKind::Tuple(b)) if a.types.len() == b.types.len() => a
                .types
                .iter()
                .zip(&b.types)
                .enumerate()
                .try_for_each(|(i, (a, b))| self.types(&format!("{at}.{i}"), *a, *b)),
            (TypeDefKind::List(a), TypeDefKind::List(b)) => self.types(&format!("{at}[]"), *a, *b),
            (TypeDefKind::Option(a), TypeDefKind::Option(b)) => self.types(at, *a, *b),
            (TypeDefKind::Handle(Handle::Own(a)), TypeDefKind::Handle(Handle::Own(b)))
            | (TypeDefKind::Handle(Handle::Borrow(a)), TypeDefKind::Handle(Handle::Borrow(b))) => {
                self.types(at, Type::Id(*a), Type::Id(*b))
            }
            // Resources are what they are called.
            (TypeDefKind::Resource, TypeDefKind::Resource) if self.ours.types[a].name == self.theirs.types[b].name => {
                Ok(())
            }
            (TypeDefKind::Result(a), TypeDefKind::Result(b)) => {
                self.optional(&format!("{at}.ok"), a.ok, b.ok)?;
                self.optional(&format!("{at}.err"), a.err, b.err)
            }
            _ => Err(self.differ(at, wanted, offered)),
        }
    }

    fn optional(&self, at: &str, wanted: Option<Type>, offered: Option<Type>) -> Result<(), String> {
        match (wanted, offered) {
            (Some(wanted), Some(offered)) => self.types(at, wanted, offered),
            (None, None) => Ok(()),
            (Some(_), None) => Err(format!("`{at}` has no value, one was expected")),
            (None, Some(_)) => Err(format!("`{at}` has a value, none was expected")),
        }
    }

    fn differ(&self, at: &str, wanted: Type, offered: Type) -> String {
        format!("`{at}` is {} instead of {}", describe(self.theirs, offered), describe(self.ours, wanted))
    }
}

/// Sees through `type` and `use`.
fn follow(resolve: &Resolve, mut ty: Type) -> Type {
    while let Type::Id(id) = ty
        && let TypeDefKind::Type(inner) = resolve.types[id].kind
    {
        ty = inner;
    }
    ty
}

fn same_names<'a>(
    at: &str,
    what: &str,
    wanted: impl Iterator<Item = &'a String>,
    offered: impl Iterator<Item = &'a String>,
) -> Result<(), String> {
    let (wanted, offered) = (wanted.collect::<Vec<_>>(), offered.collect::<Vec<_>>());
    if let Some(name) = wanted.iter().find(|name| !offered.contains(name)) {
        return Err(format!("`{at}` lacks the {what} `{name}`"));
    }
    if let Some(name) = offered.iter().find(|name| !wanted.contains(name)) {
        return Err(format!("`{at}` has the {what} `{name}`, which the contract does not"));
    }
    if wanted != offered {
        return Err(format!("`{at}` has its {what}s in another order"));
    }
    Ok(())
}

fn describe(resolve: &Resolve, ty: Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::U8 => "u8".to_owned(),
        Type::U16 => "u16".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::S8 => "s8".to_owned(),
        Type::S16 => "s16".to_owned(),
        Type::S32 => "s32".to_owned(),
        Type::S64 => "s64".to_owned(),
        Type::F32 => "f32".to_owned(),
        Type::F64 => "f64".to_owned(),
        Type::Char => "char".to_owned(),
        Type::String => "string".to_owned(),
        Type::ErrorContext => "error-context".to_owned(),
        Type::Id(id) => match &resolve.types[id] {
            def if def.name.is_some() => {
                format!("{} `{}`", def.kind.as_str(), def.name.as_deref().unwrap_or_default())
            }
            def => def.kind.as_str().to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(body: &str) -> Resolve {
        let mut resolve = Resolve::default();
        resolve.push_str("a.wit", &format!("package a:b; interface i {{ {body} }}")).unwrap();
        resolve
    }

    fn compare(wanted: &str, offered: &str) -> Result<(), String> {
        let (ours, theirs) = (parse(wanted), parse(offered));
        let function = |resolve: &Resolve| {
            let (_, interface) = resolve.interfaces.iter().next().unwrap();
            interface.functions["f"].clone()
        };
        functions(&ours, &function(&ours), &theirs, &function(&theirs))
    }

    #[test]
    fn aliases_and_names_of_records_do_not_count() {
        let ours = "type t = s64; record r { at: t, many: list<t> } f: func(x: r) -> option<t>;";
        let theirs = "record q { at: s64, many: list<s64> } f: func(x: q) -> option<s64>;";
        assert_eq!(compare(ours, theirs), Ok(()));
    }

    #[test]
    fn the_first_difference_is_named() {
        let ours = "record r { a: u32, b: string } f: func(x: list<r>) -> result<u32, string>;";
        let with = |text: &str| compare(ours, text).unwrap_err();
        assert_eq!(
            with("record r { a: u32 } f: func(x: list<r>) -> result<u32, string>;"),
            "`x[]` lacks the field `b`"
        );
        assert_eq!(
            with("record r { a: u32, b: string, c: bool } f: func(x: list<r>) -> result<u32, string>;"),
            "`x[]` has the field `c`, which the contract does not"
        );
        assert_eq!(
            with("record r { b: string, a: u32 } f: func(x: list<r>) -> result<u32, string>;"),
            "`x[]` has its fields in another order"
        );
        assert_eq!(
            with("record r { a: u64, b: string } f: func(x: list<r>) -> result<u32, string>;"),
            "`x[].a` is u64 instead of u32"
        );
        assert_eq!(
            with("record r { a: u32, b: string } f: func(x: list<r>) -> result<u32>;"),
            "`result.err` has no value, one was expected"
        );
        assert_eq!(
            with("record r { a: u32, b: string } f: func(x: r) -> result<u32, string>;"),
            "`x` is record `r` instead of list"
        );
        assert_eq!(with("f: func();"), "1 parameters expected, found 0");
        assert_eq!(
            with("record r { a: u32, b: string } f: async func(x: list<r>) -> result<u32, string>;"),
            "it is async, not async is expected"
        );
    }

    #[test]
    fn resources_are_known_by_name_and_by_who_owns_them() {
        let ours = "resource page; f: func(of: borrow<page>) -> page;";
        assert_eq!(compare(ours, ours), Ok(()));
        assert_eq!(
            compare(ours, "resource leaf; f: func(of: borrow<leaf>) -> leaf;").unwrap_err(),
            "`of` is resource `leaf` instead of resource `page`"
        );
        assert_eq!(
            compare(ours, "resource page; f: func(of: page) -> page;").unwrap_err(),
            "`of` is own instead of borrow"
        );
    }
}
