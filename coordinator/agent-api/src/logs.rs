//! An agent's log streams.

use crate::identity;
use crate::status::{malformed, status};
use buildyard_model::{AgentId, LogChunk, Timestamp};
use buildyard_proto::{convert, v1};
use buildyard_service::{LogSink, Service};
use std::pin::Pin;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

const OUTGOING: usize = 64;

#[derive(Debug)]
pub(crate) struct Logs {
    service: Service,
}

impl Logs {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }
}

type Acks = mpsc::Sender<Result<v1::LogAck, Status>>;

#[tonic::async_trait]
impl v1::logs_server::Logs for Logs {
    type UploadLogStream = Pin<Box<dyn Stream<Item = Result<v1::LogAck, Status>> + Send>>;

    async fn upload_log(
        &self,
        request: Request<Streaming<v1::LogChunk>>,
    ) -> Result<Response<Self::UploadLogStream>, Status> {
        let agent = identity::agent(&self.service, request.metadata()).await?;
        let (acks, stream) = mpsc::channel(OUTGOING);
        let service = self.service.clone();
        tokio::spawn(async move {
            if let Err(status) = take_in(&service, &agent, request.into_inner(), &acks).await {
                // The agent may be gone already.
                let _ = acks.send(Err(status)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}

async fn take_in(
    service: &Service,
    agent: &AgentId,
    mut chunks: Streaming<v1::LogChunk>,
    acks: &Acks,
) -> Result<(), Status> {
    let Some(first) = chunks.next().await.transpose()? else { return Ok(()) };
    let token = convert::lease(first.lease.as_ref()).map_err(malformed)?;
    let mut sink = service.append_log(agent, &token).await.map_err(status)?;
    acknowledge(acks, sink.committed()).await?;
    push(&mut sink, first).await?;
    loop {
        tokio::select! {
            committed = sink.stored() => acknowledge(acks, committed.map_err(status)?).await?,
            chunk = chunks.next() => match chunk.transpose()? {
                Some(chunk) => push(&mut sink, chunk).await?,
                None => break,
            },
        }
    }
    while sink.busy() {
        let committed = sink.stored().await.map_err(status)?;
        acknowledge(acks, committed).await?;
    }
    Ok(())
}

async fn push(sink: &mut LogSink, chunk: v1::LogChunk) -> Result<(), Status> {
    let flush = chunk.flush;
    let chunk = LogChunk { offset: chunk.offset, time: Timestamp(chunk.time_ms), bytes: chunk.data.into() };
    sink.push(&chunk, flush).await.map_err(status)
}

async fn acknowledge(acks: &Acks, committed: u64) -> Result<(), Status> {
    acks.send(Ok(v1::LogAck { committed })).await.map_err(|_| Status::cancelled("the agent is gone"))
}
