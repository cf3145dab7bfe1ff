//! What somebody looks for: `network "sign in" 网络故障 srv-10* -printer`.

use super::tokens::{Token, compound, compounds, pairs, tokens};
use crate::domain::refusal::{Refusal, rule};

/// Longest query, in characters.
const LONGEST: usize = 500;
/// Most words of a query.
const MOST: usize = 40;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Each must be there.
    pub all: Vec<Item>,
    /// None may be there.
    pub none: Vec<Item>,
}

/// Words that stand side by side: one word, a quoted phrase, a run of signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The words.
    words: Vec<Token>,
    /// The last of them may go on.
    prefix: bool,
    /// The one word that they make, if they are one or joined: `email` is found in `e-mail`, as `e-mail` is in `email`.
    joined: Option<String>,
}

/// What an index of words is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// A word.
    Word(String),
    /// A word that begins so.
    Prefix(String),
    /// All of these.
    All(Vec<Want>),
    /// One of these.
    Any(Vec<Want>),
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// A query that is too long, or that names nothing to look for.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let refused = |message: String| Refusal::invalid(rule::FORMAT, "q", message);
        if text.chars().count() > LONGEST {
            return Err(refused(format!("q must have at most {LONGEST} characters")));
        }
        let mut query = Self { all: Vec::new(), none: Vec::new() };
        let mut left = text.trim_start();
        while !left.is_empty() {
            let (not, rest) = match left.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, left),
            };
            let (part, quoted, rest) = part(rest);
            match Item::read(part, quoted) {
                Some(item) if not => query.none.push(item),
                Some(item) => query.all.push(item),
                None => {}
            }
            left = rest.trim_start();
        }
        if query.all.is_empty() {
            return Err(refused("q must name at least one word to look for".to_owned()));
        }
        if query.all.iter().chain(&query.none).map(|item| item.words.len()).sum::<usize>() > MOST {
            return Err(refused(format!("q must have at most {MOST} words")));
        }
        Ok(query)
    }

    /// What the index is asked for: what must be there, and what must not. A record that it finds must still be looked
    /// at unless [`Self::is_exact`].
    pub fn wants(&self) -> (Vec<Want>, Vec<Want>) {
        let all = self.all.iter().map(Item::want).collect();
        // The index knows no neighbours: what it finds of a phrase may be there without it.
        let none = self.none.iter().filter(|item| item.is_exact()).map(Item::want).collect();
        (all, none)
    }

    /// Whether the index alone knows the answer.
    pub fn is_exact(&self) -> bool {
        self.all.iter().chain(&self.none).all(Item::is_exact)
    }

    /// Whether texts, each given by its words, are what is looked for.
    pub fn holds(&self, texts: &[Vec<Token>]) -> bool {
        let there = |item: &Item| texts.iter().any(|text| item.find(text).next().is_some());
        self.all.iter().all(there) && !self.none.iter().any(there)
    }
}

/// The next part of a query, whether it was quoted, and the rest. A quote that is not closed goes to the end.
fn part(text: &str) -> (&str, bool, &str) {
    if let Some(rest) = text.strip_prefix('"') {
        let (part, rest) = rest.split_once('"').unwrap_or((rest, ""));
        return (part, true, rest);
    }
    let (part, rest) = text.split_at(text.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(text.len()));
    (part, false, rest)
}

impl Item {
    fn read(part: &str, quoted: bool) -> Option<Self> {
        let (part, prefix) = match part.strip_suffix('*') {
            Some(part) if !quoted => (part, true),
            _ => (part, false),
        };
        let words = tokens(part);
        let last = words.last()?;
        // A run of signs goes on anyway.
        let prefix = prefix && !last.sign;
        let one = words.len() == 1 || compounds(&words).any(|(_, run)| run.len() == words.len());
        let joined = one.then(|| compound(&words));
        Some(Self { words, prefix, joined })
    }

    fn want(&self) -> Want {
        let last = self.words.len() - 1;
        let mut wants: Vec<Want> = pairs(&self.words).map(Want::Word).collect();
        for (i, token) in self.words.iter().enumerate() {
            let in_pair = (i > 0 && touch(&self.words[i - 1..=i])) || (i < last && touch(&self.words[i..=i + 1]));
            match token {
                _ if in_pair => {}
                _ if self.prefix && i == last => wants.push(Want::Prefix(token.word.clone())),
                token => wants.push(Want::Word(token.word.clone())),
            }
        }
        let apart = if wants.len() == 1 { wants.remove(0) } else { Want::All(wants) };
        match &self.joined {
            _ if last == 0 => apart,
            Some(joined) if self.prefix => Want::Any(vec![Want::Prefix(joined.clone()), apart]),
            Some(joined) => Want::Any(vec![Want::Word(joined.clone()), apart]),
            None => apart,
        }
    }

    /// Whether the index knows all about it: one word, or one pair of signs.
    fn is_exact(&self) -> bool {
        match self.words.as_slice() {
            [_] => true,
            pair @ [_, _] => touch(pair),
            _ => false,
        }
    }

    /// Where it stands in a text: first and last word.
    pub(super) fn find<'t>(&'t self, text: &'t [Token]) -> impl Iterator<Item = (usize, usize)> + 't {
        let run = self.words.len();
        let side_by_side = (0..(text.len() + 1).saturating_sub(run)).filter_map(move |at| {
            // Signs that touch in what is looked for touch where it stands: the index knows them as pairs.
            let apart = |i: usize| i > 0 && touch(&self.words[i - 1..=i]) && !touch(&text[at + i - 1..=at + i]);
            let here = self.words.iter().zip(&text[at..]).enumerate().all(|(i, (word, token))| {
                let goes_on = self.prefix && i + 1 == run;
                !apart(i) && (token.word == word.word || (goes_on && token.word.starts_with(&word.word)))
            });
            here.then_some((at, at + run - 1))
        });
        let together = self.joined.iter().flat_map(move |joined| {
            let one_word = (0..text.len()).filter(|at| is_it(&text[*at].word, joined, self.prefix)).map(|at| (at, at));
            let in_parts = compounds(text)
                .filter(|(_, run)| is_it(&compound(run), joined, self.prefix))
                .map(|(at, run)| (at, at + run.len() - 1));
            one_word.chain(in_parts)
        });
        side_by_side.chain(together)
    }
}

/// Whether two signs stand one right after the other.
fn touch(pair: &[Token]) -> bool {
    matches!(pair, [one, other] if one.sign && other.sign && one.end == other.start)
}

fn is_it(word: &str, wanted: &str, prefix: bool) -> bool {
    word == wanted || (prefix && word.starts_with(wanted))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn holds(query: &str, text: &str) -> bool {
        Query::parse(query).unwrap().holds(&[tokens(text)])
    }

    #[test]
    fn queries_are_read() {
        let query = Query::parse("Network \"sign in\" net* -printer -\"two words\" 网络故障").unwrap();
        assert_eq!((query.all.len(), query.none.len()), (4, 2));
        let word = |text: &str| Want::Word(text.to_owned());
        let (all, none) = query.wants();
        assert_eq!(all[0], word("network"));
        assert_eq!(all[1], Want::All(vec![word("sign"), word("in")]));
        assert_eq!(all[2], Want::Prefix("net".to_owned()));
        assert_eq!(all[3], Want::All(vec![word("网络"), word("络故"), word("故障")]));
        // The phrase is looked at in the text itself.
        assert_eq!(none, [word("printer")]);
        assert!(!query.is_exact());
        for exact in ["mail", "mail -printer", "网络", "网", "net*"] {
            assert!(Query::parse(exact).unwrap().is_exact(), "{exact}");
        }
        let (all, _) = Query::parse("srv-10*").unwrap().wants();
        let apart = Want::All(vec![word("srv"), Want::Prefix("10".to_owned())]);
        assert_eq!(all, [Want::Any(vec![Want::Prefix("srv10".to_owned()), apart])]);
        for empty in ["", "  ", "-mail", "\"\"", "*", "--", "-\"a b\"", "...", &"x".repeat(501), &"a ".repeat(50)] {
            assert!(Query::parse(empty).is_err(), "{empty}");
        }
    }

    #[test]
    fn texts_hold_what_is_looked_for() {
        for (query, text, there) in [
            ("sign", "users cannot sign in", true),
            ("\"sign in\"", "users cannot sign in", true),
            ("\"in sign\"", "users cannot sign in", false),
            ("\"sign in", "sign in now", true),
            ("sig*", "users cannot sign in", true),
            ("sig", "users cannot sign in", false),
            ("sign -users", "users cannot sign in", false),
            ("sign -\"users sign\"", "users cannot sign in", true),
            ("网络故障", "昨天的网络故障已修复", true),
            ("网络故障", "网络正常，络故不通，故障", false),
            ("网故", "网络故障", false),
            ("e-mail", "the e-mail and the email", true),
            ("e-mail", "an email", true),
            ("email", "an e-mail", true),
            ("ema*", "an e-mail", true),
            ("email", "an e - mail, an e-mail-address", false),
            ("mail -email", "an e-mail", false),
            ("INC-2026-000007", "see inc-2026-000007.", true),
            ("INC-2026-000007", "see inc-2026-000008, 000007", false),
            ("srv-10*", "host srv-1034", true),
            ("Ｍａｉｌ", "mail", true),
        ] {
            assert_eq!(holds(query, text), there, "{query} in {text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_asked_for(query in "\\PC{0,60}|[-a-z\"* 网络.]{0,30}") {
            if let Ok(query) = Query::parse(&query) {
                let _ = (query.wants(), query.holds(&[tokens("网络 a-b c")]));
            }
        }

        /// Whatever stands in a text is found in it, as a phrase; in another order it is not, unless it stands there.
        #[test]
        fn a_phrase_is_found_where_it_stands(words in prop::collection::vec("[ab]{1,2}|[网络]", 2..6), at in 0_usize..4, run in 1_usize..4) {
            let text = words.join(" ");
            let at = at.min(words.len() - 1);
            let part = &words[at..(at + run).min(words.len())];
            let phrase = format!("\"{}\"", part.join(" "));
            prop_assert!(holds(&phrase, &text), "{} in {}", phrase, text);
            let mut turned = part.to_vec();
            turned.reverse();
            let there = words.windows(turned.len()).any(|window| window == turned);
            let phrase = format!("\"{}\"", turned.join(" "));
            prop_assert_eq!(holds(&phrase, &text), there, "{} in {}", phrase, text);
        }

        /// The index never loses a text that holds what is looked for.
        #[test]
        fn the_index_finds_what_the_text_holds(query in "[-ab\"* 网络.]{1,12}", text in "[ab 网络.-]{0,20}") {
            let Ok(query) = Query::parse(&query) else { return Ok(()) };
            let found = tokens(&text);
            let index = super::super::words_of(&found);
            let (all, none) = query.wants();
            if query.holds(std::slice::from_ref(&found)) {
                prop_assert!(all.iter().all(|want| knows(&index, want)) && !none.iter().any(|want| knows(&index, want)));
            } else if query.is_exact() {
                prop_assert!(!all.iter().all(|want| knows(&index, want)) || none.iter().any(|want| knows(&index, want)));
            }
        }
    }

    fn knows(index: &std::collections::BTreeSet<String>, want: &Want) -> bool {
        match want {
            Want::Word(word) => index.contains(word),
            Want::Prefix(prefix) => index.iter().any(|word| word.starts_with(prefix)),
            Want::All(wants) => wants.iter().all(|want| knows(index, want)),
            Want::Any(wants) => wants.iter().any(|want| knows(index, want)),
        }
    }
}
