//! Report groups as records: made, changed, listed, removed. There are no reports yet, so none is ever in a group.

use crate::projects::{bucket_problem, check_tags};
use crate::records::{ListedAs, SortBy, read, removal, write};
use crate::{Error, Kind, Service};
use buildyard_model::project::Tag;
use buildyard_model::report_group::{ReportExportConfig, ReportGroup};
use buildyard_model::{Epoch, ProjectName};
use buildyard_store::{DocumentKind, Expected};
use serde::Deserialize;

/// What CreateReportGroup gives, in the model's spelling.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReportGroupRequest {
    pub name: String,
    /// TEST or CODE_COVERAGE.
    #[serde(rename = "type")]
    pub kind: String,
    pub export_config: ReportExportConfig,
    pub tags: Option<Vec<Tag>>,
}

impl Service {
    /// Makes a report group; Conflict when there is one of that name.
    pub async fn create_report_group(&self, request: ReportGroupRequest) -> Result<ReportGroup, Error> {
        check_name(&request.name)?;
        let arn = self.settings().report_group_arn(&request.name);
        let now = Some(Epoch(self.now()));
        let group = ReportGroup {
            export_config: with_defaults(request.export_config),
            name: request.name,
            kind: request.kind,
            created: now,
            last_modified: now,
            tags: request.tags.unwrap_or_default(),
            status: Some("ACTIVE".to_owned()),
            arn,
        };
        check(&group)?;
        let change = write(DocumentKind::ReportGroup, &group.name, &group, Expected::Absent)?;
        match self.store().change(&[change]).await {
            Err(buildyard_store::Error::Conflict(_)) => {
                Err(Error::new(Kind::Conflict, format!("Report group already exists: {}", group.arn)))
            }
            done => Ok(done.map(|()| group)?),
        }
    }

    /// Changes a report group: what is given replaces what was there.
    pub async fn update_report_group(
        &self,
        arn: &str,
        export_config: Option<&ReportExportConfig>,
        tags: Option<&[Tag]>,
    ) -> Result<ReportGroup, Error> {
        let name = self.report_group_of(arn)?;
        let now = self.now();
        let changed = self.amend(DocumentKind::ReportGroup, name, |mut group: ReportGroup| {
            if let Some(config) = export_config {
                group.export_config = with_defaults(config.clone());
            }
            if let Some(tags) = tags {
                group.tags = tags.to_vec();
            }
            group.last_modified = Some(Epoch(now));
            check(&group).map(|()| group)
        });
        changed.await?.ok_or_else(|| not_there(arn))
    }

    /// Removes a report group and its policy; no error when there is none, as with projects.
    pub async fn delete_report_group(&self, arn: &str) -> Result<(), Error> {
        let name = self.report_group_of(arn)?;
        let changes = [removal(DocumentKind::ReportGroup, name), removal(DocumentKind::ResourcePolicy, arn)];
        Ok(self.store().change(&changes).await?)
    }

    /// The report group, if there is one.
    pub async fn report_group(&self, arn: &str) -> Result<Option<ReportGroup>, Error> {
        let Some(name) = self.settings().report_group_name(arn) else { return Ok(None) };
        let document = self.store().document(DocumentKind::ReportGroup, name).await?;
        document.map(|document| read(DocumentKind::ReportGroup, &document)).transpose()
    }

    /// Refuses the ARN of a report group that is not there.
    pub async fn need_report_group(&self, arn: &str) -> Result<(), Error> {
        self.report_group_of(arn)?;
        self.report_group(arn).await?.map(|_| ()).ok_or_else(|| not_there(arn))
    }

    /// All report groups, ascending.
    pub async fn list_report_groups(&self, sort: SortBy) -> Result<Vec<ListedAs>, Error> {
        self.listed(DocumentKind::ReportGroup, sort).await
    }

    fn report_group_of<'a>(&self, arn: &'a str) -> Result<&'a str, Error> {
        self.settings().report_group_name(arn).ok_or_else(|| {
            Error::invalid(format!("{arn:?} is not the ARN of a report group of this account and region"))
        })
    }
}

fn not_there(arn: &str) -> Error {
    Error::not_found(format!("Report group not found: {arn}"))
}

/// 2 to 128 characters of a project's name: builds name groups after projects (reference 8.3), and ARNs hold the name.
fn check_name(name: &str) -> Result<(), Error> {
    if name.len() <= 128 && name.parse::<ProjectName>().is_ok() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "report group name {name:?} is not valid: 2 to 128 characters, letters, digits, '-' and '_', beginning with a \
         letter or digit"
    )))
}

/// Reference 8.1.
fn with_defaults(mut config: ReportExportConfig) -> ReportExportConfig {
    if let Some(destination) = &mut config.s3_destination {
        destination.packaging.get_or_insert_with(|| "NONE".to_owned());
        destination.encryption_disabled.get_or_insert(false);
    }
    config
}

fn check(group: &ReportGroup) -> Result<(), Error> {
    let config = &group.export_config;
    match config.export_config_type.as_deref() {
        Some("S3") => {
            let destination = config.s3_destination.as_ref().and_then(|destination| destination.bucket.as_deref());
            let bucket =
                destination.ok_or_else(|| Error::invalid("exportConfig of type S3 needs s3Destination.bucket"))?;
            if let Some(problem) = bucket_problem(bucket) {
                return Err(Error::invalid(format!("s3Destination.bucket: {problem}")));
            }
        }
        Some("NO_EXPORT") => {}
        _ => return Err(Error::invalid("exportConfig needs exportConfigType S3 or NO_EXPORT")),
    }
    check_tags(&group.tags)
}
