use crate::testing::Rig;
use crate::{Kind, LogSink};
use buildyard_model::{LeaseToken, LogChunk, Timestamp};

fn chunk(offset: u64, bytes: &[u8]) -> LogChunk {
    LogChunk { offset, time: Timestamp(1), bytes: bytes.to_vec() }
}

async fn drain(sink: &mut LogSink) {
    while sink.busy() {
        sink.stored().await.unwrap();
    }
}

async fn whole(rig: &Rig, token: &LeaseToken) -> Vec<u8> {
    let mut reader = rig.service.read_log(&token.build, 0, false);
    let mut bytes = Vec::new();
    while let Some((offset, piece)) = reader.next().await.unwrap() {
        assert_eq!(offset, bytes.len() as u64);
        bytes.extend_from_slice(&piece);
    }
    bytes
}

#[tokio::test]
async fn overlaps_are_trimmed_and_gaps_refused() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    rig.submit("p1").await;
    let token = agent.offer().await;
    let mut sink = rig.service.append_log(&agent.name, &token).await.unwrap();
    sink.push(&chunk(0, b"hello "), true).await.unwrap();
    sink.push(&chunk(3, b"lo world"), true).await.unwrap();
    sink.push(&chunk(0, b"hello"), true).await.unwrap();
    assert_eq!(sink.push(&chunk(12, b"!"), true).await.unwrap_err().kind, Kind::Conflict);
    drain(&mut sink).await;
    assert_eq!(sink.committed(), 11);
    assert_eq!(whole(&rig, &token).await, b"hello world");
}

#[tokio::test]
async fn a_stream_goes_on_where_storage_ends() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    rig.submit("p1").await;
    let token = agent.offer().await;
    for (piece, from) in [(&b"one "[..], 0), (b"two ", 4), (b"three", 8)] {
        // Each stream forgets what the one before knew, as after a restart.
        let mut sink = rig.service.append_log(&agent.name, &token).await.unwrap();
        assert_eq!(sink.committed(), from);
        sink.push(&chunk(from, piece), true).await.unwrap();
        drain(&mut sink).await;
    }
    assert_eq!(whole(&rig, &token).await, b"one two three");
}

#[tokio::test]
async fn a_stale_lease_appends_nothing() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let build = rig.submit("p1").await;
    let token = agent.offer().await;
    let mut sink = rig.service.append_log(&agent.name, &token).await.unwrap();
    rig.service.stop(&build).await.unwrap();
    rig.service.apply(&build, buildyard_scheduler::Event::StopExpired).await.unwrap();
    sink.push(&chunk(0, b"late"), true).await.unwrap();
    assert_eq!(sink.stored().await.unwrap_err().kind, Kind::Fenced);
    assert!(rig.blobs.keys("system").iter().all(|key| !key.starts_with("logs/")), "{:?}", rig.blobs.keys("system"));
    assert_eq!(rig.service.append_log(&agent.name, &token).await.unwrap_err().kind, Kind::Fenced);
}

#[tokio::test]
async fn a_reader_follows_to_the_end_of_the_build() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let build = rig.submit("p1").await;
    let mut reader = rig.service.read_log(&build, 0, true);
    let following = tokio::spawn(async move {
        let mut bytes = Vec::new();
        while let Some((_, piece)) = reader.next().await.unwrap() {
            bytes.extend_from_slice(&piece);
        }
        bytes
    });
    let token = agent.offer().await;
    let mut sink = rig.service.append_log(&agent.name, &token).await.unwrap();
    let line = b"0123456789".repeat(1000);
    for at in 0..300 {
        sink.push(&chunk(at * line.len() as u64, &line), at % 7 == 0).await.unwrap();
    }
    sink.push(&chunk(300 * line.len() as u64, b""), true).await.unwrap();
    drain(&mut sink).await;
    crate::tests::finish(&rig, &agent.name, &token, sink.committed()).await;
    assert_eq!(following.await.unwrap(), line.repeat(300));
}
