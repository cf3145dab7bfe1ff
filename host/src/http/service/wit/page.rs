//! The pages: the list of packages, and one page for each package.

use std::collections::BTreeMap;

use wit_parser::{Docs, InterfaceId, PackageId, Resolve, Stability, Type, TypeDefKind, TypeId, WorldId, WorldItem};

use super::markdown::{self, escape};
use super::{place, signature, slug, versions};

/// The list of all packages.
pub(super) fn index(resolve: &Resolve) -> String {
    let mut names: Vec<&str> = resolve.packages.iter().map(|(_, package)| package.name.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let rows: String = names
        .iter()
        .map(|name| {
            let all = versions(resolve, name);
            let links: Vec<String> = all
                .iter()
                .rev()
                .map(|id| {
                    let package = &resolve.packages[*id].name;
                    let version = package.version.as_ref().map(ToString::to_string).unwrap_or_default();
                    format!("<a href=\"/docs/wit/{}\">{}</a>", escape(&slug(package)), escape(&version))
                })
                .collect();
            let newest = all.last().map(|id| &resolve.packages[*id]);
            let about = newest.map(|package| first_sentence(&package.docs)).unwrap_or_default();
            let href = newest.map(|package| slug(&package.name)).unwrap_or_default();
            format!(
                "<li><h2><a href=\"/docs/wit/{}\">itsm:{}</a></h2><p>{}</p><p class=\"versions\">Versions: {}</p></li>",
                escape(&href),
                escape(name),
                escape(&about),
                links.join(" · ")
            )
        })
        .collect();
    let main = format!(
        "<h1>WIT reference</h1><p class=\"lead\">The contracts between Mortise and the components that decide for it: \
         every version that this server runs. A component that was built for an older version runs unchanged; one that \
         needs what this server lacks is refused at upload, by name.</p><ul class=\"packages\">{rows}</ul>"
    );
    whole("WIT reference", "", &main)
}

/// Everything about one package.
pub(super) fn package(resolve: &Resolve, id: PackageId) -> String {
    Page { resolve, package: id, users: users(resolve) }.write()
}

struct Page<'a> {
    resolve: &'a Resolve,
    package: PackageId,
    /// Which items name a type, over all packages: address and text of each, by the type's origin.
    users: BTreeMap<TypeId, Vec<(String, String)>>,
}

impl Page<'_> {
    fn write(&self) -> String {
        let package = &self.resolve.packages[self.package];
        let title = package.name.to_string();
        let mut main = format!("<h1>{}</h1>{}", escape(&title), self.versions());
        main.push_str(&self.docs(&package.docs, None));
        let mut contents = String::new();
        for id in package.worlds.values() {
            self.world(*id, &mut contents, &mut main);
        }
        for id in package.interfaces.values() {
            self.interface(*id, &mut contents, &mut main);
        }
        let nav =
            format!("<nav aria-label=\"Contents\"><details><summary>Contents</summary>{contents}</details></nav>");
        whole(&title, &nav, &main)
    }

    /// Links to the package's other versions.
    fn versions(&self) -> String {
        let own = &self.resolve.packages[self.package].name;
        let all: Vec<String> = versions(self.resolve, &own.name)
            .into_iter()
            .rev()
            .map(|id| {
                let name = &self.resolve.packages[id].name;
                let version = name.version.as_ref().map(ToString::to_string).unwrap_or_default();
                if id == self.package {
                    format!("<b>{}</b>", escape(&version))
                } else {
                    format!("<a href=\"/docs/wit/{}\">{}</a>", escape(&slug(name)), escape(&version))
                }
            })
            .collect();
        format!("<p class=\"versions\">Version {}</p>", all.join(" · "))
    }

    /// Documentation; names in it lead to items of the interface it belongs to, then to those of the package.
    fn docs(&self, docs: &Docs, interface: Option<InterfaceId>) -> String {
        let Some(text) = &docs.contents else { return String::new() };
        let all = self.resolve.packages[self.package].interfaces.values().copied();
        let places: Vec<InterfaceId> = interface.into_iter().chain(all).collect();
        let link = |name: &str| {
            let item = places.iter().find_map(|id| {
                let known = &self.resolve.interfaces[*id];
                if known.functions.contains_key(name) {
                    return place::of_item(self.resolve, *id, name);
                }
                known.types.get(name).and_then(|ty| place::of_type(self.resolve, *ty))
            });
            item.or_else(|| {
                let id = places.iter().find(|id| self.resolve.interfaces[**id].name.as_deref() == Some(name))?;
                place::of_interface(self.resolve, *id)
            })
        };
        format!("<div class=\"docs\">{}</div>", markdown::html(text, &link))
    }

    fn world(&self, id: WorldId, contents: &mut String, main: &mut String) {
        let world = &self.resolve.worlds[id];
        let anchor = place::world_anchor(self.resolve, id);
        contents.push_str(&format!("<p><a href=\"#{0}\">world {1}</a></p>", escape(&anchor), escape(&world.name)));
        main.push_str(&format!(
            "<section><h2 id=\"{0}\"><a class=\"self\" href=\"#{0}\"><span class=\"kind\">world</span> {1}</a>{2}</h2>{3}",
            escape(&anchor),
            escape(&world.name),
            since(&world.stability),
            self.docs(&world.docs, None)
        ));
        for (word, items) in [("imports", &world.imports), ("exports", &world.exports)] {
            if items.is_empty() {
                continue;
            }
            main.push_str(&format!("<h3>{word}</h3><ul class=\"items\">"));
            for (key, item) in items {
                let name = escape(&self.resolve.name_world_key(key));
                let (href, stability) = match item {
                    WorldItem::Interface { id, stability, .. } => (place::of_interface(self.resolve, *id), stability),
                    WorldItem::Function(function) => (None, &function.stability),
                    WorldItem::Type { id, .. } => {
                        (place::of_type(self.resolve, *id), &self.resolve.types[*id].stability)
                    }
                };
                let shown =
                    href.map_or_else(|| name.clone(), |href| format!("<a href=\"{}\">{name}</a>", escape(&href)));
                main.push_str(&format!("<li><code>{shown}</code>{}</li>", since(stability)));
            }
            main.push_str("</ul>");
        }
        main.push_str("</section>");
    }

    fn interface(&self, id: InterfaceId, contents: &mut String, main: &mut String) {
        let interface = &self.resolve.interfaces[id];
        let name = escape(interface.name.as_deref().unwrap_or_default());
        main.push_str(&format!(
            "<section><h2 id=\"{name}\"><a class=\"self\" href=\"#{name}\"><span class=\"kind\">interface</span> \
             {name}</a>{}</h2>{}",
            since(&interface.stability),
            self.docs(&interface.docs, Some(id))
        ));
        let (used, own): (Vec<_>, Vec<_>) =
            interface.types.iter().partition(|(_, ty)| place::used(self.resolve, **ty).is_some());
        if !used.is_empty() {
            let used: Vec<String> = used
                .into_iter()
                .map(|(_, ty)| format!("<code>{}</code>", signature::ty(self.resolve, &Type::Id(*ty))))
                .collect();
            main.push_str(&format!("<p class=\"uses\">Uses {}</p>", used.join(", ")));
        }
        let mut entries = String::new();
        for (item, function) in &interface.functions {
            let item = place::word(item);
            entries.push_str(&format!("<li><a href=\"#{name}.{0}\">{0}</a></li>", escape(&item)));
            main.push_str(&format!(
                "<article><h3 id=\"{name}.{0}\"><a class=\"self\" href=\"#{name}.{0}\"><span class=\"kind\">func</span> {0}</a>{1}</h3><pre \
                 class=\"signature\"><code>{2}</code></pre>{3}</article>",
                escape(&item),
                since(&function.stability),
                signature::function(self.resolve, &item, function),
                self.docs(&function.docs, Some(id))
            ));
        }
        for (item, ty) in own {
            entries.push_str(&format!("<li><a href=\"#{name}.{0}\">{0}</a></li>", escape(item)));
            self.ty(id, &format!("{name}.{}", escape(item)), item, *ty, main);
        }
        contents.push_str(&format!("<p><a href=\"#{name}\">{name}</a></p><ul>{entries}</ul>"));
        main.push_str("</section>");
    }

    fn ty(&self, interface: InterfaceId, anchor: &str, name: &str, id: TypeId, main: &mut String) {
        let def = &self.resolve.types[id];
        main.push_str(&format!(
            "<article><h3 id=\"{anchor}\"><a class=\"self\" href=\"#{anchor}\"><span class=\"kind\">{}</span> {}</a>{}</h3>{}",
            def.kind.as_str(),
            escape(name),
            since(&def.stability),
            self.docs(&def.docs, Some(interface))
        ));
        match &def.kind {
            TypeDefKind::Record(record) => {
                let rows = record.fields.iter().map(|f| (f.name.as_str(), Some(&f.ty), &f.docs));
                self.members(interface, anchor, "Field", rows, main);
            }
            TypeDefKind::Variant(variant) => {
                let rows = variant.cases.iter().map(|c| (c.name.as_str(), c.ty.as_ref(), &c.docs));
                self.members(interface, anchor, "Case", rows, main);
            }
            TypeDefKind::Enum(cases) => {
                let rows = cases.cases.iter().map(|c| (c.name.as_str(), None, &c.docs));
                self.members(interface, anchor, "Case", rows, main);
            }
            TypeDefKind::Flags(flags) => {
                let rows = flags.flags.iter().map(|f| (f.name.as_str(), None, &f.docs));
                self.members(interface, anchor, "Flag", rows, main);
            }
            TypeDefKind::Resource => {}
            other => main.push_str(&format!(
                "<pre class=\"signature\"><code>type <b>{}</b> = {}</code></pre>",
                escape(name),
                signature::shape(self.resolve, other)
            )),
        }
        if let Some(users) = self.users.get(&id) {
            let own = format!("/docs/wit/{}#", slug(&self.resolve.packages[self.package].name));
            let links: Vec<String> = users
                .iter()
                .map(|(href, text)| {
                    // What another package has is named with it: several versions have items of the same name.
                    let other = href.strip_prefix("/docs/wit/").filter(|_| !href.starts_with(&own));
                    let package =
                        other.and_then(|rest| Some(format!("{} ", rest.split_once('#')?.0))).unwrap_or_default();
                    format!("<a href=\"{}\">{}{}</a>", escape(href), escape(&package), escape(text))
                })
                .collect();
            main.push_str(&format!("<p class=\"uses\">Used by {}</p>", links.join(", ")));
        }
        main.push_str("</article>");
    }

    fn members<'m>(
        &self,
        interface: InterfaceId,
        anchor: &str,
        what: &str,
        rows: impl Iterator<Item = (&'m str, Option<&'m Type>, &'m Docs)>,
        main: &mut String,
    ) {
        main.push_str(&format!("<dl aria-label=\"{what}s\">"));
        for (name, ty, docs) in rows {
            let ty = ty.map(|ty| format!(": {}", signature::ty(self.resolve, ty))).unwrap_or_default();
            main.push_str(&format!(
                "<dt id=\"{anchor}.{0}\"><code><a class=\"self\" href=\"#{anchor}.{0}\">{0}</a>{ty}</code></dt><dd>{1}</dd>",
                escape(name),
                self.docs(docs, Some(interface))
            ));
        }
        main.push_str("</dl>");
    }
}

/// Which functions and types name each type.
fn users(resolve: &Resolve) -> BTreeMap<TypeId, Vec<(String, String)>> {
    let mut users: BTreeMap<TypeId, Vec<(String, String)>> = BTreeMap::new();
    let mut note = |named: Vec<TypeId>, at: Option<String>, text: &str| {
        for id in named {
            let all = users.entry(id).or_default();
            if let Some(at) = &at
                && all.iter().all(|(known, _)| known != at)
            {
                all.push((at.clone(), text.to_owned()));
            }
        }
    };
    for (id, interface) in resolve.interfaces.iter() {
        for (name, function) in &interface.functions {
            let types = function.params.iter().map(|param| &param.ty).chain(&function.result);
            let named = types.flat_map(|ty| names(resolve, ty)).collect();
            note(named, place::of_item(resolve, id, name), &place::word(name));
        }
        for (name, ty) in interface.types.iter().filter(|(_, ty)| place::used(resolve, **ty).is_none()) {
            let named = parts(&resolve.types[*ty].kind).into_iter().flat_map(|ty| names(resolve, ty)).collect();
            note(named, place::of_item(resolve, id, name), name);
        }
    }
    users
}

/// The named types in a type, by their origin.
fn names(resolve: &Resolve, ty: &Type) -> Vec<TypeId> {
    let Type::Id(id) = ty else { return Vec::new() };
    let origin = place::origin(resolve, *id);
    let def = &resolve.types[origin];
    if def.name.is_some() {
        return vec![origin];
    }
    parts(&def.kind).into_iter().flat_map(|ty| names(resolve, ty)).collect()
}

/// The types that one is made of.
fn parts(kind: &TypeDefKind) -> Vec<&Type> {
    match kind {
        TypeDefKind::Record(record) => record.fields.iter().map(|field| &field.ty).collect(),
        TypeDefKind::Variant(variant) => variant.cases.iter().filter_map(|case| case.ty.as_ref()).collect(),
        TypeDefKind::Tuple(tuple) => tuple.types.iter().collect(),
        TypeDefKind::Result(result) => result.ok.iter().chain(&result.err).collect(),
        TypeDefKind::List(ty) | TypeDefKind::Option(ty) | TypeDefKind::Type(ty) => vec![ty],
        TypeDefKind::Map(key, value) => vec![key, value],
        _ => Vec::new(),
    }
}

/// Since which version an item is there, where the WIT says so.
fn since(stability: &Stability) -> String {
    match stability {
        Stability::Stable { since, .. } => format!(" <span class=\"since\">since {since}</span>"),
        Stability::Unstable { feature, .. } => {
            format!(" <span class=\"since\">not stable: {}</span>", escape(feature))
        }
        Stability::Unknown => String::new(),
    }
}

fn first_sentence(docs: &Docs) -> String {
    let text = docs.contents.as_deref().unwrap_or_default();
    let paragraph = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    paragraph.trim().to_owned()
}

/// The page around its contents.
fn whole(title: &str, nav: &str, main: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} – Mortise</title>\
         <link rel=\"icon\" href=\"/docs/icon.svg\" type=\"image/svg+xml\">\
         <link rel=\"stylesheet\" href=\"/docs/wit.css\"></head><body>\
         <a class=\"skip\" href=\"#main\">Skip to content</a>\
         <header class=\"bar\"><a class=\"brand\" href=\"/docs/wit\"><img src=\"/docs/icon.svg\" alt=\"\" width=\"24\" \
         height=\"24\"><span>Mortise <b>WIT</b></span></a><span class=\"grow\"></span><a href=\"/docs\">API</a></header>\
         {nav}<main id=\"main\">{main}</main></body></html>\n",
        title = escape(title)
    )
}
