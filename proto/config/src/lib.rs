//! What every program's configuration file has in common: TOML with unknown keys refused, quantities with units, and
//! errors that name file, line and key. What the keys mean is each program's own business.

mod error;
mod locate;
mod quantity;

pub use error::ConfigError;
pub use quantity::{ByteSize, ParseQuantityError, Span};

use serde::de::DeserializeOwned;
use std::path::Path;

/// Reads the file's text.
pub fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

/// The configuration in `text`; `path` is for messages only.
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| ConfigError::syntax(path, text, &error))
}
