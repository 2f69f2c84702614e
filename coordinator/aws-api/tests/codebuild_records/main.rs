//! Projects and the small records beside them, through the API as a client sees it, over a store in memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod every_member;
mod listing;
mod permissions;
mod projects;
mod records;
mod rig;
mod updates;
