//! Dates of conditions: ISO 8601 with a zone, a day alone, or seconds since 1970.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

/// Milliseconds since the Unix epoch.
pub(super) fn parse(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        return text.parse::<i64>().ok()?.checked_mul(1000);
    }
    let at = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        let day = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
        Some(day.midnight().assume_utc())
    })?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_date_is_read_in_three_forms() {
        let expected = Some(1_767_312_000_000);
        for text in ["2026-01-02T00:00:00Z", "2026-01-02T01:00:00+01:00", "2026-01-02", "1767312000"] {
            assert_eq!(parse(text), expected, "{text}");
        }
        for bad in ["", "-1", "today", "2026-13-01", "99999999999999999999", "2026-01-02T00:00:00"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
