//! Words of a text.
//!
//! A word is a run of letters and digits in small letters; wide forms count as plain ones and accents that stand for
//! themselves are left out. Chinese, Japanese and Korean signs are words each, since nothing is written between words
//! there. Words joined by a sign, as in `srv-1034` or `INC-2026-000007`, are words each and one word together.

/// Longest word that is told apart from longer ones, in characters.
const LONGEST: usize = 64;
/// Signs that join words when they stand between them alone.
const JOINING: [char; 7] = ['-', '.', '_', '/', '@', ':', '\''];

/// A word of a text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The word.
    pub word: String,
    /// Its first byte in the text.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// Whether it is one sign of a script without spaces.
    pub sign: bool,
    /// Whether a joining sign, or nothing at all, stands between the word before and this one.
    pub joined: bool,
}

/// The words of a text in their order.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    // What was read since the last word: nothing, one joining sign, or more.
    let mut between = Some(String::new());
    let mut open: Option<Token> = None;
    for (start, c) in text.char_indices() {
        let end = start + c.len_utf8();
        let plain = plain(c);
        if is_mark(plain) {
            if let Some(token) = &mut open {
                token.end = end;
            }
            continue;
        }
        let sign = is_sign(plain);
        if !sign && !plain.is_alphanumeric() {
            found.extend(open.take());
            between = match between.take() {
                Some(known) if known.is_empty() && JOINING.contains(&plain) => Some(plain.to_string()),
                _ => None,
            };
            continue;
        }
        if sign {
            found.extend(open.take());
        }
        match &mut open {
            Some(token) => {
                token.end = end;
                push(&mut token.word, plain);
            }
            None => {
                let joined = between.is_some() && !found.is_empty();
                let mut token = Token { word: String::new(), start, end, sign, joined };
                push(&mut token.word, plain);
                between = Some(String::new());
                if sign { found.push(token) } else { open = Some(token) }
            }
        }
    }
    found.extend(open);
    // A letter whose small form is more than one sign, or none that counts, leaves no empty word.
    found.retain(|token| !token.word.is_empty());
    found
}

fn push(word: &mut String, c: char) {
    let room = LONGEST.saturating_sub(word.chars().count());
    word.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()).take(room));
}

/// Words that are written as one: runs of two or more joined words, without signs of scripts without spaces; each with
/// the place of its first word.
pub(super) fn compounds(tokens: &[Token]) -> impl Iterator<Item = (usize, &[Token])> {
    let runs = tokens.chunk_by(|one, next| next.joined && !one.sign && !next.sign);
    let placed = runs.scan(0, |next, run| {
        let at = *next;
        *next += run.len();
        Some((at, run))
    });
    placed.filter(|(_, run)| run.len() > 1)
}

/// The one word that a run of joined words makes.
pub(super) fn compound(run: &[Token]) -> String {
    run.iter().flat_map(|token| token.word.chars()).take(LONGEST).collect()
}

/// Neighbouring signs.
pub(super) fn pairs(tokens: &[Token]) -> impl Iterator<Item = String> {
    tokens.windows(2).filter_map(|pair| {
        let [one, other] = pair else { return None };
        (one.sign && other.sign && one.end == other.start).then(|| format!("{}{}", one.word, other.word))
    })
}

/// The plain form of a wide one.
fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        c => c,
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// Signs of scripts that are written without spaces.
fn is_sign(c: char) -> bool {
    matches!(
        c,
        '\u{3005}'..='\u{3007}'
            | '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{323af}'
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.word).collect()
    }

    #[test]
    fn words_are_small_and_plain() {
        assert_eq!(words("Mail is DOWN!"), ["mail", "is", "down"]);
        assert_eq!(words("Ｅ１２３　ＡＢ"), ["e123", "ab"]);
        assert_eq!(words("cafe\u{301} Straße ÉCOLE"), ["cafe", "straße", "école"]);
        assert_eq!(words("网络 down了"), ["网", "络", "down", "了"]);
        assert_eq!(words("  ,;--  "), Vec::<String>::new());
        assert_eq!(words(&"x".repeat(100)), ["x".repeat(64)]);
    }

    #[test]
    fn joined_words_are_words_together_as_well() {
        let joined = |text: &str| compounds(&tokens(text)).map(|(_, run)| compound(run)).collect::<Vec<_>>();
        assert_eq!(joined("host srv-1034 and INC-2026-000007."), ["srv1034", "inc2026000007"]);
        assert_eq!(joined("e-mail a--b x - y don't"), ["email", "dont"]);
        assert_eq!(joined("机房-A机柜"), Vec::<String>::new());
    }

    #[test]
    fn neighbouring_signs_are_pairs() {
        let pairs = |text: &str| pairs(&tokens(text)).collect::<Vec<_>>();
        assert_eq!(pairs("网络故障"), ["网络", "络故", "故障"]);
        assert_eq!(pairs("网络，故障 a障b"), ["网络", "故障"]);
    }

    proptest! {
        #[test]
        fn any_text_has_words_in_order(text in "\\PC*|[-a-zA-Z0-9.网络故障 é\u{301}İ]{0,40}") {
            let found = tokens(&text);
            let mut last = 0;
            for token in &found {
                prop_assert!(last <= token.start && token.start < token.end && token.end <= text.len());
                prop_assert!(text.get(token.start..token.end).is_some());
                prop_assert!(!token.word.is_empty() && token.word.chars().count() <= LONGEST);
                prop_assert!(token.word.chars().all(char::is_alphanumeric));
                last = token.end;
            }
        }

        #[test]
        fn words_of_a_text_are_words_of_any_text_around_it(text in "[a-z网络 -]{0,20}", before in "[a-z ]{0,9}", after in "[a-z络 ]{0,9}") {
            let inner = words(&text);
            let outer = words(&format!("{before} {text} {after}"));
            prop_assert!(outer.windows(inner.len().max(1)).any(|run| run == inner) || inner.is_empty());
        }
    }
}
