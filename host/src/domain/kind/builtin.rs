//! The set of kinds an organisation works with; the built-in ones are embedded in the binary.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::{Kind, KindError, check, check_rules, parse};

// `EMBEDDED: &[(&str, &str)]`, path and text of every file under host/kinds (see host/build.rs).
include!(concat!(env!("OUT_DIR"), "/kinds.rs"));

/// A set of kinds whose slugs and prefixes are unique and whose references lead somewhere.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    by_slug: BTreeMap<String, Arc<Kind>>,
    by_prefix: BTreeMap<String, Arc<Kind>>,
}

impl Kinds {
    /// The kinds embedded in the binary.
    pub fn builtin() -> &'static Arc<Self> {
        static BUILTIN: LazyLock<Arc<Kinds>> = LazyLock::new(|| match Kinds::load(EMBEDDED.iter().copied()) {
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
        let mut kinds = Self::default();
        let mut texts = Vec::new();
        for (file, text) in files {
            let kind = Arc::new(parse(text, file)?);
            let twice = |what: &str, name: &str| {
                let message = format!("another kind has the {what} '{name}' already");
                Err(KindError { file: file.to_owned(), line: 1, message })
            };
            if kinds.by_slug.insert(kind.slug.clone(), Arc::clone(&kind)).is_some() {
                return twice("slug", &kind.slug);
            }
            if kinds.by_prefix.insert(kind.prefix.clone(), Arc::clone(&kind)).is_some() {
                return twice("prefix", &kind.prefix);
            }
            texts.push((file, text, kind));
        }
        for (file, text, kind) in texts {
            check::references(&kind, text, file, |prefix| kinds.refers(prefix))?;
            check_rules::across(&kind, |slug| kinds.get(slug).map(Arc::as_ref)).map_err(|message| KindError {
                file: file.to_owned(),
                line: 1,
                message,
            })?;
        }
        Ok(kinds)
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
