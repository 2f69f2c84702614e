//! The query string: one reading for the router and for the signature (reliability S18). `+` is a space, an absent `=`
//! an empty value, an empty piece nothing; broken percent encoding is refused.

use super::error::SignatureError;
use super::path;

/// A decoded name and value, as bytes: a client may encode what is no UTF-8.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Reads a query string in its order.
pub fn pairs(query: &str) -> Result<Vec<Pair>, SignatureError> {
    let pieces = query.split('&').filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// Encoded anew and sorted by encoded name, then value.
pub(super) fn canonical<'a>(pairs: impl Iterator<Item = &'a Pair>) -> String {
    let mut encoded: Vec<(String, String)> =
        pairs.map(|(name, value)| (path::encode(name, false), path::encode(value, false))).collect();
    encoded.sort_unstable();
    let joined: Vec<String> = encoded.iter().map(|(name, value)| format!("{name}={value}")).collect();
    joined.join("&")
}

fn decode(text: &str) -> Result<Vec<u8>, SignatureError> {
    path::decode(text.replace('+', " ").as_bytes())
        .ok_or_else(|| SignatureError::Unreadable("the query string is not correctly percent-encoded".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_has_one_reading() {
        let read = |query| pairs(query).map(|pairs| canonical(pairs.iter()));
        assert_eq!(read("b=2&a=&c&&a=%41+%2b").unwrap(), "a=&a=A%20%2B&b=2&c=");
        assert_eq!(read("a-b=1&a=2&%e1%88%b4=ሴ=").unwrap(), "%E1%88%B4=%E1%88%B4%3D&a=2&a-b=1");
        for bad in ["%", "a=%2", "a=%zz", "%+1=a"] {
            assert!(matches!(read(bad), Err(SignatureError::Unreadable(_))), "{bad}");
        }
    }
}
