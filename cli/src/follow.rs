//! Following a build: its views and its log from two streams, resumed when the connection is lost, shown on a screen
//! until the build is complete and its log is whole. `start --follow`, `logs --follow` and `run` share it.

pub(crate) mod interrupt;
mod stream;

use crate::failure::Failure;
use crate::fleet::{Document, Fleet};
use crate::log::cursor::{Cursor, Piece};
use crate::screen::Screen;
use buildyard_model::BuildView;
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt, TryFutureExt};
use std::time::Duration;
use stream::Event;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long the log may stay silent after the build is complete.
const LOG_PATIENCE: Duration = Duration::from_secs(30);
const EVENTS: usize = 64;

/// What Ctrl-C means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnInterrupt {
    /// Leave; the build goes on.
    Leave,
    /// Stop the build and wait for its end; a second one leaves at once.
    Stop,
}

/// How following ended.
#[derive(Debug)]
pub(crate) enum Followed {
    /// The build is over.
    Complete(Box<Document<BuildView>>),
    /// The user left.
    Left,
}

/// Follows the build `id` until it is over. `interrupts` yields once for each Ctrl-C.
pub(crate) async fn follow(
    fleet: &Fleet,
    id: &str,
    on_interrupt: OnInterrupt,
    screen: &mut (dyn Screen + Send),
    interrupts: impl Stream<Item = ()> + Unpin,
) -> Result<Followed, Failure> {
    let (sender, events) = mpsc::channel(EVENTS);
    // Dropped at the end of this function, which ends both streams.
    let mut streams = JoinSet::new();
    streams.spawn(stream::views(fleet.clone(), id.to_owned(), sender.clone()));
    streams.spawn(stream::log(fleet.clone(), id.to_owned(), sender));
    let stop = || fleet.stop(id).map_ok(drop).boxed();
    Session::new(on_interrupt, &stop, screen).run(events, interrupts).await
}

struct Session<'a> {
    on_interrupt: OnInterrupt,
    /// Asks the coordinator to stop the build.
    stop: &'a (dyn Fn() -> BoxFuture<'a, Result<(), Failure>> + Sync),
    screen: &'a mut (dyn Screen + Send),
    cursor: Cursor,
    /// The last view, once the build is complete.
    over: Option<Document<BuildView>>,
    log_ended: bool,
    stopping: bool,
    /// The user knows that the connection is lost.
    lost: bool,
}

impl<'a> Session<'a> {
    fn new(
        on_interrupt: OnInterrupt,
        stop: &'a (dyn Fn() -> BoxFuture<'a, Result<(), Failure>> + Sync),
        screen: &'a mut (dyn Screen + Send),
    ) -> Self {
        let cursor = Cursor::default();
        Self { on_interrupt, stop, screen, cursor, over: None, log_ended: false, stopping: false, lost: false }
    }

    async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        mut interrupts: impl Stream<Item = ()> + Unpin,
    ) -> Result<Followed, Failure> {
        let mut heard = Instant::now();
        loop {
            if self.over.is_some() && self.log_ended {
                break;
            }
            tokio::select! {
                event = events.recv() => {
                    heard = Instant::now();
                    let Some(event) = event else { break };
                    self.handle(event)?;
                }
                Some(()) = interrupts.next() => {
                    if self.interrupted().await? {
                        self.screen.close()?;
                        return Ok(Followed::Left);
                    }
                }
                () = tokio::time::sleep_until(heard + LOG_PATIENCE), if self.over.is_some() => {
                    self.screen.notice("the end of the log has not arrived; read it again with `buildyard logs`")?;
                    break;
                }
            }
        }
        self.screen.close()?;
        match self.over {
            Some(build) => Ok(Followed::Complete(Box::new(build))),
            None => Err(Failure::service("the build's streams ended before the build did")),
        }
    }

    fn handle(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::View(build) => {
                self.lost = false;
                self.screen.build(&build)?;
                if build.view.build_complete {
                    self.over = Some(*build);
                }
            }
            Event::Log { offset, bytes } => self.log(offset, &bytes)?,
            Event::LogEnded => self.log_ended = true,
            // Both streams lose one connection; it is told once.
            Event::Lost(why) => {
                if !std::mem::replace(&mut self.lost, true) {
                    self.screen.notice(&format!("{why}; trying again"))?;
                }
            }
            Event::Failed(failure) => {
                self.screen.close()?;
                return Err(failure);
            }
        }
        Ok(())
    }

    fn log(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.lost = false;
        let wanted = self.cursor.next();
        match self.cursor.take(offset, bytes) {
            Piece::New([]) => Ok(()),
            Piece::New(new) => self.screen.log(wanted.max(offset), new),
            Piece::AfterGap(missing, new) => {
                self.screen.notice(&format!("{missing} bytes of the log are missing here"))?;
                self.screen.log(offset, new)
            }
            Piece::Restarted(new) => {
                self.screen.notice("the build begins again on another agent")?;
                self.screen.log(offset, new)
            }
        }
    }

    /// Answers one Ctrl-C; true when the user leaves.
    async fn interrupted(&mut self) -> Result<bool, Failure> {
        if self.on_interrupt == OnInterrupt::Leave || self.stopping {
            return Ok(true);
        }
        self.stopping = true;
        self.screen.notice("stopping the build; Ctrl-C again leaves at once")?;
        match (self.stop)().await {
            Ok(()) => Ok(false),
            Err(failure) => {
                self.screen.close()?;
                Err(failure)
            }
        }
    }
}

#[cfg(test)]
mod tests;
