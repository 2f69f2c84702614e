//! ListCuratedEnvironmentImages: the images that projects name by heart.
//!
//! The list is Buildyard's standard image, which `make image` puts on an agent's host, and the names of CodeBuild's own
//! images for Linux containers (reference 5.4): AWS publishes some of them in its public registry, and an owner gives
//! agents those that projects use under these names. Images for machines that Buildyard does not run are left out.

use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

/// ListCuratedEnvironmentImages.
pub(super) struct ListCuratedEnvironmentImages;

/// Platform, and its images with what they are.
const IMAGES: [(&str, &[(&str, &str)]); 3] = [
    ("DEBIAN", &[("buildyard/standard:1.0", "Buildyard's standard image")]),
    (
        "AMAZON_LINUX",
        &[
            ("aws/codebuild/amazonlinux-x86_64-standard:4.0", "CodeBuild's image on Amazon Linux 2, x86-64"),
            ("aws/codebuild/amazonlinux-x86_64-standard:5.0", "CodeBuild's image on Amazon Linux 2023, x86-64"),
            ("aws/codebuild/amazonlinux-x86_64-standard:6.0", "CodeBuild's image on Amazon Linux 2023, x86-64"),
            ("aws/codebuild/amazonlinux-x86_64-standard:corretto8", "CodeBuild's image for Java 8, x86-64"),
            ("aws/codebuild/amazonlinux-x86_64-standard:corretto11", "CodeBuild's image for Java 11, x86-64"),
            ("aws/codebuild/amazonlinux-aarch64-standard:2.0", "CodeBuild's image on Amazon Linux 2, ARM"),
            ("aws/codebuild/amazonlinux-aarch64-standard:3.0", "CodeBuild's image on Amazon Linux 2023, ARM"),
            ("aws/codebuild/amazonlinux-aarch64-standard:4.0", "CodeBuild's image on Amazon Linux 2023, ARM"),
        ],
    ),
    (
        "UBUNTU",
        &[
            ("aws/codebuild/standard:5.0", "CodeBuild's image on Ubuntu 20.04"),
            ("aws/codebuild/standard:6.0", "CodeBuild's image on Ubuntu 22.04"),
            ("aws/codebuild/standard:7.0", "CodeBuild's image on Ubuntu 22.04"),
            ("aws/codebuild/standard:8.0", "CodeBuild's image on Ubuntu 24.04"),
        ],
    ),
];

/// No members.
#[derive(Debug, Deserialize)]
pub(super) struct Input {}

/// Images by platform and language.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    platforms: Vec<Platform>,
}

#[derive(Debug, Serialize)]
struct Platform {
    platform: &'static str,
    languages: [Language; 1],
}

#[derive(Debug, Serialize)]
struct Language {
    /// All of these images are for any language: `BASE`.
    language: &'static str,
    images: Vec<Image>,
}

#[derive(Debug, Serialize)]
struct Image {
    name: &'static str,
    description: &'static str,
    versions: [&'static str; 1],
}

impl Operation<Context> for ListCuratedEnvironmentImages {
    const NAME: &'static str = "ListCuratedEnvironmentImages";
    type Input = Input;
    type Output = Output;

    async fn call(_context: &Context, _caller: &Caller, _input: Input) -> Result<Output, ApiError> {
        let image = |(name, description): &(&'static str, &'static str)| Image { name, description, versions: [*name] };
        let platforms = IMAGES.iter().map(|(platform, images)| Platform {
            platform,
            languages: [Language { language: "BASE", images: images.iter().map(image).collect() }],
        });
        Ok(Output { platforms: platforms.collect() })
    }
}
