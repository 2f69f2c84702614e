//! Reads image references by the grammar of the registries (distribution/reference), strictly: a reference becomes part
//! of URLs, so what is not one is refused before anybody sees it (reliability S33, S47). Pure.

/// What an image is asked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// An image's own id: `sha256:` and 64 hex digits.
    Id(String),
    /// A repository, as written, with tag or digest. No tag means `latest`.
    Named { repository: String, tag: Option<String>, digest: Option<String> },
}

impl Reference {
    /// Reads `repo`, `repo:tag`, `repo@sha256:…`, `repo:tag@sha256:…`, `sha256:…` or 64 hex digits.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let invalid = || {
            format!(
                "image {text:?} is not a valid reference: expected name:tag, name@sha256:… or an image id, lower case"
            )
        };
        let id = text.strip_prefix("sha256:").unwrap_or(text);
        if is_hex(id, 64) {
            return Ok(Self::Id(format!("sha256:{id}")));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        // A colon before the last slash belongs to a registry's port.
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (rest, None),
        };
        let valid = is_repository(repository) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
        if !valid {
            return Err(invalid());
        }
        let owned = |part: Option<&str>| part.map(str::to_owned);
        Ok(Self::Named { repository: repository.to_owned(), tag: owned(tag), digest: owned(digest) })
    }

    /// What to ask the engine for: never a repository alone, which would pull all of its tags.
    pub(super) fn full(&self) -> String {
        match self {
            Self::Id(id) => id.clone(),
            Self::Named { repository, digest: Some(digest), .. } => format!("{repository}@{digest}"),
            Self::Named { repository, tag, .. } => format!("{repository}:{}", tag.as_deref().unwrap_or("latest")),
        }
    }

    /// The registry that is named, with its port; none for Docker Hub's and for ids.
    pub(super) fn registry(&self) -> Option<&str> {
        let Self::Named { repository, .. } = self else { return None };
        let (first, _) = repository.split_once('/')?;
        let is_domain = first.contains(['.', ':']) || first == "localhost";
        Some(first).filter(|first| is_domain && !matches!(*first, "docker.io" | "index.docker.io"))
    }

    /// Whether the reference can only ever mean one content.
    pub(super) fn is_immutable(&self) -> bool {
        matches!(self, Self::Id(_) | Self::Named { digest: Some(_), .. })
    }

    /// Of an image's `repo@digest` names the one in the repository that was asked for.
    pub(super) fn pick_digest<'a>(&self, repo_digests: &'a [String]) -> Option<&'a str> {
        let Self::Named { repository, .. } = self else { return None };
        let asked = familiar(repository);
        repo_digests.iter().map(String::as_str).find(|candidate| {
            candidate.split_once('@').is_some_and(|(name, digest)| familiar(name) == asked && is_digest(digest))
        })
    }
}

/// `docker.io/library/redis`, `library/redis` and `redis` are one repository; engines answer in either form.
fn familiar(repository: &str) -> &str {
    let name = ["docker.io/", "index.docker.io/"].iter().find_map(|hub| repository.strip_prefix(hub));
    let name = name.unwrap_or(repository);
    name.strip_prefix("library/").unwrap_or(name)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_repository(text: &str) -> bool {
    let (domain, path) = match text.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
        _ => (None, text),
    };
    text.len() <= 255 && domain.is_none_or(is_domain) && path.split('/').all(is_component)
}

fn is_domain(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let label = |label: &str| {
        label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    host.split('.').all(label) && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Lower-case letters and digits, held together by `.`, `_`, `__` or dashes.
fn is_component(text: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators_are_valid = text
        .split(|c: char| c.is_ascii() && inner(c as u8))
        .all(|gap| matches!(gap, "" | "." | "_" | "__") || gap.bytes().all(|b| b == b'-'));
    let ends = |byte: Option<&u8>| byte.is_some_and(|&byte| inner(byte));
    separators_are_valid && ends(text.as_bytes().first()) && ends(text.as_bytes().last())
}

fn is_tag(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| match algorithm {
        "sha256" => is_hex(hex, 64),
        "sha512" => is_hex(hex, 128),
        _ => false,
    })
}

#[cfg(test)]
mod tests;
