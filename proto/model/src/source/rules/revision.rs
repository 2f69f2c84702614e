//! The forms of a git source version (reference 4.2): a commit, a branch, a tag, `refs/…`, `pr/<n>`, `ref^{commit}`.
//!
//! The rules are those of `git check-ref-format`, less everything that rev-parse would compute (`@{-1}`, `~2`, `:/x`).

/// Longest name that is taken.
const LONGEST: usize = 1024;

/// What is wrong with a git source version.
pub(super) fn problem(version: &str) -> Option<String> {
    let bad = |reason: &str| Some(format!("source version {version:?} is not valid: {reason}"));
    if version.len() > LONGEST {
        return Some(format!("the source version is longer than {LONGEST} characters"));
    }
    let name = match version.split_once("^{") {
        None => version,
        Some((name, commit)) => match commit.strip_suffix('}') {
            Some(commit) if is_commit_id(commit) => name,
            _ => return bad("behind '^' it takes a whole commit id in braces"),
        },
    };
    if let Some(number) = name.strip_prefix("pr/")
        && !(number.len() <= 10 && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    {
        return bad("expected pr/<number>");
    }
    match name_problem(name) {
        Some(reason) => bad(reason),
        None => None,
    }
}

/// 40 hexadecimal digits (SHA-1) or 64 (SHA-256), in lower case or upper.
fn is_commit_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn name_problem(name: &str) -> Option<&'static str> {
    if name.is_empty() || name == "@" {
        return Some("it names nothing");
    }
    if name.starts_with('-') || name.contains("/-") {
        return Some("a part begins with '-' and would be taken for an option");
    }
    if name.contains("..") || name.contains("@{") || name.ends_with('.') {
        return Some("it holds '..' or '@{', or ends with a dot");
    }
    let forbidden = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(
                c,
                '~' | '^' | ':' | '?' | '*' | '[' | '\\' | '`' | '$' | '(' | ')' | ';' | '&' | '|' | '<' | '>'
            )
            || matches!(c, '"' | '\'' | '{' | '}' | '!')
    };
    if name.contains(forbidden) {
        return Some("it holds a character that no branch or tag needs");
    }
    let part_is_bad = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    name.split('/').any(part_is_bad).then_some("a part is empty, begins with a dot or ends with '.lock'")
}
