//! Whose trouble a failed pull is, by what the engine said: the image's, the registry's or this host's. Pure.
//!
//! Engines pass a registry's answer on as free text, and give it the status that they like: text is all there is.

/// Whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The registry answered, and does not give this image: asking again changes nothing.
    Image,
    /// The registry cannot be reached, is overloaded or broken: it may do better soon.
    Registry,
    /// The engine's own host cannot take the image: asking again changes nothing.
    Host,
}

/// What is wrong with this host.
const HOST: [&str; 3] = ["no space left on device", "read-only file system", "disk quota exceeded"];

/// What is said on the way to a registry, or by one that is not well. Looked for before refusals: "lookup registry: no
/// such host" has a "no such" in it, too.
const REGISTRY: [&str; 33] = [
    // No way there.
    "no such host",
    "server misbehaving",
    "temporary failure in name resolution",
    "connection refused",
    "connection reset",
    "network is unreachable",
    "no route to host",
    "broken pipe",
    "unexpected eof",
    ": eof",
    "i/o timeout",
    "timeout",
    "timed out",
    "deadline exceeded",
    "request canceled",
    "tls:",
    "x509:",
    "http response to https client",
    // Too much asked of it.
    "toomanyrequests",
    "too many requests",
    "rate limit",
    "429",
    // Broken: any 5xx, in the words of Docker and Podman.
    "status: 5",
    "status code: 5",
    "status code 5",
    "statuscode: 5",
    "parsing http 5",
    "http status 5",
    "internal server error",
    "bad gateway",
    "service unavailable",
    "gateway timeout",
    "blob upload unknown",
];

/// What registries say when the image itself is the trouble, or who asks for it.
const IMAGE: [&str; 15] = [
    "manifest unknown",
    "name unknown",
    "not found",
    "no such",
    "does not exist",
    "no matching manifest",
    "invalid reference",
    "unsupported manifest",
    "unsupported media type",
    "denied",
    "unauthorized",
    "authentication required",
    "no basic auth credentials",
    "401",
    "403",
];

/// The cause that `text`, the engine's words about pulling `image`, speaks of. `absent` says that the engine called the
/// image missing, or the request wrong; it counts where the words say nothing.
pub(super) fn cause(text: &str, image: &str, absent: bool) -> Cause {
    let words = without_name(text, image);
    let speaks_of = |signs: &[&str]| signs.iter().any(|sign| words.contains(sign));
    if speaks_of(&HOST) {
        Cause::Host
    } else if speaks_of(&REGISTRY) {
        Cause::Registry
    } else if absent || speaks_of(&IMAGE) {
        Cause::Image
    } else {
        Cause::Registry
    }
}

/// In small letters, without the image's own name: one called `not-found:429` shall not decide. Digests go too.
fn without_name(text: &str, image: &str) -> String {
    let mut words = text.to_lowercase();
    let image = image.to_lowercase();
    let bare = image.split('@').next().unwrap_or(&image);
    let repository = match bare.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => bare,
    };
    let path = repository.split_once('/').map_or(repository, |(_, path)| path);
    for name in [image.as_str(), bare, repository, path] {
        if name.len() > 1 {
            words = words.replace(name, " ");
        }
    }
    words.split_whitespace().filter(|word| !word.contains("sha256:")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_engines_say_is_told_apart() {
        use Cause::{Host, Image, Registry};
        let table = [
            // Docker.
            ("manifest for app:1 not found: manifest unknown: manifest unknown", Image),
            ("manifest unknown: manifest unknown", Image),
            (
                "pull access denied for app, repository does not exist or may require 'docker login': denied: requested \
                 access to the resource is denied",
                Image,
            ),
            ("unauthorized: authentication required", Image),
            ("Head \"https://r.io/v2/app/manifests/1\": no basic auth credentials", Image),
            ("no matching manifest for linux/amd64 in the manifest list entries", Image),
            ("error parsing HTTP 403 response body: invalid character '<'", Image),
            ("Get \"https://r.io/v2/\": dial tcp: lookup r.io on 10.0.0.2:53: no such host", Registry),
            ("Get \"https://r.io/v2/\": dial tcp 10.1.2.3:443: connect: connection refused", Registry),
            ("Get \"https://r.io/v2/\": dial tcp 10.1.2.3:443: i/o timeout", Registry),
            ("Get \"https://r.io/v2/\": net/http: TLS handshake timeout", Registry),
            (
                "Get \"https://r.io/v2/\": net/http: request canceled while waiting for connection (Client.Timeout \
                 exceeded while awaiting headers)",
                Registry,
            ),
            ("Get \"https://r.io/v2/\": EOF", Registry),
            ("Get \"https://r.io/v2/\": x509: certificate signed by unknown authority", Registry),
            ("received unexpected HTTP status: 503 Service Unavailable", Registry),
            ("received unexpected HTTP status: 500 Internal Server Error", Registry),
            ("error parsing HTTP 502 response body: invalid character '<' looking for beginning of value", Registry),
            ("toomanyrequests: You have reached your pull rate limit.", Registry),
            ("error parsing HTTP 429 response body: unexpected end of JSON input", Registry),
            ("write /var/lib/docker/tmp/x: no space left on device", Host),
            // Podman.
            ("initializing source docker://app:1: reading manifest 1 in r.io/app: manifest unknown", Image),
            ("initializing source docker://app:1: reading manifest 1 in r.io/app: name unknown", Image),
            ("requested access to the resource is denied", Image),
            ("pinging container registry r.io: Get \"https://r.io/v2/\": dial tcp: connection refused", Registry),
            ("reading manifest 1 in r.io/app: received unexpected HTTP status: 504 Gateway Timeout", Registry),
            ("copying system image from manifest list: reading blob sha256:429401: connection reset by peer", Registry),
            // Nothing that is known: another try costs little.
            ("something else", Registry),
        ];
        for (text, expected) in table {
            assert_eq!(cause(&format!("pulling app:1: {text}"), "app:1", false), expected, "{text}");
        }
    }

    #[test]
    fn the_engines_status_counts_where_its_words_say_nothing() {
        assert_eq!(cause("pulling app:1: hm", "app:1", true), Cause::Image);
        assert_eq!(cause("pulling app:1: toomanyrequests: slow down", "app:1", true), Cause::Registry);
    }

    #[test]
    fn an_images_own_name_decides_nothing() {
        let named = |image: &str, said: &str| cause(&format!("pulling {image}: {said}"), image, false);
        assert_eq!(named("r.io/timeout/denied:429", "manifest unknown: manifest unknown"), Cause::Image);
        assert_eq!(named("r.io:5000/not-found:1", "received unexpected HTTP status: 503"), Cause::Registry);
        assert_eq!(
            named("r.io:5000/timeout", "manifest for r.io:5000/timeout:latest not found: manifest unknown"),
            Cause::Image
        );
        let digest = format!("r.io/app@sha256:{}", "429403".repeat(10));
        assert_eq!(named(&digest, "manifest unknown"), Cause::Image);
    }
}
