//! The coordinator's configuration for a test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// A port of the loopback that is free now, and that the same process can use again after a restart.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

/// The data directory.
pub(crate) fn data(directory: &Path) -> PathBuf {
    directory.join("coordinator")
}

/// Writes the configuration; `listen` is further TOML of its section, `more` of all.
pub(crate) fn write(directory: &Path, http: u16, grpc: u16, listen: &str, more: &str) -> PathBuf {
    let path = directory.join("coordinator.toml");
    let data = data(directory);
    let (top, sections) = more.split_once("[").map_or((more, String::new()), |(top, rest)| (top, format!("[{rest}")));
    let text = format!(
        "data_dir = {data:?}\n{top}\n[listen]\nhttp = \"127.0.0.1:{http}\"\ngrpc = \"127.0.0.1:{grpc}\"\n{listen}\n{sections}\n"
    );
    std::fs::write(&path, text).expect("the configuration is written");
    path
}
