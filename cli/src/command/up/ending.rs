//! How `up` ends the agents that it started: none of them stays behind when nobody is there to give them builds.

use crate::all_in_one::AllInOne;
use crate::failure::chain;
use crate::output;
use buildyard_coordinator::Closing;
use futures::{Stream, StreamExt};

/// The ways to end them, each after one more signal, and what the user is told.
const WAYS: [(Closing, &str); 2] = [
    (Closing::Patient, "ending the agents; those that build end with their builds. Ctrl-C again stops the builds"),
    (Closing::AtOnce, "stopping the builds. Ctrl-C again leaves them, and the agents, to the next start"),
];

/// Ends the agents as the user's signals say. What waits in the queue waits for the next start.
pub(super) async fn end_agents(running: &AllInOne, interrupts: &mut (impl Stream<Item = ()> + Unpin)) {
    for (how, told) in WAYS {
        output::note(told);
        tokio::select! {
            ended = running.coordinator.close_fleets(how) => {
                if let Err(error) = ended {
                    tracing::warn!(error = chain(&error), "the agents could not be ended; the next start takes them up");
                }
                return;
            }
            _ = interrupts.next() => {}
            () = running.failed() => return,
        }
    }
}
