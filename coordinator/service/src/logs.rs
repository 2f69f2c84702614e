//! A build's log in storage: chunks by byte offset, one folder per grant of the build, so that what a stale agent
//! still writes can never mix with what counts. `append` takes an agent's stream in, `read` gives it to readers;
//! both share one in-memory index per log.

mod append;
mod chunk;
mod index;
mod read;

pub use append::LogSink;
pub(crate) use index::LiveLogs;
pub use read::LogReader;

#[cfg(test)]
mod tests;
