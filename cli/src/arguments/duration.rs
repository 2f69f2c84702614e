//! Durations as people write them: `1h`, `90m`, `5400s`, `1h30m`. A unit is required, so that nobody has to guess.

use std::time::Duration;

/// Parses one or more `<number><unit>` with units d, h, m and s, largest first or not.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let bad = || format!("{text:?} is not a duration: write a number with its unit, such as 90s, 20m, 1h or 1h30m");
    let mut seconds: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
        let unit = rest[digits..].chars().next().ok_or_else(bad)?;
        let factor: u64 = match unit {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return Err(bad()),
        };
        seconds = number.checked_mul(factor).and_then(|part| seconds.checked_add(part)).ok_or_else(bad)?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    if seconds == 0 {
        Err(format!("{text:?} is no time at all: give at least 1s"))
    } else {
        Ok(Duration::from_secs(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_can_be_said_in_three_ways() {
        assert_eq!(parse("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(parse("90m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("5400s"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("1d"), Ok(Duration::from_secs(86_400)));
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for bad in ["", "h", "5", "1.5h", "1h30", "-1m", "5é", "0s", "99999999999999999999h", "9999999999999999999d"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
