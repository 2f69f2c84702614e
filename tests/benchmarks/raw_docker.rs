//! The engine's API by hand: what a container costs without us.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Speaks HTTP over the engine's socket.
#[derive(Debug)]
pub(crate) struct RawDocker;

impl RawDocker {
    pub(crate) fn new() -> Self {
        Self
    }

    /// Network create, container create, start, wait, remove, network remove: how long it takes. The network is as
    /// each build has it: its own.
    pub(crate) fn run_once(&self, image: &str) -> Duration {
        let name = format!("buildyard-bench-{}", std::process::id());
        let network = format!("{{\"Name\":\"{name}\"}}");
        let started = Instant::now();
        call("POST", "/networks/create", &network);
        let body =
            format!("{{\"Image\":\"{image}\",\"Cmd\":[\"true\"],\"HostConfig\":{{\"NetworkMode\":\"{name}\"}}}}");
        call("POST", &format!("/containers/create?name={name}"), &body);
        call("POST", &format!("/containers/{name}/start"), "");
        call("POST", &format!("/containers/{name}/wait"), "");
        call("DELETE", &format!("/containers/{name}?force=1&v=1"), "");
        let took = started.elapsed();
        call("DELETE", &format!("/networks/{name}"), "");
        took
    }

    /// So many containers, so many at once: create, start, wait, remove, and how long all of them take. They are on the
    /// engine's own network, which all share, or each of those at the same time on one of its own that is kept:
    /// there the engine answers DNS, which it sets up for each container.
    pub(crate) fn run_many(&self, image: &str, count: usize, at_once: usize, shared: bool) -> Duration {
        let name = |at: usize| format!("buildyard-bench-{}-{at}", std::process::id());
        let networks: Vec<String> = if shared { Vec::new() } else { (0..at_once).map(name).collect() };
        for network in &networks {
            call("POST", "/networks/create", &format!("{{\"Name\":\"{network}\"}}"));
        }
        let started = Instant::now();
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for at in 0..at_once {
                let (next, network) = (&next, networks.get(at).map_or("bridge", String::as_str));
                scope.spawn(move || {
                    while next.fetch_add(1, Ordering::Relaxed) < count {
                        run_on(image, network);
                    }
                });
            }
        });
        let took = started.elapsed();
        for network in &networks {
            call("DELETE", &format!("/networks/{network}"), "");
        }
        took
    }
}

fn run_on(image: &str, network: &str) {
    static NAMES: AtomicUsize = AtomicUsize::new(0);
    let name = format!("buildyard-bench-{}-c{}", std::process::id(), NAMES.fetch_add(1, Ordering::Relaxed));
    let body = format!("{{\"Image\":\"{image}\",\"Cmd\":[\"true\"],\"HostConfig\":{{\"NetworkMode\":\"{network}\"}}}}");
    call("POST", &format!("/containers/create?name={name}"), &body);
    call("POST", &format!("/containers/{name}/start"), "");
    call("POST", &format!("/containers/{name}/wait"), "");
    call("DELETE", &format!("/containers/{name}?force=1&v=1"), "");
}

fn call(method: &str, path: &str, body: &str) {
    let mut socket = UnixStream::connect("/var/run/docker.sock").expect("the engine answers");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).expect("the request is sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("the engine answers whole");
    assert!(answer.starts_with("HTTP/1.1 2"), "{method} {path}: {answer}");
}
