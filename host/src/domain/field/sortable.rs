//! Values as texts whose byte order is the order of the values.
//!
//! A list filters and sorts by these texts in the database, which must compare them byte by byte
//! (`COLLATE "C"` in PostgreSQL, `BINARY` in SQLite). The encodings:
//!
//! | Type | Text |
//! |---|---|
//! | `str`, `enum`, `ref`, `user`, `role`, `date` | the value itself |
//! | `int`, `dur` | the value + 2^53 as 17 decimal digits |
//! | `instant` | `YYYY-MM-DDTHH:MM:SS.mmmZ`, always with milliseconds |
//! | `bool` | `false`, `true` |
//! | `dec` | `1`, two digits counting the digits before the point, those digits, the digits after the point; for a negative number `0` and the same with every digit replaced by 9 − digit, then `~` |
//! | `money` | the amount as a `dec`, a space, the currency |

use mortise_types::money::Decimal;
use serde_json::{Value, json};

use super::{Field, FieldType, Format, value};
use crate::domain::kind::Label;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::time::Instant;

/// The sortable text of a value in the form that records keep.
///
/// `None` for a value of another type, for null, and for types that are not sortable
/// (`text`, `map`, `window`, lists: their items are encoded one by one).
pub fn encode(ty: &FieldType, value: &Value) -> Option<String> {
    match ty {
        FieldType::Str
        | FieldType::Enum(_)
        | FieldType::Ref(_)
        | FieldType::User
        | FieldType::Role
        | FieldType::Date => value.as_str().map(str::to_owned),
        FieldType::Int | FieldType::Dur => value.as_i64().map(int),
        FieldType::Instant => value.as_str()?.parse().ok().map(Instant::sortable),
        FieldType::Bool => value.as_bool().map(|value| value.to_string()),
        FieldType::Dec => value.as_str()?.parse().ok().map(dec),
        FieldType::Money => {
            let amount = value.get("amount")?.as_str()?.parse().ok().map(dec)?;
            Some(format!("{amount} {}", value.get("currency")?.as_str()?))
        }
        FieldType::Text | FieldType::Map | FieldType::Window | FieldType::List(_) => None,
    }
}

/// Whether values of both types have the same sortable text, so that an index made for one serves the other.
pub fn same_order(a: &FieldType, b: &FieldType) -> bool {
    let sort = |ty: &FieldType| match ty.item() {
        FieldType::Str
        | FieldType::Enum(_)
        | FieldType::Ref(_)
        | FieldType::User
        | FieldType::Role
        | FieldType::Date => Some(FieldType::Str),
        FieldType::Int | FieldType::Dur => Some(FieldType::Int),
        FieldType::Text | FieldType::Map | FieldType::Window | FieldType::List(_) => None,
        other => Some(other.clone()),
    };
    sort(a) == sort(b)
}

/// The sortable text of a value given in plain text, as a list's filter gives it: `3`, `true`,
/// `2026-03-31`, `12.50 CNY`. For money the amount alone is accepted too: it bounds a range.
///
/// # Errors
///
/// [`rule::TYPE`] (or a narrower rule) about `path`, when the text is no value of the type.
pub fn encode_text(path: &str, ty: &FieldType, text: &str) -> Result<String, Refusal> {
    let refused = |message: &str| Refusal::invalid(rule::TYPE, path, format!("{path} {message}"));
    let value = match ty {
        FieldType::Int | FieldType::Dur => {
            json!(text.parse::<i64>().map_err(|_| refused("is filtered by whole numbers"))?)
        }
        FieldType::Bool => {
            json!(text.parse::<bool>().map_err(|_| refused("is filtered by true or false"))?)
        }
        FieldType::Money => match text.split_once(' ') {
            Some((amount, currency)) => json!({ "amount": amount, "currency": currency }),
            None => {
                let amount = text.parse().map_err(|_| refused("is filtered by amounts like \"12.50 CNY\""))?;
                return Ok(dec(amount));
            }
        },
        _ => json!(text),
    };
    let field = Field {
        name: path.to_owned(),
        ty: ty.clone(),
        required: false,
        required_when: None,
        on_create: false,
        may_be_empty: false,
        known: false,
        happened: None,
        indexed: true,
        computed: false,
        default: None,
        min: None,
        max: None,
        format: None::<Format>,
        shape: None,
        formula: None,
        label: Label { en: String::new(), zh: String::new() },
    };
    let value = value::normalise(&field, &value).map_err(Refusal::fields)?;
    encode(ty, &value).ok_or_else(|| refused("cannot be filtered by"))
}

fn int(value: i64) -> String {
    let shifted = value.clamp(-value::MAX_INT, value::MAX_INT) + value::MAX_INT;
    format!("{shifted:017}")
}

fn dec(value: Decimal) -> String {
    let text = value.to_string();
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let magnitude = format!("{:02}{whole}{fraction}", whole.len());
    if value.is_negative() {
        let complement = magnitude.bytes().map(|digit| char::from(b'9' - (digit - b'0')));
        format!("0{}~", complement.collect::<String>())
    } else {
        format!("1{magnitude}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn encodings_of_every_type() {
        let enc = |ty: &str, value: Value| encode(&ty.parse().unwrap(), &value);
        assert_eq!(enc("int", json!(3)).unwrap(), "09007199254740995");
        assert_eq!(enc("int", json!(-1)).unwrap(), "09007199254740991");
        assert_eq!(enc("bool", json!(true)).unwrap(), "true");
        assert_eq!(enc("dec", json!("12.50")).unwrap(), "102125");
        assert_eq!(enc("dec", json!("-12.5")).unwrap(), "097874~");
        assert_eq!(enc("dec", json!("0")).unwrap(), "100");
        assert_eq!(enc("money", json!({"amount": "12.50", "currency": "CNY"})).unwrap(), "102125 CNY");
        assert_eq!(enc("instant", json!("2026-03-31T09:30:00+08:00")).unwrap(), "2026-03-31T01:30:00.000Z");
        assert_eq!(enc("enum(a|b)", json!("b")).unwrap(), "b");
        for (ty, value) in [
            ("int", json!("3")),
            ("text", json!("x")),
            ("map", json!({})),
            ("list<int>", json!([1])),
            ("str", json!(null)),
        ] {
            assert_eq!(enc(ty, value), None, "{ty}");
        }
    }

    #[test]
    fn filters_are_read_from_text() {
        let enc = |ty: &str, text: &str| encode_text("f", &ty.parse().unwrap(), text);
        assert_eq!(enc("int", "3").unwrap(), "09007199254740995");
        assert_eq!(enc("money", "12.5 CNY").unwrap(), "102125 CNY");
        assert_eq!(enc("money", "12.50").unwrap(), "102125");
        assert_eq!(enc("dec", "12.50").unwrap(), "102125");
        assert_eq!(enc("bool", "false").unwrap(), "false");
        assert_eq!(enc("ref(SVC)", "SVC-2026-000001").unwrap(), "SVC-2026-000001");
        for (ty, text, rule) in [
            ("int", "three", "type"),
            ("bool", "yes", "type"),
            ("enum(a|b)", "c", "enum"),
            ("ref(SVC)", "CI-2026-000001", "reference"),
            ("date", "2026-02-30", "type"),
            ("money", "12.505 CNY", "range"),
            ("map", "x", "type"),
        ] {
            let refusal = enc(ty, text).unwrap_err();
            assert_eq!(refusal.rule, rule, "{ty} {text}");
            assert!(refusal.field.unwrap().starts_with('f'));
        }
    }

    fn decimal() -> impl Strategy<Value = (i128, u32)> {
        (-1_000_000_000_i128..1_000_000_000, 0_u32..6)
    }

    proptest! {
        #[test]
        fn ints_sort(a in -value::MAX_INT..=value::MAX_INT, b in -value::MAX_INT..=value::MAX_INT) {
            let enc = |value: i64| encode(&FieldType::Int, &json!(value)).unwrap();
            prop_assert_eq!(enc(a).cmp(&enc(b)), a.cmp(&b));
        }

        #[test]
        fn decimals_and_amounts_sort(a in decimal(), b in decimal()) {
            let text = |(mantissa, scale): (i128, u32)| mortise_types::money::format_minor(mantissa, scale as u8);
            let scaled = |(mantissa, scale): (i128, u32)| mantissa * 10_i128.pow(6 - scale);
            let order = scaled(a).cmp(&scaled(b));
            let enc = |value| encode(&FieldType::Dec, &json!(text(value))).unwrap();
            prop_assert_eq!(enc(a).cmp(&enc(b)), order);
            let money = |value| {
                encode(&FieldType::Money, &json!({"amount": text(value), "currency": "CNY"})).unwrap()
            };
            prop_assert_eq!(money(a).cmp(&money(b)), order);
        }

        #[test]
        fn equal_decimals_have_one_text(mantissa in -100_000_i64..100_000, zeros in 0_usize..5) {
            let enc = |text: String| encode(&FieldType::Dec, &json!(text)).unwrap();
            prop_assert_eq!(enc(format!("{mantissa}.{}", "0".repeat(zeros + 1))), enc(mantissa.to_string()));
        }
    }
}
