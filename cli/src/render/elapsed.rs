//! Durations as people read them.

use std::time::Duration;

/// `0.4 s`, `12.3 s`, `2 min 05 s`, `1 h 02 min`.
pub(crate) fn of(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{}.{} s", seconds, duration.subsec_millis() / 100),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How long ago: `now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`.
pub(crate) fn ago(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..2 => "now".to_owned(),
        2..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_two_figures_that_matter() {
        let text = |millis| of(Duration::from_millis(millis));
        assert_eq!(text(0), "0.0 s");
        assert_eq!(text(12_345), "12.3 s");
        assert_eq!(text(59_999), "59.9 s");
        assert_eq!(text(125_000), "2 min 05 s");
        assert_eq!(text(3_720_000), "1 h 02 min");
        assert_eq!(ago(Duration::from_secs(1)), "now");
        assert_eq!(ago(Duration::from_secs(7200)), "2 h ago");
    }
}
