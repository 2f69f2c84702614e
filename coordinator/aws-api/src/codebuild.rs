//! CodeBuild: one operation in a file, one line for it here. Together with those that are not supported these are all 59
//! operations of the service, which a test holds.

mod batch_delete_builds;
mod batch_get_builds;
mod batch_get_fleets;
mod batch_get_projects;
mod batch_get_report_groups;
mod batch_get_reports;
mod build;
mod build_page;
#[cfg(test)]
mod build_tests;
mod create_fleet;
mod create_project;
mod create_report_group;
mod delete_fleet;
mod delete_project;
mod delete_report;
mod delete_report_group;
mod delete_resource_policy;
mod delete_source_credentials;
mod empty;
mod failure;
mod get_resource_policy;
mod identifier;
mod import_source_credentials;
mod initiator;
mod invalidate_project_cache;
mod list_builds;
mod list_builds_for_project;
mod list_curated_environment_images;
mod list_fleets;
mod list_projects;
mod list_report_groups;
mod list_reports;
mod list_reports_for_report_group;
mod list_shared_projects;
mod list_shared_report_groups;
mod list_source_credentials;
mod listing;
mod put_resource_policy;
mod reach;
mod retry_build;
mod start_build;
mod stop_build;
mod update_fleet;
mod update_project;
mod update_project_visibility;
mod update_report_group;

use crate::context::Context;
use crate::shapes;
use buildyard_aws_protocol::Api;

/// The service as far as it is there.
pub fn api() -> Api<Context> {
    let api = Api::new("codebuild", "CodeBuild_20161006")
        .with_shapes(&shapes::CODEBUILD, "InvalidInputException")
        .with::<batch_delete_builds::BatchDeleteBuilds>()
        .with::<batch_get_builds::BatchGetBuilds>()
        .with::<batch_get_fleets::BatchGetFleets>()
        .with::<batch_get_projects::BatchGetProjects>()
        .with::<batch_get_report_groups::BatchGetReportGroups>()
        .with::<batch_get_reports::BatchGetReports>()
        .with::<create_fleet::CreateFleet>()
        .with::<create_project::CreateProject>()
        .with::<create_report_group::CreateReportGroup>()
        .with::<delete_fleet::DeleteFleet>()
        .with::<delete_project::DeleteProject>()
        .with::<delete_report::DeleteReport>()
        .with::<delete_report_group::DeleteReportGroup>()
        .with::<delete_resource_policy::DeleteResourcePolicy>()
        .with::<delete_source_credentials::DeleteSourceCredentials>()
        .with::<get_resource_policy::GetResourcePolicy>()
        .with::<import_source_credentials::ImportSourceCredentials>()
        .with::<invalidate_project_cache::InvalidateProjectCache>()
        .with::<list_builds::ListBuilds>()
        .with::<list_builds_for_project::ListBuildsForProject>()
        .with::<list_curated_environment_images::ListCuratedEnvironmentImages>()
        .with::<list_fleets::ListFleets>()
        .with::<list_projects::ListProjects>()
        .with::<list_report_groups::ListReportGroups>()
        .with::<list_reports::ListReports>()
        .with::<list_reports_for_report_group::ListReportsForReportGroup>()
        .with::<list_shared_projects::ListSharedProjects>()
        .with::<list_shared_report_groups::ListSharedReportGroups>()
        .with::<list_source_credentials::ListSourceCredentials>()
        .with::<put_resource_policy::PutResourcePolicy>()
        .with::<retry_build::RetryBuild>()
        .with::<start_build::StartBuild>()
        .with::<stop_build::StopBuild>()
        .with::<update_fleet::UpdateFleet>()
        .with::<update_project::UpdateProject>()
        .with::<update_project_visibility::UpdateProjectVisibility>()
        .with::<update_report_group::UpdateReportGroup>();
    without(api)
}

/// What is known and not there.
fn without(api: Api<Context>) -> Api<Context> {
    api.without(
        &[
            "BatchGetBuildBatches",
            "DeleteBuildBatch",
            "ListBuildBatches",
            "ListBuildBatchesForProject",
            "RetryBuildBatch",
            "StartBuildBatch",
            "StopBuildBatch",
        ],
        "Buildyard runs no batches yet",
    )
    .without(&["CreateWebhook", "DeleteWebhook", "UpdateWebhook"], "Buildyard takes no webhooks yet")
    .without(
        &[
            "BatchGetCommandExecutions",
            "BatchGetSandboxes",
            "ListCommandExecutionsForSandbox",
            "ListSandboxes",
            "ListSandboxesForProject",
            "StartCommandExecution",
            "StartSandbox",
            "StartSandboxConnection",
            "StopSandbox",
        ],
        "Buildyard has no sandboxes yet",
    )
    .without(
        &["DescribeCodeCoverages", "DescribeTestCases", "GetReportGroupTrend"],
        "Buildyard keeps no reports of builds yet",
    )
}
