use super::*;
use buildyard_blobs::{ClientSettings, Embedded, EndpointInfo, Objects, S3Client, Transfers};
use buildyard_model::Secret;
use bytes::Bytes;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

struct Door {
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<Result<(), Error>>,
    embedded: Embedded,
    _directory: tempfile::TempDir,
}

fn quick() -> Limits {
    let short = Duration::from_millis(200);
    Limits { head_timeout: short, stall_timeout: short, drain_timeout: Duration::from_secs(5), ..Limits::default() }
}

async fn open(limits: Limits) -> Door {
    let directory = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let info = EndpointInfo {
        public_url: format!("http://{address}"),
        region: "us-east-1".into(),
        access_key: "AKIDTEST".into(),
        secret_key: Secret::new("secret"),
    };
    let embedded = Embedded::open(directory.path(), info).await.unwrap();
    let http = Http::new(Some(embedded.door())).with_limits(limits);
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, http, shutdown.clone()));
    Door { address, shutdown, serving, embedded, _directory: directory }
}

/// Sends bytes and reads until the other side closes.
async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    rest(&mut stream).await
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn health_is_for_anybody_and_s3_is_not() {
    let door = open(Limits::default()).await;
    let health = exchange(door.address, b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("\r\n\r\nok"), "{health}");
    let bucket = exchange(door.address, b"GET /bucket HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(bucket.starts_with("HTTP/1.1 403") && bucket.contains("<Code>AccessDenied</Code>"), "{bucket}");
    assert!(bucket.contains("x-amz-request-id: "), "{bucket}");
}

#[tokio::test]
async fn an_operation_that_is_not_served_is_named() {
    let door = open(Limits::default()).await;
    let request = "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-amz-target: CodeBuild_20161006.StartBuild\r\ncontent-length: 2\r\n\r\n{}";
    let answer = exchange(door.address, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(
        answer.contains("content-type: application/x-amz-json-1.1") && answer.contains("x-amzn-requestid: "),
        "{answer}"
    );
    assert!(answer.contains(r#""__type":"UnknownOperationException""#) && answer.contains("no StartBuild"), "{answer}");
}

#[tokio::test]
async fn the_client_works_through_the_door() {
    let door = open(Limits::default()).await;
    let client = S3Client::new(&ClientSettings {
        endpoint: Some(format!("http://{}", door.address)),
        region: "us-east-1".into(),
        access_key: "AKIDTEST".into(),
        secret_key: Secret::new("secret"),
        force_path_style: true,
        prefix: Some("p/".into()),
    });
    client.ensure_bucket("bucket").await.unwrap();
    let body = Bytes::from(vec![7; 1_000_000]);
    client.put("bucket", "k", body.clone()).await.unwrap();
    assert_eq!(client.get("bucket", "k").await.unwrap(), body);
    assert_eq!(door.embedded.list("bucket", "", "").await.unwrap().objects[0].key, "p/k");
    door.shutdown.cancel();
    drop(client);
    door.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_head_that_is_too_large_or_too_slow_ends_the_connection() {
    let door = open(quick()).await;
    let large = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(256 * 1024));
    let answer = exchange(door.address, large.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(101));
    assert!(exchange(door.address, many.as_bytes()).await.starts_with("HTTP/1.1 431"));
    // Both end only because the door ends them.
    exchange(door.address, b"GET / HTTP/1.1\r\nhost").await;
    exchange(door.address, b"").await;
    let idle = exchange(door.address, b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(idle.starts_with("HTTP/1.1 200"), "{idle}");
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up_and_leaves_nothing() {
    let door = open(quick()).await;
    door.embedded.ensure_bucket("bucket").await.unwrap();
    let url = door.embedded.presign_put("bucket", "k", Duration::from_mins(1)).await.unwrap();
    let path = url.strip_prefix(&format!("http://{}", door.address)).unwrap();
    let head = format!("PUT {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: 1000000\r\n\r\n", door.address);
    let answer = exchange(door.address, &[head.as_bytes(), &[0; 500_000]].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("IncompleteBody"), "{answer}");
    assert!(door.embedded.list("bucket", "", "").await.unwrap().objects.is_empty());
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let door = open(quick()).await;
    door.embedded.ensure_bucket("bucket").await.unwrap();
    door.embedded.put("bucket", "k", Bytes::from(vec![1; 32 * 1024 * 1024])).await.unwrap();
    let url = door.embedded.presign_get("bucket", "k", None, Duration::from_mins(1)).await.unwrap();
    let path = url.strip_prefix(&format!("http://{}", door.address)).unwrap();
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", door.address);
    stream.write_all(head.as_bytes()).await.unwrap();
    door.shutdown.cancel();
    // Long before the drain time-out.
    let done = timeout(Duration::from_secs(3), door.serving).await;
    assert!(done.unwrap().unwrap().is_ok());
    drop(stream);
}

#[tokio::test]
async fn one_connection_too_many_waits_for_a_place() {
    let door = open(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = TcpStream::connect(door.address).await.unwrap();
    first.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    first.read_u8().await.unwrap();
    let address = door.address;
    let second = tokio::spawn(async move {
        exchange(address, b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await
    });
    let mut second = Box::pin(second);
    assert!(timeout(Duration::from_millis(100), second.as_mut()).await.is_err());
    drop(first);
    assert!(second.await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_request_in_flight_ends_before_the_door_is_shut() {
    let door = open(Limits { stall_timeout: Duration::from_secs(10), ..quick() }).await;
    door.embedded.ensure_bucket("bucket").await.unwrap();
    let url = door.embedded.presign_put("bucket", "k", Duration::from_mins(1)).await.unwrap();
    let path = url.strip_prefix(&format!("http://{}", door.address)).unwrap();
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    let head =
        format!("PUT {path} HTTP/1.1\r\nhost: {}\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n", door.address);
    stream.write_all(head.as_bytes()).await.unwrap();
    // "100 Continue" says that the request is being answered.
    stream.read_exact(&mut [0; 25]).await.unwrap();
    door.shutdown.cancel();
    stream.write_all(b"late").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    door.serving.await.unwrap().unwrap();
    assert_eq!(door.embedded.get("bucket", "k").await.unwrap(), "late");
    assert!(TcpStream::connect(door.address).await.is_err());
}

#[tokio::test]
async fn a_peer_with_all_its_connections_is_turned_away_until_one_ends() {
    let door = open(Limits { connections_per_peer: 2, ..Limits::default() }).await;
    let health = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(door.address).await.unwrap();
        stream.write_all(health).await.unwrap();
        stream.read_u8().await.unwrap();
        held.push(stream);
    }
    let refused = rest(&mut TcpStream::connect(door.address).await.unwrap()).await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("connection: close"), "{refused}");
    drop(held);
    let served = async {
        while !exchange(door.address, b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 200")
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), served).await.expect("the places are given back");
}

#[tokio::test]
async fn a_request_that_is_refused_before_its_body_came_ends_its_connection() {
    let door = open(Limits::default()).await;
    let scope = "AKIDTEST/20260101/us-east-1/s3/aws4_request";
    let signed = format!(
        "x-amz-date: 20260101T000000Z\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential={scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={}\r\n",
        "0".repeat(64)
    );
    for (head, body) in [
        (format!("PUT /bucket/k HTTP/1.1\r\nhost: x\r\n{signed}content-length: 100\r\n\r\n"), "some"),
        (
            format!("PUT /bucket/k HTTP/1.1\r\nhost: x\r\n{signed}content-length: 100\r\nexpect: 100-continue\r\n\r\n"),
            "",
        ),
    ] {
        // Long before the stall time-out of a minute.
        let request = format!("{head}{body}");
        let answer = timeout(Duration::from_secs(10), exchange(door.address, request.as_bytes())).await;
        let answer = answer.expect("the connection is closed");
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("connection: close"), "{answer}");
    }
    let whole = format!("GET /bucket HTTP/1.1\r\nhost: x\r\n{signed}\r\n");
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    stream.write_all(whole.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 403");
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.contains("HTTP/1.1 200"), "a refused request without a body costs no connection: {answer}");
}

#[tokio::test]
async fn a_request_with_two_lengths_is_refused_and_ends_its_connection() {
    let door = open(Limits::default()).await;
    let (length, encoding) = ("content-length: 5\r\n", "transfer-encoding: chunked\r\n");
    for lengths in [format!("{length}{encoding}"), format!("{encoding}{length}")] {
        let smuggled = "0\r\n\r\nGET /health HTTP/1.1\r\nhost: x\r\n\r\n";
        let before = format!("PUT /b/k HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{encoding}", encoding.len());
        for before in ["", &before.replace("PUT /b/k", "GET /health")] {
            let request = format!("{before}POST / HTTP/1.1\r\nhost: x\r\n{lengths}\r\n{smuggled}");
            let answer = timeout(Duration::from_secs(10), exchange(door.address, request.as_bytes())).await.unwrap();
            let last = answer.rsplit("HTTP/1.1 ").next().unwrap();
            assert!(last.starts_with("400") && last.contains("not both"), "{answer}");
        }
    }
    let encoded = format!("PUT /b/k HTTP/1.1\r\nhost: x\r\n{encoding}\r\n0\r\n\r\n");
    let answer = timeout(Duration::from_secs(10), exchange(door.address, encoded.as_bytes())).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("connection: close"), "{answer}");
}
