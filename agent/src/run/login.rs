//! The login with which a build's image is pulled, where its project names a `registryCredential`: asked of the coordinator
//! when it is needed, kept in memory only, and said to the engine alone.

use super::environment::SecretVariable;
use super::halt::Halt;
use crate::transfers::Transfers;
use buildyard_executor::RegistryLogin;
use buildyard_model::{JobSpec, PhaseContext, Secret, VariableKind};
use serde::Deserialize;
use tonic::Code;

/// What the secret holds, in CodeBuild's form.
#[derive(Deserialize)]
struct Login {
    username: String,
    password: Secret,
}

/// Asks for the login of a build's image, if its project names one.
pub(super) async fn ask(job: &JobSpec, transfers: &Transfers) -> Result<Option<RegistryLogin>, Halt> {
    let project = job.project.as_ref();
    let Some(named) = project.and_then(|project| project.environment.registry_credential.as_ref()) else {
        return Ok(None);
    };
    let reference = named.credential.clone();
    let variable =
        SecretVariable { name: "registryCredential".to_owned(), kind: VariableKind::SecretsManager, reference };
    let answer = transfers.secrets(std::slice::from_ref(&variable)).await.map_err(|status| {
        let context = context(status.message());
        match status.code() {
            Code::NotFound | Code::PermissionDenied | Code::InvalidArgument => Halt::Failed(context),
            _ => Halt::Fault(context),
        }
    })?;
    read(&variable.reference, answer.first()).map(Some)
}

fn read(reference: &str, text: Option<&Secret>) -> Result<RegistryLogin, Halt> {
    // What was wrong with it may hold a part of it.
    let login: Option<Login> = text.and_then(|text| serde_json::from_str(text.expose()).ok());
    let Some(Login { username, password }) = login else {
        let problem = format!(
            "secret {reference} of its registryCredential is no JSON object with the texts username and password"
        );
        return Err(Halt::Failed(context(&problem)));
    };
    Ok(RegistryLogin { username, password })
}

fn context(text: &str) -> PhaseContext {
    let message = format!("Unable to pull customer's container image. {text}");
    PhaseContext::new("BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_a_json_object_and_what_is_none_is_not_shown() {
        let login = read("s", Some(&Secret::new(r#"{"username":"ada","password":"hunter2","more":1}"#))).ok().unwrap();
        assert_eq!((login.username.as_str(), login.password.expose()), ("ada", "hunter2"));
        assert!(!format!("{login:?}").contains("hunter2"));
        for wrong in ["hunter2", r#"{"username":"ada"}"#, r#"{"username":"hunter2","password":5}"#, "[]"] {
            let Err(Halt::Failed(context)) = read("my/login", Some(&Secret::new(wrong))) else { panic!("{wrong}") };
            assert!(context.message.contains("my/login") && !context.message.contains("hunter2"), "{context:?}");
        }
    }
}
