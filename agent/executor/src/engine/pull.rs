//! Pulls an image: one line a second for people, an end when nothing moves, a few tries. Credentials are nobody's but
//! the engine's own: the agent reads no `config.json`, so `credHelpers` and `credsStore` cannot start a program
//! (reliability S47, CVE-2020-13347).

use super::failure::Failure;
use super::link::Link;
use super::progress::PullProgress;
use super::reference::Reference;
use crate::sandbox::{ExecutorError, Progress};
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures::StreamExt;
use std::time::Instant;

/// Tries in all. A registry that says no is asked once; one that cannot be reached or stalls is asked again.
const TRIES: u32 = 3;

/// How one try ended.
#[derive(Debug)]
enum Verdict {
    /// The registry's answer is final.
    Final(ExecutorError),
    /// Another try may do better.
    Again(String),
}

/// Pulls `reference`.
///
/// # Errors
/// `Image` when the registry refuses it, `Failed` when it cannot be fetched, `Unreachable` when the engine is silent.
pub(super) async fn pull(link: &Link, reference: &Reference, progress: Progress<'_>) -> Result<(), ExecutorError> {
    let image = reference.full();
    let mut pause = link.deadlines.pull_pause;
    for attempt in 1.. {
        let verdict = match try_once(link, &image, progress).await {
            Ok(()) => return Ok(()),
            Err(verdict) => verdict,
        };
        match verdict {
            Verdict::Final(error) => return Err(error),
            Verdict::Again(why) if attempt >= TRIES => {
                return Err(ExecutorError::Failed(format!(
                    "image {image} could not be pulled in {TRIES} tries: {why}; see whether this host reaches the registry"
                )));
            }
            Verdict::Again(why) => {
                progress(format!("Pulling {image} again in {pause:?}: {why}"));
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
    }
    Ok(())
}

async fn try_once(link: &Link, image: &str, progress: Progress<'_>) -> Result<(), Verdict> {
    let options = CreateImageOptionsBuilder::default().from_image(image).build();
    let mut messages = Box::pin(link.docker.create_image(Some(options), None, None));
    let mut state = PullProgress::new(image);
    let started = Instant::now();
    let mut moved = started;
    if let Some(line) = state.line(started) {
        progress(line);
    }
    loop {
        let stall = link.deadlines.pull_stall.saturating_sub(moved.elapsed());
        let patience = stall.min(link.deadlines.pull.saturating_sub(started.elapsed()));
        match tokio::time::timeout(patience, messages.next()).await {
            Ok(None) => return Ok(()),
            Ok(Some(Ok(message))) => {
                if state.note(&message) {
                    moved = Instant::now();
                }
                if let Some(line) = state.line(Instant::now()) {
                    progress(line);
                }
            }
            Ok(Some(Err(error))) => return Err(judge(link.failure(error, &format!("pulling {image}")), image)),
            Err(_) if moved.elapsed() >= link.deadlines.pull_stall => {
                return Err(Verdict::Again(format!("no progress for {:?}", link.deadlines.pull_stall)));
            }
            Err(_) => return Err(Verdict::Again(format!("not done after {:?}", link.deadlines.pull))),
        }
    }
}

/// What registries say when the image itself is the trouble. Engines pass these on as free text.
const REFUSALS: [&str; 9] = [
    "manifest unknown",
    "not found",
    "no such",
    "pull access denied",
    "unauthorized",
    "authentication required",
    "denied",
    "no matching manifest",
    "invalid reference",
];

fn judge(failure: Failure, image: &str) -> Verdict {
    let refusal = |text: &str| {
        Verdict::Final(ExecutorError::Image(format!(
            "image {image} cannot be pulled: {text}; check its name and tag, and that the engine of this host is logged \
             in to the registry"
        )))
    };
    match failure {
        Failure::Absent(text) | Failure::Rejected(text) => refusal(&text),
        Failure::Unreachable(text) => Verdict::Final(ExecutorError::Unreachable(text)),
        Failure::Conflict(text) | Failure::Broken(text) | Failure::Unreadable(text) => {
            let lower = text.to_lowercase();
            // "no such host" is the network's trouble, not the image's.
            let network =
                ["no such host", "connection refused", "timeout", "i/o"].iter().any(|sign| lower.contains(sign));
            if !network && REFUSALS.iter().any(|sign| lower.contains(sign)) {
                refusal(&text)
            } else {
                Verdict::Again(text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Verdict {
        judge(Failure::Broken(text.into()), "app:1")
    }

    #[test]
    fn a_registry_that_refuses_is_asked_once() {
        for text in ["manifest unknown: manifest unknown", "pull access denied for app", "manifest for app:1 not found"]
        {
            let Verdict::Final(ExecutorError::Image(message)) = judged(text) else { panic!("{text}") };
            assert!(message.contains("app:1") && message.contains("logged in"), "{message}");
        }
    }

    #[test]
    fn a_registry_that_cannot_be_reached_is_asked_again() {
        for text in ["dial tcp: lookup r.io: no such host", "connect: connection refused", "toomanyrequests: slow down"]
        {
            assert!(matches!(judged(text), Verdict::Again(_)), "{text}");
        }
    }
}
