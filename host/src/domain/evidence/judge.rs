//! How what was found is judged.

use serde::Serialize;

/// How an item or a clause stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// What is required is there.
    Present,
    /// It is there, and some of it is overdue.
    Overdue,
    /// Some of it is missing, or too little of it is covered.
    Partial,
    /// None of it is there.
    Missing,
}

/// What was found for an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What counts: records, decisions, components; the sample of a measure.
    pub counted: i64,
    /// Those of them that are overdue.
    pub overdue: i64,
    /// Whether a measure that is asked for reached what it has to; none where none is asked for.
    pub covered: Option<bool>,
}

/// How an item stands.
pub fn item_standing(found: Found, optional: bool) -> Standing {
    match found {
        Found { counted: 0, .. } if optional => Standing::Present,
        Found { counted: 0, .. } => Standing::Missing,
        Found { covered: Some(false), .. } => Standing::Partial,
        Found { overdue: 0, .. } => Standing::Present,
        Found { .. } => Standing::Overdue,
    }
}

/// How a clause stands: missing when nothing that it requires is there, partial when some of it is not, overdue when
/// all of it is there and some of it is late. Each item comes with whether it is optional.
pub fn clause_standing(items: &[(Standing, bool)]) -> Standing {
    let required = || items.iter().filter(|(_, optional)| !optional).map(|(standing, _)| *standing);
    if required().next().is_some() && required().all(|standing| standing == Standing::Missing) {
        return Standing::Missing;
    }
    // What is optional is never missing, but it can be late.
    let worst = items.iter().map(|(standing, _)| *standing).max().unwrap_or(Standing::Present);
    if worst == Standing::Missing { Standing::Partial } else { worst }
}

#[cfg(test)]
mod tests {
    use super::Standing::{Missing, Overdue, Partial, Present};
    use super::*;

    #[test]
    fn items() {
        let found = |counted, overdue, covered| Found { counted, overdue, covered };
        assert_eq!(item_standing(found(0, 0, None), false), Missing);
        assert_eq!(item_standing(found(0, 0, None), true), Present);
        assert_eq!(item_standing(found(3, 0, None), false), Present);
        assert_eq!(item_standing(found(3, 1, None), true), Overdue);
        assert_eq!(item_standing(found(3, 1, Some(false)), false), Partial);
        assert_eq!(item_standing(found(3, 0, Some(true)), false), Present);
    }

    #[test]
    fn clauses() {
        let clause = |items: &[(Standing, bool)]| clause_standing(items);
        assert_eq!(clause(&[(Present, false), (Present, true)]), Present);
        assert_eq!(clause(&[(Missing, false), (Present, true)]), Missing);
        assert_eq!(clause(&[(Missing, false), (Present, false)]), Partial);
        assert_eq!(clause(&[(Overdue, false), (Missing, false)]), Partial);
        assert_eq!(clause(&[(Overdue, true), (Present, false)]), Overdue);
        assert_eq!(clause(&[(Partial, false), (Overdue, false)]), Partial);
        assert_eq!(clause(&[(Present, true)]), Present);
    }
}
