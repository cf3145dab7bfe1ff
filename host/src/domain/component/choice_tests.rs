#![allow(clippy::unwrap_used)]
use std::sync::Arc;

use mortise_types::Process;
use proptest::prelude::*;

use super::choice::bucket;
use super::*;
use crate::domain::time::Instant;

fn activation(n: i64, mode: Mode) -> Activation {
    Activation {
        id: n.to_string(),
        org: "main".to_owned(),
        process: Process::Sla,
        scope: Scope::Organisation,
        digest: format!("d{n}"),
        settings_hash: "s".to_owned(),
        mode,
        effective_from: None,
        opened_after: false,
        before_generation: n - 1,
        on_failure: OnFailure::LastGood,
        explanation: String::new(),
        generation: n,
        at: Instant(n * 1000),
        actor: "a".to_owned(),
        reason: String::new(),
        ended_generation: None,
    }
}

fn subject() -> Subject {
    Subject { kind: "incident".to_owned(), services: vec!["SVC-1".to_owned()], ..Subject::default() }
}

/// Who judges a record that was opened at `at`, and who is asked beside.
fn judged(rows: &[Activation], number: &str, at: i64) -> (Option<String>, Option<String>) {
    let scopes = arrange(rows.iter().cloned().map(Arc::new));
    let subject = subject();
    let choice = choose(&scopes, &Question { subject: &subject, number, created_at: Instant(at) });
    let shadow = choice.as_ref().and_then(|c| c.shadow.as_ref()).map(|s| s.id.clone());
    (choice.map(|c| c.live.id.clone()), shadow)
}

/// Ends whatever of `rows` holds the place of a new row of this mode, and adds it.
fn make(rows: &mut Vec<Activation>, new: Activation) {
    for row in rows.iter_mut().filter(|row| row.is_live() && row.scope == new.scope) {
        let same = row.mode.is_candidate() == new.mode.is_candidate();
        // What is promoted is a candidate no more.
        let promoted = new.mode == Mode::Active && row.mode.is_candidate() && row.same_policy(&new);
        if same || promoted {
            row.ended_generation = Some(new.generation);
        }
    }
    rows.push(new);
}

proptest! {
    #[test]
    fn raising_the_percentage_only_adds_records(number in "[A-Z]{3}-20[0-9]{2}-[0-9]{6}", low in 1_u8..=99, high in 1_u8..=99) {
        let (low, high) = (low.min(high), low.max(high));
        let side = |percent| {
            let candidate = Activation { digest: "c".to_owned(), ..activation(2, Mode::Canary(percent)) };
            judged(&[activation(1, Mode::Active), candidate], &number, 0).0.unwrap() == "2"
        };
        prop_assert!(!side(low) || side(high));
    }

    #[test]
    fn a_shadow_never_changes_who_decides(n in 0_u32..1000, at in 0_i64..9000, percent in 1_u8..=99) {
        let number = format!("INC-2026-{n:06}");
        let service = Scope::Service("SVC-1".to_owned());
        let rows = [
            activation(1, Mode::Active),
            Activation { opened_after: true, ..activation(3, Mode::Canary(percent)) },
            Activation { scope: service.clone(), opened_after: true, ..activation(4, Mode::Active) },
        ];
        let without = judged(&rows, &number, at);
        prop_assert_eq!(without.1, None);
        let mut with = rows.to_vec();
        with.push(Activation { scope: service, ..activation(5, Mode::Shadow) });
        with.push(Activation { scope: Scope::Kind("incident".to_owned()), ..activation(6, Mode::Shadow) });
        let with = judged(&with, &number, at);
        prop_assert_eq!(without.0, with.0);
        prop_assert_eq!(with.1, Some("5".to_owned()));
    }

    /// A model of one scope: at every step something becomes active, for all records or for those opened from then on.
    #[test]
    fn records_opened_before_keep_their_judge(steps in proptest::collection::vec(any::<bool>(), 1..12)) {
        let mut rows = Vec::new();
        // The judge of a record opened half a second after each step; the first is opened before any.
        let mut judges: Vec<Option<i64>> = vec![None];
        for (n, opened_after) in (1_i64..).zip(steps) {
            make(&mut rows, Activation { opened_after, ..activation(n, Mode::Active) });
            if !opened_after {
                judges.fill(Some(n));
            }
            judges.push(Some(n));
            let expected: Vec<Option<String>> = judges.iter().map(|judge| judge.map(|n| n.to_string())).collect();
            let found: Vec<Option<String>> =
                (0..=n).map(|k| judged(&rows, "INC-2026-000001", k * 1000 + 500).0).collect();
            prop_assert_eq!(found, expected);
        }
    }

    /// Whoever judges a record when it is opened judges it after the canary was raised and promoted.
    #[test]
    fn a_canary_for_new_records_changes_no_judge(n in 0_u32..10_000, low in 1_u8..=50, more in 0_u8..=49) {
        let number = format!("INC-2026-{n:06}");
        let policy = |row: Activation| Activation { digest: "c".to_owned(), opened_after: true, ..row };
        let steps = [
            activation(1, Mode::Active),
            policy(activation(2, Mode::Canary(low))),
            policy(activation(3, Mode::Canary(low + more))),
            policy(activation(4, Mode::Active)),
        ];
        let mut rows = Vec::new();
        let mut had: Vec<(i64, String)> = Vec::new();
        for step in steps {
            let opened = step.at.0 + 500;
            make(&mut rows, step);
            had.push((opened, judged(&rows, &number, opened).0.unwrap()));
            for (at, digest) in &had {
                let is = judged(&rows, &number, *at).0.unwrap();
                prop_assert_eq!(&is, digest, "opened at {}", at);
            }
        }
    }
}

#[test]
fn a_share_is_about_its_percentage() {
    let candidate = activation(2, Mode::Canary(30));
    let on_side = (0..10_000).filter(|n| bucket(&candidate, &format!("INC-2026-{n:06}")) < 30).count();
    assert!((2_850..3_150).contains(&on_side), "{on_side}");
}

#[test]
fn the_most_specific_scope_decides_and_a_scope_without_a_judge_gives_way() {
    let service = |row: Activation| Activation { scope: Scope::Service("SVC-1".to_owned()), ..row };
    let rows = [activation(1, Mode::Active), service(activation(2, Mode::Active))];
    assert_eq!(judged(&rows, "INC-1", 0).0.as_deref(), Some("2"));
    let new_only = Activation { opened_after: true, ..rows[1].clone() };
    let rows = [rows[0].clone(), new_only];
    assert_eq!(judged(&rows, "INC-1", 1_999).0.as_deref(), Some("1"));
    assert_eq!(judged(&rows, "INC-1", 2_000).0.as_deref(), Some("2"));
    // A candidate below a more specific scope's word is not asked.
    let rows = [activation(1, Mode::Active), service(activation(2, Mode::Active)), activation(3, Mode::Shadow)];
    assert_eq!(judged(&rows, "INC-1", 0).1, None);
    // One beside an organisation's word is, where nobody decides in its own scope yet.
    let rows = [activation(1, Mode::Active), service(activation(2, Mode::Shadow))];
    assert_eq!(judged(&rows, "INC-1", 0), (Some("1".to_owned()), Some("2".to_owned())));
}

#[test]
fn a_planned_activation_decides_nothing() {
    let plan = Activation { effective_from: Some(Instant(1)), ..activation(2, Mode::Planned) };
    assert_eq!(judged(&[activation(1, Mode::Active), plan.clone()], "INC-1", 5_000).0.as_deref(), Some("1"));
    assert_eq!(judged(&[plan], "INC-1", 5_000), (None, None));
}

#[test]
fn a_rollback_to_one_that_left_records_alone_leaves_them_alone_again() {
    let mut rows = Vec::new();
    make(&mut rows, activation(1, Mode::Active));
    make(&mut rows, Activation { opened_after: true, ..activation(2, Mode::Active) });
    make(&mut rows, activation(3, Mode::Active));
    assert_eq!(judged(&rows, "INC-1", 500).0.as_deref(), Some("3"));
    let back = Activation {
        digest: "d2".to_owned(),
        opened_after: true,
        effective_from: Some(Instant(2000)),
        before_generation: 1,
        ..activation(4, Mode::Active)
    };
    make(&mut rows, back);
    assert_eq!(judged(&rows, "INC-1", 500).0.as_deref(), Some("1"));
    assert_eq!(judged(&rows, "INC-1", 2500).0.as_deref(), Some("4"));
}

#[test]
fn words_read_back() {
    for (word, percent) in [("active", None), ("shadow", None), ("canary", Some(7)), ("planned", None)] {
        let mode = Mode::from_parts(word, percent).unwrap();
        assert_eq!((mode.as_str(), mode.percent()), (word, percent));
    }
    for percent in [None, Some(0), Some(100)] {
        assert_eq!(Mode::from_parts("canary", percent), None);
    }
    for word in OnFailure::WORDS {
        assert_eq!(OnFailure::parse(word).unwrap().as_str(), word);
    }
}
