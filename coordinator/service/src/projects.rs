//! Projects: made, changed, looked at, listed, removed. Each is one document of the store, read and written whole.
//!
//! `request` merges what a client gives into a project, `defaults` fills in what CodeBuild fills in, `check` refuses what
//! CodeBuild refuses: all pure. Invariant: a stored project has passed `check` and has its defaults.

mod check;
mod defaults;
mod naming;
mod record;
mod request;
#[cfg(test)]
mod tests;

pub(crate) use check::{bucket_problem, check_logs, check_tags};
pub(crate) use naming::role_arn;
pub use request::ProjectRequest;

use crate::records::{ListedAs, SortBy, removal, write};
use crate::{Error, Kind, Service};
use buildyard_model::{Epoch, Project, ProjectName};
use buildyard_store::{DocumentKind, Expected};
use record::ProjectRecord;
use uuid::Uuid;

/// Who may see a project's builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    PublicRead,
    /// Who is allowed to.
    Private,
}

impl Service {
    /// Makes a project; Conflict when there is one of that name.
    pub async fn create_project(&self, request: ProjectRequest) -> Result<Project, Error> {
        let settings = self.settings();
        let name: ProjectName = request.name.parse().map_err(|_| {
            // CodeBuild's own words (reference 12.4).
            Error::invalid("Only alphanumeric characters, dash, and underscore are supported")
        })?;
        let badge = request.badge_enabled.unwrap_or(false);
        let mut project = request.onto(Project::default())?;
        project.name = name.to_string();
        project.arn = settings.project_arn(name.as_str());
        let now = Some(Epoch(self.now()));
        (project.created, project.last_modified) = (now, now);
        let mut record = ProjectRecord::new(project);
        record.turn_badge(badge);
        let record = finished(record, settings)?;
        self.fleet_of(&record.project.environment).await?;
        let change = write(DocumentKind::Project, name.as_str(), &record, Expected::Absent)?;
        match self.store().change(&[change]).await {
            Err(buildyard_store::Error::Conflict(_)) => {
                // CodeBuild's own words (reference 12.2).
                Err(Error::new(Kind::Conflict, format!("Project already exists: {}", record.project.arn)))
            }
            done => Ok(done.map(|()| record.shown(settings))?),
        }
    }

    /// Changes a project: what is absent stays, a structure that is given replaces the old one (reference 12.4).
    pub async fn update_project(&self, request: ProjectRequest) -> Result<Project, Error> {
        let (settings, now) = (self.settings(), self.now());
        let name = request.name.clone();
        if let Some(environment) = &request.environment {
            self.fleet_of(environment).await?;
        }
        self.amend_project(&name, |mut record| {
            record.project = request.clone().onto(record.project)?;
            record.project.last_modified = Some(Epoch(now));
            if let Some(enabled) = request.badge_enabled {
                record.turn_badge(enabled);
            }
            finished(record, settings)
        })
        .await
    }

    /// Shows a project's builds to everybody, or no more. The alias that the public knows it by stays the same.
    pub async fn set_project_visibility(
        &self,
        project: &str,
        visibility: Visibility,
        resource_access_role: Option<&str>,
    ) -> Result<Project, Error> {
        let (settings, now) = (self.settings(), self.now());
        let role = resource_access_role.map(|role| naming::role_arn(role, settings)).transpose()?;
        self.amend_project(project, |mut record| {
            let project = &mut record.project;
            match visibility {
                Visibility::PublicRead => {
                    project.public_project_alias.get_or_insert_with(|| Uuid::new_v4().simple().to_string());
                    project.project_visibility = Some("PUBLIC_READ".to_owned());
                }
                Visibility::Private => project.project_visibility = Some("PRIVATE".to_owned()),
            }
            if role.is_some() {
                project.resource_access_role.clone_from(&role);
            }
            project.last_modified = Some(Epoch(now));
            Ok(record)
        })
        .await
    }

    /// Forgets what the project's builds cached in S3: the next build begins without (reference 7.2).
    pub async fn invalidate_project_cache(&self, project: &str) -> Result<(), Error> {
        self.amend_project(project, |mut record| {
            record.forget_cache();
            Ok(record)
        })
        .await?;
        Ok(())
    }

    /// Removes a project and its policy; its builds stay. No error when there is none (reference 12.2).
    pub async fn delete_project(&self, project: &str) -> Result<(), Error> {
        let Some(name) = self.settings().project_name(project) else { return Ok(()) };
        let arn = self.settings().project_arn(name);
        let changes = [removal(DocumentKind::Project, name), removal(DocumentKind::ResourcePolicy, &arn)];
        Ok(self.store().change(&changes).await?)
    }

    /// The project of that name, if there is one.
    pub async fn project(&self, name: &ProjectName) -> Result<Option<Project>, Error> {
        let record: Option<ProjectRecord> = self.record(DocumentKind::Project, name.as_str()).await?;
        Ok(record.map(|record| record.shown(self.settings())))
    }

    /// The project that a name or an ARN names, if there is one.
    pub async fn project_named(&self, text: &str) -> Result<Option<Project>, Error> {
        match self.settings().project_name(text).and_then(|name| name.parse().ok()) {
            Some(name) => self.project(&name).await,
            None => Ok(None),
        }
    }

    /// All projects, ascending.
    pub async fn list_projects(&self, sort: SortBy) -> Result<Vec<ListedAs>, Error> {
        self.listed(DocumentKind::Project, sort).await
    }

    async fn amend_project(
        &self,
        project: &str,
        change: impl Fn(ProjectRecord) -> Result<ProjectRecord, Error>,
    ) -> Result<Project, Error> {
        let settings = self.settings();
        let changed = match settings.project_name(project) {
            Some(name) => self.amend(DocumentKind::Project, name, change).await?,
            None => None,
        };
        let changed = changed.ok_or_else(|| {
            // CodeBuild's own words (reference 12.2).
            Error::not_found(format!("Project cannot be found: {}", settings.project_arn(project)))
        })?;
        Ok(changed.shown(settings))
    }
}

/// A project that may be stored.
fn finished(mut record: ProjectRecord, settings: &crate::Settings) -> Result<ProjectRecord, Error> {
    defaults::fill(&mut record.project, settings)?;
    check::check(&record.project, record.has_badge(), settings)?;
    Ok(record)
}
