//! Finds requests that give their length in two ways: `Content-Length` together with `Transfer-Encoding`. A proxy and we
//! could take another one each, and see another request behind it. hyper drops the length before anybody can see it, so
//! the heads are watched as they arrive.
//!
//! Invariant: a request with `Transfer-Encoding` is the last that is looked at on its connection; whoever serves it closes
//! the connection behind it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Longest header that is looked into; no length is written in more.
const LINE_MAX_BYTES: usize = 1024;

/// Whether a request with `Transfer-Encoding` gives another length, too. Shared by a connection and who serves it.
#[derive(Debug, Clone, Default)]
pub(crate) struct TwoLengths(Arc<AtomicBool>);

impl TwoLengths {
    /// To be asked when a request with `Transfer-Encoding` is there.
    pub(crate) fn are_given(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What is expected next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// A request's line and headers.
    Head,
    /// So many bytes of a body.
    Body(u64),
    /// Nothing that matters any more.
    End,
}

/// Follows requests, a few bytes at a time.
#[derive(Debug)]
struct Heads {
    at: At,
    /// The beginning of the line that is arriving.
    line: Vec<u8>,
    has_begun: bool,
    is_encoded: bool,
    length: Option<u64>,
    found: TwoLengths,
}

impl Heads {
    fn new(found: TwoLengths) -> Self {
        Self { at: At::Head, line: Vec::new(), has_begun: false, is_encoded: false, length: None, found }
    }

    fn see(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.at {
                At::End => return,
                At::Body(left) => {
                    let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = bytes.get(taken..).unwrap_or_default();
                    let left = left.saturating_sub(taken as u64);
                    self.at = if left == 0 { At::Head } else { At::Body(left) };
                }
                At::Head => {
                    let end = memchr::memchr(b'\n', bytes);
                    let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
                    let room = LINE_MAX_BYTES.saturating_sub(self.line.len());
                    self.line.extend_from_slice(line.get(..room).unwrap_or(line));
                    if end.is_none() {
                        return;
                    }
                    bytes = rest.get(1..).unwrap_or_default();
                    self.end_line();
                }
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        if line.is_empty() {
            // Empty lines before a request mean nothing.
            if self.has_begun {
                self.end_head();
            }
            return;
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        let Some(colon) = memchr::memchr(b':', line) else { return };
        let (name, value) = line.split_at(colon);
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.is_encoded = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let digits = value.get(1..).unwrap_or_default().trim_ascii();
            let length = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            // One that cannot be read is refused by who serves; for what follows it nobody can vouch.
            self.length = Some(length.unwrap_or(u64::MAX));
        }
    }

    fn end_head(&mut self) {
        self.has_begun = false;
        let (is_encoded, length) = (std::mem::take(&mut self.is_encoded), self.length.take());
        if is_encoded {
            self.found.0.store(length.is_some(), Ordering::Release);
            self.at = At::End;
        } else {
            self.at = length.filter(|length| *length > 0).map_or(At::Head, At::Body);
        }
    }
}

/// A connection whose requests are followed.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    stream: S,
    heads: Heads,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, found: TwoLengths) -> Self {
        Self { stream, heads: Heads::new(found) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.heads.see(buffer.filled().get(before..).unwrap_or_default());
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found when the bytes arrive in pieces of any size.
    fn found(text: &str) -> bool {
        let answers: Vec<bool> = (1..=text.len())
            .map(|size| {
                let given = TwoLengths::default();
                let mut heads = Heads::new(given.clone());
                text.as_bytes().chunks(size).for_each(|piece| heads.see(piece));
                given.are_given()
            })
            .collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]), "the pieces' size matters for {text:?}");
        answers[0]
    }

    #[test]
    fn two_lengths_are_found_in_any_order_and_writing() {
        assert!(found("POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"));
        assert!(found("\r\nPOST / HTTP/1.1\ntransfer-encoding:chunked\nCONTENT-LENGTH:5\n\n"));
        assert!(found("PUT / HTTP/1.1\r\ncontent-length: x\r\ntransfer-encoding: chunked\r\n\r\n"));
        let behind = "PUT / HTTP/1.1\r\ncontent-length: 4\r\n\r\nbodyPUT / HTTP/1.1\r\ncontent-length: 0\r\n\
                      transfer-encoding: chunked\r\n\r\n";
        assert!(found(behind), "in the second request of a connection");
    }

    #[test]
    fn one_length_is_fine_whatever_bodies_say() {
        let body = "transfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n";
        for text in [
            "GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            format!("PUT / HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
            format!("PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{body}"),
            format!(
                "PUT / HTTP/1.1\r\ncontent-length: {0}\r\n\r\n{body}PUT / HTTP/1.1\r\ncontent-length: {0}\r\n\r\n{body}",
                body.len()
            ),
        ] {
            assert!(!found(&text), "{text:?}");
        }
    }
}
