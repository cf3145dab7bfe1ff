//! The other records that an expression reads.

use serde_json::Value;

use super::Seen;
use crate::domain::Kind;
use crate::domain::expression::Scope;
use crate::domain::field::{FieldType, encode_text};
use crate::domain::kind::Related;
use crate::domain::record::Record;
use crate::flows::{Desk, FlowError};
use crate::store::listing::{Filter, ListQuery, SortKey, Subject, Test};

/// Records that one expression reads at most, the newest; where a field may have one of several values, for each of them.
const MOST: usize = 200;

/// Gives the records; whatever was read to find them goes to `held` with its revision.
pub(super) async fn fetch(
    seen: &Seen<'_>,
    scope: &Scope,
    related: &Related,
    held: &mut Vec<(String, i64)>,
) -> Result<Vec<Record>, FlowError> {
    let found = find(seen, scope, related, held).await?;
    held.extend(found.iter().map(|record| (record.number.clone(), record.revision)));
    Ok(found)
}

async fn find(
    seen: &Seen<'_>,
    scope: &Scope,
    related: &Related,
    held: &mut Vec<(String, i64)>,
) -> Result<Vec<Record>, FlowError> {
    let (store, org) = (&seen.desk.store, seen.record.org.as_str());
    match related {
        Related::Field(by) => {
            let mut steps = by.field.split('.');
            let first = steps.next().map(|field| numbers(seen.record, field)).unwrap_or_default();
            let mut found = store.records(org, &first).await?;
            for field in steps {
                held.extend(found.iter().map(|record| (record.number.clone(), record.revision)));
                let next: Vec<String> = found.iter().flat_map(|record| numbers(record, field)).collect();
                found = store.records(org, &next).await?;
            }
            Ok(found)
        }
        Related::Back(back) => {
            let wanted = [(back.by.clone(), Value::from(seen.record.number.as_str()))];
            of_kind(seen, &back.kind, &wanted).await
        }
        Related::Where(by) => {
            let mut wanted = Vec::with_capacity(by.values.len());
            for (field, expression) in &by.values {
                match expression.value(scope) {
                    Ok(value) if !value.is_null() => wanted.push((field.clone(), value)),
                    // Nothing has the value of a field that this record does not have.
                    _ => return Ok(Vec::new()),
                }
            }
            of_kind(seen, &by.kind, &wanted).await
        }
    }
}

/// What a reference field of a record says.
fn numbers(record: &Record, field: &str) -> Vec<String> {
    match record.data.get(field) {
        Some(Value::String(number)) => vec![number.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(|i| i.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// Records of a kind with these values, but for the record itself.
async fn of_kind(seen: &Seen<'_>, slug: &str, wanted: &[(String, Value)]) -> Result<Vec<Record>, FlowError> {
    let kinds = seen.desk.kinds(&seen.record.org);
    let Some(kind) = kinds.get(slug) else { return Ok(Vec::new()) };
    let mut found = same(seen, kind, wanted).await?;
    found.retain(|record| record.number != seen.record.number);
    Ok(found)
}

async fn same(seen: &Seen<'_>, kind: &Kind, wanted: &[(String, Value)]) -> Result<Vec<Record>, FlowError> {
    let limit = wanted.iter().fold(MOST, |limit, (_, value)| limit * value.as_array().map_or(1, Vec::len));
    let wanted: Vec<(&str, Value)> = wanted.iter().map(|(field, value)| (field.as_str(), value.clone())).collect();
    newest(seen.desk, &seen.record.org, kind, &wanted, limit).await
}

/// The newest records of a kind with these values of indexed fields or of the state; of a list, any of its values.
pub(in crate::flows) async fn newest(
    desk: &Desk,
    org: &str,
    kind: &Kind,
    wanted: &[(&str, Value)],
    limit: usize,
) -> Result<Vec<Record>, FlowError> {
    let mut filters = Vec::with_capacity(wanted.len());
    for (field, value) in wanted {
        let Some(filter) = filter(kind, field, value) else { return Ok(Vec::new()) };
        filters.push(filter);
    }
    let query = ListQuery {
        org: org.to_owned(),
        kind: kind.slug.clone(),
        filters,
        sort: SortKey::Created,
        descending: true,
        after: None,
        limit,
        only: None,
        text: None,
    };
    Ok(desk.store.list(&query).await?.records)
}

/// The filter for a value of an indexed field or of the state, or for any value of a list; `None` where nothing can have it.
pub(in crate::flows) fn filter(kind: &Kind, field: &str, value: &Value) -> Option<Filter> {
    let one = std::slice::from_ref(value);
    let texts = value.as_array().map_or(one, Vec::as_slice).iter().map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let (several, any): (bool, Vec<String>) = if field == "state" {
        (false, texts.collect())
    } else {
        let of = kind.indexed(field)?;
        let several = kind.field(field).is_some_and(|field| matches!(field.ty, FieldType::List(_)));
        (several, texts.filter_map(|text| encode_text(field, of, &text).ok()).collect())
    };
    let subject = Subject::Path(field.to_owned(), several);
    (!any.is_empty()).then_some(Filter { subject, test: Test::AnyOf(any) })
}
