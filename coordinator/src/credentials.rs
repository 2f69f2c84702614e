//! The fleet's first secrets: made once, kept in the data directory for its owner alone, and written out as an
//! environment file to source.

use buildyard_model::Secret;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What clients and agents show to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// For S3 and the AWS APIs.
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// For the gRPC door, as `BUILDYARD_TOKEN`.
    pub client_token: Secret,
    /// Admits agents.
    pub join_token: Secret,
}

impl Credentials {
    /// Those of the data directory, and whether they were made and stored there just now, the first time.
    pub(crate) fn of(directory: &Path) -> io::Result<(Self, bool)> {
        let path = directory.join("credentials.json");
        match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map(|kept| (kept, false)).map_err(|error| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{} is damaged: {error}", path.display()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = Self::generate();
                write_private(&path, &serde_json::to_vec_pretty(&made)?)?;
                Ok((made, true))
            }
            Err(error) => Err(error),
        }
    }

    fn generate() -> Self {
        // An access key id has the form that AWS's tools know: 20 of [A-Z2-7].
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let mut random = rand::rng();
        let id: String = (0..16).map(|_| char::from(letters[random.random_range(0..letters.len())])).collect();
        Self {
            access_key_id: format!("BYRD{id}"),
            secret_access_key: Secret::new(&buildyard_service::new_secret()[..40]),
            client_token: Secret::new(buildyard_service::new_secret()),
            join_token: Secret::new(buildyard_service::new_secret()),
        }
    }

    /// Writes `credentials.env`: sourced, it makes the `aws` CLI and `buildyard` work against this coordinator.
    pub(crate) fn write_environment(
        &self,
        directory: &Path,
        region: &str,
        http: &str,
        grpc: &str,
    ) -> io::Result<PathBuf> {
        let path = directory.join("credentials.env");
        let lines = [
            ("AWS_ENDPOINT_URL", http),
            ("AWS_ACCESS_KEY_ID", &self.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", self.secret_access_key.expose()),
            ("AWS_REGION", region),
            ("AWS_DEFAULT_REGION", region),
            ("BUILDYARD_ENDPOINT", grpc),
            ("BUILDYARD_TOKEN", self.client_token.expose()),
        ];
        let mut text =
            String::from("# Source this file: `. credentials.env`. Whoever can read it can use the fleet.\n");
        for (name, value) in lines {
            text.push_str(&format!("export {name}='{value}'\n"));
        }
        write_private(&path, text.as_bytes())?;
        Ok(path)
    }
}

/// Writes a file that only its owner can read: whole, or not at all.
fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn credentials_stay_the_same_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let (first, made) = Credentials::of(directory.path()).unwrap();
        assert!(made, "the first time they are made");
        assert_eq!(Credentials::of(directory.path()).unwrap(), (first.clone(), false));
        let path = first.write_environment(directory.path(), "eu-west-1", "http://h:1", "http://h:2").unwrap();
        for file in [path.clone(), directory.path().join("credentials.json")] {
            assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("export AWS_ENDPOINT_URL='http://h:1'\n"), "{text}");
        assert!(!format!("{first:?}").contains(first.join_token.expose()));
    }
}
