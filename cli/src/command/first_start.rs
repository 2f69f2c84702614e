//! What the owner is told at the first start, once: how to use the root key. Its secret is shown to a person at a
//! terminal only; what goes into a file or a journal names the file that holds it.

use crate::aws_profile::{Profile, ProfileName};
use crate::output;
use buildyard_coordinator::Coordinator;
use std::path::Path;

/// The profile's name.
const PROFILE: &str = "buildyard";

/// Tells it, if this is the first start.
pub(super) fn tell(coordinator: &Coordinator) {
    let Ok(name) = PROFILE.parse::<ProfileName>() else { return };
    if !coordinator.is_first_start {
        return;
    }
    let profile = Profile {
        name,
        region: coordinator.region.clone(),
        endpoint_url: coordinator.endpoint_url.clone(),
        access_key_id: coordinator.credentials.access_key_id.clone(),
        secret: coordinator.credentials.secret_access_key.clone(),
    };
    output::note(&text(profile, &coordinator.credentials_file, output::stderr_is_terminal()));
}

fn text(mut profile: Profile, file: &Path, shows_secret: bool) -> String {
    let file = file.display();
    if !shows_secret {
        profile.secret = buildyard_model::Secret::new(format!("<AWS_SECRET_ACCESS_KEY of {file}>"));
    }
    let name = &profile.name;
    format!(
        "\
The root key was made. It may do everything, and stays in {file}.
As a profile of the aws CLI, to be used as in `aws --profile {name} s3 ls`:

{}
For others, make users with less: `buildyard admin --help`.
",
        profile.text()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_person_sees_the_secret() {
        let profile = Profile {
            name: PROFILE.parse().unwrap(),
            region: "eu-west-1".into(),
            endpoint_url: "http://h:8080".into(),
            access_key_id: "BYRD".into(),
            secret: buildyard_model::Secret::new("s3cret"),
        };
        let file = Path::new("/data/credentials.env");
        assert!(text(profile.clone(), file, true).contains("aws_secret_access_key = s3cret\n"));
        let logged = text(profile, file, false);
        assert!(!logged.contains("s3cret") && logged.contains("<AWS_SECRET_ACCESS_KEY of /data/credentials.env>"));
        assert!(logged.contains("[profile buildyard]\nregion = eu-west-1\nendpoint_url = http://h:8080\n"), "{logged}");
    }
}
