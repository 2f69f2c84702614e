//! The Rust SDK.

use super::fleet;
use aws_sdk_codebuild::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_codebuild::types::{
    ArtifactsType, ComputeType, EnvironmentType, ProjectArtifacts, ProjectEnvironment, ProjectSource, SourceType,
    StatusType,
};
use aws_sdk_codebuild::{Client, Config};
use std::collections::HashMap;
use std::time::Duration;

fn client(environment: Vec<(String, String)>) -> Client {
    let environment: HashMap<_, _> = environment.into_iter().collect();
    let value = |name: &str| environment[name].clone();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(value("AWS_REGION")))
        .endpoint_url(value("AWS_ENDPOINT_URL"))
        .credentials_provider(Credentials::new(
            value("AWS_ACCESS_KEY_ID"),
            value("AWS_SECRET_ACCESS_KEY"),
            None,
            None,
            "fleet",
        ))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}

#[tokio::test]
async fn a_build_is_walked_through_with_the_rust_sdk() {
    let fleet = fleet();
    let codebuild = client(fleet.environment());
    let buildspec = "version: 0.2\nphases: {build: {commands: ['exit 3']}}\n";
    let project = codebuild
        .create_project()
        .name("sdk")
        .service_role("builds")
        .source(ProjectSource::builder().r#type(SourceType::NoSource).buildspec(buildspec).build().unwrap())
        .artifacts(ProjectArtifacts::builder().r#type(ArtifactsType::NoArtifacts).build().unwrap())
        .environment(
            ProjectEnvironment::builder()
                .r#type(EnvironmentType::LinuxContainer)
                .image("host")
                .compute_type(ComputeType::BuildGeneral1Small)
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
    assert!(project.project().unwrap().created().is_some());
    let build = codebuild.start_build().project_name("sdk").send().await.unwrap();
    let id = build.build_value().and_then(|build| build.id()).unwrap().to_owned();
    let ended = loop {
        let builds = codebuild.batch_get_builds().ids(&id).send().await.unwrap();
        let build = builds.builds()[0].clone();
        if build.build_complete() {
            break build;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(ended.build_status(), Some(&StatusType::Failed));
    assert!(ended.phases().iter().any(|phase| !phase.contexts().is_empty()), "{ended:?}");
    let listed = codebuild.list_builds().into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.unwrap();
    assert_eq!(listed, [id]);
    let missing = codebuild.start_build().project_name("none").send().await.unwrap_err().into_service_error();
    assert!(missing.is_resource_not_found_exception(), "{missing:?}");
}
