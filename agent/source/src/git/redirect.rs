//! A repository that has moved: where to, asked by us and not by git, so that every step is judged as the first was.

use super::context::Context;
use super::remote::{Origin, Remote};
use crate::error::Error;
use reqwest::header::LOCATION;
use std::time::Duration;

/// Renamed and moved once more: more is a loop.
const MOST: usize = 3;
const TIMEOUT: Duration = Duration::from_secs(30);
/// What git asks for first.
const QUESTION: &str = "/info/refs?service=git-upload-pack";

/// The repository that a redirect leads to.
///
/// # Errors
/// When it leads nowhere, to plain http, or where the agent may not go.
pub(super) async fn follow(context: &Context<'_>, remote: &Remote) -> Result<Remote, Error> {
    let mut url = remote.url().trim_end_matches('/').to_owned();
    for step in 0..MOST {
        let mut request = context.client.get(format!("{url}{QUESTION}")).timeout(TIMEOUT);
        if let Some(credentials) = context.credentials_for(&url) {
            request = request.basic_auth(&credentials.username, Some(credentials.password.expose()));
        }
        let answer = request.send().await.map_err(|error| failed(&error.without_url().to_string()))?;
        if !answer.status().is_redirection() {
            return if step == 0 {
                Err(failed("the redirect was gone when it was followed"))
            } else {
                judged(context, &url).await
            };
        }
        let target = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let next = target.and_then(|target| next_url(&url, target));
        url = next.ok_or_else(|| failed("the server answers with a redirect that leads to no repository"))?;
        judged(context, &url).await?;
    }
    Err(failed("the server answers with one redirect after another"))
}

async fn judged(context: &Context<'_>, url: &str) -> Result<Remote, Error> {
    Remote::new(context.options, url, Origin::Elsewhere).await
}

/// The repository in a redirect's target: the target must end in git's own question, as git itself demands.
fn next_url(url: &str, target: &str) -> Option<String> {
    let target = match target.strip_prefix('/') {
        Some(path) if !path.starts_with('/') => {
            let host_end = url.find("://")? + 3;
            let path_start = url.get(host_end..)?.find('/').map_or(url.len(), |slash| host_end + slash);
            format!("{}/{path}", url.get(..path_start)?)
        }
        _ => target.to_owned(),
    };
    let repository = target.strip_suffix(QUESTION)?;
    let stays_protected = repository.starts_with("https://") || !url.starts_with("https://");
    (stays_protected && repository != url).then(|| repository.to_owned())
}

fn failed(text: &str) -> Error {
    Error::Git { text: text.to_owned(), next_step: "use the repository's new URL" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_to_a_repository_and_never_to_less_protection() {
        let next = |target: &str| next_url("https://h/old", target);
        assert_eq!(next("https://h/new/info/refs?service=git-upload-pack").as_deref(), Some("https://h/new"));
        assert_eq!(next("/new/info/refs?service=git-upload-pack").as_deref(), Some("https://h/new"));
        assert_eq!(next("http://h/new/info/refs?service=git-upload-pack"), None);
        assert_eq!(next("https://h/login"), None);
        assert_eq!(next("//evil/info/refs?service=git-upload-pack"), None);
        assert_eq!(next("https://h/old/info/refs?service=git-upload-pack"), None);
    }
}
