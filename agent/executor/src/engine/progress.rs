//! Turns the many messages of a pull into one line a second, and tells progress from noise. Pure: time is passed in.

use bollard::models::CreateImageInfo;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Between two lines for people.
const PACE: Duration = Duration::from_secs(1);
/// An image may not have more layers than this (overlayfs allows 128); a registry that names more is not believed.
const MOST_LAYERS: usize = 1024;

/// A pull, as far as it is known.
#[derive(Debug)]
pub(super) struct PullProgress {
    image: String,
    layers: BTreeMap<String, Layer>,
    last_line: Option<(Instant, String)>,
}

#[derive(Debug, Default, PartialEq, Eq, Clone)]
struct Layer {
    status: String,
    /// Bytes that have been fetched.
    fetched: u64,
    /// Bytes to fetch; unknown until the layer's turn comes.
    total: u64,
    /// Of the step under way, which may also be unpacking.
    step: u64,
}

impl PullProgress {
    pub(super) fn new(image: &str) -> Self {
        Self { image: image.to_owned(), layers: BTreeMap::new(), last_line: None }
    }

    /// Takes a message in. Whether it is progress: something was fetched, unpacked or decided. A registry that is
    /// retried over and over makes none.
    pub(super) fn note(&mut self, info: &CreateImageInfo) -> bool {
        let (Some(id), Some(status)) = (&info.id, &info.status) else { return true };
        if status.starts_with("Retrying") || (self.layers.len() >= MOST_LAYERS && !self.layers.contains_key(id)) {
            return false;
        }
        let layer = self.layers.entry(id.clone()).or_default();
        let before = layer.clone();
        let detail = info.progress_detail.as_ref();
        let bytes = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        layer.step = bytes(detail.and_then(|detail| detail.current)).unwrap_or(0);
        match status.as_str() {
            "Downloading" => {
                layer.fetched = layer.step;
                layer.total = bytes(detail.and_then(|detail| detail.total)).unwrap_or(layer.total);
            }
            "Download complete" | "Verifying Checksum" | "Extracting" | "Pull complete" => layer.fetched = layer.total,
            _ => {}
        }
        layer.status.clone_from(status);
        *layer != before
    }

    /// The line to show, when one is due and says something new.
    pub(super) fn line(&mut self, now: Instant) -> Option<String> {
        let line = self.text();
        let due = self.last_line.as_ref().is_none_or(|(at, last)| now.duration_since(*at) >= PACE && *last != line);
        if !due {
            return None;
        }
        self.last_line = Some((now, line.clone()));
        Some(line)
    }

    fn text(&self) -> String {
        let (fetched, total) = self.layers.values().fold((0, 0), |(f, t), layer| (f + layer.fetched, t + layer.total));
        let image = &self.image;
        if total == 0 {
            return format!("Pulling {image}");
        }
        if fetched < total {
            return format!("Pulling {image}: {} of {} MiB", mebibytes(fetched), mebibytes(total));
        }
        let done =
            self.layers.values().filter(|layer| matches!(layer.status.as_str(), "Pull complete" | "Already exists"));
        format!("Unpacking {image}: {} of {} layers", done.count(), self.layers.len())
    }
}

/// With one decimal: `12.1`.
fn mebibytes(bytes: u64) -> String {
    let tenths = bytes / (1024 * 1024 / 10);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ProgressDetail;

    fn message(id: &str, status: &str, current: i64, total: i64) -> CreateImageInfo {
        CreateImageInfo {
            id: Some(id.into()),
            status: Some(status.into()),
            progress_detail: Some(ProgressDetail { current: Some(current), total: Some(total) }),
            ..Default::default()
        }
    }

    const MIB: i64 = 1024 * 1024;

    #[test]
    fn layers_are_added_up_and_lines_come_once_a_second() {
        let (mut progress, start) = (PullProgress::new("redis:7"), Instant::now());
        assert!(progress.note(&message("a", "Downloading", 10 * MIB, 20 * MIB)));
        assert!(progress.note(&message("b", "Downloading", 2 * MIB, 20 * MIB)));
        assert_eq!(progress.line(start).unwrap(), "Pulling redis:7: 12.0 of 40.0 MiB");
        progress.note(&message("b", "Downloading", 4 * MIB, 20 * MIB));
        assert_eq!(progress.line(start + Duration::from_millis(900)), None);
        assert_eq!(progress.line(start + PACE).unwrap(), "Pulling redis:7: 14.0 of 40.0 MiB");
        assert_eq!(progress.line(start + 2 * PACE), None, "nothing new");
    }

    #[test]
    fn unpacking_is_told_from_fetching() {
        let (mut progress, start) = (PullProgress::new("x"), Instant::now());
        progress.note(&message("a", "Downloading", 1, MIB));
        progress.note(&message("a", "Pull complete", 0, 0));
        assert_eq!(progress.line(start).unwrap(), "Unpacking x: 1 of 1 layers");
    }

    #[test]
    fn repeating_and_retrying_are_no_progress() {
        let mut progress = PullProgress::new("x");
        assert!(progress.note(&message("a", "Downloading", 99, 100)));
        assert!(!progress.note(&message("a", "Downloading", 99, 100)));
        assert!(!progress.note(&message("a", "Retrying in 5 seconds", 0, 0)));
        assert!(!progress.note(&message("a", "Retrying in 4 seconds", 0, 0)));
    }
}
