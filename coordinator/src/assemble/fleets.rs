//! Fleets: where their instances come from, and what an instance is told of the coordinator.

use super::provisioners::Configured;
use crate::config::CoordinatorConfig;
use crate::credentials::Credentials;
use async_trait::async_trait;
use buildyard_model::FleetName;
use buildyard_provision::{Error, Provisioner};
use buildyard_service::{Hosting, Provisioners, fingerprint};
use std::net::SocketAddr;
use std::sync::Arc;

/// How much of a fingerprint a coordinator is known by at the places where it starts instances.
const KNOWN_BY: usize = 12;

/// What launching needs; none when the configuration has no fleets.
pub(super) fn hosting(config: &CoordinatorConfig, credentials: &Credentials, grpc: SocketAddr) -> Option<Hosting> {
    if config.fleets.is_empty() {
        return None;
    }
    let mut known_by = fingerprint(credentials.join_token.expose());
    known_by.truncate(KNOWN_BY);
    let provisioners = Configured {
        sections: config.provisioners.clone(),
        coordinator: known_by,
        data_dir: config.data_dir.clone(),
        region: config.region.clone(),
    };
    Some(Hosting {
        fleets: config.fleets.iter().map(|(name, fleet)| (name.clone(), fleet.settings())).collect(),
        provisioners: Arc::new(provisioners),
        coordinator: config.listen.grpc_url.clone().unwrap_or_else(|| format!("http://{}", reachable(grpc))),
        join_token: credentials.join_token.clone(),
    })
}

#[async_trait]
impl Provisioners for Configured {
    async fn provisioner(&self, name: &str, fleet: &FleetName) -> Result<Arc<dyn Provisioner>, Error> {
        self.open(name, fleet)
    }
}

/// An address to dial for one to listen on: the host's own.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let own: std::net::IpAddr = match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(own);
    }
    address
}
