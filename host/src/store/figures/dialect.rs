//! What the two databases say differently: paths in JSON, lists in JSON, dates and decimals in texts.

use crate::store::Backend;

/// A path of a definition in the form that a database writes it; `None` for a name that is no plain name.
fn keys(path: &str) -> Option<Vec<&str>> {
    let plain =
        |key: &&str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let keys: Vec<&str> = path.split('.').collect();
    keys.iter().all(plain).then_some(keys)
}

fn sqlite_path(keys: &[&str]) -> String {
    keys.iter().fold("$".to_owned(), |path, key| format!("{path}.\"{key}\""))
}

/// The scalar at a path of a JSON expression, as text; of the expression itself for an empty path.
pub(super) fn text(backend: Backend, json: &str, path: &str) -> String {
    match (backend, path) {
        (Backend::Sqlite, "") => format!("CAST({json} AS TEXT)"),
        (Backend::Postgres, "") => format!("({json}::jsonb #>> '{{}}')"),
        (backend, path) => match (backend, keys(path)) {
            (_, None) => "CAST(NULL AS TEXT)".to_owned(),
            (Backend::Sqlite, Some(keys)) => format!("CAST(json_extract({json}, '{}') AS TEXT)", sqlite_path(&keys)),
            (Backend::Postgres, Some(keys)) => format!("({json}::jsonb #>> '{{{}}}')", keys.join(",")),
        },
    }
}

/// The rows of a list at a path of a JSON expression: a table expression whose column `value` is the item.
pub(super) fn items(backend: Backend, json: &str, path: &str, alias: &str) -> String {
    let keys = keys(path).unwrap_or_default();
    match backend {
        Backend::Sqlite => format!("json_each({json}, '{}') AS {alias}", sqlite_path(&keys)),
        Backend::Postgres => format!(
            "jsonb_array_elements(COALESCE({json}::jsonb #> '{{{}}}', '[]'::jsonb)) AS {alias}(value)",
            keys.join(",")
        ),
    }
}

/// How a flag reads as text.
pub(super) fn flag(backend: Backend, flag: bool) -> &'static str {
    match (backend, flag) {
        (Backend::Sqlite, true) => "1",
        (Backend::Sqlite, false) => "0",
        (Backend::Postgres, true) => "true",
        (Backend::Postgres, false) => "false",
    }
}

/// A decimal text as millionths.
pub(super) fn micro(backend: Backend, text: &str) -> String {
    match backend {
        Backend::Postgres => format!("CAST(CAST({text} AS NUMERIC) * 1000000 AS BIGINT)"),
        // SQLite has no decimals: the digits before and after the point are read on their own.
        Backend::Sqlite => {
            let digits = format!("ltrim({text}, '-')");
            format!(
                "(CASE WHEN {text} LIKE '-%' THEN -1 ELSE 1 END * (CAST({digits} AS INTEGER) * 1000000 + \
                 CASE WHEN instr({digits}, '.') > 0 THEN \
                 CAST(substr(substr({digits}, instr({digits}, '.') + 1) || '000000', 1, 6) AS INTEGER) ELSE 0 END))"
            )
        }
    }
}

/// Milliseconds from 1970-01-01 to the midnight of a day on a clock that shows UTC; `text` is a date.
pub(super) fn day(backend: Backend, text: &str) -> String {
    match backend {
        Backend::Sqlite => format!("CAST(strftime('%s', {text}) AS INTEGER) * 1000"),
        Backend::Postgres => format!("CAST(CAST({text} AS DATE) - DATE '1970-01-01' AS BIGINT) * 86400000"),
    }
}

/// Milliseconds from 1970-01-01T00:00:00Z to a moment; `text` is a moment as records keep it.
pub(super) fn instant(backend: Backend, text: &str) -> String {
    match backend {
        Backend::Sqlite => format!(
            "(CAST(strftime('%s', substr({text}, 1, 19)) AS INTEGER) * 1000 + \
             CASE WHEN substr({text}, 20, 1) = '.' THEN CAST(substr({text}, 21, 3) AS INTEGER) ELSE 0 END)"
        ),
        Backend::Postgres => format!("CAST(EXTRACT(EPOCH FROM CAST({text} AS TIMESTAMPTZ)) * 1000 AS BIGINT)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_get_into_a_query() {
        assert_eq!(
            text(Backend::Sqlite, "r.data", "sla.met"),
            "CAST(json_extract(r.data, '$.\"sla\".\"met\"') AS TEXT)"
        );
        assert_eq!(text(Backend::Postgres, "r.data", "sla.met"), "(r.data::jsonb #>> '{sla,met}')");
        for path in ["a'b", "a b", "a..b", "a}", "a\"b"] {
            assert_eq!(text(Backend::Postgres, "r.data", path), "CAST(NULL AS TEXT)", "{path}");
        }
    }
}
