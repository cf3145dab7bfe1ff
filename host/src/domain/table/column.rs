//! The columns of a kind's table and their headings.

use std::str::FromStr;

use crate::domain::field::FieldType;
use crate::domain::kind::Kind;
use crate::domain::nearest::nearest;
use crate::domain::refusal::{Refusal, rule};

/// Language of headings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English labels.
    En,
    /// Chinese labels.
    Zh,
}

impl FromStr for Lang {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "en" => Ok(Self::En),
            "zh" => Ok(Self::Zh),
            other => Err(format!("'{other}' is not a language of headings; there are en and zh")),
        }
    }
}

/// What a column means when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The record's number: says which record the row is.
    Number,
    /// The record's state: changed by transitions only, so it has to be the present one.
    State,
    /// The revision that the row was written at.
    Revision,
    /// A field that people fill.
    Field,
    /// What the host keeps or works out: not read.
    Kept,
}

/// A column of a kind's table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Field name, host's column, or path inside a map field (`sla.resolution.level`).
    pub name: String,
    /// Type of its values.
    pub ty: FieldType,
    /// What it means when it is read.
    pub role: Role,
    /// English heading.
    en: String,
    /// Chinese heading.
    zh: String,
}

/// The host's own columns: name, headings, type, meaning; the first two stand before a kind's fields.
fn host(name: &str) -> Option<Column> {
    let (en, zh, ty, role) = match name {
        "number" => ("Number", "编号", FieldType::Str, Role::Number),
        "state" => ("State", "状态", FieldType::Str, Role::State),
        "id" => ("Identifier", "标识", FieldType::Str, Role::Kept),
        "created_at" => ("Created at", "创建时间", FieldType::Instant, Role::Kept),
        "created_by" => ("Created by", "创建人", FieldType::User, Role::Kept),
        "updated_at" => ("Updated at", "更新时间", FieldType::Instant, Role::Kept),
        "kind_version" => ("Kind version", "类型版本", FieldType::Int, Role::Kept),
        "revision" => ("Revision", "修订号", FieldType::Int, Role::Revision),
        _ => return None,
    };
    Some(Column { name: name.to_owned(), ty, role, en: en.to_owned(), zh: zh.to_owned() })
}

const BEFORE: [&str; 2] = ["number", "state"];
const AFTER: [&str; 6] = ["created_at", "created_by", "updated_at", "revision", "id", "kind_version"];
/// Columns that are written only where they are named.
const ON_DEMAND: [&str; 2] = ["id", "kind_version"];

/// Every column a kind's table can have, but for paths: number and state, the fields, and what else the host keeps.
fn all(kind: &Kind) -> Vec<Column> {
    let fields = kind.all_fields().map(|field| Column {
        name: field.name.clone(),
        ty: field.ty.clone(),
        role: if field.computed { Role::Kept } else { Role::Field },
        en: field.label.en.clone(),
        zh: field.label.zh.clone(),
    });
    BEFORE.into_iter().filter_map(host).chain(fields).chain(AFTER.into_iter().filter_map(host)).collect()
}

/// The columns with these names, or every one but identifier and version of the kind.
///
/// # Errors
/// A name that the kind's table does not have, with the nearest one it has; the same name twice.
pub fn columns(kind: &Kind, names: Option<&[String]>) -> Result<Vec<Column>, Refusal> {
    let all = all(kind);
    let Some(names) = names else {
        return Ok(all.into_iter().filter(|column| !ON_DEMAND.contains(&column.name.as_str())).collect());
    };
    let mut chosen: Vec<Column> = Vec::with_capacity(names.len());
    for name in names {
        if chosen.iter().any(|column| column.name == *name) {
            return Err(Refusal::invalid(rule::UNKNOWN_FIELD, "columns", format!("the column {name} is named twice")));
        }
        let known = all.iter().find(|column| column.name == *name).cloned();
        let column = known.or_else(|| path(kind, name)).ok_or_else(|| {
            let hint = nearest(name, all.iter().map(|column| column.name.as_str()));
            let hint = hint.map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
            Refusal::invalid(rule::UNKNOWN_FIELD, "columns", format!("{} has no column '{name}'{hint}", kind.slug))
        })?;
        chosen.push(column);
    }
    Ok(chosen)
}

/// A place inside a map field. What lies there need not have the type of an index; texts are shown as they are.
fn path(kind: &Kind, name: &str) -> Option<Column> {
    let (field, _) = name.split_once('.')?;
    let field = kind.field(field).filter(|field| field.ty == FieldType::Map)?;
    let ty = kind.indexed(name).cloned().unwrap_or(FieldType::Map);
    let rest = &name[field.name.len()..];
    let (en, zh) = (format!("{}{rest}", field.label.en), format!("{}{rest}", field.label.zh));
    Some(Column { name: name.to_owned(), ty, role: Role::Kept, en, zh })
}

/// The headings of columns: names, or labels of a language. A label that two columns of the kind share is followed by
/// the name, so that every heading can be recognised.
pub fn headings(kind: &Kind, columns: &[Column], lang: Option<Lang>) -> Vec<String> {
    let all = all(kind);
    let label = |column: &Column, lang| match lang {
        Lang::En => column.en.clone(),
        Lang::Zh => column.zh.clone(),
    };
    let heading = |column: &Column| {
        let Some(lang) = lang else { return column.name.clone() };
        let text = label(column, lang);
        let twins = recognise(&all, &text).len();
        if twins > 1 { format!("{text} ({})", column.name) } else { text }
    };
    columns.iter().map(heading).collect()
}

/// The columns among `all` that a heading can mean: by name, else by label in either language, with or without the
/// name behind it. More than one: the heading is ambiguous.
pub fn recognise<'c>(all: &'c [Column], heading: &str) -> Vec<&'c Column> {
    let heading = heading.trim();
    if let Some(column) = all.iter().find(|column| column.name == heading) {
        return vec![column];
    }
    let said = heading.to_lowercase();
    let named = |column: &&Column| {
        let suffix = format!("({})", column.name.to_lowercase());
        said.strip_suffix(&suffix).is_some_and(|label| is_label(column, label.trim_end()))
    };
    if let Some(column) = all.iter().find(named) {
        return vec![column];
    }
    all.iter().filter(|column| column.name.to_lowercase() == said || is_label(column, &said)).collect()
}

fn is_label(column: &Column, lowercase: &str) -> bool {
    column.en.to_lowercase() == lowercase || column.zh.to_lowercase() == lowercase
}

impl Column {
    /// Every word that can stand for the column in a heading.
    pub fn words(&self) -> [&str; 3] {
        [&self.name, &self.en, &self.zh]
    }

    /// Every column of a kind's table, but for paths.
    pub fn all(kind: &Kind) -> Vec<Self> {
        all(kind)
    }
}
