//! Globs, archives and transfers.
