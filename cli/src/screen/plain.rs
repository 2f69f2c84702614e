//! For files, pipes and CI: the log on standard output, a line for each phase on standard error.

use super::Screen;
use crate::failure::Failure;
use crate::fleet::Document;
use crate::log::ansi::Filter;
use crate::output;
use crate::render::elapsed;
use buildyard_model::{BuildView, PhaseRecord};

/// Plain text.
#[derive(Debug)]
pub(super) struct Plain {
    phases: bool,
    filter: Option<Filter>,
    /// How many phases were said to have begun, and to have ended.
    begun: usize,
    ended: usize,
}

impl Plain {
    pub(super) fn new(phases: bool, filter: Option<Filter>) -> Self {
        Self { phases, filter, begun: 0, ended: 0 }
    }
}

impl Screen for Plain {
    fn build(&mut self, build: &Document<BuildView>) -> Result<(), Failure> {
        if self.phases {
            for line in news(&build.view.phases, &mut self.begun, &mut self.ended) {
                output::note(&line);
            }
        }
        Ok(())
    }

    fn log(&mut self, _offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        let Some(filter) = &mut self.filter else { return output::write(bytes) };
        let mut shown = Vec::new();
        filter.push(bytes, &mut shown);
        output::write(&shown)
    }

    fn notice(&mut self, text: &str) -> Result<(), Failure> {
        output::note(text);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        let mut rest = Vec::new();
        if let Some(filter) = &mut self.filter {
            filter.finish(&mut rest);
        }
        if rest.is_empty() { Ok(()) } else { output::write(&rest) }
    }
}

/// What is new in `records` since the last call. A phase that began and ended in between gets its end only.
fn news(records: &[PhaseRecord], begun: &mut usize, ended: &mut usize) -> Vec<String> {
    if records.len() < *begun {
        // Another attempt begins with a shorter history.
        (*begun, *ended) = (0, 0);
    }
    let mut lines = Vec::new();
    for (index, record) in records.iter().enumerate() {
        match (record.phase_status, record.end_time) {
            (Some(status), Some(end)) if index >= *ended => {
                let lasted = elapsed::of(end.since(record.start_time));
                lines.push(format!("phase {} {status} in {lasted}", record.phase_type));
                (*ended, *begun) = (index + 1, index + 1);
            }
            (None, _) if index >= *begun => {
                lines.push(format!("phase {}", record.phase_type));
                *begun = index + 1;
            }
            _ => {}
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn each_phase_is_told_once() {
        let (mut begun, mut ended) = (0, 0);
        let running = sample::running_build().phases;
        let first = news(&running, &mut begun, &mut ended);
        assert_eq!(first[0], "phase SUBMITTED SUCCEEDED in 0.0 s");
        assert_eq!(first.last().unwrap(), "phase BUILD");
        assert_eq!(news(&running, &mut begun, &mut ended), Vec::<String>::new());
        let rest = news(&sample::finished_build().phases, &mut begun, &mut ended);
        assert_eq!(rest[0], "phase BUILD SUCCEEDED in 1 min 12 s");
        assert_eq!(rest.last().unwrap(), "phase COMPLETED");
    }
}
