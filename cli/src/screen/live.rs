//! For people: the log, and under it a line with a spinner, the phase that runs and its time. A line of the log that
//! is not finished is shown behind the phase until it is, since the phase line is redrawn over it.

use super::Screen;
use crate::failure::Failure;
use crate::fleet::Document;
use crate::log::ansi::Filter;
use crate::output;
use crate::render::{elapsed, printable};
use buildyard_model::{BuildView, Clock, Phase, PhaseRecord, SystemClock, Timestamp};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::time::Duration;

const FRAME: Duration = Duration::from_millis(100);
/// An unfinished line longer than this is written as it is.
const LONGEST_HELD: usize = 16 * 1024;

/// A terminal.
#[derive(Debug)]
pub(super) struct Live {
    bar: ProgressBar,
    filter: Option<Filter>,
    /// An unfinished line.
    held: Vec<u8>,
    /// Whether the last byte written ended a line.
    at_line_start: bool,
    phase: Option<Phase>,
}

impl Live {
    pub(super) fn new(filter: Option<Filter>) -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("connecting", None));
        bar.enable_steady_tick(FRAME);
        Self { bar, filter, held: Vec::new(), at_line_start: true, phase: None }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(last) = bytes.last() else { return Ok(()) };
        self.at_line_start = *last == b'\n';
        self.bar.suspend(|| output::write(bytes))
    }

    fn show_held(&self) {
        let text = String::from_utf8_lossy(&self.held);
        let visible = text.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default();
        self.bar.set_message(printable(&strip_colours(visible)));
    }
}

impl Screen for Live {
    fn build(&mut self, build: &Document<BuildView>) -> Result<(), Failure> {
        let view = &build.view;
        if let Some(running) = running(&view.phases).filter(|record| self.phase != Some(record.phase_type)) {
            self.phase = Some(running.phase_type);
            self.bar.set_style(style(running.phase_type.name(), Some(running.start_time)));
        }
        if self.held.is_empty() {
            self.bar.set_message(view.reason.as_deref().map(printable).unwrap_or_default());
        }
        Ok(())
    }

    fn log(&mut self, _offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        let before = self.held.len();
        match &mut self.filter {
            Some(filter) => filter.push(bytes, &mut self.held),
            None => self.held.extend_from_slice(bytes),
        }
        let whole = match self.held[before..].iter().rposition(|byte| *byte == b'\n') {
            Some(at) => before + at + 1,
            None if self.held.len() > LONGEST_HELD => self.held.len(),
            None => 0,
        };
        let rest = self.held.split_off(whole);
        let lines = std::mem::replace(&mut self.held, rest);
        self.write(&lines)?;
        self.show_held();
        Ok(())
    }

    fn notice(&mut self, text: &str) -> Result<(), Failure> {
        self.bar.suspend(|| output::note(text));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        let mut rest = std::mem::take(&mut self.held);
        if let Some(filter) = &mut self.filter {
            filter.finish(&mut rest);
        }
        self.bar.finish_and_clear();
        self.write(&rest)?;
        if self.at_line_start { Ok(()) } else { output::write(b"\n") }
    }
}

/// The phase that runs now.
fn running(records: &[PhaseRecord]) -> Option<&PhaseRecord> {
    records.iter().rev().find(|record| record.phase_status.is_none())
}

/// The phase line. Times are by this machine's clock; one that is behind the coordinator's shows zero.
fn style(name: &str, since: Option<Timestamp>) -> ProgressStyle {
    let time = move |_: &ProgressState, out: &mut dyn Write| {
        if let Some(since) = since {
            let _ = out.write_str(&elapsed::of(SystemClock.now().since(since)));
        }
    };
    ProgressStyle::with_template(&template(name))
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .with_key("phase_time", time)
}

fn template(name: &str) -> String {
    format!("{{spinner:.cyan}} {name} {{phase_time}}  {{wide_msg:.dim}}")
}

fn strip_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split("\x1b[");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, text)| text));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_phase_line_names_the_newest_phase_without_an_end() {
        assert_eq!(running(&sample::running_build().phases).unwrap().phase_type, Phase::Build);
    }

    #[test]
    fn the_phase_line_is_a_valid_template() {
        assert!(ProgressStyle::with_template(&template("DOWNLOAD_SOURCE")).is_ok());
    }

    #[test]
    fn a_held_line_is_shown_without_its_colours() {
        assert_eq!(strip_colours("\x1b[31;1merror\x1b[0m: no"), "error: no");
        assert_eq!(strip_colours("cut \x1b[3"), "cut ");
    }

    #[test]
    fn only_whole_lines_leave_the_screen_until_it_closes() {
        let mut live =
            Live { bar: ProgressBar::hidden(), filter: None, held: Vec::new(), at_line_start: true, phase: None };
        live.log(0, b"half").unwrap();
        assert_eq!(live.held, b"half");
        live.log(4, b" a line\nand more").unwrap();
        assert_eq!(live.held, b"and more");
        assert_eq!(live.bar.message(), "and more");
        live.close().unwrap();
        assert!(live.held.is_empty());
    }
}
