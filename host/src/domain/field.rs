//! Fields of a record kind: their types, and the fields that every kind has.

mod grammar;
mod sortable;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;

use super::kind::{Formula, Label};

pub use sortable::{encode, encode_text, same_order};
pub use value::normalise;

/// The type of a field's values, and their form in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// One line of text, 1 to 500 characters.
    Str,
    /// Text of several lines, 1 to 100 000 characters.
    Text,
    /// A whole number within ±2^53.
    Int,
    /// A decimal number, as text: `"12.50"`.
    Dec,
    /// An amount: `{"amount": "12.50", "currency": "CNY"}`, with no more decimals than the currency
    /// has.
    Money,
    /// A day: `"2026-03-31"`.
    Date,
    /// A moment: `"2026-03-31T09:30:00Z"`, kept in UTC.
    Instant,
    /// A window of the day in local time: `["09:00", "12:00"]`, the first included, the second (up
    /// to `"24:00"`) not.
    Window,
    /// `true` or `false`.
    Bool,
    /// One of some words.
    Enum(Vec<String>),
    /// Number of a record.
    Ref(Target),
    /// Values of one type, in order; at most 10 000.
    List(Box<FieldType>),
    /// An object.
    Map,
    /// A user's name.
    User,
    /// A role's code, for example `SD`.
    Role,
    /// A duration in whole seconds, not negative.
    Dur,
}

/// What a reference may point to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A record of any kind.
    Any,
    /// A record of the kind with this prefix.
    Kind(String),
}

impl FieldType {
    /// The type of a list's items; of anything else, the type itself.
    pub fn item(&self) -> &Self {
        match self {
            Self::List(item) => item.item(),
            other => other,
        }
    }

    /// Whether values of the type can be kept in an index, so that lists filter and sort by them.
    pub fn is_sortable(&self) -> bool {
        !matches!(self, Self::Text | Self::Map | Self::Window | Self::List(_))
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str => f.write_str("str"),
            Self::Text => f.write_str("text"),
            Self::Int => f.write_str("int"),
            Self::Dec => f.write_str("dec"),
            Self::Money => f.write_str("money"),
            Self::Date => f.write_str("date"),
            Self::Instant => f.write_str("instant"),
            Self::Window => f.write_str("window"),
            Self::Bool => f.write_str("bool"),
            Self::Enum(options) => write!(f, "enum({})", options.join("|")),
            Self::Ref(Target::Any) => f.write_str("ref(any)"),
            Self::Ref(Target::Kind(prefix)) => write!(f, "ref({prefix})"),
            Self::List(item) => write!(f, "list<{item}>"),
            Self::Map => f.write_str("map"),
            Self::User => f.write_str("user"),
            Self::Role => f.write_str("role"),
            Self::Dur => f.write_str("dur"),
        }
    }
}

impl Serialize for FieldType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A field of a kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Name in JSON.
    pub name: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub ty: FieldType,
    /// Whether it must be filled before the record leaves its first state.
    pub required: bool,
    /// Whether it must be filled, from the first state on, while another field has a certain value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_when: Option<When>,
    /// Whether it must be filled at creation already.
    pub on_create: bool,
    /// Whether a list or map that holds nothing is an answer where the field is required, and not a missing one: an item
    /// without relations.
    #[serde(skip_serializing_if = "is_off")]
    pub may_be_empty: bool,
    /// Whether the users in it are users of the organisation, who were given a token; other names are refused.
    #[serde(skip_serializing_if = "is_off")]
    pub known: bool,
    /// Since when it may have happened, where the instant is one that has happened: it is not after now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub happened: Option<Since>,
    /// Whether lists can filter and sort by it.
    pub indexed: bool,
    /// Whether only the host fills it.
    pub computed: bool,
    /// Value it has at creation unless the creator gives one. `"@actor"` in a user field means the
    /// creator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Smallest number or amount; of a list, of each of its items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// Largest number or amount; of a list, of each of its items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// Form that a text must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Keys of the map, or of each map of the list. `None`: any keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<BTreeMap<String, Entry>>,
    /// How the host works out its value at every change of the record; without a value when what
    /// it is worked out from is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<Formula>,
    /// Name for people.
    pub label: Label,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for it.
fn is_off(flag: &bool) -> bool {
    !flag
}

/// From when on something can have happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Since {
    /// At any time.
    Ever,
    /// Since the record was made.
    Created,
    /// Since the record was made that this reference field points to.
    #[serde(untagged)]
    Of(String),
}

/// A condition on another field of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The field looked at.
    pub field: String,
    /// The value that makes the condition hold.
    pub is: String,
}

/// The default of a user field that stands for the record's creator.
pub const ACTOR_DEFAULT: &str = "@actor";

/// A key of a map with a declared shape. In a kind file: the type, for whole numbers perhaps a
/// smallest one (`int>=1`), and `?` where the key may be absent. Maps below it have any keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Type of its values.
    pub ty: FieldType,
    /// Smallest whole number.
    pub min: Option<i64>,
    /// Whether it may be absent.
    pub optional: bool,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ty)?;
        if let Some(min) = self.min {
            write!(f, ">={min}")?;
        }
        f.write_str(if self.optional { "?" } else { "" })
    }
}

impl Serialize for Entry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A form that a `str` field asks for beyond being one line of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A zone of the IANA database, for example `Asia/Shanghai`.
    TimeZone,
    /// A currency of ISO 4217, for example `CNY`.
    Currency,
    /// A month of a year, for example `2026-03`.
    Period,
    /// A clause of ISO/IEC 20000-1:2018, for example `8.2.4` or, for all of its parts, `8.2`.
    Clause,
}

/// The fields that every record has beside its kind's own (guide, section 0), `title` first. The
/// host's own columns (number, state, revision, …) are not among them: clients never write those.
pub fn common() -> &'static [Field] {
    static COMMON: LazyLock<Vec<Field>> = LazyLock::new(|| {
        let field = |name: &str, ty, en: &str, zh: &str| Field {
            name: name.to_owned(),
            ty,
            required: false,
            required_when: None,
            on_create: false,
            may_be_empty: false,
            known: false,
            happened: None,
            indexed: false,
            computed: false,
            default: None,
            min: None,
            max: None,
            format: None,
            shape: None,
            formula: None,
            label: Label { en: en.to_owned(), zh: zh.to_owned() },
        };
        let refs = |prefix: &str| FieldType::List(Box::new(FieldType::Ref(Target::Kind(prefix.to_owned()))));
        let levels = ["public", "internal", "confidential", "secret"].map(str::to_owned).to_vec();
        let link = |ty| Entry { ty, min: None, optional: false };
        let link_shape = BTreeMap::from([
            ("type".to_owned(), link(FieldType::Str)),
            ("ref".to_owned(), link(FieldType::Ref(Target::Any))),
        ]);
        vec![
            Field { required: true, on_create: true, ..field("title", FieldType::Str, "Title", "标题") },
            field("description", FieldType::Text, "Description", "描述"),
            Field { required: true, ..field("owner", FieldType::User, "Owner", "负责人") },
            field("services", refs("SVC"), "Services", "相关服务"),
            field("cis", refs("CI"), "Configuration items", "相关配置项"),
            field("attachments", refs("DOC"), "Attachments", "附件"),
            Field {
                required: true,
                default: Some(Value::from("internal")),
                ..field("confidentiality", FieldType::Enum(levels), "Confidentiality", "密级")
            },
            Field {
                shape: Some(link_shape),
                ..field("links", FieldType::List(Box::new(FieldType::Map)), "Links", "关联记录")
            },
        ]
    });
    &COMMON
}

/// The columns that the host keeps of every record; no field and no input may have these names.
/// (`kind` is not shown with a record, because kinds of the dictionary have a field of that name.)
pub const COLUMNS: [&str; 9] =
    ["id", "org", "number", "state", "revision", "created_at", "created_by", "updated_at", "kind_version"];

/// Common fields that stay editable in a state that locks the others.
pub const ALWAYS_EDITABLE: [&str; 3] = ["owner", "attachments", "links"];
