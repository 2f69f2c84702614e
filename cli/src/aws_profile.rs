//! Profiles of the aws CLI and the AWS SDKs: as text, and added to the two files that hold them (AWS SDKs and Tools
//! Reference Guide, "Shared config and credentials files"). Invariant: what a file holds already stays as it is, a file is
//! written whole or not at all, and only its owner can read it.

use crate::failure::Failure;
use buildyard_model::Secret;
use std::fmt;
use std::fs::{DirBuilder, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The name of a profile: fit for a section's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProfileName(String);

/// A profile that reaches this fleet.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) name: ProfileName,
    pub(crate) region: String,
    pub(crate) endpoint_url: String,
    pub(crate) access_key_id: String,
    pub(crate) secret: Secret,
}

/// The two files.
#[derive(Debug)]
pub(crate) struct Files {
    config: PathBuf,
    credentials: PathBuf,
}

impl FromStr for ProfileName {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_.@+-".contains(c);
        if (1..=64).contains(&text.len()) && text.chars().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a profile's name has 1 to 64 letters, digits and any of _.@+-")
        }
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ProfileName {
    /// The head of its section in the config file, where all but one are called profiles.
    fn config_head(&self) -> String {
        if self.0 == "default" { "[default]".to_owned() } else { format!("[profile {self}]") }
    }

    fn credentials_head(&self) -> String {
        format!("[{self}]")
    }
}

/// Checks an endpoint that is to stand in a profile.
pub(crate) fn endpoint(url: &str) -> Result<String, Failure> {
    let url = url.trim().trim_end_matches('/');
    let is_http = url.starts_with("http://") || url.starts_with("https://");
    if is_http && url.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(url.to_owned());
    }
    Err(Failure::call(format!("endpoint {url:?} is not valid: write http://HOST:PORT or https://HOST:PORT")))
}

impl Profile {
    fn config(&self) -> String {
        let Self { name, region, endpoint_url, .. } = self;
        let head = name.config_head();
        // Version 1 of the CLI presigns with signature version 2 unless it is told.
        format!("{head}\nregion = {region}\nendpoint_url = {endpoint_url}\ns3 =\n  signature_version = s3v4\n")
    }

    fn credentials(&self) -> String {
        let Self { name, access_key_id, secret, .. } = self;
        let head = name.credentials_head();
        format!("{head}\naws_access_key_id = {access_key_id}\naws_secret_access_key = {}\n", secret.expose())
    }

    /// Both sections, each under the name of its file.
    pub(crate) fn text(&self) -> String {
        format!("# ~/.aws/config\n{}\n# ~/.aws/credentials\n{}", self.config(), self.credentials())
    }
}

impl Files {
    /// The user's files, if there is no profile of that name in either.
    pub(crate) fn for_new(name: &ProfileName) -> Result<Self, Failure> {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let path = |variable: &str, file: &str| {
            let given = std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
            given.or_else(|| Some(home.as_ref()?.join(".aws").join(file))).ok_or_else(|| {
                Failure::call(format!("there is no home folder for the profile: set HOME or {variable}"))
            })
        };
        let files = Self {
            config: path("AWS_CONFIG_FILE", "config")?,
            credentials: path("AWS_SHARED_CREDENTIALS_FILE", "credentials")?,
        };
        for (file, head) in [(&files.config, name.config_head()), (&files.credentials, name.credentials_head())] {
            if has_section(&read(file)?, &head) {
                let file = file.display();
                return Err(Failure::call(format!(
                    "{file} has a section {head} already: take another name with --profile, or remove that section"
                )));
            }
        }
        Ok(files)
    }

    /// Adds the profile to both.
    pub(crate) fn write(&self, profile: &Profile) -> Result<(), Failure> {
        add(&self.credentials, &profile.credentials())?;
        add(&self.config, &profile.config())
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {}", self.config.display(), self.credentials.display())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    match std::fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(Failure::file("read", path)),
    }
}

fn has_section(text: &[u8], head: &str) -> bool {
    let words = |line: &str| line.trim_matches(['[', ']']).split_whitespace().collect::<Vec<_>>().join(" ");
    let is_head = |line: &str| line.starts_with('[');
    let text = String::from_utf8_lossy(text);
    // A comment may follow a head.
    let heads = text.lines().filter(|line| is_head(line)).map(|line| line.split(['#', ';']).next().unwrap_or_default());
    heads.map(str::trim).any(|line| words(line) == words(head))
}

fn add(path: &Path, section: &str) -> Result<(), Failure> {
    let mut text = read(path)?;
    if !text.is_empty() {
        text.extend_from_slice(if text.ends_with(b"\n") { b"\n" } else { b"\n\n" });
    }
    text.extend_from_slice(section.as_bytes());
    // What a link leads to is written, and the link stays.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |error| Failure::file("write", &path)(error);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(&text).map_err(failed)?;
    file.as_file().set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(name: &str) -> Profile {
        Profile {
            name: name.parse().unwrap(),
            region: "eu-west-1".into(),
            endpoint_url: "http://h:8080".into(),
            access_key_id: "AKIA".into(),
            secret: Secret::new("s"),
        }
    }

    #[test]
    fn a_profile_can_be_pasted() {
        let expected = "\
# ~/.aws/config
[profile ana]
region = eu-west-1
endpoint_url = http://h:8080
s3 =
  signature_version = s3v4

# ~/.aws/credentials
[ana]
aws_access_key_id = AKIA
aws_secret_access_key = s
";
        assert_eq!(profile("ana").text(), expected);
        assert!(profile("default").text().contains("config\n[default]\n"));
        assert!(!format!("{:?}", profile("x")).contains("\"s\""));
    }

    #[test]
    fn names_and_endpoints_cannot_break_out_of_their_line() {
        for name in ["", "a b", "a]", "a\n[b", "é"] {
            assert!(name.parse::<ProfileName>().is_err(), "{name}");
        }
        assert_eq!(endpoint(" https://h:1/ ").unwrap(), "https://h:1");
        for url in ["", "h:1", "ftp://h", "http://h\nregion = x"] {
            assert!(endpoint(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_section_is_found_however_it_is_written() {
        let has = |text: &str, head| has_section(text.as_bytes(), head);
        assert!(has("[profile  ana] # mine\n", "[profile ana]") && has("[ ana ]\n", "[ana]"));
        assert!(!has("# [ana]\n[profile ana]\nx = [ana]\n", "[ana]") && !has("", "[ana]"));
    }

    #[test]
    fn what_a_file_holds_stays_and_nobody_else_can_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let (config, credentials) = (directory.path().join("x/config"), directory.path().join("real"));
        std::fs::write(&credentials, "[other]\naws_access_key_id = 1").unwrap();
        std::fs::set_permissions(&credentials, Permissions::from_mode(0o644)).unwrap();
        let link = directory.path().join("credentials");
        std::os::unix::fs::symlink(&credentials, &link).unwrap();
        let files = Files { config: config.clone(), credentials: link.clone() };
        files.write(&profile("ana")).unwrap();
        assert_eq!(std::fs::read_to_string(&config).unwrap(), profile("ana").config());
        let kept = std::fs::read_to_string(&credentials).unwrap();
        assert_eq!(kept, format!("[other]\naws_access_key_id = 1\n\n{}", profile("ana").credentials()));
        assert!(link.is_symlink(), "the link stays");
        for file in [config, credentials] {
            assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
