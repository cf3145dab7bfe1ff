//! The set of kinds an organisation works with; the built-in ones are embedded in the binary.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::parse::parse_in_force;
use super::{Document, Kind, KindError, check, check_rules, parse};

// `EMBEDDED: &[(&str, &str)]`, path and text of every file under host/kinds (see host/build.rs).
include!(concat!(env!("OUT_DIR"), "/kinds.rs"));

/// A set of kinds whose slugs and prefixes are unique and whose references lead somewhere.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    by_slug: BTreeMap<String, Arc<Kind>>,
    by_prefix: BTreeMap<String, Arc<Kind>>,
    /// The text of each kind's file, by slug.
    texts: BTreeMap<String, Arc<str>>,
    /// Counts the changes of the organisation's kinds; 0 for the built-in set.
    generation: i64,
}

/// A version of a kind that an organisation made its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shaped {
    /// Slug of the kind.
    pub slug: String,
    /// Number of the version, from 1.
    pub version: i64,
    /// The file's text.
    pub body: String,
}

impl Shaped {
    /// How the version is called where something is wrong in it.
    pub fn file(&self) -> String {
        format!("{}.toml", self.slug)
    }
}

impl Kinds {
    /// The kinds embedded in the binary.
    pub fn builtin() -> &'static Arc<Self> {
        static BUILTIN: LazyLock<Arc<Kinds>> =
            LazyLock::new(|| match Kinds::read(EMBEDDED.iter().copied(), parse_in_force) {
                Ok(kinds) => Arc::new(kinds),
                // The files are part of the binary and a test loads them all.
                Err(error) => unreachable!("embedded kind: {error}"),
            });
        &BUILTIN
    }

    /// Reads a set of kind files, each given as its path and text.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong in one of them, or between two of them.
    pub fn load<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, KindError> {
        Self::read(files, parse)
    }

    fn read<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
        parse: fn(&str, &str) -> Result<Kind, KindError>,
    ) -> Result<Self, KindError> {
        let mut kinds = Self::default();
        let mut texts = Vec::new();
        for (file, text) in files {
            let kind = parse(text, file)?;
            if kinds.by_slug.contains_key(&kind.slug) {
                return Err(twice(file, "slug", &kind.slug));
            }
            texts.push((file, text, kinds.add(kind, file, text)?));
        }
        for (file, text, kind) in texts {
            kinds.check(&kind, text, file)?;
        }
        Ok(kinds)
    }

    /// Checks what a kind of the set says of the others.
    fn check(&self, kind: &Kind, text: &str, file: &str) -> Result<(), KindError> {
        check::references(kind, text, file, |prefix| self.refers(prefix))?;
        check_rules::across(text, file, self)
    }

    fn add(&mut self, kind: Kind, file: &str, text: &str) -> Result<Arc<Kind>, KindError> {
        if self.by_prefix.get(&kind.prefix).is_some_and(|known| known.slug != kind.slug) {
            return Err(twice(file, "prefix", &kind.prefix));
        }
        let kind = Arc::new(kind);
        self.texts.insert(kind.slug.clone(), text.into());
        self.by_prefix.insert(kind.prefix.clone(), Arc::clone(&kind));
        self.by_slug.insert(kind.slug.clone(), Arc::clone(&kind));
        Ok(kind)
    }

    /// The built-in kinds with an organisation's own versions over them. What a newer server brings for a built-in
    /// kind that the organisation shaped before is added to its version.
    ///
    /// # Errors
    /// The first thing that is wrong in one of the versions, or between them.
    pub fn shaped(generation: i64, versions: &[Shaped]) -> Result<Self, KindError> {
        let builtin = Self::builtin();
        let mut kinds = Self { generation, ..(**builtin).clone() };
        let mut texts = Vec::new();
        for own in versions {
            let file = own.file();
            let text = match builtin.text(&own.slug) {
                Some(base) => {
                    let mut document = Document::read(&own.body, &file)?;
                    let longer = document.complete(&Document::read(base, &file)?);
                    if longer { document.text() } else { own.body.clone() }
                }
                None => own.body.clone(),
            };
            let kind = Kind { version: own.version, ..parse_in_force(&text, &file)? };
            texts.push((kinds.add(kind, &file, &text)?, file, text));
        }
        for (kind, file, text) in texts {
            kinds.check(&kind, &text, &file)?;
        }
        Ok(kinds)
    }

    /// How often the organisation's kinds have changed; 0 for the built-in set.
    pub fn generation(&self) -> i64 {
        self.generation
    }

    /// The text of a kind's file.
    pub fn text(&self, slug: &str) -> Option<&Arc<str>> {
        self.texts.get(slug)
    }

    /// The kind with this slug, for example `incident`.
    pub fn get(&self, slug: &str) -> Option<&Arc<Kind>> {
        self.by_slug.get(slug)
    }

    /// The kind with this prefix, for example `INC`.
    pub fn by_prefix(&self, prefix: &str) -> Option<&Arc<Kind>> {
        self.by_prefix.get(prefix)
    }

    /// The kind that a record's number belongs to.
    pub fn of_number(&self, number: &str) -> Option<&Arc<Kind>> {
        self.by_prefix(&crate::domain::number::parse(number)?.prefix)
    }

    /// Whether a reference may name this prefix: a kind of the set, or a type of the dictionary.
    /// Only references to a kind of the set can be checked for existence.
    pub fn refers(&self, prefix: &str) -> bool {
        self.by_prefix.contains_key(prefix) || super::is_known(prefix)
    }

    /// All kinds, by slug.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Kind>> {
        self.by_slug.values()
    }
}

fn twice(file: &str, what: &str, name: &str) -> KindError {
    let message = format!("another kind has the {what} '{name}' already");
    KindError { file: file.to_owned(), line: 1, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A start reads the embedded files without trying their expressions; here they are tried.
    #[test]
    fn the_embedded_kinds_hold_to_what_is_asked_of_others() {
        assert_eq!(Kinds::load(EMBEDDED.iter().copied()).map(|_| ()), Ok(()));
    }
}
