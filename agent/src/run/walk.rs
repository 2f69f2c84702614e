//! The walk: the sandbox runs, the agent follows its journal, and sees that it ends.
//!
//! What the runner did is in its journal, so an agent that is started again reads it from the start and stands where
//! the earlier one stood. Starting a sandbox that runs or ran changes nothing, so nobody needs to know whether it did.

mod follower;
mod watch;

use super::Build;
use super::halt::Halt;
use super::projection::Projection;
use super::provision;
use crate::folder::Ending;
use buildyard_executor::{Exit, SandboxId};
use buildyard_model::{PhaseContext, PhaseStatus};
use buildyard_runner::failure::{EXIT_INTERNAL, EXIT_JOURNAL, EXIT_PLAN, EXIT_STATE};
use follower::{Follower, Heard};
use std::time::Duration;
use tokio::time::{sleep_until, timeout};
use watch::{Ended, Watch};

/// How long a program may take to end once it was asked to, when nobody says otherwise (reliability 2.2: STOP).
const GRACE: Duration = Duration::from_secs(10);
/// How long the journal may take to be read to its end once nobody writes to it (reliability 2.2: DRAIN).
const DRAIN: Duration = Duration::from_secs(5);
/// How long a stop may wait until it is known which phase it ends.
const CATCH_UP: Duration = Duration::from_millis(500);

/// How a walk ended that was not halted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walked {
    /// With the runner's verdict.
    Over,
    /// The warm sandbox had died before its runner saw the plan.
    NeverBegan,
}

/// What ends the loop.
enum Turn {
    Over,
    Died(Ended),
    Halted(Halt),
}

impl Build {
    /// Follows the build until the runner's verdict is in `projection`, or it halts.
    pub(super) async fn walk(&mut self, sandbox: &SandboxId, projection: &mut Projection) -> Result<Walked, Halt> {
        let _ringing = self.site.ringer.ring_for(&self.folder.control(), &self.bell);
        let mut follower = Follower::new(self.folder.journal(), &self.bell);
        // An earlier process may have seen it through: then there is nothing to start any more.
        Self::catch_up(&mut follower, projection).await;
        if projection.verdict.is_some() {
            return Ok(Walked::Over);
        }
        if let Some(ending) = self.state.ending.clone() {
            return self.halt_walk(sandbox, &mut follower, projection, Halt::from_ending(&ending)).await;
        }
        // From here on a command of the user may begin at any moment.
        projection.commands_started = true;
        self.teller.now(self.state.snapshot(&projection.phases, true));
        self.folder.hand_over_plan().map_err(|error| Halt::disk("hand the plan to the runner", &error))?;
        let mut watch = Watch::start(self.site.executor.clone(), sandbox.clone());
        match self.follow(&mut follower, &mut watch, projection).await {
            Turn::Over => Ok(Walked::Over),
            Turn::Died(_) if self.never_began() => Ok(Walked::NeverBegan),
            Turn::Died(ended) => Err(death(&ended, projection)),
            Turn::Halted(halt) => {
                drop(watch);
                self.halt_walk(sandbox, &mut follower, projection, halt).await
            }
        }
    }

    async fn follow(&mut self, follower: &mut Follower, watch: &mut Watch, projection: &mut Projection) -> Turn {
        let mut ended = None;
        // Once nobody writes any more, two looks that find nothing have seen everything: one may have begun before.
        let mut empty_looks = 0;
        let mut begun = false;
        loop {
            let heard = tokio::select! {
                biased;
                told = self.orders.told() => return Turn::Halted(Halt::Told(told)),
                () = sleep_until(self.deadline) => return Turn::Halted(Halt::TimedOut),
                end = watch.ended(), if ended.is_none() => {
                    ended = Some(end);
                    follower.hurry();
                    continue;
                }
                heard = follower.next() => heard,
            };
            match heard {
                Heard::Events(events) => {
                    if !std::mem::replace(&mut begun, true) {
                        self.withdraw_memory();
                        self.site.warm.stir();
                    }
                    let mut changed = false;
                    for event in events {
                        changed |= projection.apply(event);
                    }
                    // Also with the verdict: the upload that follows may take long.
                    if changed {
                        self.teller.soon(self.state.snapshot(&projection.phases, projection.commands_started));
                    }
                    if projection.verdict.is_some() {
                        return Turn::Over;
                    }
                }
                Heard::Nothing => {
                    empty_looks += usize::from(ended.is_some());
                    if let Some(end) = ended.take_if(|_| empty_looks >= 2) {
                        return Turn::Died(end);
                    }
                }
                Heard::Damaged(reason) => {
                    let context =
                        PhaseContext::new("INTERNAL_ERROR", format!("the build damaged its journal: {reason}"));
                    return Turn::Halted(Halt::Failed(context));
                }
            }
        }
    }

    /// The runner takes its secrets before it writes a journal. From then on the folder they were in is of use to
    /// nobody but a build that wants to fill the host's memory: once it is removed, nothing can be made in it.
    fn withdraw_memory(&self) {
        if !self.layout.in_container {
            return;
        }
        if let Err(error) = self.folder.discard_memory() {
            tracing::warn!(%error, "a build's folder in memory could not be removed yet");
        }
    }

    /// Ends the sandbox before its own end. The decision is on disk first: a killed agent carries it out later.
    async fn halt_walk(
        &mut self,
        sandbox: &SandboxId,
        follower: &mut Follower,
        projection: &mut Projection,
        halt: Halt,
    ) -> Result<Walked, Halt> {
        self.state.ending = halt.ending();
        self.keep_if_possible();
        // What is in the journal by now happened before the build was told to end.
        if timeout(CATCH_UP, Self::catch_up(follower, projection)).await.is_err() {
            tracing::debug!("a build writes its journal faster than it is read; it is stopped where it was seen last");
        }
        let grace = match &self.state.ending {
            Some(Ending::Stopped { grace_ms }) => Duration::from_millis(*grace_ms).min(GRACE),
            Some(Ending::TimedOut) => GRACE,
            // Nobody waits for what it would still say.
            Some(Ending::GaveUp { .. }) | None => Duration::ZERO,
        };
        if let Err(error) = self.site.executor.stop(sandbox, grace).await {
            tracing::warn!(sandbox = %sandbox.0, %error, "a sandbox could not be stopped; it will be removed");
        }
        // Phases that ended because of the stop are not what ended them.
        let mut last_words = Projection::behind(projection.phases.clone());
        if timeout(DRAIN, Self::catch_up(follower, &mut last_words)).await.is_err() {
            tracing::warn!("a stopped build's journal was not read to its end in time");
        }
        Err(halt)
    }

    /// Reads the journal as far as it goes now.
    async fn catch_up(follower: &mut Follower, projection: &mut Projection) {
        follower.hurry();
        while let Heard::Events(events) = follower.next().await {
            for event in events {
                projection.apply(event);
            }
        }
        follower.calm();
    }
}

/// What it means that a sandbox ended without a verdict (reference 1.7).
fn death(ended: &Ended, projection: &Projection) -> Halt {
    let fault = |text: String| Halt::Fault(PhaseContext::new("INTERNAL_ERROR", text));
    // The runner may have said itself what broke.
    let last = projection.phases.records().last();
    if let Some(said) =
        last.filter(|last| last.phase_status == Some(PhaseStatus::Fault)).and_then(|last| last.contexts.first())
    {
        return Halt::Fault(said.clone());
    }
    let exit = match ended {
        Ended::Exited { exit, trouble: None } => exit,
        Ended::Exited { trouble: Some(trouble), .. } => {
            return fault(format!("the build's sandbox ended while its engine was not reachable: {trouble}"));
        }
        Ended::Refused(error) => return provision::halt(error),
        Ended::Lost(reason) => return fault(reason.clone()),
    };
    match exit.code.and_then(|code| i32::try_from(code).ok()) {
        Some(EXIT_JOURNAL | EXIT_STATE) => {
            fault("the runner could not write to its disk: is the host's disk full?".to_owned())
        }
        Some(EXIT_PLAN | EXIT_INTERNAL) => {
            fault(format!("the runner failed with exit code {}", exit.code.unwrap_or_default()))
        }
        _ => Halt::Failed(PhaseContext::new("CLIENT_ERROR", found_dead(exit))),
    }
}

fn found_dead(exit: &Exit) -> String {
    let why = match exit.out_of_memory {
        true => "Build container died because it was out of memory.",
        false => "Build container died because it was out of memory, or the Docker image is not supported.",
    };
    format!("Build container found dead before completing the build. {why} ErrorCode: 500")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn died(code: i64, out_of_memory: bool) -> Halt {
        let exit = Exit { code: Some(code), out_of_memory };
        death(&Ended::Exited { exit, trouble: None }, &Projection::default())
    }

    #[test]
    fn a_dead_container_is_told_in_codebuilds_words() {
        let Halt::Failed(context) = died(137, false) else { panic!("not the user's") };
        assert_eq!(
            context.message,
            "Build container found dead before completing the build. Build container died because it was out of \
             memory, or the Docker image is not supported. ErrorCode: 500"
        );
        let Halt::Failed(context) = died(137, true) else { panic!("not the user's") };
        assert!(context.message.contains("because it was out of memory. ErrorCode"), "{}", context.message);
    }

    #[test]
    fn what_broke_on_our_side_is_a_fault() {
        assert!(matches!(died(74, false), Halt::Fault(context) if context.message.contains("disk full")));
        assert!(matches!(died(64, false), Halt::Fault(_)));
        let exit = Exit { code: Some(137), out_of_memory: false };
        let ended = Ended::Exited { exit, trouble: Some("no socket".into()) };
        assert!(matches!(death(&ended, &Projection::default()), Halt::Fault(_)));
    }
}
