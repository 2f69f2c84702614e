//! `[listen]`: the addresses of the doors.

use super::ConfigError;
use serde::Deserialize;
use std::net::SocketAddr;

/// The `[listen]` section.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    /// S3 and the AWS APIs.
    pub http: SocketAddr,
    /// gRPC for agents and clients.
    pub grpc: SocketAddr,
    /// How agents and clients reach the HTTP door, for presigned URLs: `http://host:port`. Needed where `http` listens
    /// on every address; otherwise taken from it.
    pub public_url: Option<String>,
    /// How agents that the coordinator itself starts reach the gRPC door: `http://host:port`. Needed where they run on
    /// other hosts; otherwise taken from `grpc`.
    pub grpc_url: Option<String>,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            http: SocketAddr::from(([127, 0, 0, 1], 8080)),
            grpc: SocketAddr::from(([127, 0, 0, 1], 8081)),
            public_url: None,
            grpc_url: None,
        }
    }
}

impl ListenConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if let Some(url) = &self.grpc_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(ConfigError::invalid("listen.grpc_url", "must be http://host:port or https://host:port"));
        }
        match &self.public_url {
            Some(url) if !(url.starts_with("http://") || url.starts_with("https://")) || url.ends_with('/') => {
                Err(ConfigError::invalid(
                    "listen.public_url",
                    "must be http://host:port or https://host:port, without a slash at its end",
                ))
            }
            None if self.http.ip().is_unspecified() => Err(ConfigError::invalid(
                "listen.http",
                "listens on every address, so agents can't know which one to use: set listen.public_url too",
            )),
            _ => Ok(()),
        }
    }
}
