//! A build's log in storage: chunks by byte offset, one folder per grant of the build, so that what a stale agent
//! still writes can never mix with what counts. `append` takes an agent's stream in, `read` gives it to readers as
//! bytes, `events` as lines with times, `export` puts it in S3; all share one in-memory index per log. `directory` knows
//! which log is in which group, and `search` reads the logs of a group together.

mod append;
mod cache;
mod chunk;
mod directory;
mod events;
mod export;
mod index;
mod read;
mod search;

pub use append::LogSink;
pub(crate) use chunk::LOGS;
pub(crate) use directory::Directory;
pub use directory::{LogGroup, LogStream, StreamOrder, StreamQuery};
pub use events::{BuildLog, EventLimits, EventPage, LogEvent};
pub(crate) use index::LiveLogs;
pub use read::LogReader;
pub use search::{Found, FoundEvent, Place, Search};

#[cfg(test)]
mod tests;
