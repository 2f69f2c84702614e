//! Builds that could not be dealt with: said once in a while, and left alone meanwhile, so that one of them never holds
//! up the others.

use crate::Error;
use buildyard_model::BuildId;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long such a build is left alone.
const REST: Duration = Duration::from_secs(10);

/// One reconciler's builds in trouble.
#[derive(Debug, Default)]
pub(super) struct Troubled(HashMap<BuildId, Instant>);

impl Troubled {
    /// Whether the build is to be left alone now.
    pub(super) fn rests(&mut self, build: &BuildId) -> bool {
        // What is tried again, or is not asked for any more, is forgotten here.
        self.0.retain(|_, until| *until > Instant::now());
        self.0.contains_key(build)
    }

    /// The builds that have been left alone long enough, which are forgotten here.
    pub(super) fn rested(&mut self) -> Vec<BuildId> {
        let now = Instant::now();
        let rested: Vec<_> = self.0.iter().filter(|(_, until)| **until <= now).map(|(id, _)| id.clone()).collect();
        self.0.retain(|build, _| !rested.contains(build));
        rested
    }

    /// Says that the build could not be dealt with.
    pub(super) fn note(&mut self, build: &BuildId, error: &Error, what: &'static str) {
        tracing::error!(build.id = %build, %error, "{what}; the other builds go on, and this one is tried again");
        self.0.insert(build.clone(), Instant::now() + REST);
    }
}
