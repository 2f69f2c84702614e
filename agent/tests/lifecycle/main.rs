//! Whole builds through the agent's public face: a coordinator made for the test on the other side of real gRPC, the
//! fake executor with programs that write a runner's journal, and the host executor with the real runner.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod coordinator;
mod git;
// The one that the fetcher of sources is tested with.
#[path = "../../source/src/git/tests/server.rs"]
mod git_server;
mod host;
mod restart;
mod scene;
mod unwanted;
mod users;
mod walk;
mod warm;
