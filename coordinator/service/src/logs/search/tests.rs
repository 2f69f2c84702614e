use super::*;
use crate::logs::directory::tests::leased;
use crate::logs::events::tests::append;
use crate::testing::{Rig, TestAgent};
use buildyard_model::{LeaseToken, LogChunk, Timestamp};

async fn write(rig: &Rig, agent: &TestAgent, token: &LeaseToken, lines: &[(i64, &str)]) -> u64 {
    let mut sink = rig.service.append_log(&agent.name, token).await.unwrap();
    let mut offset = sink.committed();
    for (time, line) in lines {
        let chunk = LogChunk { offset, time: Timestamp(*time), bytes: format!("{line}\n").into_bytes() };
        sink.push(&chunk, true).await.unwrap();
        offset = chunk.end();
    }
    while sink.busy() {
        sink.stored().await.unwrap();
    }
    offset
}

const GROUP: &str = "/aws/codebuild/app";

fn everything() -> Search<'static> {
    Search {
        group: GROUP,
        streams: &|_| true,
        matches: &|_| true,
        times: (0, i64::MAX),
        from: None,
        newest_first: false,
        limit: 10_000,
    }
}

async fn pages(rig: &Rig, mut search: Search<'_>) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let found = rig.service.search_logs(&search).await.unwrap();
        assert!(found.events.len() <= search.limit);
        all.extend(found.events.into_iter().map(|found| found.event.message));
        match found.next {
            Some(next) => {
                let goes_on = |from: &Place| if search.newest_first { *from > next } else { *from < next };
                assert!(search.from.as_ref().is_none_or(goes_on), "a search goes on");
                search.from = Some(next);
            }
            None => return all,
        }
    }
}

#[tokio::test]
async fn logs_of_a_group_are_told_by_time_in_pages_of_any_size() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 9, vec![]).await;
    let mut expected = Vec::new();
    for build in 0..5_i64 {
        let token = leased(&rig, &mut agent, "app", "{}").await;
        let lines: Vec<(i64, String)> =
            (0..20).map(|at| (51 * build + 17 * (at / 3), format!("{build}.{at}"))).collect();
        let lines: Vec<(i64, &str)> = lines.iter().map(|(time, line)| (*time, line.as_str())).collect();
        let end = write(&rig, &agent, &token, &lines).await;
        expected.extend(
            lines
                .iter()
                .enumerate()
                .map(|(at, (time, line))| (*time, token.build.uuid().to_string(), at, (*line).to_owned())),
        );
        if build % 2 == 0 {
            crate::tests::finish(&rig, &agent.name, &token, end).await;
        }
    }
    expected.sort();
    let told = |from: i64, until: i64| -> Vec<String> {
        let wanted = expected.iter().filter(|(time, ..)| (from..=until).contains(time));
        wanted.map(|(.., line)| line.clone()).collect()
    };
    for limit in [1, 3, 10, 1000] {
        assert_eq!(pages(&rig, Search { limit, ..everything() }).await, told(0, i64::MAX), "{limit}");
        assert_eq!(pages(&rig, Search { limit, times: (117, 251), ..everything() }).await, told(117, 251), "{limit}");
        for times in [(0, i64::MAX), (117, 251), (118, 250)] {
            let newest = pages(&rig, Search { limit, times, newest_first: true, ..everything() }).await;
            assert_eq!(newest, told(times.0, times.1).into_iter().rev().collect::<Vec<_>>(), "{limit} {times:?}");
        }
    }
    let of_two = |message: &str| message.starts_with("2.");
    let only: Vec<String> = told(0, i64::MAX).into_iter().filter(|line| of_two(line)).collect();
    assert_eq!(pages(&rig, Search { limit: 2, matches: &of_two, ..everything() }).await, only);
    assert!(pages(&rig, Search { matches: &|_| false, ..everything() }).await.is_empty());
}

#[tokio::test]
async fn a_follower_that_asks_from_the_newest_time_on_misses_nothing() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 9, vec![]).await;
    let token = leased(&rig, &mut agent, "app", "{}").await;
    // As the AWS CLI's `logs tail --follow` does: the newest time again, and known ids left out.
    let (mut since, mut known, mut told) = (0, std::collections::HashSet::new(), Vec::new());
    for round in 0..20 {
        append(&rig, &agent, &token, &[format!("{round} a\n{round} b\nunended").as_bytes(), b" line\n"]).await;
        let found = rig.service.search_logs(&Search { times: (since, i64::MAX), ..everything() }).await.unwrap();
        for found in found.events {
            since = since.max(found.event.timestamp.0);
            if known.insert((found.epoch, found.event.offset)) {
                told.push(found.event.message);
            }
        }
    }
    let expected: Vec<String> =
        (0..20).flat_map(|round| [format!("{round} a"), format!("{round} b"), "unended line".to_owned()]).collect();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_search_that_finds_nothing_in_much_ends_early_and_goes_on() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 9, vec![]).await;
    let token = leased(&rig, &mut agent, "app", "{}").await;
    let much = format!("{}\n", "x".repeat(999)).repeat(1000);
    append(&rig, &agent, &token, &[much.as_bytes(); 20]).await;
    append(&rig, &agent, &token, &[b"needle\n"]).await;
    let needle = |message: &str| message.contains("needle");
    let first = rig.service.search_logs(&Search { matches: &needle, ..everything() }).await.unwrap();
    assert!(first.events.is_empty() && first.next.is_some());
    assert_eq!(pages(&rig, Search { matches: &needle, ..everything() }).await, ["needle"]);
    append(&rig, &agent, &token, &[much.as_bytes(); 20]).await;
    let newest = || Search { matches: &needle, newest_first: true, ..everything() };
    let first = rig.service.search_logs(&newest()).await.unwrap();
    assert!(first.events.is_empty() && first.next.is_some());
    assert_eq!(pages(&rig, newest()).await, ["needle"]);
}

#[tokio::test]
async fn a_damaged_log_hides_no_other() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 9, vec![]).await;
    let sound = leased(&rig, &mut agent, "app", "{}").await;
    let damaged = leased(&rig, &mut agent, "app", "{}").await;
    for (token, line) in [(&sound, "sound"), (&damaged, "damaged")] {
        let end = write(&rig, &agent, token, &[(5, line)]).await;
        crate::tests::finish(&rig, &agent.name, token, end).await;
    }
    let objects = &rig.service.inner.parts.objects;
    for key in rig.blobs.keys("system").iter().filter(|key| key.contains(&damaged.build.uuid().to_string())) {
        objects.put("system", key, bytes::Bytes::from_static(b"no chunk")).await.unwrap();
    }
    // As after a restart.
    rig.service.inner.logs.forget_build(&damaged.build);
    assert_eq!(pages(&rig, everything()).await, ["sound"]);
    assert_eq!(pages(&rig, Search { newest_first: true, ..everything() }).await, ["sound"]);
}
