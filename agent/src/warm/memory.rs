//! What came in lately, across restarts of the agent: the file `warm.json` in its data directory. It is written whole, by a
//! rename; what is lost or cannot be read costs a few warm containers and nothing else.

use super::demand::Arrivals;
use super::shape::Shape;
use buildyard_model::Timestamp;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE: &str = "warm.json";

/// One shape, as it lies on the disk.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    shape: Shape,
    weight: f64,
    seen: Timestamp,
}

/// The file.
#[derive(Debug, Clone)]
pub(crate) struct Memory(PathBuf);

impl Memory {
    pub(crate) fn at(data_dir: &Path) -> Self {
        Self(data_dir.join(FILE))
    }

    /// What was kept, as of `now`.
    pub(crate) fn read(&self, now: Timestamp) -> Vec<Arrivals> {
        let entries: Vec<Entry> = match std::fs::read(&self.0)
            .map_err(Some)
            .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| Some(io::Error::from(error))))
        {
            Ok(entries) => entries,
            Err(error) => {
                let error = error.filter(|error| error.kind() != io::ErrorKind::NotFound);
                error.inspect(|error| tracing::warn!(%error, "which images were wanted lately is not known any more"));
                return Vec::new();
            }
        };
        let arrivals = |Entry { shape, weight, seen }| Arrivals { shape, weight, age: now.since(seen) };
        entries.into_iter().map(arrivals).collect()
    }

    pub(crate) fn write(&self, arrivals: Vec<Arrivals>, now: Timestamp) {
        let entry = |Arrivals { shape, weight, age }| Entry { shape, weight, seen: before(now, age) };
        let entries: Vec<Entry> = arrivals.into_iter().map(entry).collect();
        let draft = self.0.with_extension("fresh");
        let written = serde_json::to_vec(&entries).map_err(io::Error::from);
        let written =
            written.and_then(|bytes| std::fs::write(&draft, bytes)).and_then(|()| std::fs::rename(&draft, &self.0));
        if let Err(error) = written {
            tracing::debug!(%error, "which images are wanted could not be kept");
        }
    }
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_model::Resources;

    #[test]
    fn what_was_written_is_read_so_much_older_and_garbage_is_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let memory = Memory::at(directory.path());
        assert_eq!(memory.read(Timestamp(0)), []);
        let shape = Shape::new("x", Resources { vcpu: 2, memory_mib: 4096 }, true);
        let seen = |age| Arrivals { shape: shape.clone(), weight: 2.5, age: Duration::from_secs(age) };
        memory.write(vec![seen(10)], Timestamp(100_000));
        assert_eq!(memory.read(Timestamp(105_000)), [seen(15)]);
        assert_eq!(memory.read(Timestamp(0)), [seen(0)], "a clock that was set back");
        std::fs::write(directory.path().join(FILE), "[{").unwrap();
        assert_eq!(memory.read(Timestamp(0)), []);
    }
}
