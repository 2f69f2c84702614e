//! As much of HTTP/2 and gRPC as one session needs: one connection, one stream, no state but two buffers. Ten thousand
//! whole clients would take the processors from the coordinator that is measured.
//!
//! It sends less than the windows that any peer grants, so it keeps no account of them; of what it receives it does.

use buildyard_proto::v1;
use bytes::{Buf, BufMut, BytesMut};
use prost::Message;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
/// What is received before the peer is granted as much again; it may send twice that.
const GRANT: u32 = 32 * 1024;

/// A session's connection.
pub(super) struct Wire {
    socket: TcpStream,
    incoming: BytesMut,
    outgoing: BytesMut,
    /// Parts of messages, without HTTP/2's frames.
    body: BytesMut,
    ungranted: u32,
}

impl Wire {
    /// Opens the session of the agent with this credential.
    pub(super) async fn open(address: SocketAddr, credential: &str) -> Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let mut wire = Self {
            socket,
            incoming: BytesMut::new(),
            outgoing: BytesMut::from(PREFACE),
            body: BytesMut::new(),
            ungranted: 0,
        };
        wire.frame(SETTINGS, 0, 0, &[]);
        let headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/buildyard.fleet.v1.Fleet/Session"),
            (":authority", &address.to_string()),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("authorization", &format!("Bearer {credential}")),
        ];
        let mut block = Vec::new();
        for (name, value) in headers {
            // A literal that is not indexed, its name neither.
            block.push(0);
            text(&mut block, name);
            text(&mut block, value);
        }
        wire.frame(HEADERS, END_HEADERS, 1, &block);
        Ok(wire)
    }

    fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.outgoing.put_uint(payload.len() as u64, 3);
        self.outgoing.put_u8(kind);
        self.outgoing.put_u8(flags);
        self.outgoing.put_u32(stream);
        self.outgoing.put_slice(payload);
    }

    /// Puts a message behind those that wait to be flushed.
    pub(super) fn say(&mut self, message: &v1::AgentMessage) {
        let length = message.encoded_len();
        self.outgoing.put_uint(length as u64 + 5, 3);
        self.outgoing.put_slice(&[DATA, 0, 0, 0, 0, 1, 0]);
        self.outgoing.put_u32(u32::try_from(length).expect("a message is short"));
        message.encode(&mut self.outgoing).expect("the buffer grows");
    }

    /// Sends all that waits.
    pub(super) async fn flush(&mut self) -> Result<()> {
        self.socket.write_all_buf(&mut self.outgoing).await
    }

    /// What came next; none when that was nothing but HTTP/2's own, which may have left something to flush. May be
    /// dropped while it waits.
    pub(super) async fn receive(&mut self) -> Result<Option<v1::CoordinatorMessage>> {
        if let Some(message) = self.message()? {
            return Ok(Some(message));
        }
        self.incoming.reserve(1024);
        if self.socket.read_buf(&mut self.incoming).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        while let Some(length) = self.whole_frame() {
            self.take_frame(length)?;
        }
        self.message()
    }

    fn whole_frame(&self) -> Option<usize> {
        let length = self.incoming.get(..3)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        (self.incoming.len() >= 9 + length).then_some(length)
    }

    fn take_frame(&mut self, length: usize) -> Result<()> {
        let head = self.incoming.split_to(9);
        let payload = self.incoming.split_to(length);
        let (kind, flags) = (head[3], head[4]);
        match kind {
            DATA => {
                self.body.extend_from_slice(&payload);
                self.grant(u32::try_from(length).expect("a frame is short"));
            }
            SETTINGS if flags & ACK == 0 => self.frame(SETTINGS, ACK, 0, &[]),
            PING if flags & ACK == 0 => self.frame(PING, ACK, 0, &payload),
            HEADERS if flags & END_STREAM != 0 => return Err(Error::other("the coordinator ended the session")),
            RST_STREAM | GOAWAY => return Err(Error::other("the coordinator broke the session off")),
            _ => {}
        }
        Ok(())
    }

    fn grant(&mut self, received: u32) {
        self.ungranted += received;
        if self.ungranted >= GRANT {
            let again = std::mem::take(&mut self.ungranted).to_be_bytes();
            self.frame(WINDOW_UPDATE, 0, 0, &again);
            self.frame(WINDOW_UPDATE, 0, 1, &again);
        }
    }

    fn message(&mut self) -> Result<Option<v1::CoordinatorMessage>> {
        let Some(mut head) = self.body.get(1..5) else { return Ok(None) };
        let length = head.get_u32() as usize;
        if self.body.len() < 5 + length {
            return Ok(None);
        }
        self.body.advance(5);
        let message = self.body.split_to(length);
        v1::CoordinatorMessage::decode(message).map(Some).map_err(Error::other)
    }
}

/// A string of HPACK, not compressed.
fn text(block: &mut Vec<u8>, text: &str) {
    match text.len().checked_sub(127) {
        None => block.push(u8::try_from(text.len()).expect("below 127")),
        Some(rest) => {
            block.push(127);
            // Our values are shorter than 127 + 2^14.
            block.push(u8::try_from(rest & 127 | 128).expect("a byte"));
            block.push(u8::try_from(rest >> 7).expect("a byte"));
        }
    }
    block.extend_from_slice(text.as_bytes());
}
