use super::Prices;
use super::ledger::Page;
use crate::testing::{Rig, RuntimeClock, TestAgent};
use buildyard_model::{
    BuildId, ComputeType, Day, EnvironmentType, FleetName, Metered, Outcome, Phase, PhaseRecord, Timestamp, UsageBy,
    UsageReport,
};
use buildyard_scheduler::{Effect, Event, Report};
use buildyard_store::Memory;
use std::sync::Arc;
use std::time::Duration;

async fn rig() -> Rig {
    let prices = Prices { currency: "USD".into(), per_minute: [("BUILD_GENERAL1_SMALL".to_owned(), 5_000)].into() };
    let clock = Arc::new(RuntimeClock::start());
    Rig::start_on(Arc::new(Memory::default()), clock, |settings| settings.prices = prices).await
}

/// Runs one build of the project for so long, from the start of its provisioning.
async fn run(rig: &Rig, agent: &mut TestAgent, project: &str, lasts: Duration) -> BuildId {
    let build = rig.submit(project).await;
    let token = agent.offer().await;
    let said = async |event| rig.service.heard(&agent.name, &token, event).await.unwrap();
    said(Event::Accept { token: token.clone() }).await;
    let phases = vec![PhaseRecord::begun(Phase::Provisioning, rig.service.now())];
    // An agent that says nothing for half a minute is lost.
    for _ in 0..lasts.as_secs() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        rig.service.heartbeat(&agent.name, "");
    }
    said(Event::Finish { token: token.clone(), report: report(phases) }).await;
    build
}

fn report(phases: Vec<PhaseRecord>) -> Report {
    Report {
        outcome: Outcome::Fault,
        phases,
        exported: vec![],
        artifacts: vec![],
        log_bytes: 0,
        reason: None,
        retry_limit: 0,
    }
}

/// Waits until nothing is left to count.
async fn counted(rig: &Rig) {
    let waits = |effect: &Effect| matches!(effect, Effect::Meter { .. });
    while rig.service.store().pending(0, 100).await.unwrap().iter().any(|entry| waits(&entry.effect)) {
        tokio::task::yield_now().await;
    }
}

async fn today(rig: &Rig, by: UsageBy) -> UsageReport {
    let today = Day::of(rig.service.now());
    rig.service.usage(by, today.clone(), today).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn builds_are_counted_exactly_and_by_the_minute() {
    let rig = rig().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    for (project, seconds) in [("p1", 61), ("p1", 5), ("p2", 30)] {
        run(&rig, &mut agent, project, Duration::from_secs(seconds)).await;
    }
    counted(&rig).await;
    let report = today(&rig, UsageBy::Project).await;
    let sums: Vec<_> =
        report.groups.iter().map(|group| (group.name.as_str(), group.builds, group.billed_minutes)).collect();
    assert_eq!(sums, [("p1", 2, 3), ("p2", 1, 1)]);
    assert_eq!(report.groups[0].cost_millionths, Some(15_000));
    assert_eq!((report.total.milliseconds / 1000, report.total.cost_millionths), (96, Some(20_000)));
    for (by, name) in [(UsageBy::Fleet, "on-demand"), (UsageBy::Compute, "BUILD_GENERAL1_SMALL"), (UsageBy::Image, "x")]
    {
        let report = today(&rig, by).await;
        assert_eq!((report.groups.len(), report.groups[0].name.as_str()), (1, name));
    }
}

#[tokio::test(start_paused = true)]
async fn the_usage_of_a_deleted_build_stays() {
    let rig = rig().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let build = run(&rig, &mut agent, "p1", Duration::from_secs(5)).await;
    rig.service.delete_build(&build).await.unwrap();
    counted(&rig).await;
    assert_eq!(today(&rig, UsageBy::Day).await.total.builds, 1);
}

#[tokio::test(start_paused = true)]
async fn a_build_that_no_agent_began_uses_nothing() {
    let rig = rig().await;
    let build = rig.submit("p1").await;
    rig.service.stop(&build).await.unwrap();
    assert!(rig.service.store().pending(0, 9).await.unwrap().is_empty());
    assert_eq!(today(&rig, UsageBy::Day).await.total.builds, 0);
}

fn metered(number: u128) -> Metered {
    Metered {
        build: BuildId::new("p1".parse().unwrap(), uuid::Uuid::from_u128(number)),
        fleet: FleetName::on_demand(),
        compute: ComputeType::Small,
        environment: EnvironmentType::LinuxContainer,
        image: format!("image-{number}"),
        ended_at: Timestamp(0),
        milliseconds: 1000,
    }
}

#[test]
fn what_was_counted_before_a_crash_is_not_counted_again() {
    let [first, second, third] = [1, 2, 3].map(metered);
    let mut page = Page::of(&first);
    page.count(&[&first, &second]);
    // One of the two was not taken out of the outbox any more, and a third came.
    page.count(&[&second, &third]);
    assert_eq!(page.lines.iter().map(|line| line.builds).sum::<u64>(), 3);
}

#[test]
fn images_beyond_a_limit_are_counted_together() {
    let many: Vec<Metered> = (0..100).map(metered).collect();
    let mut page = Page::of(&many[0]);
    page.count(&many.iter().collect::<Vec<_>>());
    let last = page.lines.last().unwrap();
    assert_eq!((page.lines.len(), last.image.as_str(), last.builds), (65, "(other images)", 36));
}
