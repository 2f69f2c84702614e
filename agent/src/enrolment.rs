//! How the agent becomes known to the coordinator: a join token is traded once for a credential, which is kept in
//! the data directory, readable by the agent's user only.

use crate::config::CoordinatorConfig;
use crate::uplink::Uplink;
use buildyard_model::AgentId;
use buildyard_proto::v1;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tonic::Code;

/// Why the agent could not enrol.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnrolError {
    /// Trying again without a change is pointless.
    #[error("{0}")]
    Refused(String),
    /// The coordinator wants this agent no more: it was removed, or its join token is not valid.
    #[error("{0}")]
    Unwanted(String),
    /// The coordinator could not be asked.
    #[error("{0}")]
    Passing(String),
}

/// The agent's proof of who it is.
#[derive(Debug)]
pub(crate) struct Enrolment {
    name: AgentId,
    config: CoordinatorConfig,
    file: PathBuf,
}

impl Enrolment {
    pub(crate) fn new(name: AgentId, config: CoordinatorConfig, data_dir: &Path) -> Self {
        Self { name, config, file: data_dir.join("credential") }
    }

    /// Lets `uplink` carry the kept credential, if there is one: builds of an earlier process call before the session is
    /// there.
    pub(crate) fn recall(&self, uplink: &Uplink) {
        if let Some(credential) = self.kept() {
            // One that is no text is replaced by `ensure`.
            uplink.credential().set(&credential);
        }
    }

    /// Makes sure that `uplink` carries a credential: the kept one, or a new one for the join token.
    pub(crate) async fn ensure(&self, uplink: &Uplink) -> Result<(), EnrolError> {
        match self.kept() {
            Some(credential) if uplink.credential().set(&credential) => Ok(()),
            _ => self.renew(uplink).await,
        }
    }

    /// Enrols again: the coordinator does not accept the credential.
    pub(crate) async fn renew(&self, uplink: &Uplink) -> Result<(), EnrolError> {
        let token = self.config.token().map_err(|error| EnrolError::Refused(error.to_string()))?;
        let Some(token) = token else {
            return Err(EnrolError::Refused(format!(
                "agent {} is not enrolled and has no join token; set coordinator.join_token or BUILDYARD_AGENT_JOIN_TOKEN",
                self.name
            )));
        };
        let request = v1::EnrollRequest {
            name: self.name.to_string(),
            join_token: token.expose().to_owned(),
            credential: self.kept().unwrap_or_default(),
        };
        let reply = uplink.fleet().enroll(request).await.map_err(|status| self.refusal(&status))?;
        let credential = reply.into_inner().credential;
        if !uplink.credential().set(&credential) {
            return Err(EnrolError::Refused("the coordinator gave a credential that is no text".to_owned()));
        }
        let path = self.file.display();
        keep(&self.file, &credential).map_err(|error| EnrolError::Refused(format!("cannot write {path}: {error}")))
    }

    fn refusal(&self, status: &tonic::Status) -> EnrolError {
        let text = status.message();
        match status.code() {
            Code::AlreadyExists => EnrolError::Refused(format!(
                "agent name {} is in use by another host: {text}; set another name, or bring back this host's credential file {}",
                self.name,
                self.file.display()
            )),
            Code::PermissionDenied => EnrolError::Unwanted(self.refused(text)),
            Code::Unauthenticated | Code::InvalidArgument => EnrolError::Refused(self.refused(text)),
            _ => EnrolError::Passing(text.to_owned()),
        }
    }

    fn refused(&self, text: &str) -> String {
        format!("the coordinator at {} refuses agent {}: {text}", self.config.endpoint, self.name)
    }

    fn kept(&self) -> Option<String> {
        let text = std::fs::read_to_string(&self.file).ok()?;
        Some(text.trim().to_owned()).filter(|credential| !credential.is_empty())
    }
}

/// Replaces the file at once, never half.
fn keep(file: &Path, credential: &str) -> io::Result<()> {
    let fresh = file.with_extension("fresh");
    let mut open = OpenOptions::new();
    let mut written = open.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    writeln!(written, "{credential}")?;
    written.sync_all()?;
    std::fs::rename(&fresh, file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::service::Interceptor;

    #[tokio::test]
    async fn a_kept_credential_is_carried_before_anybody_was_asked() {
        let _ = buildyard_artifacts::transfer::http_client().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let uplink = Uplink::new(&CoordinatorConfig::default()).unwrap();
        let enrolment = Enrolment::new("a1".parse().unwrap(), CoordinatorConfig::default(), directory.path());
        let carried = || {
            let call = uplink.credential().clone().call(tonic::Request::new(())).unwrap();
            call.metadata().get("authorization").map(|value| value.to_str().unwrap().to_owned())
        };
        enrolment.recall(&uplink);
        assert_eq!(carried(), None, "nothing is kept yet");
        keep(&directory.path().join("credential"), "c1").unwrap();
        enrolment.recall(&uplink);
        assert_eq!(carried().as_deref(), Some("Bearer c1"));
    }
}
