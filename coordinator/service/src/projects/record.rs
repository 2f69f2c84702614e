//! What is stored of a project: CodeBuild's `Project`, and beside it what is nobody's but ours.

use crate::Settings;
use buildyard_model::Project;
use buildyard_model::project::ProjectBadge;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A project's document. The project's own members stand in it side by side with ours.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProjectRecord {
    #[serde(flatten)]
    pub(super) project: Project,
    /// What its caches in S3 are filed under; another one makes them forgotten (reference 7.2).
    #[serde(default)]
    cache_id: Uuid,
    /// Whoever knows it may see the badge (reference 12.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    badge_token: Option<Uuid>,
}

impl ProjectRecord {
    pub(super) fn new(project: Project) -> Self {
        Self { project, cache_id: Uuid::new_v4(), badge_token: None }
    }

    pub(super) fn forget_cache(&mut self) {
        self.cache_id = Uuid::new_v4();
    }

    pub(super) fn has_badge(&self) -> bool {
        self.badge_token.is_some()
    }

    /// A badge that is turned off and on again has another address, so that turning it off takes back the old one.
    pub(super) fn turn_badge(&mut self, enabled: bool) {
        if enabled {
            self.badge_token.get_or_insert_with(Uuid::new_v4);
        } else {
            self.badge_token = None;
        }
    }

    /// As clients see it.
    pub(super) fn shown(self, settings: &Settings) -> Project {
        let branch = branch(&self.project);
        let url = |token: Uuid| format!("{}/badges?uuid={token}&branch={branch}", settings.endpoint_url);
        let badge =
            ProjectBadge { badge_enabled: self.badge_token.is_some(), badge_request_url: self.badge_token.map(url) };
        Project { badge: Some(badge), ..self.project }
    }
}

/// The branch that is built when nobody says which, as far as the project tells; it needs no escaping in a URL.
fn branch(project: &Project) -> &str {
    let version = project.source_version.as_deref().unwrap_or_default();
    let name = version.strip_prefix("refs/heads/").unwrap_or(version);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let commit = name.len() == 40 && name.chars().all(|c| c.is_ascii_hexdigit());
    let other = name.is_empty() || name.starts_with("refs/") || name.starts_with("pr/") || commit;
    if other || !name.chars().all(plain) { "main" } else { name }
}
