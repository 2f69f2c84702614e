//! Standard output and standard error. Results go to the first, everything else to the second; a reader that went
//! away is not an error.

use crate::failure::Failure;
use clap::ValueEnum;
use std::io::{self, IsTerminal, Write};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// The documents as they come, one a line.
    Json,
}

/// The flag of every command that prints a result.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct OutputArgs {
    /// text for people; json for the documents as they come, one a line
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: Format,
}

/// Writes bytes to standard output at once.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(from_io)
}

/// Writes a line to standard output.
pub(crate) fn line(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut bytes = text.as_ref().to_vec();
    bytes.push(b'\n');
    write(&bytes)
}

/// Tells the user something beside the result. Nobody is left to hear that this failed.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether a person looks at standard output.
pub(crate) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// How many columns standard output has, where it is a terminal.
pub(crate) fn width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// Whether a person looks at standard error.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

fn from_io(source: io::Error) -> Failure {
    if source.kind() == io::ErrorKind::BrokenPipe {
        return Failure::OutputClosed;
    }
    Failure::File { action: "write to standard output".to_owned(), source }
}
