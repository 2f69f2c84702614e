//! Holds documents to their shapes: what comes in to all of it, what goes out to its types.

use super::violation::{COUNTED, Step, Violations, constraint, place};
use super::{Kind, Shapes, Type};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What a document is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Types, required members, limits, patterns and enums; unknown members may be.
    Input,
    /// Types, required members and enums. Models do not promise the limits of outputs; unknown members may not be.
    Output,
}

impl Shapes {
    /// Checks what a client sent; an absent member and a null one are the same.
    ///
    /// # Errors
    /// The first member of a wrong type, or else all broken constraints.
    pub fn check_input(&self, operation: &str, input: &Value) -> Result<(), Violations> {
        let shape = self.operations.get(operation).map(|found| &found.input);
        self.check(shape, input, Side::Input)
    }

    /// Checks what an operation answers. Anything that breaks its shape is a mistake of ours.
    ///
    /// # Errors
    /// As for inputs, and for members that the model does not know.
    pub fn check_output(&self, operation: &str, output: &Value) -> Result<(), Violations> {
        let shape = self.operations.get(operation).map(|found| &found.output);
        self.check(shape, output, Side::Output)
    }

    fn check(&self, shape: Option<&Type>, value: &Value, side: Side) -> Result<(), Violations> {
        let shape = shape.ok_or_else(|| Violations::Mistyped("the operation has no shapes".to_owned()))?;
        let mut walk = Walk { shapes: self, side, path: Vec::new(), broken: Vec::new() };
        walk.value(shape, value)?;
        if walk.broken.is_empty() { Ok(()) } else { Err(Violations::Constraints(walk.broken)) }
    }
}

struct Walk<'a> {
    shapes: &'a Shapes,
    side: Side,
    path: Vec<Step<'a>>,
    broken: Vec<String>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, shape: &'a Type, value: &'a Value) -> Result<(), Violations> {
        match (&shape.kind, value) {
            (_, Value::Null) => self.broken(shape, value, "not be null"),
            (Kind::Str, Value::String(text)) => self.string(shape, value, text),
            (Kind::Enum(place), Value::String(text)) => {
                let values = self.shapes.values(*place);
                if !values.contains(text) {
                    self.broken(shape, value, &format!("satisfy enum value set: [{}]", values.join(", ")));
                }
            }
            (Kind::Blob, Value::String(text)) => {
                let bytes = STANDARD.decode(text).map_err(|_| self.mistyped("base64", value))?;
                self.length(shape, value, bytes.len());
            }
            (Kind::Bool, Value::Bool(_)) | (Kind::Time, Value::Number(_)) => {}
            (Kind::Int | Kind::Long | Kind::Double, Value::Number(_)) => self.number(shape, value)?,
            (Kind::List(element), Value::Array(values)) => {
                self.length(shape, value, values.len());
                for (index, value) in values.iter().enumerate() {
                    self.below(Step::Element(index), element, value)?;
                }
            }
            (Kind::Map(key, each), Value::Object(entries)) => self.map(shape, value, key, each, entries)?,
            (Kind::Structure(place), Value::Object(members)) => self.structure(*place, members)?,
            _ => return Err(self.mistyped(expected(&shape.kind), value)),
        }
        Ok(())
    }

    fn below(&mut self, step: Step<'a>, shape: &'a Type, value: &'a Value) -> Result<(), Violations> {
        self.path.push(step);
        self.value(shape, value)?;
        self.path.pop();
        Ok(())
    }

    fn structure(&mut self, place: usize, values: &'a serde_json::Map<String, Value>) -> Result<(), Violations> {
        let members = self.shapes.structure(place);
        for member in members {
            let step = Step::Member(&member.name);
            match values.get(&member.name) {
                Some(value) if !value.is_null() => self.below(step, &member.shape, value)?,
                _ if member.required => self.below(step, &member.shape, &Value::Null)?,
                _ => {}
            }
        }
        if self.side == Side::Output
            && let Some(unknown) = values.keys().find(|name| !members.iter().any(|member| member.name == **name))
        {
            self.path.push(Step::Member(unknown));
            return Err(Violations::Mistyped(format!(
                "the model has no member '{}'",
                super::violation::place(&self.path)
            )));
        }
        Ok(())
    }

    fn map(
        &mut self,
        shape: &Type,
        value: &Value,
        key_shape: &Type,
        each: &'a Type,
        entries: &'a serde_json::Map<String, Value>,
    ) -> Result<(), Violations> {
        self.length(shape, value, entries.len());
        for (key, value) in entries {
            self.path.push(Step::Key(key));
            self.string(key_shape, &Value::String(key.clone()), key);
            self.value(each, value)?;
            self.path.pop();
        }
        Ok(())
    }

    fn string(&mut self, shape: &Type, value: &Value, text: &str) {
        self.length(shape, value, text.chars().count());
        if let Some(pattern) = &shape.pattern
            && self.side == Side::Input
            && !pattern.regex.is_match(text)
        {
            self.broken(shape, value, &format!("satisfy regular expression pattern: {}", pattern.text));
        }
    }

    fn length(&mut self, shape: &Type, value: &Value, length: usize) {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        self.bounds(shape, value, "length", |min| length < min, |max| length > max);
    }

    fn number(&mut self, shape: &Type, value: &Value) -> Result<(), Violations> {
        let fits = match shape.kind {
            Kind::Int => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            Kind::Long => value.is_i64(),
            _ => true,
        };
        if !fits {
            return Err(self.mistyped(expected(&shape.kind), value));
        }
        let whole = value.as_i64();
        let number = value.as_f64().unwrap_or_default();
        // Limits are small, so that they are exact as doubles.
        #[allow(clippy::cast_precision_loss, reason = "see above")]
        let (below, above) = (
            |min: i64| whole.map_or(number < min as f64, |whole| whole < min),
            |max: i64| whole.map_or(number > max as f64, |whole| whole > max),
        );
        self.bounds(shape, value, "value", below, above);
        Ok(())
    }

    fn bounds(
        &mut self,
        shape: &Type,
        value: &Value,
        what: &str,
        below: impl Fn(i64) -> bool,
        above: impl Fn(i64) -> bool,
    ) {
        if self.side == Side::Output {
            return;
        }
        if let Some(min) = shape.min.filter(|min| below(*min)) {
            self.broken(shape, value, &format!("have {what} greater than or equal to {min}"));
        }
        if let Some(max) = shape.max.filter(|max| above(*max)) {
            self.broken(shape, value, &format!("have {what} less than or equal to {max}"));
        }
    }

    fn broken(&mut self, shape: &Type, value: &Value, rule: &str) {
        if self.broken.len() < COUNTED {
            self.broken.push(constraint(self.shapes, shape, value, &self.path, rule));
        }
    }

    fn mistyped(&self, expected: &str, value: &Value) -> Violations {
        let found = match value {
            Value::Null => "NULL_VALUE",
            Value::Bool(_) => "BOOLEAN_VALUE",
            Value::Number(_) => "NUMBER_VALUE",
            Value::String(_) => "STRING_VALUE",
            Value::Array(_) => "LIST_VALUE",
            Value::Object(_) => "STRUCTURE_VALUE",
        };
        Violations::Mistyped(format!("{found} at '{}' can not be converted to {expected}", place(&self.path)))
    }
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Str | Kind::Enum(_) => "a String",
        Kind::Int => "an Integer",
        Kind::Long => "a Long",
        Kind::Double => "a Double",
        Kind::Bool => "a Boolean",
        Kind::Time => "a Timestamp",
        Kind::Blob => "a Blob",
        Kind::List(_) => "a List",
        Kind::Map(..) => "a Map",
        Kind::Structure(_) => "a Structure",
    }
}
