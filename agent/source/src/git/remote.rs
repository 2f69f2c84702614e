//! A repository somewhere else: judged against the agent's options, its address resolved and pinned.

use crate::address;
use crate::error::Error;
use crate::local::allowed_path;
use crate::options::{Options, Ssh};
use buildyard_model::source::{GitLocation, git_location};
use std::net::IpAddr;
use std::path::Path;

/// Who named the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The project: its owner may name a directory of this host, if the agent allows it.
    Project,
    /// A `.gitmodules` file in a repository from elsewhere: it may not.
    Elsewhere,
}

/// A repository that may be fetched from.
#[derive(Debug)]
pub(crate) struct Remote {
    /// For git; without user name and password.
    url: String,
    /// As it was written, for `.git/config`.
    written: String,
    reach: Reach,
}

#[derive(Debug)]
enum Reach {
    Web { protocol: &'static str, pinned: Option<String> },
    Ssh(String),
    Path,
}

impl Remote {
    /// Judges and resolves a location.
    ///
    /// # Errors
    /// [`Error::Invalid`] or [`Error::NotAllowed`].
    pub(crate) async fn new(options: &Options, location: &str, origin: Origin) -> Result<Self, Error> {
        let (written, mut url) = (location.to_owned(), location.to_owned());
        let reach = match git_location(location).map_err(Error::Invalid)? {
            GitLocation::Https { host, port } => web(options, "https", host, port.unwrap_or(443)).await?,
            GitLocation::Http { .. } if !options.allow_http => {
                let reason = "http:// repositories are not protected: use https:// or set allow_http";
                return Err(Error::NotAllowed(reason.to_owned()));
            }
            GitLocation::Http { host, port } => web(options, "http", host, port.unwrap_or(80)).await?,
            GitLocation::Ssh { host, port } => {
                let Some(ssh) = &options.ssh else {
                    let reason = "ssh repositories need the agent's ssh settings (known_hosts and a key)";
                    return Err(Error::NotAllowed(reason.to_owned()));
                };
                let addresses = address::resolve(host, port.unwrap_or(22), options.allow_loopback).await?;
                Reach::Ssh(ssh_command(ssh, host, port.unwrap_or(22), addresses.first().copied()))
            }
            GitLocation::Path { .. } if origin == Origin::Elsewhere => {
                let reason = format!("the submodule {location:?} is a directory of the agent's host");
                return Err(Error::NotAllowed(reason));
            }
            GitLocation::Path { path } => {
                url = allowed_path(path, &options.allowed_local)?.to_string_lossy().into_owned();
                Reach::Path
            }
        };
        Ok(Self { url, written, reach })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// As the project wrote it.
    pub(crate) fn shown(&self) -> &str {
        &self.written
    }

    /// The one transport git may use for it.
    pub(crate) fn protocol(&self) -> &'static str {
        match self.reach {
            Reach::Web { protocol, .. } => protocol,
            Reach::Ssh(_) => "ssh",
            Reach::Path => "file",
        }
    }

    /// Where a submodule of it comes from: the rights of a local repository are inherited by what it names.
    pub(crate) fn submodule_origin(&self) -> Origin {
        if matches!(self.reach, Reach::Path) { Origin::Project } else { Origin::Elsewhere }
    }

    pub(crate) fn config(&self) -> Vec<(String, String)> {
        match &self.reach {
            Reach::Web { pinned: Some(pinned), .. } => vec![("http.curloptResolve".to_owned(), pinned.clone())],
            _ => Vec::new(),
        }
    }

    pub(crate) fn ssh_command(&self) -> Option<&str> {
        match &self.reach {
            Reach::Ssh(command) => Some(command),
            _ => None,
        }
    }
}

async fn web(options: &Options, protocol: &'static str, host: &str, port: u16) -> Result<Reach, Error> {
    let is_proxy =
        |name: &String| name.to_ascii_lowercase().ends_with("_proxy") && !name.eq_ignore_ascii_case("no_proxy");
    if options.environment.iter().any(|(name, _)| is_proxy(name)) {
        // The proxy resolves the name, and often is the only one that can. An address needs no resolving.
        if let Some(reason) = host.parse().ok().and_then(|ip: IpAddr| address::problem(ip, options.allow_loopback)) {
            return Err(Error::NotAllowed(format!("{host} is {reason}")));
        }
        return Ok(Reach::Web { protocol, pinned: None });
    }
    let addresses = address::resolve(host, port, options.allow_loopback).await?;
    let addresses: Vec<String> = addresses.iter().map(|address| bracketed(*address)).collect();
    let pinned = Some(format!("{host}:{port}:{}", addresses.join(",")));
    Ok(Reach::Web { protocol, pinned: pinned.filter(|_| host.parse::<IpAddr>().is_err()) })
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

/// The command that git runs through a shell. Nothing of the user's own ssh configuration counts.
fn ssh_command(ssh: &Ssh, host: &str, port: u16, address: Option<IpAddr>) -> String {
    let mut words = vec!["ssh".to_owned(), "-F".to_owned(), "/dev/null".to_owned()];
    let mut option = |text: String| words.extend(["-o".to_owned(), quoted(&text)]);
    option("BatchMode=yes".to_owned());
    option("StrictHostKeyChecking=yes".to_owned());
    option(format!("UserKnownHostsFile={}", ssh_quoted(&ssh.known_hosts)));
    option("GlobalKnownHostsFile=/dev/null".to_owned());
    option("ConnectTimeout=15".to_owned());
    option("ServerAliveInterval=15".to_owned());
    option("ServerAliveCountMax=4".to_owned());
    option("IdentitiesOnly=yes".to_owned());
    option("IdentityAgent=none".to_owned());
    option("ClearAllForwardings=yes".to_owned());
    option(format!("IdentityFile={}", ssh.identity.as_deref().map_or("none".to_owned(), ssh_quoted)));
    if let Some(address) = address {
        option(format!("HostName={address}"));
        option(format!("HostKeyAlias={}", if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") }));
    }
    words.join(" ")
}

/// For ssh's own parser of options.
fn ssh_quoted(path: &Path) -> String {
    format!("\"{}\"", path.to_string_lossy().replace('%', "%%").replace('"', "\\\""))
}

/// For the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    async fn judge(options: &Options, location: &str) -> Result<Remote, Error> {
        Remote::new(options, location, Origin::Project).await
    }

    #[tokio::test]
    async fn by_default_only_https_is_allowed() {
        let options = Options::new("/nonexistent");
        for location in ["http://192.0.2.1/r", "ssh://git@192.0.2.1/r", "git@192.0.2.1:r", "/tmp", "file:///tmp"] {
            assert!(matches!(judge(&options, location).await, Err(Error::NotAllowed(_))), "{location}");
        }
        for location in ["https://127.0.0.1/r", "https://169.254.169.254/r", "https://[::1]/r", "https://0/r"] {
            assert!(matches!(judge(&options, location).await, Err(Error::NotAllowed(_))), "{location}");
        }
        let remote = judge(&options, "https://192.0.2.1/r").await.unwrap();
        assert_eq!(remote.protocol(), "https");
    }

    #[tokio::test]
    async fn a_host_name_is_pinned_to_its_addresses() {
        let options = Options { allow_loopback: true, ..Options::new("/nonexistent") };
        let remote = judge(&options, "https://localhost:8443/r").await.unwrap();
        let config = remote.config();
        assert_eq!(config[0].0, "http.curloptResolve");
        assert!(config[0].1.starts_with("localhost:8443:"), "{config:?}");
    }

    #[tokio::test]
    async fn ssh_uses_the_agents_settings_and_nothing_else() {
        let ssh = Ssh { known_hosts: PathBuf::from("/etc/it's/hosts"), identity: None };
        let options = Options { ssh: Some(ssh), ..Options::new("/nonexistent") };
        let remote = judge(&options, "ssh://git@192.0.2.1:2222/r").await.unwrap();
        let command = remote.ssh_command().unwrap();
        assert!(command.starts_with("ssh -F /dev/null -o 'BatchMode=yes'"), "{command}");
        assert!(command.contains(r#"'UserKnownHostsFile="/etc/it'\''s/hosts"'"#), "{command}");
        assert!(command.contains("'HostKeyAlias=[192.0.2.1]:2222'"), "{command}");
    }

    #[tokio::test]
    async fn a_submodule_cannot_name_a_directory_of_the_host() {
        let options = Options { allowed_local: vec![PathBuf::from("/tmp")], ..Options::new("/nonexistent") };
        assert!(Remote::new(&options, "/tmp", Origin::Project).await.is_ok());
        assert!(matches!(Remote::new(&options, "/tmp", Origin::Elsewhere).await, Err(Error::NotAllowed(_))));
    }
}
