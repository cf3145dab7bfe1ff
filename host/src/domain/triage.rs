//! Who takes an incident: of those who have the skill, the one with the least to do (guide, section 4,
//! `incident-triage`).

/// Somebody who may take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The user.
    pub user: String,
    /// Priorities of his open tickets: 3 for P3.
    pub open: Vec<i64>,
}

impl Candidate {
    /// What he has to do: each open ticket counts `base` less its priority.
    pub fn load(&self, base: i64) -> i64 {
        self.open.iter().map(|priority| base - priority).sum()
    }
}

/// The one with the least load, the first by name of several; none of nobody.
pub fn assignee(base: i64, skilled: &[Candidate]) -> Option<&Candidate> {
    skilled.iter().min_by(|a, b| (a.load(base), &a.user).cmp(&(b.load(base), &b.user)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_examples_of_the_guide() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../../../tests/golden/tier2.json")).unwrap();
        let triage: Vec<&Value> = cases.iter().filter(|case| case["policy"] == "incident-triage").collect();
        assert_eq!(triage.len(), 3);
        for case in triage {
            let (input, expected) = (&case["input"], &case["expected"]);
            let skilled = input["candidates"].as_array().unwrap().iter();
            let skilled = skilled.filter(|one| one["skills"].as_array().unwrap().contains(&input["skill"]));
            let skilled: Vec<Candidate> = skilled
                .map(|one| Candidate {
                    user: one["id"].as_str().unwrap().to_owned(),
                    open: one["open"].as_array().unwrap().iter().filter_map(Value::as_i64).collect(),
                })
                .collect();
            let chosen = assignee(6, &skilled).map(|one| one.user.as_str());
            assert_eq!(chosen, expected["assignee"].as_str(), "{}", case["name"]);
        }
        let one = |user: &str| Candidate { user: user.to_owned(), open: vec![3] };
        assert_eq!(assignee(6, &[one("zhang"), one("li")]).unwrap().user, "li");
    }
}
