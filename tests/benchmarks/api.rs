//! CodeBuild's API: StartBuild alone and under load, and reading from a store of 100,000 builds.
//!
//! Builds are durable (fsynced) when they are answered. One is built, for its log; then the agent is gone, and the others
//! wait.

mod caller;

use crate::disk::fsyncs;
use crate::report::{Report, median, milliseconds, percentile};
use caller::Caller;
use harness::{AgentOptions, ExecutorKind, Fleet};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const ALONE: usize = 500;
const CLIENTS: usize = 64;
const STORED: usize = 100_000;
const READS: usize = 51;

pub(crate) fn run(report: &mut Report) {
    let mut fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let runtime = Runtime::new().expect("a runtime starts");
    let caller = Arc::new(Caller::of(&fleet));
    runtime.block_on(async {
        create_project(&caller).await;
        let logged = build_one(&caller).await;
        fleet.kill_agent();
        alone(report, &caller, &fleet).await;
        let ids = together(report, &caller).await;
        reading(report, &caller, ids).await;
        log(report, &caller, &logged).await;
    });
}

async fn create_project(caller: &Caller) {
    let project = json!({
        "name": "load",
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: ['true']}}\n"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "none", "computeType": "BUILD_GENERAL1_SMALL"},
        "serviceRole": "builds",
    });
    caller.codebuild("CreateProject", &project).await;
}

/// A build with a log of some 10,000 lines; gives its uuid.
async fn build_one(caller: &Caller) -> String {
    let buildspec = "version: 0.2\nphases: {build: {commands: ['seq 1 10000']}}\n";
    let start = json!({"projectName": "load", "buildspecOverride": buildspec});
    let build = caller.codebuild("StartBuild", &start).await["build"]["id"].clone();
    loop {
        let found = caller.codebuild("BatchGetBuilds", &json!({"ids": [build]})).await;
        if found["builds"][0]["buildComplete"] == true {
            assert_eq!(found["builds"][0]["buildStatus"], "SUCCEEDED", "{found}");
            let id = build.as_str().expect("an id");
            return id.split_once(':').expect("project and uuid").1.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A page of 1,000 events from the log's start, and asking again at its end.
async fn log(report: &mut Report, caller: &Caller, stream: &str) {
    let place = json!({"logGroupName": "/aws/codebuild/load", "logStreamName": stream});
    let ask = |more: serde_json::Value| {
        let mut input = place.clone();
        if let (Some(input), Some(more)) = (input.as_object_mut(), more.as_object()) {
            input.extend(more.clone());
        }
        input
    };
    let newest = caller.logs("GetLogEvents", &place).await["nextForwardToken"].clone();
    let (mut pages, mut polls) = (Vec::new(), Vec::new());
    for _ in 0..READS {
        pages.push(timed(caller.logs("GetLogEvents", &ask(json!({"startFromHead": true, "limit": 1000})))).await);
        polls.push(timed(caller.logs("GetLogEvents", &ask(json!({"nextToken": newest})))).await);
    }
    let page = median(pages);
    report.add(
        "GetLogEvents of 1,000 lines, 100,000 builds stored",
        milliseconds(page),
        format!("nothing new at the end: {}", milliseconds(median(polls))),
        "≤ 10 ms",
        page <= Duration::from_millis(10),
    );
}

async fn alone(report: &mut Report, caller: &Caller, fleet: &Fleet) {
    let mut times = Vec::with_capacity(ALONE);
    for _ in 0..ALONE {
        let started = Instant::now();
        caller.codebuild("StartBuild", &json!({"projectName": "load"})).await;
        times.push(started.elapsed());
    }
    let mut raw = fsyncs(fleet.directory());
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    report.add(
        "StartBuild answered, one client: p50, p99",
        format!("{}, {}", milliseconds(p50), milliseconds(p99)),
        format!(
            "4 KiB write and fsync: {}, {}",
            milliseconds(percentile(&mut raw, 50)),
            milliseconds(percentile(&mut raw, 99))
        ),
        "p50 ≤ 3 ms",
        p50 <= Duration::from_millis(3),
    );
}

/// Fills the store up to `STORED` builds with 64 clients; gives some of the ids.
async fn together(report: &mut Report, caller: &Arc<Caller>) -> Vec<String> {
    let left = Arc::new(AtomicUsize::new(STORED - ALONE));
    let mut clients = JoinSet::new();
    let started = Instant::now();
    for _ in 0..CLIENTS {
        let (caller, left) = (Arc::clone(caller), Arc::clone(&left));
        clients.spawn(async move {
            let (mut times, mut ids) = (Vec::new(), Vec::new());
            let take = |left: usize| left.checked_sub(1);
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                let asked = Instant::now();
                let answer = caller.codebuild("StartBuild", &json!({"projectName": "load"})).await;
                times.push(asked.elapsed());
                if times.len() % 100 == 0 {
                    ids.push(answer["build"]["id"].as_str().expect("an id").to_owned());
                }
            }
            (times, ids)
        });
    }
    let (mut times, mut ids) = (Vec::new(), Vec::new());
    while let Some(done) = clients.join_next().await {
        let (more, some) = done.expect("a client ends well");
        times.extend(more);
        ids.extend(some);
    }
    let rate = times.len() as f64 / started.elapsed().as_secs_f64();
    let health = health_rate(caller).await;
    report.add(
        "StartBuild, 64 clients: rate; p50, p99",
        format!(
            "{rate:.0}/s; {}, {}",
            milliseconds(percentile(&mut times, 50)),
            milliseconds(percentile(&mut times, 99))
        ),
        format!("GET /health, 64 clients: {health:.0}/s"),
        "≥ 3,000/s",
        rate >= 3000.0,
    );
    ids
}

async fn health_rate(caller: &Arc<Caller>) -> f64 {
    let mut clients = JoinSet::new();
    let started = Instant::now();
    for _ in 0..CLIENTS {
        let caller = Arc::clone(caller);
        clients.spawn(async move {
            for _ in 0..200 {
                caller.health().await;
            }
        });
    }
    while clients.join_next().await.is_some() {}
    (CLIENTS * 200) as f64 / started.elapsed().as_secs_f64()
}

async fn reading(report: &mut Report, caller: &Caller, ids: Vec<String>) {
    let mut hundred = Vec::new();
    let mut one = Vec::new();
    for round in 0..READS {
        let some: Vec<_> = ids.iter().cycle().skip(round * 7).take(100).collect();
        hundred.push(timed(caller.codebuild("BatchGetBuilds", &json!({"ids": some}))).await);
        one.push(timed(caller.codebuild("BatchGetBuilds", &json!({"ids": [some[0]]}))).await);
    }
    let measured = median(hundred);
    report.add(
        "BatchGetBuilds of 100, 100,000 stored",
        milliseconds(measured),
        format!("of 1: {}", milliseconds(median(one))),
        "≤ 10 ms",
        measured <= Duration::from_millis(10),
    );
    let listed = timed(caller.codebuild("ListBuildsForProject", &json!({"projectName": "load"}))).await;
    report.add(
        "ListBuildsForProject, a page of 100,000",
        milliseconds(listed),
        "–".to_owned(),
        "≤ 10 ms",
        listed <= Duration::from_millis(10),
    );
}

async fn timed<T>(call: impl Future<Output = T>) -> Duration {
    let started = Instant::now();
    call.await;
    started.elapsed()
}
