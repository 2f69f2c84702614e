//! Whether the git on this host is new enough.

use super::context::Context;
use super::failure::Failure;
use super::program::Call;
use crate::error::Error;

/// The first that can pin addresses (`http.curloptResolve`).
const OLDEST: (u32, u32) = (2, 37);

/// The version of the agent's git.
///
/// # Errors
/// When it cannot be run or is too old.
pub(crate) async fn check_version(context: &Context<'_>) -> Result<String, Error> {
    let answer = context.git(Call::new(["version"])).await.map_err(Failure::into_error)?;
    let answer = String::from_utf8_lossy(&answer).trim().to_owned();
    match parse(&answer) {
        Some(version) if version >= OLDEST => Ok(answer.trim_start_matches("git version ").to_owned()),
        _ => {
            let (major, minor) = OLDEST;
            let program = context.options.git.display();
            Err(Error::NotAllowed(format!("{program} is {answer:?}: install git {major}.{minor} or later")))
        }
    }
}

/// Major and minor of `git version 2.47.3 (…)`.
fn parse(answer: &str) -> Option<(u32, u32)> {
    let mut numbers = answer.strip_prefix("git version ")?.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse("git version 2.47.3"), Some((2, 47)));
        assert_eq!(parse("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(parse("git version 2.9.1"), Some((2, 9)));
        assert!(parse("git version 2.9.1") < Some(OLDEST));
        assert_eq!(parse("hello"), None);
    }
}
