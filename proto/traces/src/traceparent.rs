//! W3C's `traceparent` header: the trace that a caller's request belongs to.

use crate::{SpanId, TraceId};

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traceparent {
    pub trace: TraceId,
    pub parent: SpanId,
    /// Whether the caller sends its own part.
    pub sampled: bool,
}

impl Traceparent {
    /// `00-<trace>-<parent>-<flags>`; nothing for what is no such header, as the standard wants it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let [version] = bytes::<1>(parts.next()?)?;
        let trace = bytes::<16>(parts.next()?)?;
        let parent = bytes::<8>(parts.next()?)?;
        let [flags] = bytes::<1>(parts.next()?)?;
        let unknown = version == 0xff || (version == 0 && parts.next().is_some());
        let none = trace == [0; 16] || parent == [0; 8];
        (!unknown && !none).then_some(Self { trace: TraceId(trace), parent: SpanId(parent), sampled: flags & 1 == 1 })
    }
}

fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let is_hex = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    if hex.len() != 2 * N || !hex.bytes().all(is_hex) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_headers_count() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let parsed = Traceparent::parse(&format!("00-{trace}-b7ad6b7169203331-01")).unwrap();
        assert_eq!((parsed.trace.to_string().as_str(), parsed.sampled), (trace, true));
        assert_eq!(parsed.parent, SpanId([0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]));
        assert!(!Traceparent::parse(&format!("00-{trace}-b7ad6b7169203331-00")).unwrap().sampled);
        assert!(Traceparent::parse(&format!("01-{trace}-b7ad6b7169203331-01-more")).is_some());
        for wrong in [
            String::new(),
            format!("00-{trace}-b7ad6b7169203331"),
            format!("00-{trace}-b7ad6b7169203331-01-more"),
            format!("ff-{trace}-b7ad6b7169203331-01"),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()),
            format!("00-{}é-b7ad6b7169203331-01", &trace[..30]),
        ] {
            assert_eq!(Traceparent::parse(&wrong), None, "{wrong}");
        }
    }
}
