//! Pages: opaque tokens that say where the next page begins and to which question they belong.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A piece of a listing and the token of the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_token: Option<String>,
}

/// The token for the place `place` in the answers to `question` (operation and everything that orders or filters).
pub fn page_token(question: &str, place: &impl Serialize) -> String {
    let text = serde_json::to_string(&(question, place)).unwrap_or_default();
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The place that a token names; `None` for a token of another question or one that we never gave.
///
/// # Errors
/// None: what to say about a bad token is the service's.
pub fn read_page_token<P: DeserializeOwned>(question: &str, token: &str) -> Option<P> {
    let bytes: Option<Vec<u8>> = (0..token.len())
        .step_by(2)
        .map(|at| token.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    let (asked, place): (String, P) = serde_json::from_slice(&bytes?).ok()?;
    (asked == question).then_some(place)
}

impl<T> Page<T> {
    /// Nothing more behind it.
    pub fn last(items: Vec<T>) -> Self {
        Self { items, next_token: None }
    }
}
