//! One sandbox of the fake: a program as a task, with signals as tokens.

use super::Program;
use crate::sandbox::{Exit, SandboxSpec};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Where it is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Life {
    Fresh,
    Running,
    Ended(Exit),
}

#[derive(Debug, Clone)]
pub(super) struct Sandbox {
    spec: Arc<SandboxSpec>,
    life: watch::Sender<Life>,
    terminate: CancellationToken,
    kill: CancellationToken,
}

impl Sandbox {
    pub(super) fn new(spec: SandboxSpec) -> Self {
        let life = watch::Sender::new(Life::Fresh);
        Self { spec: Arc::new(spec), life, terminate: CancellationToken::new(), kill: CancellationToken::new() }
    }

    pub(super) fn spec(&self) -> &SandboxSpec {
        &self.spec
    }

    pub(super) fn life(&self) -> Life {
        self.life.borrow().clone()
    }

    /// Starts the program, if nobody did before.
    pub(super) fn start(&self, program: impl FnOnce(&SandboxSpec) -> Program) {
        let first = self.life.send_if_modified(|life| {
            let fresh = *life == Life::Fresh;
            if fresh {
                *life = Life::Running;
            }
            fresh
        });
        if first {
            tokio::spawn(run(program(&self.spec), self.clone()));
        }
    }

    /// Waits for the end of a program that was started.
    pub(super) async fn ended(&self) -> Exit {
        let mut life = self.life.subscribe();
        loop {
            if let Life::Ended(exit) = &*life.borrow_and_update() {
                return exit.clone();
            }
            // Cannot fail, as `self` holds the sender.
            let _ = life.changed().await;
        }
    }

    /// SIGTERM, and SIGKILL after `grace`.
    pub(super) async fn stop(&self, grace: Duration) {
        if self.life() != Life::Running {
            return;
        }
        self.terminate.cancel();
        if timeout(grace, self.ended()).await.is_err() {
            self.kill.cancel();
            self.ended().await;
        }
    }
}

async fn run(program: Program, sandbox: Sandbox) {
    let exit = tokio::select! {
        exit = carry_out(program, sandbox.terminate.clone()) => exit,
        () = sandbox.kill.cancelled() => Exit { code: Some(137), out_of_memory: false },
    };
    sandbox.life.send_replace(Life::Ended(exit));
}

async fn carry_out(program: Program, terminate: CancellationToken) -> Exit {
    match program {
        Program::Ends { after, exit } => {
            sleep(after).await;
            exit
        }
        Program::RunsUntilStopped { exit } => {
            terminate.cancelled().await;
            exit
        }
        Program::Does(program) => program(terminate).await,
    }
}
