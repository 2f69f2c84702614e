//! Inputs made from shapes, for tests: one that passes for each operation, and all that break it in one place.

use super::violation::{Step, place};
use super::{Kind, Shapes, Type};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// An input that is wrong in one place.
#[derive(Debug, Clone)]
pub struct Broken {
    /// `secondarySources.1.member.type`
    pub place: String,
    pub input: Value,
    /// What the constraint's sentence ends with; `None` for a wrong type.
    pub constraint: Option<String>,
}

/// Texts of which each pattern of the models takes one and refuses one.
const TEXTS: &[&str] = &["aa", "Name", "us-east-1", "2h", "123456789012", "/a", "\u{1}", ":", "*"];

impl Shapes {
    /// An input with all members that passes; `None` for an operation that is not there.
    pub fn example(&self, operation: &str) -> Option<Value> {
        self.operations.get(operation).map(|found| self.good(&found.input))
    }

    /// The same input, broken in each place in each way.
    pub fn broken(&self, operation: &str) -> Vec<Broken> {
        let Some(found) = self.operations.get(operation) else { return Vec::new() };
        let whole = self.good(&found.input);
        let mut all = Vec::new();
        self.breaks(&found.input, &whole, &mut Vec::new(), &mut |path, value, constraint| {
            let mut input = whole.clone();
            put(&mut input, path, value);
            all.push(Broken { place: place(path), input, constraint });
        });
        all
    }

    fn good(&self, shape: &Type) -> Value {
        let entries = usize::try_from(shape.min.unwrap_or(0).max(1)).unwrap_or(1);
        match &shape.kind {
            Kind::Str => TEXTS.iter().map(|text| lengthened(text, shape)).find(|text| is_good(text, shape)).into(),
            Kind::Int | Kind::Long => shape.min.or(shape.max).unwrap_or(7).into(),
            Kind::Double => json!(0.5),
            Kind::Bool => true.into(),
            Kind::Time => json!(1_548_717_462.122),
            Kind::Blob => STANDARD.encode(vec![7; entries]).into(),
            Kind::List(element) => vec![self.good(element); entries].into(),
            Kind::Map(key, value) => {
                let key = self.good(key).as_str().unwrap_or_default().to_owned();
                Map::from_iter([(key, self.good(value))]).into()
            }
            Kind::Structure(place) => {
                let members = self.structure(*place).iter();
                members.map(|member| (member.name.clone(), self.good(&member.shape))).collect::<Map<_, _>>().into()
            }
            Kind::Enum(place) => self.values(*place).first().cloned().into(),
        }
    }

    fn breaks<'a>(
        &'a self,
        shape: &'a Type,
        value: &Value,
        path: &mut Vec<Step<'a>>,
        found: &mut impl FnMut(&[Step<'a>], Option<Value>, Option<String>),
    ) {
        let mut says = |value: Value, constraint: String| found(path, Some(value), Some(constraint));
        match &shape.kind {
            Kind::Str => {
                let sized = |length: i64| "a".repeat(usize::try_from(length).unwrap_or(0));
                limits(shape, "length", |length| sized(length).into(), &mut says);
                if let Some(pattern) = &shape.pattern {
                    let bad = TEXTS.iter().find(|text| !pattern.regex.is_match(text)).copied();
                    says(bad.into(), format!("satisfy regular expression pattern: {}", pattern.text));
                }
            }
            Kind::Int | Kind::Long | Kind::Double => limits(shape, "value", Value::from, &mut says),
            Kind::Blob => limits(shape, "length", |length| blob(length).into(), &mut says),
            Kind::List(element) => {
                let sized = |length: i64| vec![self.good(element); usize::try_from(length).unwrap_or(0)];
                limits(shape, "length", |length| sized(length).into(), &mut says);
            }
            Kind::Enum(place) => {
                let values = self.values(*place).join(", ");
                says("NOT A VALUE".into(), format!("satisfy enum value set: [{values}]"));
            }
            Kind::Bool | Kind::Time | Kind::Map(..) | Kind::Structure(_) => {}
        }
        // The whole input's type is the protocols' business.
        if !path.is_empty() {
            let bad = if matches!(shape.kind, Kind::List(_)) { json!({}) } else { json!([]) };
            found(path, Some(bad), None);
        }
        match (&shape.kind, value) {
            (Kind::Structure(place), Value::Object(values)) => {
                for member in self.structure(*place) {
                    path.push(Step::Member(&member.name));
                    if member.required {
                        found(path, None, Some("not be null".to_owned()));
                    }
                    self.breaks(&member.shape, &values[&member.name], path, found);
                    path.pop();
                }
            }
            (Kind::List(element), Value::Array(values)) => {
                path.push(Step::Element(0));
                self.breaks(element, &values[0], path, found);
                path.pop();
            }
            _ => {}
        }
    }
}

/// One below and one above what is allowed.
fn limits(shape: &Type, what: &str, sized: impl Fn(i64) -> Value, says: &mut impl FnMut(Value, String)) {
    if let Some(min) = shape.min.filter(|min| what == "value" || *min > 0) {
        says(sized(min - 1), format!("have {what} greater than or equal to {min}"));
    }
    if let Some(max) = shape.max {
        says(sized(max + 1), format!("have {what} less than or equal to {max}"));
    }
}

fn blob(length: i64) -> String {
    STANDARD.encode(vec![7; usize::try_from(length).unwrap_or(0)])
}

fn lengthened(text: &str, shape: &Type) -> String {
    let mut text = text.to_owned();
    let min = usize::try_from(shape.min.unwrap_or(0)).unwrap_or(0);
    text.extend(std::iter::repeat_n('a', min.saturating_sub(text.len())));
    text
}

fn is_good(text: &str, shape: &Type) -> bool {
    let fits = shape.max.is_none_or(|max| i64::try_from(text.len()).is_ok_and(|length| length <= max));
    fits && shape.pattern.as_ref().is_none_or(|pattern| pattern.regex.is_match(text))
}

/// Puts a value into its place in a document; none takes it away.
fn put(document: &mut Value, path: &[Step<'_>], value: Option<Value>) {
    let Some((last, above)) = path.split_last() else { return };
    let mut at = document;
    for step in above {
        at = match step {
            Step::Member(name) | Step::Key(name) => &mut at[*name],
            Step::Element(index) => &mut at[*index],
        };
    }
    match (last, value) {
        (Step::Member(name) | Step::Key(name), Some(value)) => at[*name] = value,
        (Step::Element(index), Some(value)) => at[*index] = value,
        (Step::Member(name) | Step::Key(name), None) => drop(at.as_object_mut().and_then(|at| at.remove(*name))),
        (Step::Element(_), None) => {}
    }
}
