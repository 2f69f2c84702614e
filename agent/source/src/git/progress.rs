//! Git's messages: cut into lines, thinned out for the log, the last of them kept for an error.
//!
//! They come partly from the server (`remote: …`), so their number and length are bounded.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Between two lines of progress; none is shown for what is quick.
const EVERY: Duration = Duration::from_secs(3);
const LONGEST_LINE: usize = 1000;
/// What a server may write to the log.
const MOST_LINES: usize = 500;
/// Kept for an error.
const KEPT_LINES: usize = 12;

/// Takes git's standard error, a piece at a time.
pub(crate) struct Progress {
    line: Vec<u8>,
    last_shown: Instant,
    shown: usize,
    kept: VecDeque<String>,
}

impl Progress {
    pub(crate) fn new(now: Instant) -> Self {
        Self { line: Vec::new(), last_shown: now, shown: 0, kept: VecDeque::new() }
    }

    /// The lines that are worth showing.
    pub(crate) fn feed(&mut self, bytes: &[u8], now: Instant) -> Vec<String> {
        let mut worth = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => worth.extend(self.end_line(now)),
                _ if self.line.len() < LONGEST_LINE => self.line.push(*byte),
                _ => {}
            }
        }
        worth
    }

    /// What git said last, in one line, for an error.
    pub(crate) fn into_text(mut self) -> String {
        if let Some(rest) = self.take_line().filter(|line| !is_progress(line)) {
            self.keep(rest);
        }
        Vec::from(self.kept).join("; ")
    }

    fn end_line(&mut self, now: Instant) -> Option<String> {
        let line = self.take_line()?;
        if is_progress(&line) {
            if now.duration_since(self.last_shown) < EVERY {
                return None;
            }
            self.last_shown = now;
        } else {
            self.keep(line.clone());
        }
        self.shown += 1;
        (self.shown <= MOST_LINES).then_some(line)
    }

    fn take_line(&mut self) -> Option<String> {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim().to_owned();
        (!line.is_empty()).then_some(line)
    }

    fn keep(&mut self, line: String) {
        if self.kept.len() == KEPT_LINES {
            self.kept.pop_front();
        }
        self.kept.push_back(line);
    }
}

/// `Receiving objects:  42% (…)`, `remote: Enumerating objects: 5, done.`
fn is_progress(line: &str) -> bool {
    let line = line.strip_prefix("remote: ").unwrap_or(line);
    let Some((what, how_far)) = line.split_once(':') else { return false };
    let is_activity = what.split(' ').any(|word| word.ends_with("ing")) && !what.contains("fatal");
    let how_far = how_far.trim_start();
    is_activity && how_far.starts_with(|c: char| c.is_ascii_digit())
        || line.starts_with("Total ") && line.contains("(delta ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_shown_now_and_then_and_messages_always() {
        let start = Instant::now();
        let mut progress = Progress::new(start);
        assert_eq!(progress.feed(b"remote: Counting objects: 10% (1/10)\rwarning: x\nRecei", start), ["warning: x"]);
        let later = start + EVERY;
        assert_eq!(progress.feed(b"ving objects: 50% (5/10)\r", later), ["Receiving objects: 50% (5/10)"]);
        assert!(progress.feed(b"Receiving objects: 60% (6/10)\r", later).is_empty());
        progress.feed(b"fatal: early EOF", later);
        assert_eq!(progress.into_text(), "warning: x; fatal: early EOF");
    }

    #[test]
    fn a_server_cannot_flood_the_log() {
        let start = Instant::now();
        let mut progress = Progress::new(start);
        let shown = (0..10_000).map(|_| progress.feed(b"remote: spam\n", start).len()).sum::<usize>();
        assert_eq!(shown, MOST_LINES);
        assert!(progress.feed(&[b'x'; 1 << 20], start).is_empty());
        assert!(progress.into_text().len() < 2 * LONGEST_LINE);
    }
}
