//! Real processes, real containers, real storage, driven as a user would.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod agents;
mod artifacts;
mod builds;
mod crashes;
mod disks;
mod fair_share;
mod fleets;
mod foreign_storage;
mod full_disks;
mod hosts;
mod images;
mod killed_runs;
mod refusals;
mod secondary;
mod session_door;
mod slow_stops;
mod stops;
mod traces;
