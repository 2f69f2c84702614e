//! Where the program under test is.

use std::path::PathBuf;

/// The `buildyard` binary: `BUILDYARD_BIN`, or the one that `make build` puts beside the test's own.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("BUILDYARD_BIN") {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().expect("the test knows its own path");
    let beside = test.ancestors().skip(1).map(|folder| folder.join("buildyard")).find(|path| path.is_file());
    beside.expect("the buildyard binary is not built: run `cargo build -p buildyard`, or set BUILDYARD_BIN")
}
