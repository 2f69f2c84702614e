//! Where sources lie in the workspace (reference 3.2): `src<digits>/src` and, for git servers, host and path as in a
//! Go workspace. Pure.

use super::environment::PlacedSource;
use super::layout::Layout;
use buildyard_model::source::{GitLocation, git_location};
use buildyard_model::{JobSpec, Source, SourceKind};
use std::path::PathBuf;
use uuid::Uuid;

/// A source and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub identifier: Option<&'a str>,
    pub source: &'a Source,
    /// `src<digits>`, relative to the workspace.
    pub root: PathBuf,
    /// Below `root`.
    path: PathBuf,
}

impl Place<'_> {
    /// Relative to the workspace.
    pub(crate) fn relative(&self) -> PathBuf {
        self.root.join(&self.path)
    }

    /// As the environment names it.
    pub(crate) fn placed(&self, layout: &Layout, resolved: Option<String>) -> PlacedSource {
        PlacedSource {
            identifier: self.identifier.map(str::to_owned),
            directory: layout.output.join(self.relative()),
            version: self.source.version.clone().unwrap_or_default(),
            repository_url: repository_url(&self.source.kind),
            resolved,
        }
    }
}

/// The places of a job's sources, the primary first. The digits come from the build's id, so that a build that goes
/// on after a restart finds its sources again.
pub(crate) fn places(job: &JobSpec) -> Vec<Place<'_>> {
    let primary = (None, &job.source);
    let secondary = job.secondary_sources.iter().map(|other| (Some(other.source_identifier.as_str()), &other.source));
    std::iter::once(primary)
        .chain(secondary)
        .enumerate()
        .map(|(index, (identifier, source))| Place {
            identifier,
            source,
            root: format!("src{}", digits(job.id.uuid(), index)).into(),
            path: path(&source.kind),
        })
        .collect()
}

/// Nine to ten digits, as CodeBuild has them; different for each source of a build.
fn digits(build: Uuid, index: usize) -> u64 {
    let (high, low) = build.as_u64_pair();
    let mixed = (high ^ low).wrapping_add(index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    100_000_000 + (mixed >> 32) % 4_000_000_000
}

fn path(kind: &SourceKind) -> PathBuf {
    let src = PathBuf::from("src");
    let SourceKind::Git { location, .. } = kind else { return src };
    let host = match git_location(location) {
        Ok(GitLocation::Https { host, .. } | GitLocation::Http { host, .. } | GitLocation::Ssh { host, .. }) => host,
        Ok(GitLocation::Path { .. }) | Err(_) => return src,
    };
    let Some((_, behind)) = location.split_once(host) else { return src };
    // Behind the host: `:22/a/b.git`, `:a/b.git` or `/a/b.git`. What has a scheme has a port behind its colon.
    let path = match behind.strip_prefix(':') {
        Some(port_and_path) if location.contains("://") => port_and_path.split_once('/').map_or("", |(_, path)| path),
        Some(path) => path,
        None => behind,
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let tame = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '~'));
    if names.is_empty() || !names.iter().all(tame) || names.iter().any(|name| matches!(*name, "." | "..")) {
        return src;
    }
    names.into_iter().fold(src.join(host.to_lowercase()), |path, name| path.join(name))
}

fn repository_url(kind: &SourceKind) -> String {
    match kind {
        SourceKind::None => String::new(),
        SourceKind::Git { location, .. } => location.clone(),
        SourceKind::S3 { location } => format!("s3://{location}"),
        SourceKind::Local { path } => path.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(location: &str) -> String {
        let kind = SourceKind::Git { location: location.into(), depth: 0, submodules: false, credentials: None };
        path(&kind).display().to_string()
    }

    #[test]
    fn git_sources_lie_as_in_a_go_workspace() {
        assert_eq!(git("https://github.com/owner/repo.git"), "src/github.com/owner/repo");
        assert_eq!(git("https://GitHub.com/owner/repo"), "src/github.com/owner/repo");
        assert_eq!(git("git@bitbucket.org:ws/repo.git"), "src/bitbucket.org/ws/repo");
        assert_eq!(git("ssh://git@host:22/a/b/c"), "src/host/a/b/c");
        let codecommit = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/app";
        assert_eq!(git(codecommit), "src/git-codecommit.us-east-1.amazonaws.com/v1/repos/app");
        assert_eq!(git("/srv/git/app.git"), "src");
        assert_eq!(git("file:///srv/git/app"), "src");
    }

    #[test]
    fn every_source_has_a_folder_of_its_own() {
        let numbers: std::collections::BTreeSet<_> = (0..13).map(|index| digits(Uuid::from_u128(5), index)).collect();
        assert_eq!(numbers.len(), 13);
        assert!(numbers.iter().all(|number| *number >= 100_000_000));
    }
}
