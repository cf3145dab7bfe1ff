//! Kind files: read, or refused with a line of the file; what is read can be used for a record.

use mortise::domain::Kinds;
use mortise::domain::kind::parse;

use crate::Verdict;
use crate::dice::Dice;

pub(crate) fn one(mut dice: Dice) -> Verdict {
    let builtin = Kinds::builtin();
    let slugs: Vec<&str> = builtin.iter().map(|kind| kind.slug.as_str()).collect();
    let slug = *dice.pick(&slugs);
    let Some(text) = builtin.text(slug) else { return Err(format!("{slug} has no text")) };
    let damaged = dice.damage_text(text);
    match parse(&damaged, "damaged.toml") {
        Ok(_) => Ok(true),
        Err(error) => {
            let lines = damaged.lines().count().max(1);
            if error.line == 0 || error.line > lines + 1 || error.message.is_empty() {
                return Err(format!("line {} of {lines}: {}", error.line, error.message));
            }
            Ok(false)
        }
    }
}
