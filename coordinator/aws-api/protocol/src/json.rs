//! AWS JSON 1.1's documents: bytes to values and back (reference 13).
//!
//! Invariant: what is read has no name twice, no null member, and stays within the limits.

use crate::ApiError;
use crate::limits::{Budget, no_structure, twice};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt::{self, Formatter};

/// Reads a body. An empty one is an empty structure.
///
/// # Errors
/// `SerializationException` for everything but one JSON object.
pub fn decode(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let refused = |error: serde_json::Error| ApiError::serialization(format!("the body is no JSON: {error}"));
    let mut reader = serde_json::Deserializer::from_slice(body);
    let budget = Budget::new();
    let value = Node { budget: &budget, depth: 0 }.deserialize(&mut reader).map_err(refused)?;
    reader.end().map_err(refused)?;
    if value.is_object() { Ok(value) } else { Err(no_structure()) }
}

/// Writes a document.
pub fn encode(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// Reads one value that lies under `depth` others.
#[derive(Clone, Copy)]
struct Node<'a> {
    budget: &'a Budget,
    depth: usize,
}

impl Node<'_> {
    fn below(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.budget.take(self.depth).map_err(D::Error::custom)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self.below())? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut structure: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = structure.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(twice(&name)));
            }
            let value = structure.next_value_seed(self.below())?;
            members.insert(name, value);
        }
        members.retain(|_, value| !value.is_null());
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests;
