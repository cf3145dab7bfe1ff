//! What a broken rule of the kind's file answers.

use crate::domain::kind::{Kind, Rule};
use crate::domain::refusal::{Class, FieldProblem, Refusal};

/// The refusal for the rules that are broken, or cannot be worked out (with the reason): the first
/// names it, all are listed. A rule about a field refuses the input, any other the state of things.
pub fn broken(kind: &Kind, rules: &[(&Rule, Option<String>)]) -> Option<Refusal> {
    let (first, why) = rules.first()?;
    let class = if first.field.is_some() { Class::Invalid } else { Class::Conflict };
    let details = rules.iter().map(|(rule, why)| {
        let field = rule.field.clone().unwrap_or_default();
        let problem = FieldProblem::new(field, rule.name.clone(), english(kind, rule, why.as_deref()));
        FieldProblem { message_zh: Some(rule.message.zh.as_str().into()), ..problem }
    });
    Some(Refusal {
        field: first.field.clone(),
        message_zh: Some(first.message.zh.as_str().into()),
        details: details.collect(),
        ..Refusal::new(class, first.name.clone(), english(kind, first, why.as_deref()))
    })
}

fn english(kind: &Kind, rule: &Rule, why: Option<&str>) -> String {
    match why {
        None => rule.message.en.clone(),
        Some(why) => format!("{} ({} {} could not be worked out: {why})", rule.message.en, kind.slug, rule.name),
    }
}
