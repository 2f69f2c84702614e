//! What a source version means (reference 4.2), decided before git sees it.

use std::fmt;

/// The commit a build wants, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// What the server's HEAD points to.
    Default,
    /// A commit, by its whole id. Never a branch or tag that happens to be called the same.
    Commit(String),
    /// A branch, or else a tag, or else a commit by the first digits of its id.
    Name(String),
    /// A full name: `refs/…`.
    Ref(String),
    /// A commit that can be found at a ref: only that is fetched.
    Pinned { at: Box<Wanted>, commit: String },
}

impl Wanted {
    /// Reads a version that passed the model's rules.
    pub(crate) fn parse(version: Option<&str>) -> Self {
        let Some(version) = version else { return Self::Default };
        if let Some((at, commit)) = version.split_once("^{") {
            let commit = commit.trim_end_matches('}').to_ascii_lowercase();
            return Self::Pinned { at: Box::new(Self::parse(Some(at))), commit };
        }
        if is_commit_id(version) {
            Self::Commit(version.to_ascii_lowercase())
        } else if version == "HEAD" {
            Self::Default
        } else if let Some(number) = version.strip_prefix("pr/") {
            Self::Ref(format!("refs/pull/{number}/head"))
        } else if version.starts_with("refs/") {
            Self::Ref(version.to_owned())
        } else {
            Self::Name(version.to_owned())
        }
    }

    /// The names it may have on the server, the likeliest first. None for a bare commit.
    pub(crate) fn remote_refs(&self) -> Vec<String> {
        match self {
            Self::Default => vec!["HEAD".to_owned()],
            Self::Commit(_) => Vec::new(),
            Self::Name(name) => vec![format!("refs/heads/{name}"), format!("refs/tags/{name}")],
            Self::Ref(name) => vec![name.clone()],
            Self::Pinned { at, .. } => at.remote_refs(),
        }
    }

    /// The commit, when it is known without asking.
    pub(crate) fn commit(&self) -> Option<&str> {
        match self {
            Self::Commit(commit) | Self::Pinned { commit, .. } => Some(commit),
            Self::Default | Self::Name(_) | Self::Ref(_) => None,
        }
    }

    /// The first digits of a commit's id, when it may be meant so.
    pub(crate) fn abbreviation(&self) -> Option<&str> {
        match self {
            Self::Name(name) if is_abbreviation(name) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default branch"),
            Self::Commit(commit) => write!(f, "commit {commit}"),
            Self::Name(name) | Self::Ref(name) => f.write_str(name),
            Self::Pinned { at, commit } => write!(f, "commit {commit} of {at}"),
        }
    }
}

/// 40 hexadecimal digits (SHA-1) or 64 (SHA-256).
pub(crate) fn is_commit_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Fewer digits than git itself takes for an abbreviation are none.
fn is_abbreviation(text: &str) -> bool {
    (4..64).contains(&text.len()) && !is_commit_id(text) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The lines of `git ls-remote`: object ids and names.
pub(crate) fn parse_listing(answer: &[u8]) -> Vec<(String, String)> {
    let line = |line: &str| {
        let (id, name) = line.split_once('\t')?;
        is_commit_id(id).then(|| (id.to_owned(), name.to_owned()))
    };
    String::from_utf8_lossy(answer).lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn versions_are_told_apart() {
        let parse = |version: &str| Wanted::parse(Some(version));
        assert_eq!(Wanted::parse(None), Wanted::Default);
        assert_eq!(parse("HEAD"), Wanted::Default);
        assert_eq!(parse(COMMIT), Wanted::Commit(COMMIT.into()));
        assert_eq!(parse(&COMMIT.to_uppercase()), Wanted::Commit(COMMIT.into()));
        assert_eq!(parse("main"), Wanted::Name("main".into()));
        assert_eq!(parse("pr/7"), Wanted::Ref("refs/pull/7/head".into()));
        assert_eq!(parse("refs/tags/v1"), Wanted::Ref("refs/tags/v1".into()));
        let pinned = Wanted::Pinned { at: Box::new(Wanted::Ref("refs/heads/x".into())), commit: COMMIT.into() };
        assert_eq!(parse(&format!("refs/heads/x^{{{COMMIT}}}")), pinned);
        assert_eq!(pinned.remote_refs(), ["refs/heads/x"]);
        assert_eq!(pinned.commit(), Some(COMMIT));
    }

    #[test]
    fn only_a_name_of_four_or_more_digits_may_be_an_abbreviation() {
        for (version, may) in [
            ("0123", true),
            ("DeadBeef", true),
            (&COMMIT[..39], true),
            ("012", false),
            ("main", false),
            ("cafe1-x", false),
            (COMMIT, false),
            ("refs/heads/cafe", false),
        ] {
            assert_eq!(Wanted::parse(Some(version)).abbreviation().is_some(), may, "{version}");
        }
    }

    #[test]
    fn a_listing_is_read_and_nonsense_skipped() {
        let listing = format!("ref: refs/heads/main\tHEAD\n{COMMIT}\tHEAD\n{COMMIT}\trefs/heads/main\nnonsense\n");
        let names: Vec<_> = parse_listing(listing.as_bytes()).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["HEAD", "refs/heads/main"]);
    }
}
