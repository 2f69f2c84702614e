//! An OTLP receiver on the loopback.

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tonic::{Request, Response, Status};

/// A span as it came.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub service: String,
    /// The header `x-key` that came with it.
    pub key: String,
    pub span: Span,
}

/// What came so far.
#[derive(Debug, Clone, Default)]
struct Taken(Arc<Mutex<Vec<Told>>>);

/// The running receiver; ends when dropped.
#[derive(Debug)]
pub(super) struct Receiver {
    pub endpoint: String,
    taken: Taken,
    _runtime: Runtime,
}

impl Receiver {
    pub(super) fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let taken = Taken::default();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let incoming = futures::stream::unfold(listener, async |listener| {
            let accepted = listener.accept().await.map(|(socket, _)| socket);
            Some((accepted, listener))
        });
        let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(taken.clone()));
        runtime.spawn(server.serve_with_incoming(incoming));
        Self { endpoint, taken, _runtime: runtime }
    }

    /// The spans of a trace by their ids: one that is told again is the same. Each must be whole by itself.
    pub(super) fn trace(&self, id: &str) -> BTreeMap<Vec<u8>, Told> {
        let all = self.all();
        let of_trace = all.into_iter().filter(|told| hex::encode(&told.span.trace_id) == id);
        let mut spans: BTreeMap<Vec<u8>, Told> = BTreeMap::new();
        for told in of_trace {
            assert!(told.span.end_time_unix_nano >= told.span.start_time_unix_nano, "{told:?}");
            if let Some(before) = spans.insert(told.span.span_id.clone(), told.clone()) {
                assert_eq!((before.service, before.span), (told.service, told.span), "told again, it is another");
            }
        }
        spans
    }

    pub(super) fn all(&self) -> Vec<Told> {
        self.taken.0.lock().unwrap().clone()
    }
}

#[tonic::async_trait]
impl TraceService for Taken {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let key = request.metadata().get("x-key").map(|key| key.to_str().unwrap().to_owned()).unwrap_or_default();
        for of_resource in request.into_inner().resource_spans {
            let resource = of_resource.resource.unwrap_or_default();
            let service = text(&resource.attributes, "service.name").unwrap_or_default();
            let spans = of_resource.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans);
            let told = spans.map(|span| Told { service: service.clone(), key: key.clone(), span });
            self.0.lock().unwrap().extend(told);
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// An attribute that is a text.
pub(super) fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.clone()? {
        AnyValue { value: Some(any_value::Value::StringValue(text)) } => Some(text),
        other => panic!("{name} is {other:?}"),
    }
}
