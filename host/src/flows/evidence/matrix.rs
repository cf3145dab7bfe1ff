//! The clause-by-clause matrix.

use super::chain;
use super::find::Finder;
use super::found::{ClauseFound, Language, Matrix, Organisation, Summary};
use super::permit;
use crate::domain::Actor;
use crate::domain::evidence::{Clause, Evidence, Standing, clause_standing};
use crate::domain::measure::Span;
use crate::domain::refusal::{Refusal, rule};
use crate::flows::measures::Period;
use crate::flows::{Desk, FlowError};

/// What is asked of the matrix.
#[derive(Clone, Debug)]
pub struct MatrixAsk {
    /// The period.
    pub span: Span,
    /// Language of titles and words.
    pub lang: Language,
    /// Only these clauses, or those within them (`8.2`); all, when empty.
    pub clauses: Vec<String>,
    /// Records shown for an item.
    pub limit: i64,
    /// Whether the whole audit trail is verified.
    pub verify: bool,
}

/// The matrix of a period.
///
/// # Errors
/// Not allowed, a clause that the matrix does not have; the database's errors.
pub async fn matrix(desk: &Desk, actor: &Actor, ask: &MatrixAsk) -> Result<Matrix, FlowError> {
    permit(actor)?;
    let clauses = chosen(&ask.clauses)?;
    let kinds = desk.kinds(&actor.org);
    let now = desk.clock.now();
    let finder = Finder { desk, actor, kinds: &kinds, span: &ask.span, now, lang: ask.lang, limit: ask.limit };
    let mut rows = Vec::with_capacity(clauses.len());
    let mut summary = Summary::default();
    for clause in clauses {
        let mut items = Vec::with_capacity(clause.items.len());
        for item in &clause.items {
            items.push(finder.item(item).await?);
        }
        let standings: Vec<_> = items.iter().map(|item| (item.status, item.optional)).collect();
        let status = clause_standing(&standings);
        *match status {
            Standing::Present => &mut summary.present,
            Standing::Overdue => &mut summary.overdue,
            Standing::Partial => &mut summary.partial,
            Standing::Missing => &mut summary.missing,
        } += 1;
        let title = ask.lang.of(&clause.title);
        rows.push(ClauseFound { clause: clause.number.clone(), title, status, items });
    }
    let organisation = desk.store.organisation(&actor.org).await?;
    Ok(Matrix {
        organisation: Organisation {
            id: actor.org.clone(),
            name: organisation.map_or_else(|| actor.org.clone(), |organisation| organisation.name),
        },
        period: Period::of(&ask.span, now),
        lang: ask.lang,
        generated_at: now.to_string(),
        chain: chain::read(desk, &actor.org, ask.verify).await?,
        summary,
        clauses: rows,
    })
}

fn chosen(asked: &[String]) -> Result<Vec<&'static Clause>, Refusal> {
    let all = &Evidence::builtin().clauses;
    if asked.is_empty() {
        return Ok(all.iter().collect());
    }
    for clause in asked {
        if !all.iter().any(|known| known.is_within(clause)) {
            let message = format!("the matrix has no clause '{clause}'; it has 4.1 to 10.2");
            return Err(Refusal::invalid(rule::ENUM, "clause", message));
        }
    }
    Ok(all.iter().filter(|known| asked.iter().any(|clause| known.is_within(clause))).collect())
}
