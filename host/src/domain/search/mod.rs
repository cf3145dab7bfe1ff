//! Full-text search: which words a record has, what somebody looks for, and where it stands.

mod query;
mod tokens;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::field::FieldType;
use super::kind::Kind;
use super::record::Record;

pub use query::{Item, Query, Want};
pub use tokens::{Token, tokens};

/// Most different words of one record; what comes after them is not found.
const MOST_WORDS: usize = 20_000;
/// About how long an excerpt is, in characters.
const EXCERPT: usize = 160;

/// What of a record is kept in the index of words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Its words.
    pub words: BTreeSet<String>,
    /// Words of what only staff may read.
    pub internal: BTreeSet<String>,
    /// Users whose own it is.
    pub users: BTreeSet<String>,
}

/// What the index of words keeps of a record.
pub fn content(kind: &Kind, record: &Record) -> Content {
    let mut words = BTreeSet::new();
    for (_, text) in texts(kind, record) {
        words.extend(words_of(&tokens(text)));
    }
    let owners = kind.owner_fields.iter().filter_map(|field| record.text(field));
    let users = [record.owner.as_str(), &record.created_by].into_iter().chain(owners).map(str::to_owned).collect();
    let mut content = Content { words, internal: BTreeSet::new(), users };
    content.bound();
    content
}

impl Content {
    /// Adds the words of a further text, such as a comment.
    pub fn add(&mut self, text: &str, internal: bool) {
        let words = words_of(&tokens(text));
        if internal {
            self.internal.extend(words);
        } else {
            self.words.extend(words);
        }
        self.bound();
    }

    fn bound(&mut self) {
        while self.words.len() > MOST_WORDS {
            self.words.pop_last();
        }
        while self.internal.len() > MOST_WORDS {
            self.internal.pop_last();
        }
    }
}

/// Whether two revisions of a record have the same content.
pub fn same_content(kind: &Kind, one: &Record, other: &Record) -> bool {
    let owners = || kind.owner_fields.iter().map(String::as_str).chain(["owner", "created_by"]);
    owners().all(|field| one.text(field) == other.text(field)) && texts(kind, one) == texts(kind, other)
}

/// The words that stand in the index for a text: each word, words that are joined, and pairs of signs.
fn words_of(tokens: &[Token]) -> BTreeSet<String> {
    let single = tokens.iter().map(|token| token.word.clone());
    single.chain(tokens::compounds(tokens).map(|(_, run)| tokens::compound(run))).chain(tokens::pairs(tokens)).collect()
}

/// Every text of a record with its field: title and number first, then the fields in their order.
pub fn texts<'r>(kind: &'r Kind, record: &'r Record) -> Vec<(&'r str, &'r str)> {
    let mut found = vec![("title", record.title.as_str()), ("number", record.number.as_str())];
    for field in kind.all_fields().filter(|field| !field.computed && field.name != "title") {
        if let (FieldType::Str | FieldType::Text | FieldType::Map, Some(value)) =
            (field.ty.item(), record.data.get(&field.name))
        {
            inner_texts(&field.name, value, &mut found);
        }
    }
    found
}

fn inner_texts<'r>(field: &'r str, value: &'r Value, found: &mut Vec<(&'r str, &'r str)>) {
    match value {
        Value::String(text) => found.push((field, text)),
        Value::Array(items) => items.iter().for_each(|item| inner_texts(field, item, found)),
        Value::Object(map) => map.values().for_each(|item| inner_texts(field, item, found)),
        _ => {}
    }
}

/// A part of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The text.
    pub text: String,
    /// Whether it is what was looked for.
    #[serde(rename = "match")]
    pub hit: bool,
}

/// A part of a text around the first places of what was looked for, with those places told apart; none where the text
/// has none.
pub fn excerpt(query: &Query, text: &str) -> Option<Vec<Part>> {
    let tokens = tokens(text);
    let mut places: Vec<(usize, usize)> = query
        .all
        .iter()
        .flat_map(|item| item.find(&tokens))
        .map(|(first, last)| (tokens[first].start, tokens[last].end))
        .collect();
    places.sort_unstable();
    let (first, _) = *places.first()?;
    let begin = text[..first].char_indices().rev().nth(EXCERPT / 4).map_or(0, |(at, _)| at);
    let end = text[begin..].char_indices().nth(EXCERPT).map_or(text.len(), |(at, _)| begin + at);
    let mut parts = Vec::new();
    let mut push = |text: &str, hit: bool| {
        if !text.is_empty() {
            parts.push(Part { text: text.to_owned(), hit });
        }
    };
    if begin > 0 {
        push("…", false);
    }
    let mut done = begin;
    for (from, to) in places {
        // Places may lie in one another; an excerpt does not end within one.
        if from < done || to > end {
            continue;
        }
        push(&text[done..from], false);
        push(&text[from..to], true);
        done = to;
    }
    push(&text[done..end], false);
    if end < text.len() {
        push("…", false);
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn shown(query: &str, text: &str) -> Option<String> {
        let parts = excerpt(&Query::parse(query).unwrap(), text)?;
        Some(parts.iter().map(|part| if part.hit { format!("[{}]", part.text) } else { part.text.clone() }).collect())
    }

    #[test]
    fn excerpts_show_what_was_found() {
        assert_eq!(shown("mail down", "Mail is down, mail!").unwrap(), "[Mail] is [down], [mail]!");
        assert_eq!(shown("网络", "昨天网络中断").unwrap(), "昨天[网络]中断");
        assert_eq!(shown("\"is down\"", "Mail is down").unwrap(), "Mail [is down]");
        assert_eq!(shown("x", "Mail"), None);
        let long = format!("{} needle {}", "é ".repeat(500), "网".repeat(500));
        let part = shown("needle", &long).unwrap();
        assert!(part.starts_with('…') && part.ends_with('…') && part.contains("[needle]"));
        assert!(part.chars().count() < EXCERPT + 10);
    }

    proptest! {
        #[test]
        fn any_text_has_an_excerpt_of_its_own_words(text in "\\PC{0,300}", word in "[a-z]{1,3}") {
            let query = Query::parse(&word).unwrap();
            if let Some(parts) = excerpt(&query, &text) {
                prop_assert!(parts.iter().any(|part| part.hit));
                for part in parts.iter().filter(|part| part.text != "…") {
                    prop_assert!(text.contains(&part.text));
                }
            }
        }
    }
}
