//! Environments: sizes there are, images for the machine, credentials for images (reference 5.1, 5.2).

use super::{given, refuse};
use crate::Error;
use buildyard_model::Project;
use buildyard_model::project::ProjectEnvironment;

pub(super) fn check(environment: &ProjectEnvironment) -> Result<(), Error> {
    check_image(environment)?;
    check_size(environment)?;
    if environment.privileged_mode == Some(true) && environment.kind.starts_with("WINDOWS") {
        return refuse(format!("privilegedMode is not supported for environment type {}", environment.kind));
    }
    if let Some(certificate) = given(environment.certificate.as_deref()) {
        let place = certificate.strip_prefix("arn:aws:s3:::").unwrap_or(certificate);
        if super::artifacts::place_problem(place).is_some()
            || place.split_once('/').is_none_or(|(_, key)| key.is_empty())
        {
            return refuse(format!(
                "certificate {certificate:?} is not an object in S3: <bucket>/<path>.pem or its ARN"
            ));
        }
    }
    for variable in &environment.environment_variables {
        if let Some(problem) = variable.problem() {
            return refuse(problem);
        }
    }
    Ok(())
}

fn check_image(environment: &ProjectEnvironment) -> Result<(), Error> {
    let image = &environment.image;
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if image.is_empty() || image.len() > 1024 || image.starts_with('-') || image.contains(odd) {
        return refuse(format!("image {image:?} is not an image reference such as repo:tag or repo@sha256:…"));
    }
    let curated = image.starts_with("aws/codebuild/");
    let by_role = environment.image_pull_credentials_type.as_deref() == Some("SERVICE_ROLE");
    if curated && by_role {
        return refuse("curated images are pulled with imagePullCredentialsType CODEBUILD, not SERVICE_ROLE");
    }
    if environment.registry_credential.is_some() {
        if !by_role {
            return refuse("registryCredential needs imagePullCredentialsType SERVICE_ROLE");
        }
        if image.split('/').next().is_some_and(|host| host.contains(".dkr.ecr.")) {
            return refuse("registryCredential is not for images in Amazon ECR");
        }
    }
    let fits = curated_for(image).is_none_or(|kinds| kinds.contains(&environment.kind.as_str()));
    if !fits && environment.fleet.is_none() {
        // CodeBuild's own words (reference 5.1).
        return refuse(format!(
            "AWS CodeBuild curated image {image} is not supported for projects with environment type {} and compute type {}",
            environment.kind, environment.compute_type
        ));
    }
    Ok(())
}

/// The environment types of a curated image (reference 5.4); `None` for images whose name says nothing.
fn curated_for(image: &str) -> Option<&'static [&'static str]> {
    let name = image.strip_prefix("aws/codebuild/")?;
    let family = name.split(':').next().unwrap_or(name);
    Some(match family {
        _ if family.starts_with("ami/") || family.starts_with("macos") => return None,
        _ if family.ends_with("x86_64-lambda-standard") => &["LINUX_LAMBDA_CONTAINER"],
        _ if family.ends_with("aarch64-lambda-standard") => &["ARM_LAMBDA_CONTAINER"],
        _ if family.ends_with("aarch64-standard") => &["ARM_CONTAINER"],
        _ if family == "standard" || family.ends_with("x86_64-standard") => &["LINUX_CONTAINER", "LINUX_GPU_CONTAINER"],
        "windows-base" => &["WINDOWS_CONTAINER", "WINDOWS_SERVER_2019_CONTAINER", "WINDOWS_SERVER_2022_CONTAINER"],
        _ => return None,
    })
}

/// A fleet has its own size; without one, there are the sizes of reference 5.2.
fn check_size(environment: &ProjectEnvironment) -> Result<(), Error> {
    let compute = environment.compute_type.as_str();
    if environment.fleet.as_ref().is_some_and(|fleet| given(fleet.fleet_arn.as_deref()).is_some()) {
        return Ok(());
    }
    if environment.kind == "MAC_ARM" {
        return refuse("environment type MAC_ARM needs a fleet");
    }
    if matches!(compute, "ATTRIBUTE_BASED_COMPUTE" | "CUSTOM_INSTANCE_TYPE") {
        return refuse(format!("compute type {compute} needs a fleet"));
    }
    if on_demand(&environment.kind).contains(&compute) {
        return Ok(());
    }
    // CodeBuild's own words (reference 12.4).
    refuse(format!("Invalid compute type provided: {compute}"))
}

fn on_demand(kind: &str) -> &'static [&'static str] {
    const GENERAL: [&str; 5] = [
        "BUILD_GENERAL1_SMALL",
        "BUILD_GENERAL1_MEDIUM",
        "BUILD_GENERAL1_LARGE",
        "BUILD_GENERAL1_XLARGE",
        "BUILD_GENERAL1_2XLARGE",
    ];
    match kind {
        "LINUX_CONTAINER" | "ARM_CONTAINER" => &GENERAL,
        "LINUX_EC2" | "ARM_EC2" => &GENERAL[..3],
        "LINUX_GPU_CONTAINER" => &["BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_LARGE"],
        "WINDOWS_SERVER_2022_CONTAINER" => &GENERAL[1..],
        "WINDOWS_CONTAINER" | "WINDOWS_SERVER_2019_CONTAINER" | "WINDOWS_EC2" => &GENERAL[1..3],
        "LINUX_LAMBDA_CONTAINER" | "ARM_LAMBDA_CONTAINER" => {
            &["BUILD_LAMBDA_1GB", "BUILD_LAMBDA_2GB", "BUILD_LAMBDA_4GB", "BUILD_LAMBDA_8GB", "BUILD_LAMBDA_10GB"]
        }
        _ => &[],
    }
}

/// What Lambda compute cannot do (reference 5.2).
pub(super) fn check_lambda(project: &Project, has_badge: bool) -> Result<(), Error> {
    let environment = &project.environment;
    if !environment.kind.ends_with("_LAMBDA_CONTAINER") {
        return Ok(());
    }
    let asked = [
        ("privilegedMode", environment.privileged_mode == Some(true)),
        ("a certificate", environment.certificate.is_some()),
        ("a cache", project.cache.as_ref().is_some_and(|cache| cache.kind != "NO_CACHE")),
        ("a VPC", project.vpc_config.is_some()),
        ("file systems", project.file_system_locations.as_ref().is_some_and(|all| !all.is_empty())),
        ("a badge", has_badge),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        Some((what, _)) => refuse(format!("Lambda compute does not support {what}")),
        None => Ok(()),
    }
}
