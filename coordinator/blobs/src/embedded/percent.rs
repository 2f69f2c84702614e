//! Percent encoding as SigV4 and S3 listings want it: unreserved characters stay, and nothing else (but `/`, on wish).

/// Encodes the UTF-8 bytes of a text. A space becomes `%20`.
pub(crate) fn encode(text: &str, keep_slash: bool) -> String {
    let mut encoded = String::with_capacity(text.len() + text.len() / 4);
    for byte in text.bytes() {
        let kept =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') || (keep_slash && byte == b'/');
        if kept {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(encode("a b+c/é~%", true), "a%20b%2Bc/%C3%A9~%25");
        assert_eq!(encode("a/b", false), "a%2Fb");
    }
}
