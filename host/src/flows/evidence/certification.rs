//! The certification file and what has to be so before it goes out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::find::Finder;
use super::found::{Language, RecordFound};
use super::permit;
use crate::domain::Actor;
use crate::domain::evidence::{CertificationItem, Evidence, Need, Precondition, Proof, Test, item_states, missing};
use crate::domain::measure::{Exact, Lies, Population, Span, population_missing};
use crate::domain::record::Record;
use crate::domain::time::{add_months, local_date};
use crate::flows::{Desk, FlowError};
use crate::store::figures::Page;

/// More certification records than this are not looked at.
const MOST: i64 = 1_000;
/// States of an item that counts as ready.
const READY: [&str; 3] = ["ready", "submitted", "accepted"];

/// The certification file.
#[derive(Clone, Debug, Serialize)]
pub struct CertificationFound {
    /// When it was made.
    pub generated_at: String,
    /// Items that are ready, submitted or accepted.
    pub ready: usize,
    /// Items in all.
    pub of: usize,
    /// Share of the ready ones in per cent, one decimal.
    pub percent: String,
    /// Whether all items and all preconditions are met.
    pub complete: bool,
    /// The items.
    pub items: Vec<CertificationState>,
    /// The preconditions.
    pub preconditions: Vec<PreconditionState>,
}

/// An item of the file.
#[derive(Clone, Debug, Serialize)]
pub struct CertificationState {
    /// `1` to `9`, `5a` to `5p`.
    pub id: String,
    /// What it is.
    pub title: String,
    /// `open`, `ready`, `submitted` or `accepted`.
    pub state: String,
    /// Whether the records show all that it needs.
    pub shown: bool,
    /// The certification record that says its state.
    pub record: Option<RecordFound>,
    /// What it needs.
    pub needs: Vec<NeedState>,
}

/// Something that an item needs.
#[derive(Clone, Debug, Serialize)]
pub struct NeedState {
    /// What it is.
    pub text: String,
    /// How many records show it.
    pub count: i64,
    /// What is missing, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// The records.
    pub records: Vec<RecordFound>,
}

/// Something that has to be so before the file goes out.
#[derive(Clone, Debug, Serialize)]
pub struct PreconditionState {
    /// Its name.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Whether it is so.
    pub met: bool,
    /// Why, in words.
    pub because: String,
}

/// The certification file as of now.
///
/// # Errors
/// Not allowed; the database's errors.
pub async fn certification(
    desk: &Desk,
    actor: &Actor,
    lang: Language,
    limit: i64,
) -> Result<CertificationFound, FlowError> {
    permit(actor)?;
    let kinds = desk.kinds(&actor.org);
    let now = desk.clock.now();
    let today = local_date("UTC", now).unwrap_or_default();
    // The file is about what is there now.
    let span = Span::new(today, today, "UTC").map_err(|e| crate::domain::refusal::Refusal::not_found(e.to_string()))?;
    let finder = Finder { desk, actor, kinds: &kinds, span: &span, now, lang, limit };
    let evidence = Evidence::builtin();
    let records = records(finder).await?;
    let mut needs = Vec::new();
    for item in &evidence.certification {
        needs.push(shown(finder, item).await?);
    }
    let found = evidence.certification.iter().zip(&needs);
    let derived = found.map(|(item, needs)| (item.id.as_str(), needs.iter().all(|need| need.count > 0)));
    let states: BTreeMap<String, String> = records.iter().map(|(id, r)| (id.clone(), r.state.clone())).collect();
    let states: Vec<String> = item_states(derived, &states).into_iter().map(|(_, state)| state.to_owned()).collect();
    let items: Vec<CertificationState> = evidence
        .certification
        .iter()
        .zip(needs)
        .zip(states)
        .map(|((item, needs), state)| CertificationState {
            id: item.id.clone(),
            title: lang.of(&item.title),
            state,
            shown: needs.iter().all(|need| need.count > 0),
            record: records.get(&item.id).map(|record| finder.record(record, &record.state)),
            needs,
        })
        .collect();
    let mut preconditions = Vec::new();
    for precondition in &evidence.preconditions {
        preconditions.push(judged(finder, precondition, &items, &records).await?);
    }
    let ready = items.iter().filter(|item| READY.contains(&item.state.as_str())).count();
    let share = |n: usize| i128::try_from(n).unwrap_or(i128::MAX);
    let percent = Exact::new(share(ready), share(items.len())).and_then(|s| s.times(100)).and_then(|s| s.decimal(1));
    Ok(CertificationFound {
        generated_at: now.to_string(),
        ready,
        of: items.len(),
        percent: percent.unwrap_or_default(),
        complete: ready == items.len() && preconditions.iter().all(|precondition| precondition.met),
        items,
        preconditions,
    })
}

/// The newest certification record of each item.
async fn records(finder: Finder<'_>) -> Result<BTreeMap<String, Record>, FlowError> {
    let of = standing(&["CRT"]);
    let rows = finder.desk.store.population(finder.lens(), &of, &[], Page::first(MOST)).await?;
    let mut found = BTreeMap::new();
    for (record, _) in rows {
        if let Some(item) = record.text("item").map(str::to_owned) {
            // The newest come first.
            found.entry(item).or_insert(record);
        }
    }
    Ok(found)
}

fn standing(prefixes: &[&str]) -> Population {
    let kinds = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
    Population { kinds, lies: Lies::Standing, states: Vec::new(), that: Vec::new() }
}

async fn shown(finder: Finder<'_>, item: &CertificationItem) -> Result<Vec<NeedState>, FlowError> {
    let mut found = Vec::new();
    match &item.proof {
        Proof::Needs(needs) => {
            for need in needs {
                found.push(needed(finder, need).await?);
            }
        }
        // The comparison is made from the records; it needs documents to compare.
        Proof::Matrix => {
            let text = crate::domain::kind::Label {
                en: "Documents to compare with the standard".to_owned(),
                zh: "可与标准对照的文件".to_owned(),
            };
            let of = Population { states: ["approved", "effective"].map(str::to_owned).to_vec(), ..standing(&["DOC"]) };
            found.push(needed(finder, &Need { text, of }).await?);
        }
    }
    Ok(found)
}

async fn needed(finder: Finder<'_>, need: &Need) -> Result<NeedState, FlowError> {
    let text = finder.lang.of(&need.text);
    // Of several kinds some may not be there: the others still count.
    let unknown = population_missing(&Population { that: Vec::new(), ..need.of.clone() }, finder.kinds);
    let known = need.of.kinds.iter().filter(|prefix| finder.kinds.by_prefix(prefix).is_some()).count();
    if known == 0 {
        return Ok(NeedState { text, count: 0, missing: Some(unknown.join("; ")), records: Vec::new() });
    }
    let tallies = finder.desk.store.tally(finder.lens(), &need.of, None, &[]).await?;
    let count = tallies.iter().map(|tally| tally.all).sum();
    if count == 0 {
        let any = Population { states: Vec::new(), that: Vec::new(), ..need.of.clone() };
        let others = finder.desk.store.tally(finder.lens(), &any, None, &[]).await?;
        let others = others.iter().map(|tally| tally.all).sum();
        let words = finder.lang.of(&missing(&need.of, others, finder.span, finder.kinds));
        return Ok(NeedState { text, count, missing: Some(words), records: Vec::new() });
    }
    let readable = finder.readable(&need.of);
    let rows = finder.desk.store.population(finder.lens(), &readable, &[], Page::first(finder.limit)).await?;
    let records = rows.iter().map(|(record, state)| finder.record(record, state)).collect();
    Ok(NeedState { text, count, missing: None, records })
}

async fn judged(
    finder: Finder<'_>,
    precondition: &Precondition,
    items: &[CertificationState],
    records: &BTreeMap<String, Record>,
) -> Result<PreconditionState, FlowError> {
    let (met, because) = match &precondition.test {
        Test::Item(id) => {
            let item = items.iter().find(|item| item.id == *id);
            let met = item.is_some_and(|item| READY.contains(&item.state.as_str()));
            let state = item.map_or("open", |item| item.state.as_str());
            (met, finder.word(&format!("item {id} is {state}"), &format!("材料项{id}：{state}")))
        }
        Test::RunningMonths(months) => running(finder, *months).await?,
        Test::Need(need) => {
            let found = needed(finder, need).await?;
            let numbers: Vec<&str> = found.records.iter().map(|record| record.number.as_str()).collect();
            (found.count > 0, found.missing.unwrap_or_else(|| numbers.join(", ")))
        }
        Test::Declared => {
            let declared = records.get(&precondition.id).filter(|record| READY.contains(&record.state.as_str()));
            let item = &precondition.id;
            let open = || {
                finder.word(
                    &format!("not declared: no certification item '{item}' is ready"),
                    &format!("未声明：没有就绪的认证材料项“{item}”"),
                )
            };
            (declared.is_some(), declared.map_or_else(open, |record| record.number.clone()))
        }
    };
    let title = finder.lang.of(&precondition.title);
    Ok(PreconditionState { id: precondition.id.clone(), title, met, because })
}

async fn running(finder: Finder<'_>, months: i32) -> Result<(bool, String), FlowError> {
    let Some(begun) = finder.desk.store.audit_begins(&finder.actor.org).await? else {
        return Ok((false, finder.word("the audit trail is empty", "审计记录为空")));
    };
    let day = |at| local_date("UTC", at).unwrap_or_default();
    let (since, enough) = (day(begun), add_months(day(begun), months));
    let met = enough <= day(finder.now);
    let words = finder.word(&format!("recorded since {since}"), &format!("自{since}起有记录"));
    Ok((met, words))
}
