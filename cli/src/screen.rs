//! Where a followed build is shown: on a terminal, as plain lines, or as JSON for a program.

mod json;
mod live;
mod plain;

use crate::failure::Failure;
use crate::fleet::Document;
use crate::output::{self, Format};
use buildyard_model::BuildView;

/// One way to show a build. Calls come in the order in which things happened.
pub(crate) trait Screen {
    /// The build is now like this.
    fn build(&mut self, build: &Document<BuildView>) -> Result<(), Failure>;
    /// The next bytes of its log, which begin at `offset`.
    fn log(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Failure>;
    /// Something about the connection or the user's own keys.
    fn notice(&mut self, text: &str) -> Result<(), Failure>;
    /// Nothing more comes: what was held back is shown, the terminal is left as it was.
    fn close(&mut self) -> Result<(), Failure>;
}

/// How to show.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ScreenOptions {
    /// Text or JSON.
    pub(crate) format: Format,
    /// Let every escape sequence through.
    pub(crate) raw: bool,
    /// Show the phase that runs; `logs` without `--follow` has none.
    pub(crate) phases: bool,
}

/// The screen that fits standard output and standard error.
pub(crate) fn open(options: ScreenOptions) -> Box<dyn Screen + Send> {
    match options.format {
        Format::Json => Box::new(json::Json),
        Format::Text if options.phases && output::stderr_is_terminal() => Box::new(live::Live::new(filter(options))),
        Format::Text => Box::new(plain::Plain::new(options.phases, filter(options))),
    }
}

/// Where a person looks, escape sequences other than colours are taken out; files and pipes get the bytes.
fn filter(options: ScreenOptions) -> Option<crate::log::ansi::Filter> {
    (output::stdout_is_terminal() && !options.raw).then(crate::log::ansi::Filter::default)
}
