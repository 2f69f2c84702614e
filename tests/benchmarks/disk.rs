//! What the disk costs without us.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long each of some small durable writes takes on the disk of `directory`.
pub(crate) fn fsyncs(directory: &Path) -> Vec<Duration> {
    let mut file = std::fs::File::create(directory.join("fsync")).expect("a file is made");
    let times = (0..200).map(|_| {
        let started = Instant::now();
        file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("it is written");
        started.elapsed()
    });
    times.collect()
}
