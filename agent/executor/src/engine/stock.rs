//! The engine's images, and their removal. Invariant: nothing is forced, so that an image in use stays.

use super::Engine;
use super::failure::Failure;
use crate::sandbox::ExecutorError;
use crate::stock::{Stock, StoredImage};
use async_trait::async_trait;
use bollard::models::ImageSummary;
use bollard::query_parameters::{ListContainersOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptionsBuilder};
use std::collections::BTreeSet;

/// What engines call an image's missing name.
const NAMELESS: &str = "<none>";

#[async_trait]
impl Stock for Engine {
    async fn images(&self) -> Result<Vec<StoredImage>, ExecutorError> {
        let link = &self.link;
        let (images, containers) = (
            ListImagesOptionsBuilder::default().all(false).build(),
            ListContainersOptionsBuilder::default().all(true).build(),
        );
        let (images, containers) = tokio::join!(
            link.query("listing images", link.docker.list_images(Some(images))),
            link.settled("listing containers", || link.docker.list_containers(Some(containers.clone()))),
        );
        let used: BTreeSet<String> = containers?.into_iter().filter_map(|container| container.image_id).collect();
        Ok(images?.into_iter().map(|image| stored(image, &used)).collect())
    }

    async fn remove_image(&self, image: &StoredImage) -> Result<bool, ExecutorError> {
        // An image with several names goes with its last; names before that are only taken off it.
        let names = image.names.iter().filter(|name| **name != image.id).chain([&image.id]);
        for name in names {
            let options = RemoveImageOptionsBuilder::default().force(false).build();
            let doing = format!("removing image {name}");
            match self.link.change(&doing, self.link.docker.remove_image(name, Some(options), None)).await {
                Ok(_) | Err(Failure::Absent(_)) => {}
                Err(Failure::Conflict(_)) => return Ok(false),
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(true)
    }

    async fn release(&self) -> Result<(), ExecutorError> {
        self.spares.clear(&self.link).await
    }
}

fn stored(image: ImageSummary, used: &BTreeSet<String>) -> StoredImage {
    let named = |name: &String| !name.contains(NAMELESS);
    let names = image.repo_tags.into_iter().chain(image.repo_digests).filter(named).chain([image.id.clone()]).collect();
    let bytes = u64::try_from(image.size).unwrap_or(0);
    StoredImage { names, bytes, used: used.contains(&image.id), id: image.id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_tag_digest_and_id() {
        let summary = ImageSummary {
            id: "sha256:1".into(),
            repo_tags: vec!["app:1".into(), "<none>:<none>".into()],
            repo_digests: vec!["app@sha256:2".into()],
            size: 10,
            ..Default::default()
        };
        let image = stored(summary, &["sha256:1".to_owned()].into());
        assert_eq!(image.names, ["app:1", "app@sha256:2", "sha256:1"]);
        assert!(image.used && image.bytes == 10);
    }
}
