//! Protobuf on the wire as tonic does it, but with small buffers at the start: a coordinator has a stream open for each
//! of thousands of agents, which say little. A buffer grows with the first message that needs more.

use prost::Message;
use std::marker::PhantomData;
use tonic::codec::{BufferSettings, Codec};
use tonic_prost::{ProstCodec, ProstDecoder, ProstEncoder};

/// Bytes of a buffer for one direction of a stream, at first.
const SMALL: usize = 1024;
/// Bytes of encoded messages that are sent on together.
const TOGETHER: usize = 32 * 1024;

/// The codec of all services.
#[derive(Debug)]
pub struct SmallBuffers<Sent, Received>(PhantomData<fn(Sent) -> Received>);

impl<Sent, Received> Default for SmallBuffers<Sent, Received> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<Sent, Received> Codec for SmallBuffers<Sent, Received>
where
    Sent: Message + Send + 'static,
    Received: Message + Default + Send + 'static,
{
    type Encode = Sent;
    type Decode = Received;
    type Encoder = ProstEncoder<Sent>;
    type Decoder = ProstDecoder<Received>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<Sent, Received>::raw_encoder(BufferSettings::new(SMALL, TOGETHER))
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<Sent, Received>::raw_decoder(BufferSettings::new(SMALL, TOGETHER))
    }
}
