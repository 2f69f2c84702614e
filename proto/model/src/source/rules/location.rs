//! The forms of a git location: `https://`, `http://`, `ssh://`, `user@host:path`, `file://` and an absolute path.
//!
//! Everything else is refused, so that a new transport of git is never allowed by accident.

/// Longer than any real URL, short enough for an argument list.
const LONGEST: usize = 2048;

/// A git location, taken apart. The parts are borrowed from the text it was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GitLocation<'a> {
    /// `https://host[:port]/path`.
    Https { host: &'a str, port: Option<u16> },
    /// `http://host[:port]/path`: nothing protects it on the way.
    Http { host: &'a str, port: Option<u16> },
    /// `ssh://[user@]host[:port]/path` or `[user@]host:path`.
    Ssh { host: &'a str, port: Option<u16> },
    /// An absolute path on the agent's host, `file://` taken off.
    Path { path: &'a str },
}

/// What is wrong with a git location.
pub(super) fn problem(location: &str) -> Option<String> {
    git_location(location).err()
}

/// Takes a git location apart.
///
/// # Errors
/// A fragment that says what is wrong. It never repeats a password.
pub fn git_location(location: &str) -> Result<GitLocation<'_>, String> {
    if location.is_empty() {
        return Err("the source has no location: give the repository's URL".to_owned());
    }
    if location.len() > LONGEST {
        return Err(format!("the git location is longer than {LONGEST} characters"));
    }
    if location.chars().any(|c| c.is_control() || c.is_whitespace() || is_invisible(c)) {
        return Err("the git location holds a space or control character: percent-encode it".to_owned());
    }
    if location.starts_with('-') {
        return Err(format!("git location {location:?} begins with '-' and would be taken for an option"));
    }
    if location.starts_with('/') {
        return path_problem(location).map_or(Ok(GitLocation::Path { path: location }), Err);
    }
    match location.split_once("://") {
        Some((scheme, rest)) => with_scheme(scheme, rest),
        None => scp_like(location),
    }
}

fn with_scheme<'a>(scheme: &str, rest: &'a str) -> Result<GitLocation<'a>, String> {
    match scheme {
        "https" => web(rest).map(|(host, port)| GitLocation::Https { host, port }),
        "http" => web(rest).map(|(host, port)| GitLocation::Http { host, port }),
        "ssh" => {
            let (authority, path) = split_authority(rest)?;
            let (host, port) = host_port(without_user(authority)?)?;
            path_is_tame(path).map(|()| GitLocation::Ssh { host, port })
        }
        "file" => path_problem(rest).map_or(Ok(GitLocation::Path { path: rest }), Err),
        _ => Err(unknown()),
    }
}

fn web(rest: &str) -> Result<(&str, Option<u16>), String> {
    let (authority, path) = split_authority(rest)?;
    if authority.contains('@') {
        return Err("the git URL holds a user name or password: give them as credentials instead".to_owned());
    }
    path_is_tame(path)?;
    host_port(authority)
}

/// `user@host:path`, git's short form of ssh. A `::` would name a remote helper, such as `ext::`.
fn scp_like(location: &str) -> Result<GitLocation<'_>, String> {
    let Some((authority, path)) = split_scp(location) else { return Err(unknown()) };
    if !authority.contains('@') || path.is_empty() || path.starts_with(':') {
        return Err(unknown());
    }
    let host = without_user(authority)?;
    let (host, port) = host_port(host)?;
    if port.is_some() || path.starts_with('-') {
        return Err(unknown());
    }
    path_is_tame(path).map(|()| GitLocation::Ssh { host, port: None })
}

/// Splits at the colon behind the host, which may be a bracketed IPv6 address.
fn split_scp(location: &str) -> Option<(&str, &str)> {
    let search_from = location.find("]:").map_or(0, |end| end + 1);
    let colon = location.get(search_from..)?.find(':')? + search_from;
    Some((location.get(..colon)?, location.get(colon + 1..)?))
}

fn split_authority(rest: &str) -> Result<(&str, &str), String> {
    match rest.split_once('/') {
        Some((authority, path)) if !authority.is_empty() && !path.is_empty() => Ok((authority, path)),
        _ => Err("the git URL names no host or no repository".to_owned()),
    }
}

/// Takes `user@` off. A password is refused without repeating it.
fn without_user(authority: &str) -> Result<&str, String> {
    let Some((user, host)) = authority.rsplit_once('@') else { return Ok(authority) };
    if user.contains(':') {
        return Err("the git URL holds a password: give it as credentials instead".to_owned());
    }
    let valid = user.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'));
    if valid { Ok(host) } else { Err("the user name in the git URL is not valid".to_owned()) }
}

fn host_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    let bad = || format!("the host {authority:?} of the git location is not valid");
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or_else(bad)?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| bad())?;
            (address, if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or_else(bad)?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (name(host).ok_or_else(bad)?, Some(port)),
            None => (name(authority).ok_or_else(bad)?, None),
        },
    };
    match port {
        None => Ok((host, None)),
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => {
            port.parse::<u16>().ok().filter(|port| *port > 0).map(|port| (host, Some(port))).ok_or_else(bad)
        }
        Some(_) => Err(bad()),
    }
}

/// A host name: what ssh and curl take for a name and never for an option.
fn name(host: &str) -> Option<&str> {
    let valid = (1..=253).contains(&host.len())
        && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    valid.then_some(host)
}

fn path_is_tame(path: &str) -> Result<(), String> {
    let wild =
        |c: char| matches!(c, '\\' | '`' | '$' | '"' | '\'' | '<' | '>' | '|' | ';' | '{' | '}' | '^' | '#' | '?');
    if path.split('/').any(|part| part.starts_with('-')) || path.contains(wild) {
        return Err("the path of the git location holds characters that no repository URL needs".to_owned());
    }
    Ok(())
}

/// What is wrong with an absolute path on the agent's host.
pub(super) fn path_problem(path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return Some(format!("local source {path:?} is not an absolute path"));
    }
    if path.len() > LONGEST || path.chars().any(char::is_control) {
        return Some("the path of the local source is too long or holds a control character".to_owned());
    }
    path.split('/').any(|part| part == "..").then(|| format!("local source {path:?} holds '..': give the path itself"))
}

/// Marks of writing direction and zero width make a URL read as another one.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn unknown() -> String {
    "the git location is of no known form: https://…, ssh://…, user@host:path or, where the agent allows it, \
     an absolute path"
        .to_owned()
}
