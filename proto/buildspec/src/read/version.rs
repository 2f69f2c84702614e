//! The `version` key.

use super::fields::Fields;
use crate::error::{Error, Position};
use crate::spec::Version;

/// What CodeBuild says of a text that is no map, or has no readable version.
const MALFORMED: &str = "wrong number of container tags, expected 1";

/// The error of a text that is not a buildspec at all.
pub(super) fn malformed(position: Position) -> Error {
    Error::new(MALFORMED).positioned(position)
}

/// Reads the version, a number or a text.
pub(super) fn version(top: &mut Fields<'_>) -> Result<Version, Error> {
    let Some(value) = top.take("version") else {
        return Err(malformed(top.position()).hint("the buildspec has no version: begin it with `version: 0.2`"));
    };
    let Some(text) = value.scalar() else {
        return Err(malformed(value.position()).hint("write `version: 0.2`"));
    };
    match text.trim() {
        "0.1" => Ok(Version::V0_1),
        "0.2" => Ok(Version::V0_2),
        other => {
            let message = format!(
                "unsupported buildspec version '{}': the versions are 0.1 and 0.2",
                super::value::shortened(other)
            );
            Err(value.fault(message).hint("write `version: 0.2`"))
        }
    }
}
