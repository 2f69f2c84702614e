//! The `cache` key (reference 1.3, 7).

use super::fields::Fields;
use super::value::{Value, shortened};
use crate::error::Error;
use crate::spec::{Cache, CacheAction};

/// Fallback keys of one cache (reference 15).
const MAX_FALLBACK_KEYS: usize = 5;

/// Reads key, fallback keys, action and paths.
pub(super) fn cache(mut fields: Fields<'_>) -> Result<Cache, Error> {
    let cache = Cache {
        key: fields.text("key")?,
        fallback_keys: fallback_keys(&mut fields)?,
        action: fields.take("action").map(|value| action(&value)).transpose()?,
        paths: fields.strings("paths")?,
    };
    fields.finish();
    Ok(cache)
}

fn fallback_keys(fields: &mut Fields<'_>) -> Result<Vec<String>, Error> {
    let Some(value) = fields.take("fallback-keys") else { return Ok(Vec::new()) };
    let keys = value.strings()?;
    if keys.len() > MAX_FALLBACK_KEYS {
        return Err(value.fault(format_args!(
            "{} has {} keys, over the limit of {MAX_FALLBACK_KEYS}",
            value.path(),
            keys.len()
        )));
    }
    Ok(keys)
}

fn action(value: &Value<'_>) -> Result<CacheAction, Error> {
    let text = value.text()?;
    match text.trim().to_ascii_lowercase().as_str() {
        "restore" => Ok(CacheAction::Restore),
        "save" => Ok(CacheAction::Save),
        _ => Err(value.fault(format_args!("{} '{}' must be restore or save", value.path(), shortened(text)))),
    }
}
