//! The doors: bound before anything depends on their addresses, opened when everything behind them is there.

use super::StartError;
use crate::config::{ListenConfig, MetricsConfig};
use buildyard_aws_api::{Context, Http, Signatures};
use buildyard_blobs::{Credentials, Embedded};
use buildyard_service::Service;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(super) struct Listeners {
    pub(super) http: TcpListener,
    pub(super) http_address: SocketAddr,
    pub(super) grpc: TcpListener,
    pub(super) grpc_address: SocketAddr,
    pub(super) metrics: Option<TcpListener>,
}

pub(super) async fn bind(config: &ListenConfig, metrics: &MetricsConfig) -> Result<Listeners, StartError> {
    let (http, http_address) = listen("HTTP", config.http, "--http or listen.http").await?;
    let (grpc, grpc_address) = listen("gRPC", config.grpc, "--grpc or listen.grpc").await?;
    let metrics = match metrics.listen {
        Some(address) => Some(listen("metrics", address, "metrics.listen").await?.0),
        None => None,
    };
    Ok(Listeners { http, http_address, grpc, grpc_address, metrics })
}

async fn listen(
    door: &'static str,
    address: SocketAddr,
    option: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { door, address, option, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

pub(super) fn open(
    listeners: Listeners,
    service: Service,
    embedded: Option<Embedded>,
    shutdown: &CancellationToken,
) -> TaskTracker {
    let tasks = TaskTracker::new();
    let stop = shutdown.clone();
    // Logs and sources are the owner's: no policy gives them to anybody else.
    let private = vec![service.settings().system_bucket.clone()];
    let users: Arc<dyn Credentials> = Arc::new(service.clone());
    let http = Http::new(embedded.map(|embedded| embedded.door_for(vec![users], private)))
        .with_apis(Context { service: service.clone() }, Arc::new(Signatures::new(service.clone())));
    tasks.spawn(async move {
        if let Err(error) = buildyard_aws_api::serve(listeners.http, http, stop.clone()).await {
            tracing::error!(%error, "the HTTP door failed");
            stop.cancel();
        }
    });
    if let Some(metrics) = listeners.metrics {
        let (service, stop) = (service.clone(), shutdown.clone());
        let render = move || {
            let service = service.clone();
            async move { service.metrics_text().await }
        };
        tasks.spawn(buildyard_metrics::serve(metrics, render, stop));
    }
    let stop = shutdown.clone();
    tasks.spawn(async move {
        if let Err(error) = buildyard_agent_api::serve(listeners.grpc, service, stop.clone()).await {
            tracing::error!(%error, "the gRPC door failed");
            stop.cancel();
        }
    });
    tasks.close();
    tasks
}
