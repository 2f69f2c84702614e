//! Times as signatures write them: `20150830T123600Z`, and the `Date` header's form. Strict: one text for one moment.

use buildyard_model::Timestamp;
use time::format_description::well_known::Rfc2822;
use time::{Date, Month, OffsetDateTime, Time};

/// Reads `YYYYMMDDTHHMMSSZ`; `None` for anything else.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<u16> {
        let digits = bytes.get(from..to)?;
        digits.iter().try_fold(0_u16, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u16::from(digit - b'0')))
    };
    let small = |from: usize| number(from, from + 2).and_then(|value| u8::try_from(value).ok());
    let month = Month::try_from(small(4)?).ok()?;
    let date = Date::from_calendar_date(i32::from(number(0, 4)?), month, small(6)?).ok()?;
    let time = Time::from_hms(small(9)?, small(11)?, small(13)?).ok()?;
    Some(stamp(OffsetDateTime::new_utc(date, time)))
}

/// Reads the `Date` header: RFC 1123 in GMT, or the form of `parse`.
pub(super) fn parse_date_header(text: &str) -> Option<Timestamp> {
    parse(text).or_else(|| Some(stamp(OffsetDateTime::parse(text, &Rfc2822).ok()?)))
}

/// Writes `YYYYMMDDTHHMMSSZ`.
pub(super) fn text(at: Timestamp) -> String {
    let utc = at.to_utc();
    format!("{}T{:02}{:02}{:02}Z", date(at), utc.hour(), utc.minute(), utc.second())
}

/// Writes `YYYYMMDD`.
pub(super) fn date(at: Timestamp) -> String {
    let utc = at.to_utc();
    format!("{:04}{:02}{:02}", utc.year(), u8::from(utc.month()), utc.day())
}

fn stamp(at: OffsetDateTime) -> Timestamp {
    Timestamp(at.unix_timestamp().saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_and_written_in_one_form() {
        let at = parse("20150830T123600Z").unwrap();
        assert_eq!(
            (at, text(at), date(at)),
            (Timestamp(1_440_938_160_000), "20150830T123600Z".into(), "20150830".into())
        );
        assert_eq!(parse_date_header("Sun, 30 Aug 2015 12:36:00 GMT"), Some(at));
        for bad in [
            "",
            "20150830",
            "20150830T123600",
            "20150230T123600Z",
            "20150830T246000Z",
            "+0150830T123600Z",
            "２0150830T1236Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
