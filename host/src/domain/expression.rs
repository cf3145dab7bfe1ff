//! Expressions in kind files, in the Common Expression Language (CEL): the conditions of rules, the
//! formulas of computed fields and the moments of what the host does by itself.
//!
//! An expression is a pure function of a [`Scope`]: it reads no clock, no database and no setting
//! that is not handed in, and it has integers only. It is compiled when its kind is read; what it
//! names (variables, functions, fields, constants) is checked then, not when a record waits.

mod functions;
mod names;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use cel::objects::{Key, Value as Cel};
use cel::{ExecutionError, Program};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

pub(super) use names::Names;

/// Characters of an expression at most.
const MAX_LENGTH: usize = 2_000;
/// Brackets in one another at most: the parser descends into them.
const MAX_DEPTH: usize = 32;

/// A compiled expression; equal to another one when its text is.
#[derive(Clone)]
pub struct Expression {
    text: String,
    program: Arc<Program>,
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoValue(pub String);

/// What comes of an expression that is tried on sample values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Trial {
    /// A value.
    Value(Value),
    /// It does with some value what cannot be done with one of its type.
    Mistyped(String),
    /// Nothing that says anything of the types: it reads what the sample does not have, or cannot be worked out of it.
    Nothing,
}

/// The values that an expression may read.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    values: BTreeMap<String, Value>,
}

impl Scope {
    /// The same scope with a variable more, or another value for it.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }
}

impl Expression {
    /// Compiles an expression.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > MAX_LENGTH {
            return Err(format!("the expression is longer than {MAX_LENGTH} characters"));
        }
        if depth(text) > MAX_DEPTH {
            return Err(format!("the expression has more than {MAX_DEPTH} brackets in one another"));
        }
        let program = Program::compile(text).map_err(|errors| {
            let first = errors.errors.first();
            first.map_or_else(|| "it cannot be read".to_owned(), |error| one_line(&error.msg))
        })?;
        names::check(&program)?;
        Ok(Self { text: text.to_owned(), program: Arc::new(program) })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it names.
    pub(super) fn names(&self) -> Names {
        names::of(&self.program)
    }

    /// The members that it reads of a variable: of `record`, its fields.
    pub fn reads(&self, variable: &str) -> Vec<String> {
        let members = self.names().members.into_iter();
        members.filter(|(of, _)| of == variable).map(|(_, member)| member).collect()
    }

    /// Its value in a scope.
    ///
    /// # Errors
    ///
    /// [`NoValue`] when it reads what is not there, or cannot be worked out.
    pub fn value(&self, scope: &Scope) -> Result<Value, NoValue> {
        self.execute(scope).map_err(|error| NoValue(one_line(&error.to_string()))).and_then(|value| to_json(&value))
    }

    /// What comes of it where the scope holds values of the right types, whatever they are.
    pub(super) fn trial(&self, scope: &Scope) -> Trial {
        match self.execute(scope) {
            Ok(value) => to_json(&value).map_or_else(|why| Trial::Mistyped(why.0), Trial::Value),
            Err(
                error @ (ExecutionError::NoSuchOverload(_)
                | ExecutionError::UnexpectedType { .. }
                | ExecutionError::ValuesNotComparable(..)
                | ExecutionError::UnsupportedBinaryOperator(..)
                | ExecutionError::UnsupportedTargetType { .. }
                | ExecutionError::NotSupportedAsMethod { .. }
                | ExecutionError::InvalidArgumentCount { .. }
                | ExecutionError::UnsupportedIndex(..)),
            ) if !meets_null(&error) => Trial::Mistyped(one_line(&error.to_string())),
            Err(_) => Trial::Nothing,
        }
    }

    fn execute(&self, scope: &Scope) -> Result<Cel, ExecutionError> {
        functions::with_root(|root| {
            let mut context = root.new_inner_scope();
            for name in self.program.references().variables() {
                if let Some(value) = scope.values.get(name) {
                    context.add_variable_from_value(name, to_cel(value));
                }
            }
            self.program.execute(&context)
        })
    }

    /// Whether it holds in a scope.
    ///
    /// # Errors
    ///
    /// [`NoValue`] when it has no value, or one that is neither true nor false.
    pub fn holds(&self, scope: &Scope) -> Result<bool, NoValue> {
        match self.value(scope)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(NoValue(format!("{other} is neither true nor false"))),
        }
    }
}

/// Whether what went wrong is that there was no value: a function gives null for nothing, and then there is nothing to be
/// worked out.
fn meets_null(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::ValuesNotComparable(a, b) | ExecutionError::UnsupportedBinaryOperator(_, a, b) => {
            [a, b].into_iter().any(|value| *value == Cel::Null)
        }
        ExecutionError::UnsupportedTargetType { target } => *target == Cel::Null,
        other => other.to_string().contains("null"),
    }
}

/// Brackets in one another, quoted ones among them: an upper bound is enough.
fn depth(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for letter in text.chars() {
        match letter {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    // Signs before an operand descend too.
    let signs = text.split(|letter| !matches!(letter, '!' | '-' | ' ')).map(|run| run.replace(' ', "").len());
    most.max(signs.max().unwrap_or(0))
}

fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// A number that is not whole has no counterpart: records hold decimals as text.
fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(value) => Cel::Bool(*value),
        Value::Number(number) => number.as_i64().map_or(Cel::Null, Cel::Int),
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| (Key::String(Arc::new(key.clone())), to_cel(value)));
            Cel::Map(cel::objects::Map { map: Arc::new(entries.collect()) })
        }
    }
}

fn to_json(value: &Cel) -> Result<Value, NoValue> {
    Ok(match value {
        Cel::Null => Value::Null,
        Cel::Bool(value) => (*value).into(),
        Cel::Int(number) => (*number).into(),
        Cel::UInt(number) => (*number).into(),
        Cel::String(text) => text.as_str().into(),
        Cel::List(items) => Value::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Cel::Map(map) => {
            let entries = map.map.iter().map(|(key, value)| match key {
                Key::String(key) => Ok((key.to_string(), to_json(value)?)),
                _ => Err(NoValue("the keys of a map have to be texts".to_owned())),
            });
            Value::Object(entries.collect::<Result<Map<_, _>, _>>()?)
        }
        _ => return Err(NoValue("the value is of a type that records do not have".to_owned())),
    })
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|why| serde::de::Error::custom(format!("'{text}' does not compile: {why}")))
    }
}
