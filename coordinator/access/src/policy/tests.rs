//! Tests of reading and deciding: examples, properties, and texts that no one meant.

mod conditions;
mod decisions;
mod documents;
mod matching;
mod properties;
