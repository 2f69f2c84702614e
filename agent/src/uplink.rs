//! The way to the coordinator: one HTTP/2 connection that every call shares, and the credential that each carries.

use crate::config::{ConfigError, CoordinatorConfig};
use buildyard_proto::v1::fleet_client::FleetClient;
use buildyard_proto::v1::logs_client::LogsClient;
use buildyard_proto::v1::transfers_client::TransfersClient;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

/// Job documents and listings are small; this bounds what a broken coordinator can make us hold.
const MESSAGE_LIMIT: usize = 4 << 20;
/// Keepalive finds a dead connection within 20 s (reliability 4.6, F39).
const KEEPALIVE: Duration = Duration::from_secs(10);
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// A connection with the agent's credential.
pub(crate) type Authorised = InterceptedService<Channel, Credential>;

/// Clients of the coordinator's three services. Cloning shares the connection.
#[derive(Debug, Clone)]
pub(crate) struct Uplink {
    channel: Channel,
    credential: Credential,
}

/// The `authorization` header, changed by enrolment and read by every call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credential(Arc<RwLock<Option<MetadataValue<Ascii>>>>);

impl Credential {
    /// What calls carry from now on; false when the text cannot be a header.
    pub(crate) fn set(&self, credential: &str) -> bool {
        let Ok(mut value) = MetadataValue::try_from(format!("Bearer {credential}")) else {
            return false;
        };
        value.set_sensitive(true);
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(value);
        true
    }
}

impl Interceptor for Credential {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let value = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(value) = value {
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}

impl Uplink {
    /// Prepares the connection; it is made with the first call and made again whenever it is lost.
    pub(crate) fn new(config: &CoordinatorConfig) -> Result<Self, ConfigError> {
        let refused = |error: &tonic::transport::Error| {
            ConfigError::invalid("coordinator.endpoint", &format!("{:?} cannot be dialled: {error}", config.endpoint))
        };
        let mut endpoint = Endpoint::from_shared(config.endpoint.clone())
            .map_err(|error| refused(&error))?
            .connect_timeout(CONNECT_WITHIN)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEPALIVE)
            .keep_alive_timeout(KEEPALIVE)
            .keep_alive_while_idle(true)
            // Log streams of many builds share the connection with the session, so its window must not be what
            // bounds them: each stream has its own.
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(16 << 20);
        if config.endpoint.starts_with("https://") {
            let tls = ClientTlsConfig::new().with_native_roots();
            endpoint = endpoint.tls_config(tls).map_err(|error| refused(&error))?;
        }
        Ok(Self { channel: endpoint.connect_lazy(), credential: Credential::default() })
    }

    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    pub(crate) fn fleet(&self) -> FleetClient<Authorised> {
        FleetClient::with_interceptor(self.channel.clone(), self.credential.clone())
            .max_decoding_message_size(MESSAGE_LIMIT)
    }

    pub(crate) fn logs(&self) -> LogsClient<Authorised> {
        LogsClient::with_interceptor(self.channel.clone(), self.credential.clone())
    }

    pub(crate) fn transfers(&self) -> TransfersClient<Authorised> {
        TransfersClient::with_interceptor(self.channel.clone(), self.credential.clone())
            .max_decoding_message_size(MESSAGE_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uplink(endpoint: &str) -> Result<Uplink, ConfigError> {
        Uplink::new(&CoordinatorConfig { endpoint: endpoint.to_owned(), ..CoordinatorConfig::default() })
    }

    #[tokio::test]
    async fn plain_and_encrypted_endpoints_can_be_dialled_and_nonsense_is_refused() {
        let _ = buildyard_artifacts::transfer::http_client().unwrap();
        uplink("http://coordinator:8081").unwrap();
        uplink("https://coordinator:8081").unwrap();
        let error = uplink("http://a b").unwrap_err().to_string();
        assert!(error.starts_with("coordinator.endpoint: \"http://a b\" cannot be dialled"), "{error}");
    }

    #[test]
    fn a_credential_is_not_shown() {
        let credential = Credential::default();
        assert!(credential.set("secret-credential"));
        assert!(!credential.set("two\nlines"));
        assert!(!format!("{credential:?}").contains("secret-credential"));
    }
}
