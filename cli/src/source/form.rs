//! The forms of `--source`. Pure but for one question to the disk, which the caller asks: is it a folder?

use buildyard_model::{GitCredentials, ProjectName, Secret, SourceKind};
use std::path::{Path, PathBuf};

/// What `--source` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceForm {
    /// Known to the coordinator or agent as it is.
    Remote(SourceKind),
    /// A folder of this machine, to be sent.
    Folder(PathBuf),
}

impl SourceForm {
    /// The kind to submit; a folder has none before it was sent.
    pub(crate) fn kind(&self) -> SourceKind {
        match self {
            Self::Remote(kind) => kind.clone(),
            Self::Folder(_) => SourceKind::None,
        }
    }

    /// Whether there are versions of it to choose from.
    pub(crate) fn has_versions(&self) -> bool {
        matches!(self, Self::Remote(SourceKind::Git { .. } | SourceKind::S3 { .. }))
    }
}

/// How a git source is fetched.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
#[command(next_help_heading = "Source")]
pub(crate) struct GitArgs {
    /// Commits of history to fetch from each git source; without it, all
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "COMMITS")]
    pub(crate) depth: u32,
    /// Fetch the submodules of each git source too
    #[arg(long)]
    pub(crate) submodules: bool,
}

/// Tells what `text` means; `is_folder` says whether a folder of that name is here.
pub(crate) fn parse(text: &str, git: GitArgs, is_folder: impl Fn(&Path) -> bool) -> Result<SourceForm, String> {
    if matches!(text, "none" | "NO_SOURCE") {
        return Ok(SourceForm::Remote(SourceKind::None));
    }
    if let Some(location) = text.strip_prefix("s3://").or_else(|| text.strip_prefix("arn:aws:s3:::")) {
        return s3(text, location);
    }
    if text.starts_with('-') || has_remote_helper(text) {
        return Err(format!(
            "source {text:?} is refused: git would take it for an option or run a program named in it"
        ));
    }
    if is_git_url(text) {
        let (location, credentials) = split_credentials(text);
        let GitArgs { depth, submodules } = git;
        return Ok(SourceForm::Remote(SourceKind::Git { location, depth, submodules, credentials }));
    }
    let path = Path::new(text);
    if is_folder(path) {
        return Ok(SourceForm::Folder(path.to_owned()));
    }
    Err(format!(
        "source {text:?} is no folder here: give a folder, a git URL (https, ssh or user@host:path), s3://BUCKET/KEY, or none"
    ))
}

/// The project's name when the call gives none: the last part of the source's name.
pub(crate) fn project_name(form: &SourceForm, absolute: impl Fn(&Path) -> PathBuf) -> ProjectName {
    let text = match form {
        SourceForm::Folder(path) => {
            absolute(path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        }
        SourceForm::Remote(SourceKind::Git { location, .. }) => last_part(location).trim_end_matches(".git").to_owned(),
        SourceForm::Remote(SourceKind::S3 { location }) => last_part(location).trim_end_matches(".zip").to_owned(),
        SourceForm::Remote(SourceKind::Local { path }) => last_part(path).to_owned(),
        SourceForm::Remote(SourceKind::None) => "build".to_owned(),
    };
    ProjectName::from_lossy(&text)
}

fn s3(text: &str, location: &str) -> Result<SourceForm, String> {
    match location.split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
            Ok(SourceForm::Remote(SourceKind::S3 { location: location.to_owned() }))
        }
        _ => Err(format!(
            "source {text:?} names no object: write s3://BUCKET/KEY.zip, or s3://BUCKET/PREFIX/ for a folder"
        )),
    }
}

fn last_part(location: &str) -> &str {
    location.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or(location)
}

/// `transport::address` makes git run `git-remote-transport`.
fn has_remote_helper(text: &str) -> bool {
    text.split_once("::")
        .is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '+'))
}

fn is_git_url(text: &str) -> bool {
    let scheme = ["https://", "http://", "ssh://", "git://", "git+ssh://", "file://"];
    let scp_like = || {
        text.split_once(':').is_some_and(|(host, path)| {
            !host.is_empty() && !path.is_empty() && host.contains('@') && !host.contains('/')
        })
    };
    scheme.iter().any(|scheme| text.starts_with(scheme)) || scp_like()
}

/// Takes `user:password@` out of an http URL, so that it is kept as a secret and not shown as part of the source.
fn split_credentials(url: &str) -> (String, Option<GitCredentials>) {
    let whole = || (url.to_owned(), None);
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| scheme.starts_with("http")) else {
        return whole();
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let Some((user_info, host)) = authority.rsplit_once('@') else { return whole() };
    let (username, password) = user_info.split_once(':').unwrap_or(("git", user_info));
    let username = if username.is_empty() { "git" } else { username };
    let credentials =
        GitCredentials { username: username.to_owned(), password: Secret::new(percent_decoded(password)) };
    (format!("{scheme}://{host}{path}"), Some(credentials))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = (first == b'%').then(|| after.get(..2)).flatten();
        let byte = hex.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
