//! What operations work with.

use buildyard_service::Service;

/// The context of every operation.
#[derive(Debug, Clone)]
pub struct Context {
    pub service: Service,
}

impl Context {
    /// The ARN of something of CodeBuild's: `arn:aws:codebuild:<region>:<account>:<resource>`.
    pub(crate) fn codebuild_arn(&self, resource: &str) -> String {
        let settings = self.service.settings();
        format!("arn:aws:codebuild:{}:{}:{resource}", settings.region, settings.account)
    }

    /// The ARN of the group that a report belongs to; a text that is no report's ARN stays what it is.
    pub(crate) fn group_arn_of_report(&self, arn: &str) -> String {
        let group = self.service.settings().group_of_report(arn);
        group.map_or_else(|| arn.to_owned(), |group| self.codebuild_arn(&format!("report-group/{group}")))
    }
}
