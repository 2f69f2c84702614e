//! The gRPC door, for agents and for clients: translates, authorises, decides nothing.

mod admin;
mod agents;
mod builds;
mod fleet;
mod fleets;
mod identity;
mod inbox;
mod logs;
mod metering;
mod pace;
mod session;
mod status;
mod transfers;
mod usage;
mod voice;

use buildyard_proto::v1;
use buildyard_service::Service;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;

/// Settings both ends agree on (reliability 4.6).
const KEEPALIVE: Duration = Duration::from_secs(10);
const MOST_STREAMS: u32 = 1024;
const LARGEST_HEADERS: u32 = 16 * 1024;
const LARGEST_MESSAGE: usize = 4 * 1024 * 1024;

/// Serves agents and clients until `shutdown`.
pub async fn serve(
    listener: TcpListener,
    service: Service,
    shutdown: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let incoming = TcpListenerStream::new(listener).map(|connection| {
        connection.inspect(|socket| {
            // A hint only: without it small messages wait for one another.
            let _ = socket.set_nodelay(true);
        })
    });
    tonic::transport::Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .max_concurrent_streams(Some(MOST_STREAMS))
        .http2_max_header_list_size(Some(LARGEST_HEADERS))
        .initial_stream_window_size(Some(4 * 1024 * 1024))
        .initial_connection_window_size(Some(16 * 1024 * 1024))
        .layer(metering::Metering(service.clone()))
        .add_service(v1::fleet_server::FleetServer::new(fleet::Fleet::new(service.clone(), shutdown.clone())))
        .add_service(
            v1::logs_server::LogsServer::new(logs::Logs::new(service.clone()))
                .max_decoding_message_size(LARGEST_MESSAGE),
        )
        .add_service(v1::transfers_server::TransfersServer::new(transfers::Transfers::new(service.clone())))
        .add_service(v1::builds_server::BuildsServer::new(builds::Builds::new(service.clone())))
        .add_service(v1::agents_server::AgentsServer::new(agents::Agents::new(service.clone())))
        .add_service(v1::fleets_server::FleetsServer::new(fleets::Fleets::new(service.clone())))
        .add_service(v1::usage_server::UsageServer::new(usage::Usage::new(service.clone())))
        .add_service(v1::admin_server::AdminServer::new(admin::Admin::new(service)))
        .serve_with_incoming_shutdown(incoming, shutdown.cancelled_owned())
        .await
}
