//! The path in its canonical form, and percent encoding as SigV4 wants it.
//!
//! S3 signs the path as it is sent, encoded once, with every slash and dot kept, for they are part of an object's key.
//! All others drop `.`, `..` and doubled slashes, and encode what was sent once more (reference/codepipeline 8.3).

use super::error::SignatureError;

/// How a service reads paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PathRules {
    /// Dot segments and empty segments are dropped.
    pub(super) normalize: bool,
    /// What was sent is encoded again without being decoded first.
    pub(super) encode_twice: bool,
}

impl PathRules {
    /// The rules of a service, by its signing name.
    pub(super) fn of(service: &str) -> Self {
        let ordinary = service != super::payload::S3;
        Self { normalize: ordinary, encode_twice: ordinary }
    }
}

/// The canonical path of a path as it was sent.
pub(super) fn canonical(sent: &str, rules: PathRules) -> Result<String, SignatureError> {
    if !sent.is_empty() && !sent.starts_with('/') {
        return Err(SignatureError::Unreadable("the request's target has no path".into()));
    }
    let path = if rules.normalize { normalize(sent) } else { sent.to_owned() };
    let path = if path.is_empty() { "/".to_owned() } else { path };
    if rules.encode_twice {
        return Ok(encode(path.as_bytes(), true));
    }
    let bytes = decode(path.as_bytes())
        .ok_or_else(|| SignatureError::Unreadable("the path is not correctly percent-encoded".into()))?;
    Ok(encode(&bytes, true))
}

fn normalize(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut last = "";
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
        last = segment;
    }
    let is_folder = matches!(last, "" | "." | "..") && !kept.is_empty();
    format!("/{}{}", kept.join("/"), if is_folder { "/" } else { "" })
}

/// Encodes all but unreserved characters, and slashes on wish.
pub(super) fn encode(bytes: &[u8], keep_slash: bool) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(bytes.len() + bytes.len() / 4);
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') || (keep_slash && byte == b'/') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

/// Decodes `%XX`; `None` for a `%` without two hex digits.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let [high, low, after @ ..] = tail else { return None };
            decoded.push((digit(*high)? << 4) | digit(*low)?);
            rest = after;
        } else {
            decoded.push(byte);
            rest = tail;
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_services_normalise_and_encode_twice() {
        let path = |sent| canonical(sent, PathRules::of("codebuild")).unwrap();
        for (sent, canonical) in [
            ("", "/"),
            ("//a//b/./c/../d/", "/a/b/d/"),
            ("/../../a", "/a"),
            ("/a/b/..", "/a/"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/%2e%2e/a", "/%252e%252e/a"),
            ("/test/@c/x%3D", "/test/%40c/x%253D"),
            ("/%252F+é", "/%25252F%2B%C3%A9"),
        ] {
            assert_eq!(path(sent), canonical, "{sent}");
        }
    }

    #[test]
    fn s3_keeps_every_slash_and_dot_and_encodes_once() {
        let path = |sent| canonical(sent, PathRules::of("s3"));
        assert_eq!(path("//a/../b/./c%20d@+%252F").unwrap(), "//a/../b/./c%20d%40%2B%252F");
        assert_eq!(path("/a%2fb").unwrap(), "/a/b");
        assert!(path("*").is_err() && canonical("*", PathRules::of("codebuild")).is_err());
        assert!(path("/a%2").is_err() && path("/%zz").is_err());
    }
}
