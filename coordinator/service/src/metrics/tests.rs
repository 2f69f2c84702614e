use crate::testing::{Rig, RuntimeClock};
use buildyard_scheduler::Event;
use buildyard_store::Memory;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_scrape_tells_of_waiting_running_and_finished_builds() {
    let rig = Rig::start_on(Arc::new(Memory::default()), Arc::new(RuntimeClock::start()), |_| {}).await;
    rig.submit("p1").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let text = rig.service.metrics_text().await;
    let has = |text: &str, line: &str| assert!(text.lines().any(|one| one == line), "{line} in:\n{text}");
    has(&text, "buildyard_queue_depth_builds{fleet=\"on-demand\"} 1.0");
    has(&text, "buildyard_queue_oldest_wait_seconds{fleet=\"on-demand\"} 3.0");
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let token = agent.offer().await;
    rig.service.heard(&agent.name, &token, Event::Accept { token: token.clone() }).await.unwrap();
    let second = rig.submit("p2").await;
    rig.service.stop(&second).await.unwrap();
    let text = rig.service.metrics_text().await;
    for line in [
        "buildyard_builds{state=\"queued\"} 0.0",
        "buildyard_builds{state=\"running\"} 1.0",
        "buildyard_agents{status=\"online\"} 1.0",
        "buildyard_builds_finished_total{project=\"p2\",outcome=\"STOPPED\"} 1",
        "buildyard_build_wait_seconds_count{fleet=\"on-demand\"} 1",
        "buildyard_dispatch_seconds_count{} 1",
    ] {
        has(&text, line);
    }
    assert!(!text.contains("queue_depth_builds{"), "{text}");
    assert!(text.ends_with("# EOF\n"));
}
