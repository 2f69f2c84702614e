//! Bodies in `aws-chunked` framing, made safe for s3s, which holds each chunk in memory as a whole (up to 4 GiB, and some
//! SDKs send one chunk per object).
//!
//! Unsigned chunks are cut where they arrive, so that none is larger than a network read. Signed chunks cannot be cut
//! without their key: larger ones than any SDK sends are refused. Signatures, lengths and trailers stay s3s' business.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use s3s::StdError;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Largest signed chunk; SDKs send 64 KiB to 1 MiB.
const SIGNED_MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Longest line in front of a chunk: its size and a signature.
const LINE_MAX_BYTES: usize = 256;
/// The header of `x-amz-content-sha256` for chunks without signatures.
const UNSIGNED: &[u8] = b"STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// A body that is framed, if its request says so.
#[derive(Debug)]
pub(crate) struct Rechunked<B> {
    body: Pin<Box<B>>,
    framing: Option<Framing>,
    ready: VecDeque<Bytes>,
}

/// What is expected next of a framed body.
#[derive(Debug)]
struct Framing {
    signed: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The line in front of a chunk, as far as it arrived.
    Line(Vec<u8>),
    /// Bytes left of a chunk.
    Data(u64),
    /// Bytes left of the line break behind a chunk.
    Break(usize),
    /// Behind the last chunk: trailers.
    Trailers,
}

impl<B> Rechunked<B> {
    /// Wraps the body of a request whose `x-amz-content-sha256` is this.
    pub(crate) fn new(body: B, content_sha256: Option<&[u8]>) -> Self {
        let streaming = content_sha256.filter(|value| value.starts_with(b"STREAMING-"));
        let framing = streaming.map(|value| Framing { signed: value != UNSIGNED, state: State::Line(Vec::new()) });
        Self { body: Box::pin(body), framing, ready: VecDeque::new() }
    }
}

impl Framing {
    /// Takes in what arrived and puts out what s3s shall see.
    fn take(&mut self, mut bytes: Bytes, out: &mut VecDeque<Bytes>) -> Result<(), &'static str> {
        if self.signed {
            out.push_back(bytes.clone());
        }
        while !bytes.is_empty() {
            let next = match &mut self.state {
                State::Line(line) => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    line.extend_from_slice(&bytes.split_to(end.map_or(bytes.len(), |end| end + 1)));
                    if line.len() > LINE_MAX_BYTES {
                        return Err("the line in front of a chunk is too long");
                    }
                    if end.is_none() {
                        return Ok(());
                    }
                    let size = size(line).ok_or("the line in front of a chunk has no size")?;
                    if self.signed && size > SIGNED_MAX_BYTES {
                        return Err("a signed chunk is larger than 16 MiB");
                    }
                    if size > 0 {
                        State::Data(size)
                    } else {
                        if !self.signed {
                            out.push_back(Bytes::copy_from_slice(line));
                        }
                        State::Trailers
                    }
                }
                State::Data(left) => {
                    let data = bytes.split_to(usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len()));
                    *left -= data.len() as u64;
                    let left = *left;
                    if !self.signed {
                        chunk(data, out);
                    }
                    if left > 0 { State::Data(left) } else { State::Break(2) }
                }
                State::Break(left) => {
                    let expected = if *left == 2 { b'\r' } else { b'\n' };
                    if bytes.split_to(1).first() != Some(&expected) {
                        return Err("a chunk is longer than it says");
                    }
                    if *left == 2 { State::Break(1) } else { State::Line(Vec::new()) }
                }
                State::Trailers => {
                    if !self.signed {
                        out.push_back(bytes);
                    }
                    return Ok(());
                }
            };
            self.state = next;
        }
        Ok(())
    }
}

fn size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| matches!(byte, b';' | b'\r' | b'\n')).next()?;
    u64::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

fn chunk(data: Bytes, out: &mut VecDeque<Bytes>) {
    out.push_back(format!("{:x}\r\n", data.len()).into());
    out.push_back(data);
    out.push_back(Bytes::from_static(b"\r\n"));
}

impl<B> Body for Rechunked<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<StdError>,
{
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        let this = self.get_mut();
        loop {
            if let Some(bytes) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            let frame = match std::task::ready!(this.body.as_mut().poll_frame(context)) {
                Some(frame) => frame.map_err(Into::into)?,
                None => return Poll::Ready(None),
            };
            let Some(framing) = &mut this.framing else { return Poll::Ready(Some(Ok(frame))) };
            // Trailers of HTTP itself mean nothing to S3.
            let Ok(bytes) = frame.into_data() else { continue };
            framing.take(bytes, &mut this.ready)?;
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.framing.is_some() { SizeHint::default() } else { self.body.size_hint() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(signed: bool, input: &[u8], step: usize) -> Result<Vec<u8>, &'static str> {
        let mut framing = Framing { signed, state: State::Line(Vec::new()) };
        let mut out = VecDeque::new();
        for piece in input.chunks(step) {
            framing.take(Bytes::copy_from_slice(piece), &mut out)?;
        }
        Ok(out.into_iter().collect::<Vec<_>>().concat())
    }

    #[test]
    fn unsigned_chunks_are_cut_where_they_arrive() {
        let whole = b"5\r\nhello\r\n3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
        assert_eq!(through(false, whole, whole.len()).unwrap(), whole);
        let cut = through(false, whole, 1).unwrap();
        assert!(
            cut.starts_with(b"1\r\nh\r\n1\r\ne\r\n")
                && cut.ends_with(b"1\r\nc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n")
        );
        for step in 2..whole.len() {
            assert!(through(false, whole, step).unwrap().ends_with(b"\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"));
        }
    }

    #[test]
    fn signed_chunks_pass_unchanged_unless_they_are_huge() {
        let whole = b"3;chunk-signature=00\r\nabc\r\n0;chunk-signature=11\r\n\r\n";
        for step in 1..whole.len() {
            assert_eq!(through(true, whole, step).unwrap(), whole);
        }
        assert!(through(true, b"1000001;chunk-signature=00\r\n", 7).is_err());
        assert!(through(false, b"100000000000\r\nx", 7).is_ok());
    }

    #[test]
    fn what_is_no_framing_is_refused() {
        for input in [&b"x\r\n"[..], b"\r\n", b"3\r\nabcd", b"3\r\nabc\rx", &[b'0'; 300]] {
            assert!(through(false, input, 5).is_err());
        }
    }
}
