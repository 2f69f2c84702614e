//! Real processes, real containers, real storage, driven as a user would.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod artifacts;
mod builds;
mod crashes;
mod foreign_storage;
mod hosts;
mod images;
mod refusals;
mod stops;
