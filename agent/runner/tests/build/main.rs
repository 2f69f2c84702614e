//! Whole builds, walked by the real program as a child process, and what the journal says about them.

#![expect(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests")]

mod artifacts;
mod commands;
mod container;
mod helpers;
mod masking;
mod output;
mod phases;
mod stop;
mod support;
mod users;
mod waiting;
