//! The `on-failure` key (reference 1.5).

use super::value::{Value, shortened};
use crate::error::Error;
use crate::spec::OnFailure;
use regex::RegexBuilder;

/// Tries when no count is given.
const DEFAULT_COUNT: u32 = 3;

/// The highest count.
const MAX_COUNT: u32 = 100;

/// Bytes of a compiled pattern.
const MAX_COMPILED: usize = 1 << 20;

/// Reads ABORT, CONTINUE, RETRY, RETRY-count, RETRY-regex or RETRY-count-regex; keywords in any case.
pub(super) fn on_failure(value: &Value<'_>) -> Result<OnFailure, Error> {
    let text = value.text()?.trim();
    let (keyword, rest) = text.split_once('-').map_or((text, None), |(keyword, rest)| (keyword, Some(rest)));
    let fault = match (keyword.to_ascii_uppercase().as_str(), rest) {
        ("ABORT", None) => return Ok(OnFailure::Abort),
        ("CONTINUE", None) => return Ok(OnFailure::Continue),
        ("RETRY", None) => return Ok(OnFailure::Retry { count: DEFAULT_COUNT, pattern: None }),
        ("RETRY", Some(rest)) => match retry(rest) {
            Ok(retry) => return Ok(retry),
            Err(fault) => fault,
        },
        _ => "it must be ABORT, CONTINUE, RETRY, RETRY-count, RETRY-regex or RETRY-count-regex".to_owned(),
    };
    Err(value.fault(format_args!("{} '{}' is not valid: {fault}", value.path(), shortened(text))))
}

/// What follows `RETRY-`. Digits alone are a count, and digits before a `-` are one too.
fn retry(rest: &str) -> Result<OnFailure, String> {
    let (digits, pattern) = rest.split_once('-').map_or((rest, None), |(digits, rest)| (digits, Some(rest)));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(OnFailure::Retry { count: DEFAULT_COUNT, pattern: Some(compiling(rest)?) });
    }
    let count = digits.parse().ok().filter(|count| *count <= MAX_COUNT);
    let count = count.ok_or_else(|| format!("the count must be from 0 to {MAX_COUNT}"))?;
    Ok(OnFailure::Retry { count, pattern: pattern.map(compiling).transpose()? })
}

/// The pattern, if it compiles.
fn compiling(pattern: &str) -> Result<String, String> {
    if pattern.is_empty() {
        return Err("the pattern is empty".to_owned());
    }
    match RegexBuilder::new(pattern).size_limit(MAX_COMPILED).build() {
        Ok(_) => Ok(pattern.to_owned()),
        Err(regex::Error::CompiledTooBig(_)) => Err("the pattern is too big".to_owned()),
        Err(error) => Err(format!("the pattern does not compile ({})", last_line(&error))),
    }
}

/// The regex crate draws a picture of the pattern and says what is wrong below it.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(count: u32, pattern: Option<&str>) -> Result<OnFailure, String> {
        Ok(OnFailure::Retry { count, pattern: pattern.map(str::to_owned) })
    }

    #[test]
    fn digits_are_a_count_and_the_rest_is_a_pattern() {
        assert_eq!(retry("4"), counted(4, None));
        assert_eq!(retry("0"), counted(0, None));
        assert_eq!(retry("100-timeout-.*"), counted(100, Some("timeout-.*")));
        assert_eq!(retry("exit status 7"), counted(3, Some("exit status 7")));
        assert_eq!(retry("a-b"), counted(3, Some("a-b")));
        assert_eq!(retry("-a"), counted(3, Some("-a")));
        assert_eq!(retry("4x-b"), counted(3, Some("4x-b")));
    }

    #[test]
    fn what_cannot_be_a_count_or_a_pattern_is_refused() {
        let table = [
            ("101", "the count must be from 0 to 100"),
            ("99999999999", "the count must be from 0 to 100"),
            ("500-x", "the count must be from 0 to 100"),
            ("", "the pattern is empty"),
            ("3-", "the pattern is empty"),
            ("(", "the pattern does not compile (unclosed group)"),
            ("2-[", "the pattern does not compile (unclosed character class)"),
            ("a{1000}{1000}", "the pattern is too big"),
        ];
        for (text, fault) in table {
            assert_eq!(retry(text), Err(fault.to_owned()), "{text}");
        }
    }
}
