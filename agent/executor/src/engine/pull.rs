//! Pulls an image: one line a second for people, an end when nothing moves, a few tries. Credentials are the engine's own
//! or those of the request: the agent reads no `config.json`, so `credHelpers` and `credsStore` cannot start a program
//! (reliability S47, CVE-2020-13347).

mod verdict;

use super::failure::Failure;
use super::link::Link;
use super::progress::PullProgress;
use super::reference::Reference;
use crate::sandbox::{ExecutorError, Progress, RegistryLogin};
use bollard::auth::DockerCredentials;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures::StreamExt;
use tokio::time::{Instant, sleep};
use verdict::{Cause, cause};

/// Tries in all. A registry that says no is asked once; one that cannot be reached or stalls is asked again.
const TRIES: u32 = 4;
/// What engines call the registry of images that name none.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// How one try ended.
#[derive(Debug)]
enum Verdict {
    /// Another try would do no better.
    Final(ExecutorError),
    /// Another try may do better.
    Again(String),
}

/// Pulls `reference`, within the deadline for a pull, pauses between tries included.
///
/// # Errors
/// `Image` when the registry refuses it, `Registry` when the registry cannot be reached or is not well, `Failed` when
/// this host cannot take it, `Unreachable` when the engine is silent.
pub(super) async fn pull(
    link: &Link,
    reference: &Reference,
    login: Option<&RegistryLogin>,
    progress: Progress<'_>,
) -> Result<(), ExecutorError> {
    let image = reference.full();
    let credentials = login.map(|login| credentials(reference, login));
    let until = Instant::now() + link.deadlines.pull;
    let mut pause = link.deadlines.pull_pause;
    let mut tries = 0;
    loop {
        tries += 1;
        let why = match try_once(link, &image, credentials.clone(), until, progress).await {
            Ok(()) => return Ok(()),
            Err(Verdict::Final(error)) => return Err(error),
            Err(Verdict::Again(why)) => why,
        };
        if tries >= TRIES || Instant::now() + pause >= until {
            return Err(ExecutorError::Registry(format!(
                "image {image} could not be pulled in {tries} tries: {why}; see whether this host reaches the registry \
                 (`docker pull {image}`) and whether the registry is well, then retry the build"
            )));
        }
        progress(format!("Pulling {image} again in {pause:?}: {why}"));
        sleep(pause).await;
        pause *= 2;
    }
}

/// As engines want them: for this registry, and for no other that it may lead to.
fn credentials(reference: &Reference, login: &RegistryLogin) -> DockerCredentials {
    DockerCredentials {
        username: Some(login.username.clone()),
        password: Some(login.password.expose().to_owned()),
        serveraddress: Some(reference.registry().unwrap_or(DOCKER_HUB).to_owned()),
        ..DockerCredentials::default()
    }
}

async fn try_once(
    link: &Link,
    image: &str,
    credentials: Option<DockerCredentials>,
    until: Instant,
    progress: Progress<'_>,
) -> Result<(), Verdict> {
    let is_anonymous = credentials.is_none();
    let options = CreateImageOptionsBuilder::default().from_image(image).build();
    let mut messages = Box::pin(link.docker.create_image(Some(options), None, credentials));
    let mut state = PullProgress::new(image);
    let mut moved = Instant::now();
    if let Some(line) = state.line(moved.into_std()) {
        progress(line);
    }
    loop {
        let stall = moved + link.deadlines.pull_stall;
        match tokio::time::timeout_at(stall.min(until), messages.next()).await {
            Ok(None) => return Ok(()),
            Ok(Some(Ok(message))) => {
                if state.note(&message) {
                    moved = Instant::now();
                }
                if let Some(line) = state.line(Instant::now().into_std()) {
                    progress(line);
                }
            }
            Ok(Some(Err(error))) => {
                return Err(judge(link.failure(error, &format!("pulling {image}")), image, is_anonymous));
            }
            Err(_) if stall <= until => {
                return Err(Verdict::Again(format!("no progress for {:?}", link.deadlines.pull_stall)));
            }
            Err(_) => return Err(Verdict::Again(format!("not done after {:?}", link.deadlines.pull))),
        }
    }
}

fn judge(failure: Failure, image: &str, is_anonymous: bool) -> Verdict {
    let (text, absent) = match failure {
        Failure::Unreachable(text) => return Verdict::Final(ExecutorError::Unreachable(text)),
        Failure::Absent(text) | Failure::Rejected(text) => (text, true),
        Failure::Conflict(text) | Failure::Broken(text) | Failure::Unreadable(text) => (text, false),
    };
    match cause(&text, image, absent) {
        Cause::Registry => Verdict::Again(text),
        Cause::Image => {
            let login = if is_anonymous {
                "that the engine of this host is logged in to the registry, or that the project has a registryCredential"
            } else {
                "username and password in the secret of the project's registryCredential"
            };
            Verdict::Final(ExecutorError::Image(format!(
                "image {image} cannot be pulled: {text}; check its name and tag, and {login}"
            )))
        }
        Cause::Host => Verdict::Final(ExecutorError::Failed(format!(
            "image {image} cannot be stored: {text}; make room for the engine (`docker system df`), then retry the build"
        ))),
    }
}
