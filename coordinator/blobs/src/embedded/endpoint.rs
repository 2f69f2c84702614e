//! Where and as what the embedded S3 is reached from outside.

use crate::seam::Error;
use buildyard_model::Secret;
use http::Uri;

/// What clients and presigned URLs need to know of the embedded S3.
#[derive(Debug, Clone)]
pub struct EndpointInfo {
    /// `http://host:port` without a path; empty until it is known (`Embedded::set_public_url`).
    pub public_url: String,
    /// The region that requests must be signed for.
    pub region: String,
    pub access_key: String,
    pub secret_key: Secret,
}

/// A public URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    scheme: String,
    /// As a client sends it in `Host`: in lower case, without the scheme's own port.
    authority: String,
    host: String,
}

impl Endpoint {
    /// Reads a public URL.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let refused = |why: &str| Error::Refused(format!("{url} cannot be the storage's address: {why}"));
        let uri: Uri = url.parse().map_err(|_| refused("it is no URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(refused("it needs a scheme and a host, as in http://storage.example:7000"));
        };
        let own_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(refused("its scheme is neither http nor https")),
        };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.as_str().contains('@') {
            return Err(refused("it may hold only a scheme, a host and a port"));
        }
        let host = authority.host().to_ascii_lowercase();
        let authority = match authority.port_u16().filter(|port| *port != own_port) {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        Ok(Self { scheme: scheme.to_owned(), authority, host })
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The authority without its port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_what_clients_send_as_host() {
        for (url, authority) in [
            ("http://Storage.Example:7000/", "storage.example:7000"),
            ("http://10.0.0.1:80", "10.0.0.1"),
            ("https://s.example:443", "s.example"),
            ("http://[::1]:9000", "[::1]:9000"),
        ] {
            assert_eq!(Endpoint::parse(url).unwrap().authority(), authority);
        }
    }

    #[test]
    fn what_is_no_bare_address_is_refused() {
        for url in ["", "storage:7000", "ftp://x", "http://x/path", "http://x/?a=b", "http://u:p@x"] {
            assert!(matches!(Endpoint::parse(url), Err(Error::Refused(_))), "{url}");
        }
    }
}
