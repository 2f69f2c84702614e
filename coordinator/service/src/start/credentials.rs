//! Gives a job's sources their credentials, and none to a server they are not meant for: whoever may start a build may
//! name any location for it, and must not be sent the account's tokens by that.

use crate::{Error, Service};
use buildyard_model::project::ProjectSource;
use buildyard_model::source::{GitLocation, git_location};
use buildyard_model::{JobSpec, Project, Source, SourceKind};
use std::collections::HashSet;

/// Whether a source goes to its provider's own server, or to one that the stored project names.
pub(super) fn may_have(source: &ProjectSource, stored: &Project) -> bool {
    let Some(host) = host(source) else { return false };
    match source.kind.as_str() {
        "GITHUB" => host == "github.com",
        "BITBUCKET" => host == "bitbucket.org",
        "GITLAB" => host == "gitlab.com",
        kind => {
            let mut sources = std::iter::once(&stored.source).chain(&stored.secondary_sources);
            sources.any(|one| one.kind == kind && self::host(one).as_ref() == Some(&host))
        }
    }
}

/// The server with its port, in lower case.
fn host(source: &ProjectSource) -> Option<String> {
    let location = source.location.as_deref()?;
    let (scheme, rest) = location.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
    match git_location(&format!("{scheme}://{server}/{path}")).ok()? {
        GitLocation::Https { host, port: None | Some(443) } => Some(host.to_ascii_lowercase()),
        // Another port, or no encryption, is another server.
        GitLocation::Https { .. } | GitLocation::Http { .. } => Some(format!("{scheme}://{}", server.to_lowercase())),
        GitLocation::Ssh { .. } | GitLocation::Path { .. } => None,
    }
}

/// The identifiers (`None`: the primary one) of a job's sources that have credentials.
pub(super) fn holders(job: &JobSpec) -> HashSet<Option<String>> {
    let secondary = job.secondary_sources.iter().map(|one| (Some(one.source_identifier.clone()), &one.source));
    let sources = std::iter::once((None, &job.source)).chain(secondary);
    let holds = |source: &Source| matches!(&source.kind, SourceKind::Git { credentials: Some(_), .. });
    sources.filter(|(_, source)| holds(source)).map(|(identifier, _)| identifier).collect()
}

impl Service {
    /// Looks up the credentials of those of the job's sources that may have some. A job without a project keeps its own.
    pub(super) async fn give_credentials(
        &self,
        job: &mut JobSpec,
        may_have: impl Fn(&ProjectSource) -> bool,
    ) -> Result<(), Error> {
        let Some(project) = job.project.clone() else { return Ok(()) };
        // The primary one has no identifier of its own, whatever was given.
        let primary = ProjectSource { source_identifier: None, ..project.source.clone() };
        self.give(&mut job.source, &primary, may_have(&primary)).await?;
        for secondary in &mut job.secondary_sources {
            let identifier = Some(&secondary.source_identifier);
            let mut sources = project.secondary_sources.iter();
            let Some(source) = sources.find(|one| one.source_identifier.as_ref() == identifier) else { continue };
            let mut source = source.clone();
            // A project without a primary source keeps in it what its others use (reference 4.3).
            if source.auth.is_none() && project.source.kind == super::source::NO_SOURCE {
                source.auth.clone_from(&project.source.auth);
            }
            self.give(&mut secondary.source, &source, may_have(&source)).await?;
        }
        Ok(())
    }

    async fn give(&self, source: &mut Source, project: &ProjectSource, may_have: bool) -> Result<(), Error> {
        let SourceKind::Git { credentials, .. } = &mut source.kind else { return Ok(()) };
        *credentials = if may_have { self.source_credential(project).await? } else { None };
        source.problem().map_or(Ok(()), |problem| Err(Error::invalid(problem)))
    }
}
