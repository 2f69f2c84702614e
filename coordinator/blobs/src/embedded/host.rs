//! Which bucket, if any, a `Host` header names. Pure.
//!
//! `bucket.<our public host>` and `bucket.localhost` name one; every other host is an address of ours under some name
//! that we need not know (`host.docker.internal`, an alias, a load balancer) and means path style.

use super::endpoint::Endpoint;
use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};
use std::sync::{Arc, PoisonError, RwLock};

/// The public address, which may become known late.
pub(crate) type SharedEndpoint = Arc<RwLock<Option<Endpoint>>>;

/// The parser that s3s asks.
#[derive(Debug)]
pub(crate) struct Hosts(pub(crate) SharedEndpoint);

impl S3Host for Hosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let endpoint = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let public = endpoint.as_ref().map(Endpoint::host);
        let name = VirtualHost::new(host);
        Ok(match bucket_in(host, public) {
            Some(bucket) => name.with_bucket(bucket),
            None => name,
        })
    }
}

fn bucket_in(host: &str, public: Option<&str>) -> Option<String> {
    let bare = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let bare = bare.map_or(host, |(bare, _)| bare).to_ascii_lowercase();
    let bases = public.into_iter().filter(|public| public.parse::<std::net::IpAddr>().is_err()).chain(["localhost"]);
    let mut buckets = bases.filter_map(|base| bare.strip_suffix(base)?.strip_suffix('.').map(str::to_owned));
    buckets.find(|bucket| !bucket.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_only_below_our_own_hosts() {
        for (host, bucket) in [
            ("localhost:9000", None),
            ("b.localhost:9000", Some("b")),
            ("a.b.localhost", Some("a.b")),
            ("s3.example", None),
            ("logs.S3.example:80", Some("logs")),
            ("host.docker.internal:9000", None),
            ("xs3.example", None),
            (".localhost", None),
        ] {
            assert_eq!(bucket_in(host, Some("s3.example")).as_deref(), bucket, "{host}");
        }
        assert_eq!(bucket_in("b.10.0.0.1", Some("10.0.0.1")), None);
    }
}
