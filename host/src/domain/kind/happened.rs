//! Instants at which something has happened: they lie in the past, and not before what they are about.

use std::collections::BTreeMap;

use super::{ByField, Label, Moment, Related, Rule};
use crate::domain::expression::Expression;
use crate::domain::field::{Field, Since};

/// The name in rules of the record that an instant is about.
const ABOUT: &str = "about";

/// The rules of the fields that say so, one each. They are looked at when the instant changes, so that a record of long
/// ago may be corrected elsewhere; clocks may differ by the constant `clock_tolerance_minutes`.
///
/// # Errors
/// Why a rule cannot be read, which no name of a field that was read makes so.
pub(super) fn rules(fields: &[Field]) -> Result<Vec<Rule>, String> {
    fields.iter().filter_map(|field| Some(rule(field, field.happened.as_ref()?))).collect()
}

fn rule(field: &Field, since: &Since) -> Result<Rule, String> {
    let name = &field.name;
    let guard = format!("has(record.{name}) && !(has(before.{name}) && before.{name} == record.{name})");
    let past = format!("record.{name} <= plus_minutes(now, policy.clock_tolerance_minutes)");
    let from = |at: &str| format!("record.{name} >= plus_minutes({at}, 0 - policy.clock_tolerance_minutes)");
    let (check, en, zh) = match since {
        Since::Ever => (past, "not in the future", "不得在将来"),
        Since::Created => (
            format!("{past} && {}", from("record.created_at")),
            "between the making of the record and now",
            "须在记录创建之后且不晚于现在",
        ),
        Since::Of(_) => (
            format!("{past} && {ABOUT}.all(a, {})", from("a.created_at")),
            "between the making of the record that it is about and now",
            "须在所涉记录创建之后且不晚于现在",
        ),
    };
    let related = match since {
        Since::Of(of) => BTreeMap::from([(ABOUT.to_owned(), Related::Field(ByField { field: of.clone() }))]),
        Since::Ever | Since::Created => BTreeMap::new(),
    };
    Ok(Rule {
        name: format!("{}-has-happened", name.replace('_', "-")),
        on: vec![Moment::Create, Moment::Update, Moment::Transition],
        field: Some(name.clone()),
        guard: Some(Expression::parse(&guard)?),
        check: Expression::parse(&check)?,
        message: Label {
            en: format!("{name} is a moment that has happened: {en}"),
            zh: format!("{}是已发生的时刻：{zh}", field.label.zh),
        },
        later: None,
        source: Some("section 0".to_owned()),
        related,
    })
}
