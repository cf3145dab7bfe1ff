//! Valid values of fields.

use mortise::domain::field::{FieldType, Format, Target};
use mortise::domain::{Field, Instant, Role};
use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::model::Model;

/// Makes values.
pub(super) struct Values<'a> {
    pub(super) dice: &'a mut Dice,
    pub(super) model: &'a Model,
    /// Hours since the walk began.
    pub(super) hours: i64,
}

impl Values<'_> {
    /// A valid value of a field; `None` where it would have to point to a record that there is not.
    pub(super) fn of(&mut self, field: &Field) -> Option<Value> {
        match (&field.ty, field.format) {
            (_, Some(Format::TimeZone)) => Some(json!("Asia/Shanghai")),
            (_, Some(Format::Currency)) => Some(json!("CNY")),
            (FieldType::Str, Some(Format::Period)) => Some(json!(format!("2026-{:02}", 1 + self.dice.roll(12)))),
            (FieldType::List(_), Some(Format::Period)) => Some(json!(["2026-03", "2026-04"])),
            (FieldType::Int, _) => {
                let low = field.min.unwrap_or(0);
                let high = field.max.unwrap_or(low + 20);
                Some(json!(low + self.dice.roll((high - low).unsigned_abs() + 1) as i64))
            }
            (FieldType::Map, _) => self.map(field),
            (FieldType::List(item), _) if **item == FieldType::Map => {
                let count = self.dice.roll(3);
                Some(Value::Array((0..count).filter_map(|_| self.map(field)).collect()))
            }
            (ty, _) => self.typed(ty),
        }
    }

    fn map(&mut self, field: &Field) -> Option<Value> {
        let mut map = Map::new();
        for (key, entry) in field.shape.iter().flatten() {
            if entry.optional && self.dice.roll(2) == 0 {
                continue;
            }
            let value = match entry.min {
                Some(min) => Some(json!(min + self.dice.roll(3) as i64)),
                None => self.typed(&entry.ty),
            };
            match value {
                Some(value) => drop(map.insert(key.clone(), value)),
                None if entry.optional => {}
                None => return None,
            }
        }
        Some(Value::Object(map))
    }

    fn day(&mut self) -> Instant {
        let start: Instant = crate::app::START.parse().unwrap();
        let days = self.dice.roll(160) as i64 - 40;
        start.plus((self.hours + 24 * days) * 3_600_000)
    }

    fn typed(&mut self, ty: &FieldType) -> Option<Value> {
        Some(match ty {
            FieldType::Str => json!(*self.dice.of(&["one", "two", "a text", "服务", "4.1", "1.0"])),
            FieldType::Text => json!(format!("text {}", self.dice.roll(1000))),
            FieldType::Int => json!(1 + self.dice.roll(5)),
            FieldType::Dur => json!(600 * (1 + self.dice.roll(40))),
            FieldType::Dec => json!(format!("{}.{}", self.dice.roll(100), self.dice.roll(10))),
            FieldType::Money => {
                let amount = *self.dice.of(&["0.00", "800.00", "9999.50", "12000.00", "60000.00"]);
                json!({ "amount": amount, "currency": "CNY" })
            }
            FieldType::Date => json!(self.day().to_string()[..10]),
            FieldType::Instant => json!(self.day().to_string()),
            FieldType::Window => json!(["09:00", "12:00"]),
            FieldType::Bool => json!(self.dice.roll(2) == 0),
            FieldType::Enum(options) => json!(self.dice.of(options)),
            FieldType::Ref(Target::Kind(prefix)) => json!(self.model.number_of(prefix, self.dice)?),
            FieldType::Ref(Target::Any) => json!(self.model.number(self.dice)?),
            FieldType::List(item) => {
                let count = 1 + self.dice.roll(2);
                let mut items: Vec<Value> = (0..count).filter_map(|_| self.typed(item)).collect();
                items.dedup();
                if items.is_empty() {
                    return None;
                }
                Value::Array(items)
            }
            FieldType::Map => json!({}),
            FieldType::User => json!(*self.dice.of(&["ann", "bob", "cai", "dan", "eve", "fay", "gao", "han"])),
            FieldType::Role => json!(self.dice.of(&Role::ALL)),
        })
    }
}
