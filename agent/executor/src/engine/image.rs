//! Makes sure that an image is there, is for this host, and is named by its content, so that a tag which moves between
//! pull and run changes nothing (reliability S47). Fetching it is `pull`'s.

use super::failure::Failure;
use super::link::Link;
use super::pull::pull;
use super::reference::Reference;
use crate::sandbox::{ExecutorError, ImageRequest, Progress};
use bollard::models::ImageInspect;
use buildyard_model::{Architecture, PullPolicy};

/// See `Executor::prepare_image`.
pub(super) async fn prepare(
    link: &Link,
    host: Architecture,
    request: &ImageRequest,
    progress: Progress<'_>,
) -> Result<String, ExecutorError> {
    let reference = Reference::parse(&request.reference).map_err(ExecutorError::Image)?;
    let present = inspect(link, &reference).await?;
    let image = match (present, request.pull) {
        (Some(image), PullPolicy::IfAbsent | PullPolicy::Never) => image,
        (Some(image), PullPolicy::Always) if reference.is_immutable() => image,
        (None, PullPolicy::Never) => {
            return Err(absent(
                &reference,
                "the project's pull policy is never: pull it on the host, or change the policy",
            ));
        }
        (None, _) if matches!(reference, Reference::Id(_)) => {
            return Err(absent(
                &reference,
                "an image id cannot be pulled: name the image by repository and tag or digest",
            ));
        }
        _ => {
            pull(link, &reference, request.login.as_ref(), progress).await?;
            let pulled = inspect(link, &reference).await?;
            pulled.ok_or_else(|| {
                absent(&reference, "it went away right after the pull: see whether something prunes images")
            })?
        }
    };
    fits(&reference, &image, host)?;
    Ok(run_name(&reference, &image))
}

async fn inspect(link: &Link, reference: &Reference) -> Result<Option<ImageInspect>, ExecutorError> {
    let name = reference.full();
    match link.query(&format!("inspecting image {name}"), link.docker.inspect_image(&name)).await {
        Ok(image) => Ok(Some(image)),
        Err(Failure::Absent(_)) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

fn absent(reference: &Reference, next: &str) -> ExecutorError {
    ExecutorError::Image(format!("image {} is not on this host, and {next}", reference.full()))
}

/// Refuses an image for another platform. An image that names none is taken.
fn fits(reference: &Reference, image: &ImageInspect, host: Architecture) -> Result<(), ExecutorError> {
    let os = image.os.as_deref().filter(|os| !os.is_empty()).unwrap_or("linux");
    let architecture = image.architecture.as_deref().filter(|name| !name.is_empty());
    let wrong = architecture.filter(|name| super::architecture(name) != Some(host));
    if os == "linux" && wrong.is_none() {
        return Ok(());
    }
    Err(ExecutorError::Image(format!(
        "image {} is for {os}/{}, this host runs linux/{}: name an image for this platform, or run the build on a host of \
         that architecture",
        reference.full(),
        architecture.unwrap_or("any"),
        super::platform(host),
    )))
}

/// The name to run by: the repository's digest, else the image's id.
fn run_name(reference: &Reference, image: &ImageInspect) -> String {
    let by_digest = reference.pick_digest(image.repo_digests.as_deref().unwrap_or_default());
    by_digest.map(str::to_owned).or_else(|| image.id.clone()).unwrap_or_else(|| reference.full())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(architecture: &str) -> ImageInspect {
        ImageInspect { architecture: Some(architecture.into()), os: Some("linux".into()), ..Default::default() }
    }

    fn reference() -> Reference {
        Reference::parse("app:1").unwrap()
    }

    #[test]
    fn an_image_for_another_platform_says_both_platforms() {
        let error = fits(&reference(), &image("arm64"), Architecture::X86_64).unwrap_err().to_string();
        assert!(error.contains("app:1 is for linux/arm64, this host runs linux/amd64"), "{error}");
        assert!(fits(&reference(), &image("amd64"), Architecture::X86_64).is_ok());
        assert!(fits(&reference(), &image(""), Architecture::X86_64).is_ok());
    }

    #[test]
    fn an_image_without_digest_is_run_by_its_id() {
        let image = ImageInspect { id: Some("sha256:12".into()), repo_digests: Some(vec![]), ..Default::default() };
        assert_eq!(run_name(&reference(), &image), "sha256:12");
    }
}
