//! The exporter: spans in OpenTelemetry's form, sent by its own client.

use crate::{Kind, Program, Span, Status, TracingConfig, Value};
use buildyard_config::ConfigError;
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind, Status as OtelStatus, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue, Value as OtelValue};
use opentelemetry_otlp::tonic_types::metadata::MetadataMap;
use opentelemetry_otlp::tonic_types::transport::ClientTlsConfig;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use std::time::Duration;

/// For one batch, with its repetitions.
const WITHIN: Duration = Duration::from_secs(10);
/// Of one text; the log has the rest.
const LONGEST_TEXT: usize = 4096;

/// Sends batches.
#[derive(Debug)]
pub(crate) struct Otlp {
    exporter: SpanExporter,
    scope: InstrumentationScope,
}

impl Otlp {
    /// Prepares the connection; it is made with the first batch. Within a runtime.
    pub(crate) fn new(endpoint: &str, config: &TracingConfig, program: &Program) -> Result<Self, ConfigError> {
        let builder = SpanExporter::builder().with_tonic().with_endpoint(endpoint).with_timeout(WITHIN);
        let mut builder = builder.with_metadata(metadata(config));
        if endpoint.starts_with("https://") {
            builder = builder.with_tls_config(ClientTlsConfig::new().with_native_roots());
        }
        let mut exporter = builder.build().map_err(|error| {
            ConfigError::invalid("tracing.otlp", &format!("{endpoint:?} cannot be dialled: {error}"))
        })?;
        exporter.set_resource(&resource(program));
        Ok(Self { exporter, scope: InstrumentationScope::builder("buildyard").with_version(program.version).build() })
    }

    /// Sends a batch, with a few repetitions when the receiver asks for them.
    pub(crate) async fn send(&self, batch: Vec<Span>) -> Result<(), String> {
        let batch = batch.into_iter().map(|span| self.data(span)).collect();
        match tokio::time::timeout(WITHIN, self.exporter.export(batch)).await {
            Ok(sent) => sent.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {} s", WITHIN.as_secs())),
        }
    }

    fn data(&self, span: Span) -> SpanData {
        let mut links = SpanLinks::default();
        links.links.extend(span.link.map(|link| Link::with_context(context(link.trace.0, link.span.0))));
        SpanData {
            span_context: context(span.trace.0, span.id.0),
            parent_span_id: span.parent.map_or(SpanId::INVALID, |parent| SpanId::from_bytes(parent.0)),
            parent_span_is_remote: false,
            span_kind: match span.kind {
                Kind::Internal => SpanKind::Internal,
                Kind::Server => SpanKind::Server,
            },
            name: span.name,
            start_time: span.start,
            end_time: span.end,
            attributes: span.attributes.into_iter().map(|(name, value)| KeyValue::new(name, known(value))).collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links,
            status: match span.status {
                Status::Unset => OtelStatus::Unset,
                Status::Ok => OtelStatus::Ok,
                Status::Error(text) => OtelStatus::error(bounded(text)),
            },
            instrumentation_scope: self.scope.clone(),
        }
    }
}

fn context(trace: [u8; 16], span: [u8; 8]) -> SpanContext {
    let (trace, span) = (TraceId::from_bytes(trace), SpanId::from_bytes(span));
    SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::default())
}

fn known(value: Value) -> OtelValue {
    match value {
        Value::Text(text) => bounded(text).into(),
        Value::Number(number) => number.into(),
        Value::Bool(is) => is.into(),
    }
}

fn bounded(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
        text.push('…');
    }
    text
}

/// Who sends; with what `OTEL_RESOURCE_ATTRIBUTES` adds.
fn resource(program: &Program) -> Resource {
    let about = [
        Some(KeyValue::new("service.version", program.version)),
        program.instance.clone().map(|instance| KeyValue::new("service.instance.id", instance)),
    ];
    Resource::builder().with_service_name(program.name).with_attributes(about.into_iter().flatten()).build()
}

/// The headers of a config that passed its check.
fn metadata(config: &TracingConfig) -> MetadataMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        if let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value.expose())) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
    MetadataMap::from_headers(headers)
}
