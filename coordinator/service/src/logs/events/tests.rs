use super::cut::View;
use super::*;
use crate::testing::{Rig, TestAgent};
use buildyard_model::{LeaseToken, LogChunk};
use proptest::prelude::*;

/// Appends pieces, each stored by itself, the first at time 1000, each later one by 10 later.
pub(crate) async fn append(rig: &Rig, agent: &TestAgent, token: &LeaseToken, pieces: &[&[u8]]) -> u64 {
    let mut sink = rig.service.append_log(&agent.name, token).await.unwrap();
    let mut offset = sink.committed();
    for (at, piece) in pieces.iter().enumerate() {
        let chunk = LogChunk { offset, time: Timestamp(1000 + 10 * at as i64), bytes: piece.to_vec() };
        sink.push(&chunk, true).await.unwrap();
        offset = chunk.end();
    }
    while sink.busy() {
        sink.stored().await.unwrap();
    }
    offset
}

pub(crate) async fn log(rig: &Rig, token: &LeaseToken) -> BuildLog {
    rig.service.log_of(&rig.service.load(&token.build).await.unwrap()).await.unwrap()
}

const ALWAYS: Range<i64> = i64::MIN..i64::MAX;

fn events(limit: usize) -> EventLimits {
    EventLimits::page(limit)
}

fn messages(events: &[LogEvent]) -> Vec<&str> {
    events.iter().map(|event| event.message.as_str()).collect()
}

async fn forward(log: &BuildLog, from: u64, limit: usize) -> Vec<LogEvent> {
    let (mut at, mut all) = (from, Vec::new());
    loop {
        let page = log.forward(at, &ALWAYS, events(limit)).await.unwrap();
        assert!(page.events.len() <= limit && page.begin == at);
        all.extend(page.events);
        if page.end == at {
            return all;
        }
        at = page.end;
    }
}

async fn backward(log: &BuildLog, limit: usize) -> Vec<LogEvent> {
    let (mut at, mut all) = (u64::MAX, Vec::new());
    loop {
        let page = log.backward(at, &ALWAYS, events(limit)).await.unwrap();
        assert!(page.events.len() <= limit);
        all.extend(page.events.into_iter().rev());
        if page.begin == at {
            all.reverse();
            return all;
        }
        at = page.begin;
    }
}

async fn leased() -> (Rig, TestAgent, LeaseToken) {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    rig.submit("p1").await;
    let token = agent.offer().await;
    (rig, agent, token)
}

#[tokio::test]
async fn an_unfinished_line_is_shown_when_it_ends_or_the_build_does() {
    let (rig, agent, token) = leased().await;
    append(&rig, &agent, &token, &[b"one\ntw"]).await;
    assert_eq!(messages(&forward(&log(&rig, &token).await, 0, 10).await), ["one"]);
    assert_eq!(messages(&backward(&log(&rig, &token).await, 10).await), ["one"]);
    let end = append(&rig, &agent, &token, &[b"o\nthree"]).await;
    assert_eq!(messages(&forward(&log(&rig, &token).await, 4, 10).await), ["two"]);
    crate::tests::finish(&rig, &agent.name, &token, end).await;
    assert_eq!(messages(&forward(&log(&rig, &token).await, 0, 10).await), ["one", "two", "three"]);
}

#[tokio::test]
async fn an_event_has_the_time_of_its_first_byte_and_time_never_runs_back() {
    let (rig, agent, token) = leased().await;
    append(&rig, &agent, &token, &[b"a\nb", b"b\nc\n"]).await;
    // A new stream whose clock is behind.
    append(&rig, &agent, &token, &[b"d\n"]).await;
    let times: Vec<i64> =
        forward(&log(&rig, &token).await, 0, 10).await.iter().map(|event| event.timestamp.0).collect();
    assert_eq!(times, [1000, 1000, 1010, 1010]);
}

#[tokio::test]
async fn a_time_leads_to_its_first_event() {
    let (rig, agent, token) = leased().await;
    let pieces: Vec<String> = (0..200).map(|at| format!("{at}\n{at}'\n")).collect();
    let pieces: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
    let end = append(&rig, &agent, &token, &pieces).await;
    let log = log(&rig, &token).await;
    for (time, first) in [(0, "0"), (1000, "0"), (1001, "1"), (1010, "1"), (2990, "199")] {
        let place = log.place_at(Timestamp(time)).await.unwrap();
        assert_eq!(log.forward(place, &ALWAYS, events(1)).await.unwrap().events[0].message, first, "{time}");
    }
    assert_eq!(log.place_at(Timestamp(2991)).await.unwrap(), end);
    let page = log.backward(end, &(1500..1520), events(100)).await.unwrap();
    assert_eq!(messages(&page.events), ["50", "50'", "51", "51'"]);
    let page = log.forward(0, &(1500..1520), events(100)).await.unwrap();
    assert_eq!(messages(&page.events), ["50", "50'", "51", "51'"]);
    assert_eq!(log.span().await.unwrap(), Some((Timestamp(1000), Timestamp(2990))));
}

#[tokio::test]
async fn a_page_reads_only_the_chunks_that_it_shows() {
    let (rig, agent, token) = leased().await;
    let piece = "0123456789abcde\n".repeat(64 * 1024);
    let end = append(&rig, &agent, &token, &[piece.as_bytes(); 12]).await;
    let log = log(&rig, &token).await;
    rig.blobs.count_reads();
    log.backward(end, &ALWAYS, events(100)).await.unwrap();
    log.forward(end / 2, &ALWAYS, events(100)).await.unwrap();
    log.backward(end / 2, &ALWAYS, events(100)).await.unwrap();
    assert!(rig.blobs.count_reads() <= 4);
    for _ in 0..50 {
        log.forward(end, &ALWAYS, events(100)).await.unwrap();
    }
    assert_eq!(rig.blobs.count_reads(), 0, "a poll reads nothing from storage");
}

#[tokio::test]
async fn a_page_never_passes_its_limits_but_holds_one_event() {
    let (rig, agent, token) = leased().await;
    let line = format!("{}\n", "x".repeat(100_000));
    append(&rig, &agent, &token, &[line.repeat(30).as_bytes()]).await;
    let log = log(&rig, &token).await;
    assert_eq!(log.forward(0, &ALWAYS, events(100)).await.unwrap().events.len(), 10);
    assert_eq!(log.backward(u64::MAX, &ALWAYS, events(100)).await.unwrap().events.len(), 10);
    let small = EventLimits { bytes: 10, ..events(100) };
    assert_eq!(log.forward(0, &ALWAYS, small).await.unwrap().events.len(), 1);
    let lazy = EventLimits { look_at: 1, ..events(100) };
    let page = log.forward(0, &(0..1), lazy).await.unwrap();
    assert!(page.events.is_empty() && page.end == 0, "the first event is behind the times");
    let page = log.forward(0, &(5000..6000), lazy).await.unwrap();
    assert!(page.events.is_empty() && page.end > 0, "and goes on from there");
}

#[tokio::test]
async fn a_hundred_followers_see_every_line_of_a_growing_log() {
    let (rig, agent, token) = leased().await;
    let (more, _) = tokio::sync::watch::channel(0_u32);
    let mut followers = Vec::new();
    for _ in 0..100 {
        let (service, token, mut more) = (rig.service.clone(), token.clone(), more.subscribe());
        followers.push(tokio::spawn(async move {
            let (mut seen, mut at) = (Vec::new(), 0);
            loop {
                let last = *more.borrow_and_update() == 50;
                let log = service.log_of(&service.load(&token.build).await.unwrap()).await.unwrap();
                loop {
                    let page = log.forward(at, &ALWAYS, events(7)).await.unwrap();
                    seen.extend(page.events.into_iter().map(|event| event.message));
                    if std::mem::replace(&mut at, page.end) == page.end {
                        break;
                    }
                }
                if last {
                    return seen;
                }
                more.changed().await.unwrap();
            }
        }));
    }
    for round in 1..=50 {
        append(&rig, &agent, &token, &[format!("line {round}\nhalf of ").as_bytes(), b"a line\n"]).await;
        more.send_replace(round);
    }
    let expected: Vec<String> =
        (1..=50).flat_map(|round| [format!("line {round}"), "half of a line".to_owned()]).collect();
    for follower in followers {
        assert_eq!(follower.await.unwrap(), expected);
    }
}

/// Lines of all kinds, few of them long.
fn any_log() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![30 => 0..40_usize, 1 => (BLOCK as usize - 2)..3 * BLOCK as usize];
    let end = prop_oneof![6 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\n\n")];
    let line = (length, prop_oneof![Just("x"), Just("é"), Just("\u{1b}[0m")], end);
    let line = line.prop_map(|(length, fill, end)| fill.repeat(length / fill.len()) + end);
    (prop::collection::vec(line, 0..80), any::<bool>()).prop_map(|(lines, ended)| {
        let mut log = lines.concat();
        if !ended {
            log.push_str("unended");
        }
        log.into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pages_agree_whatever_their_size_and_direction(
        bytes in any_log(),
        pieces in prop::collection::vec(1..60_000_usize, 1..40),
        limit in prop_oneof![1..10_usize, 50..200_usize],
        whole in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (rig, agent, token) = leased().await;
            let (mut rest, mut cut) = (&bytes[..], Vec::new());
            for piece in pieces.iter().cycle() {
                if rest.is_empty() { break; }
                let (piece, behind) = rest.split_at((*piece).min(rest.len()));
                cut.push(piece);
                rest = behind;
            }
            let end = append(&rig, &agent, &token, &cut).await;
            if whole {
                crate::tests::finish(&rig, &agent.name, &token, end).await;
            }
            let log = log(&rig, &token).await;
            let view = View { base: 0, bytes: &bytes, whole };
            let (mut at, mut expected) = (0, Vec::new());
            while let Some(cut) = view.next(at) {
                let raw = &bytes[cut.start as usize..cut.next as usize];
                expected.extend(message::message(&cut, raw).map(|message| (cut.start, message)));
                at = cut.next;
            }
            let given = forward(&log, 0, limit).await;
            let shown: Vec<_> = given.iter().map(|event| (event.offset, event.message.clone())).collect();
            assert!(shown == expected, "forward gives {} events of {}", shown.len(), expected.len());
            assert!(given.is_sorted_by_key(|event| event.timestamp));
            let back = backward(&log, limit).await;
            assert!(back == given, "backward gives {} events, forward {}", back.len(), given.len());
            // From the middle of an event, too.
            for event in given.iter().step_by(17) {
                let page = log.forward(event.offset + (event.next - event.offset) / 2, &ALWAYS, events(1)).await.unwrap();
                assert!(page.events.first().is_none_or(|first| first.offset >= event.offset));
                assert_eq!(log.boundary(event.offset).await.unwrap(), event.offset);
            }
        });
    }
}
