//! Real git repositories in temporary directories: by path, and over HTTP through git's own server program.

mod credentials;
mod hostile;
mod mirrors;
mod modules;
mod server;
mod ssh;
mod versions;
mod yard;
