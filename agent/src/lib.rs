//! The daemon on a build host.
