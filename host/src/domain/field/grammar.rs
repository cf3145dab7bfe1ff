//! The text form of field types: `int`, `enum(a|b)`, `ref(SVC)`, `list<ref(any)>`.

use std::str::FromStr;

use super::{Entry, FieldType, Target};
use crate::domain::number::is_prefix;

impl FromStr for FieldType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inside = |head: &str, tail: &str| text.strip_prefix(head)?.strip_suffix(tail);
        if let Some(item) = inside("list<", ">") {
            return Ok(Self::List(Box::new(item.parse()?)));
        }
        if let Some(options) = inside("enum(", ")") {
            return options_of(options).map(Self::Enum);
        }
        if let Some(prefix) = inside("ref(", ")") {
            return match prefix {
                "any" => Ok(Self::Ref(Target::Any)),
                prefix if is_prefix(prefix) => Ok(Self::Ref(Target::Kind(prefix.to_owned()))),
                _ => Err(format!("'{prefix}' is not the prefix of a record kind")),
            };
        }
        Ok(match text {
            "str" => Self::Str,
            "text" => Self::Text,
            "int" => Self::Int,
            "dec" => Self::Dec,
            "money" => Self::Money,
            "date" => Self::Date,
            "instant" => Self::Instant,
            "window" => Self::Window,
            "bool" => Self::Bool,
            "map" => Self::Map,
            "user" => Self::User,
            "role" => Self::Role,
            "dur" => Self::Dur,
            _ => return Err(format!("'{text}' is not a field type")),
        })
    }
}

fn options_of(text: &str) -> Result<Vec<String>, String> {
    let options: Vec<String> = text.split('|').map(str::to_owned).collect();
    for (index, option) in options.iter().enumerate() {
        if option.is_empty() || option.trim() != option {
            return Err("an option of an enum must not be empty or begin or end with a space".to_owned());
        }
        if options[..index].contains(option) {
            return Err(format!("the enum has the option '{option}' twice"));
        }
    }
    Ok(options)
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (text, optional) = match text.strip_suffix('?') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let (ty, min) = match text.split_once(">=") {
            Some(("int", min)) => {
                let min = min.parse().map_err(|_| format!("'{min}' is not a whole number"))?;
                ("int", Some(min))
            }
            Some((other, _)) => return Err(format!("'{other}' has no smallest value")),
            None => (text, None),
        };
        Ok(Self { ty: ty.parse()?, min, optional })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn types_round_trip() {
        for text in [
            "str",
            "text",
            "int",
            "dec",
            "money",
            "date",
            "instant",
            "window",
            "bool",
            "map",
            "user",
            "role",
            "dur",
            "enum(24x7|business)",
            "ref(any)",
            "ref(SVC)",
            "list<ref(SVC)>",
            "list<list<str>>",
            "list<enum(a|b)>",
        ] {
            assert_eq!(text.parse::<FieldType>().unwrap().to_string(), text);
        }
        for text in ["list<int>?", "int>=1", "int>=-5?", "ref(CI)"] {
            assert_eq!(text.parse::<Entry>().unwrap().to_string(), text);
        }
        for text in ["", "int??", "int>=", "int>=x", "str>=1", "int?>=1"] {
            assert!(text.parse::<Entry>().is_err(), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_types() {
        for text in [
            "",
            "string",
            "list<>",
            "list<int",
            "list(int)",
            "enum()",
            "enum(a||b)",
            "enum(a|a)",
            "enum(a| b)",
            "ref()",
            "ref(svc)",
            "ref(S)",
            "int?",
        ] {
            assert!(text.parse::<FieldType>().is_err(), "{text}");
        }
    }
}
