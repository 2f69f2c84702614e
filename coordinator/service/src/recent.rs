//! Builds as this coordinator last committed them, so that the next step of a build that is under way needs no read of
//! the store.
//!
//! Only `commit` decides by it, and what it decides counts only if the store finds the version to be the current one;
//! what would be refused is decided again on what is stored. So an old copy costs time and nothing else.

use buildyard_model::{BuildId, BuildspecOrigin};
use buildyard_scheduler::{Build, State};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Builds in one generation; there are two.
const GENERATION: usize = 1024;
/// Bytes of texts of the user's in a build that is remembered; those with more are read from the store.
const LARGEST: usize = 16 * 1024;

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<BuildId, Build>,
    old: HashMap<BuildId, Build>,
}

/// The builds remembered.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Generations>);

impl Recent {
    /// Takes the build out.
    pub(crate) fn take(&self, id: &BuildId) -> Option<Build> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let old = kept.old.remove(id);
        kept.young.remove(id).or(old)
    }

    /// Keeps a build as it was committed or read, in place of the copy that was there, unless it is over.
    pub(crate) fn keep(&self, build: &Build) {
        if matches!(build.state, State::Finished { .. }) || texts(build) > LARGEST {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.young.len() >= GENERATION {
            kept.old = std::mem::take(&mut kept.young);
        }
        kept.young.insert(build.spec.id.clone(), build.clone());
    }
}

/// The size of what a user can make long.
fn texts(build: &Build) -> usize {
    let buildspec = match &build.spec.buildspec {
        BuildspecOrigin::Inline(text) => text.len(),
        BuildspecOrigin::Default | BuildspecOrigin::Path(_) | BuildspecOrigin::S3(_) => 0,
    };
    let variables = build.spec.environment.environment_variables.iter();
    let phases = build.phases.iter().flat_map(|phase| &phase.contexts).map(|context| context.message.len());
    buildspec
        + variables.map(|variable| variable.name.len() + variable.value.len()).sum::<usize>()
        + phases.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use crate::testing::Rig;
    use buildyard_model::Submission;
    use buildyard_scheduler::Event;

    #[tokio::test]
    async fn what_is_remembered_goes_with_the_build_and_is_bounded() {
        let rig = Rig::start().await;
        let first = rig.submit("p1").await;
        let build = rig.service.load(&first).await.unwrap();
        let recent = super::Recent::default();
        recent.keep(&build);
        assert_eq!(recent.take(&first).as_ref(), Some(&build));
        assert_eq!(recent.take(&first), None, "whoever decides on it has the only copy");
        for other in 0..3 * super::GENERATION {
            let mut build = build.clone();
            build.spec.id = format!("p1:00000000-0000-4000-8000-{other:012}").parse().unwrap();
            recent.keep(&build);
        }
        let kept = recent.0.lock().unwrap();
        assert!(kept.young.len() <= super::GENERATION && kept.old.len() <= super::GENERATION);
    }

    #[tokio::test]
    async fn a_long_buildspec_is_left_in_the_store() {
        let rig = Rig::start().await;
        let text = format!("# {}\nversion: 0.2\nphases: {{}}\n", "x".repeat(super::LARGEST));
        let submission = serde_json::json!({
            "source": {"type": "NO_SOURCE"}, "buildspec": {"inline": text}, "environment": {"image": "x"},
        });
        let submission: Submission = serde_json::from_value(submission).unwrap();
        let build = rig.service.submit(&"p1".parse().unwrap(), submission, None).await.unwrap();
        let build = rig.service.load(&build.id).await.unwrap();
        let recent = super::Recent::default();
        recent.keep(&build);
        assert_eq!(recent.take(&build.spec.id), None);
    }

    #[tokio::test]
    async fn an_old_copy_neither_decides_nor_refuses() {
        let rig = Rig::start().await;
        let mut agent = rig.connect("a1", 1, vec![]).await;
        let id = rig.submit("p1").await;
        let token = agent.offer().await;
        let leased = rig.service.load(&id).await.unwrap();
        rig.service.apply(&id, Event::Accept { token: token.clone() }).await.unwrap();
        // As if another had accepted it: here it would still be leased, and an offer's expiry would take it back.
        rig.service.inner.recent.keep(&leased);
        let expired = rig.service.apply(&id, Event::OfferExpired).await.unwrap();
        assert!(matches!(expired, crate::commit::Applied::Rejected(..)), "{expired:?}");
        assert_eq!(rig.service.load(&id).await.unwrap().state.name(), "running");
        // As if it were waiting still: a stop of the running build is not refused for that.
        let mut waiting = leased.clone();
        waiting.state = buildyard_scheduler::State::Queued { since: rig.service.now() };
        waiting.version -= 1;
        rig.service.inner.recent.keep(&waiting);
        let accepted = rig.service.apply(&id, Event::Accept { token }).await.unwrap();
        assert!(
            matches!(accepted, crate::commit::Applied::Rejected(buildyard_scheduler::Rejected::Unchanged, _)),
            "{accepted:?}"
        );
    }
}
