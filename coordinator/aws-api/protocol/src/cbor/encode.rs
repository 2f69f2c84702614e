//! Values to CBOR, in the shortest form that all clients read.
//!
//! Written by hand: it is a few heads, and library encoders shorten floats to 16 bits, which some SDKs do not know.

use super::TIME;
use crate::shape::Shape;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Writes a document; without a shape everything is what it looks like.
pub fn encode(value: &Value, shape: Option<Shape<'_>>) -> Vec<u8> {
    let mut out = Vec::new();
    item(value, shape, &mut out);
    out
}

fn item(value: &Value, shape: Option<Shape<'_>>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(flag) => out.push(if *flag { 0xf5 } else { 0xf4 }),
        Value::Number(number) => {
            let is_time = shape.is_some_and(Shape::is_time);
            if is_time {
                head(6, TIME, out);
            }
            let is_double = is_time || shape.is_some_and(Shape::is_double);
            match (number.as_u64(), number.as_i64()) {
                (Some(number), _) if !is_double => head(0, number, out),
                (_, Some(number)) if !is_double => head(1, (-1 - number).unsigned_abs(), out),
                _ => {
                    out.push(0xfb);
                    out.extend(number.as_f64().unwrap_or_default().to_be_bytes());
                }
            }
        }
        Value::String(text) => match shape.filter(|shape| shape.is_blob()).map(|_| STANDARD.decode(text)) {
            Some(Ok(bytes)) => {
                head(2, bytes.len() as u64, out);
                out.extend(bytes);
            }
            _ => string(text, out),
        },
        Value::Array(values) => {
            head(4, values.len() as u64, out);
            for value in values {
                item(value, shape.and_then(Shape::element), out);
            }
        }
        Value::Object(members) => {
            head(5, members.len() as u64, out);
            for (name, value) in members {
                string(name, out);
                item(value, shape.and_then(|shape| shape.member(name)), out);
            }
        }
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    head(3, text.len() as u64, out);
    out.extend(text.as_bytes());
}

/// A major type and its number (RFC 8949, 3).
fn head(major: u8, number: u64, out: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let (minor, width) = match number {
        // Fits in the first byte.
        0..=23 => {
            out.push(major << 5 | bytes[7]);
            return;
        }
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    out.push(major << 5 | minor);
    out.extend(&bytes[8 - width..]);
}
