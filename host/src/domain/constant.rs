//! The constants of the domain guide that are defaults (DEF): settings of an organisation, never
//! literals. `host/kinds/constants.toml` lists them; the configuration's `[policy.constants]`
//! gives them other values; expressions in kind files read them as `policy.NAME`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::kind::Label;

/// A constant of the guide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The guide's value.
    pub value: i64,
    /// What it counts: days, months, percent …
    pub unit: String,
    /// What it decides.
    pub meaning: Label,
    /// Section of the domain guide.
    pub source: String,
}

static TEXT: &str = include_str!("../../kinds/constants.toml");

/// The constants of the guide, by name.
pub fn builtin() -> &'static BTreeMap<String, Constant> {
    static BUILTIN: LazyLock<BTreeMap<String, Constant>> = LazyLock::new(|| match toml::from_str(TEXT) {
        Ok(constants) => constants,
        // The file is part of the binary and a test reads it.
        Err(error) => unreachable!("constants.toml: {error}"),
    });
    &BUILTIN
}

/// Other values than the guide's, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Constants(BTreeMap<String, i64>);

impl Constants {
    /// The value of a constant.
    pub fn get(&self, name: &str) -> Option<i64> {
        self.0.get(name).copied().or_else(|| builtin().get(name).map(|constant| constant.value))
    }

    /// Every constant with its value.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, i64)> {
        builtin().iter().map(|(name, constant)| (name.as_str(), self.0.get(name).copied().unwrap_or(constant.value)))
    }

    /// Every constant, as expressions read them by `policy.NAME`.
    pub fn to_json(&self) -> Value {
        Value::Object(self.all().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }
}

impl<'de> Deserialize<'de> for Constants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = BTreeMap::<String, i64>::deserialize(deserializer)?;
        match given.keys().find(|name| !builtin().contains_key(*name)) {
            None => Ok(Self(given)),
            Some(unknown) => {
                let hint = super::nearest::hint(unknown, builtin().keys().map(String::as_str));
                Err(serde::de::Error::custom(format!("there is no constant '{unknown}'{hint}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_guides_constants_can_be_set_by_name() {
        let (name, constant) = builtin().iter().next().unwrap();
        assert_eq!(Constants::default().get(name), Some(constant.value));
        let other: Constants = serde_json::from_value(serde_json::json!({ name: constant.value + 1 })).unwrap();
        assert_eq!(other.get(name), Some(constant.value + 1));
        assert_eq!(other.all().count(), builtin().len());
        assert_eq!(other.get("none"), None);
        let wrong = serde_json::from_value::<Constants>(serde_json::json!({ "none_such": 1 })).unwrap_err();
        assert!(wrong.to_string().contains("none_such"));
    }
}
