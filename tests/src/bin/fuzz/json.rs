//! Damage to JSON that stays JSON.

use serde_json::{Map, Number, Value};

use crate::dice::Dice;

/// Whole numbers at edges.
const NUMBERS: [i64; 12] =
    [0, 1, -1, 100, 101, i64::MAX, i64::MIN, 1 << 53, -(1 << 53), (1 << 53) + 1, u32::MAX as i64 + 1, 253_402_300_800];

const TEXTS: [&str; 10] =
    ["", " ", "配置项", "\u{0}", "\u{202e}", "P1", "2026-02-30T25:61:61Z", "9999-12-31T23:59:59Z", "1e400", "-0.00"];

/// Changes a value in one to four places.
pub(crate) fn damage(dice: &mut Dice, value: &mut Value) {
    for _ in 0..=dice.below(3) {
        change(dice, value, 0);
    }
}

fn change(dice: &mut Dice, value: &mut Value, depth: usize) {
    // Mostly further down: what lies at the top is refused at once.
    let deeper = depth < 12 && dice.percent(85);
    match value {
        Value::Object(map) if deeper && !map.is_empty() => {
            let at = dice.below(map.len());
            if let Some((_, inner)) = map.iter_mut().nth(at) {
                change(dice, inner, depth + 1);
            }
        }
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = dice.below(list.len());
            change(dice, &mut list[at], depth + 1);
        }
        Value::Object(map) => object(dice, map),
        Value::Array(list) => array(dice, list),
        leaf => *leaf = other(dice, leaf),
    }
}

fn object(dice: &mut Dice, map: &mut Map<String, Value>) {
    let Some(name) = map.keys().nth(dice.below(map.len())).cloned() else { return };
    match dice.below(3) {
        0 => drop(map.remove(&name)),
        1 => drop(map.insert("unheard_of".to_owned(), Value::Null)),
        _ => drop(map.insert(name, Value::Null)),
    }
}

fn array(dice: &mut Dice, list: &mut Vec<Value>) {
    if list.is_empty() {
        list.push(Value::Null);
        return;
    }
    let (at, to) = (dice.below(list.len()), dice.below(list.len()));
    match dice.below(4) {
        0 => drop(list.remove(at)),
        1 => list.insert(to, list[at].clone()),
        2 => list.swap(at, to),
        _ => {
            let one = list[at].clone();
            list.extend(std::iter::repeat_n(one, dice.below(300)));
        }
    }
}

/// Another leaf, mostly of the same type.
fn other(dice: &mut Dice, leaf: &Value) -> Value {
    if dice.percent(12) {
        let strange = [Value::Null, true.into(), 1.into(), "x".into(), 0.5.into(), Value::Array(Vec::new())];
        return dice.pick(&strange).clone();
    }
    match leaf {
        Value::Number(number) => match number.as_i64() {
            Some(known) if dice.percent(60) => {
                let near =
                    [known.wrapping_add(1), known.wrapping_sub(1), known.wrapping_neg(), known.wrapping_mul(1000)];
                (*dice.pick(&near)).into()
            }
            _ => Value::Number(Number::from(*dice.pick(&NUMBERS))),
        },
        Value::Bool(known) => (!known).into(),
        Value::String(text) => {
            let mut text = text.clone();
            match dice.below(4) {
                0 => text = (*dice.pick(&TEXTS)).to_owned(),
                1 => text.push_str(dice.pick::<&str>(&TEXTS)),
                2 => text = text.repeat(1 + dice.below(200)),
                _ => {
                    // A digit of a time or an amount.
                    let mut bytes = text.into_bytes();
                    let at = dice.below(bytes.len());
                    if let Some(byte) = bytes.get_mut(at).filter(|byte| byte.is_ascii_digit()) {
                        *byte = *dice.pick(b"0123456789");
                    }
                    text = String::from_utf8_lossy(&bytes).into_owned();
                }
            }
            text.into()
        }
        other => other.clone(),
    }
}
