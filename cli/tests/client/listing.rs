//! `builds`, `show`, `stop`, `agents`: text for people, documents for programs.

use crate::door::{Door, Script};
use crate::views::{self, ID};
use crate::{buildyard, stderr, stdout};
use buildyard_model::{BuildStatus, BuildView, Phase, PhaseStatus, WhyView};

async fn door() -> Door {
    let views = vec![views::finished(BuildStatus::Succeeded, PhaseStatus::Succeeded)];
    Door::open(Script { views, ..Default::default() }).await
}

async fn said(door: &Door, args: &[&str]) -> String {
    let output = buildyard(&door.endpoint).args(args).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

#[tokio::test]
async fn builds_are_listed_page_by_page_up_to_the_limit() {
    let door = door().await;
    let text = said(&door, &["builds", "--limit", "7"]).await;
    assert_eq!(text.lines().count(), 8, "{text}");
    assert!(text.lines().nth(1).unwrap().contains("IN_PROGRESS  BUILD"), "{text}");
    assert_eq!(door.asked().pages, [7, 4, 1]);
    let json = said(&door, &["builds", "--limit", "2", "--output", "json"]).await;
    let views: Vec<BuildView> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(views, vec![views::running(Phase::Build); 2]);
}

#[tokio::test]
async fn a_build_is_found_by_a_part_of_its_id() {
    let door = door().await;
    assert!(said(&door, &["show", "app:0000"]).await.contains(&format!("build     {ID}\nstatus    SUCCEEDED\n")));
    let json = said(&door, &["show", ID, "--output", "json"]).await;
    assert_eq!(serde_json::from_str::<BuildView>(&json).unwrap().id.to_string(), ID);
    let output = buildyard(&door.endpoint).args(["show", "nothing"]).output().await.unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(2), "buildyard: no build \"nothing\"\n"));
}

#[tokio::test]
async fn a_wait_is_explained_to_people_and_programs() {
    let door = door().await;
    let text = said(&door, &["why", "app:0000"]).await;
    assert!(
        text.contains("why       agent host-1 is full\nneeds     another agent\nstart     nobody can say"),
        "{text}"
    );
    let json = said(&door, &["why", ID, "--output", "json"]).await;
    assert_eq!(serde_json::from_str::<WhyView>(&json).unwrap(), views::why());
}

#[tokio::test]
async fn a_stop_is_sent_and_told() {
    let door = door().await;
    assert_eq!(said(&door, &["stop", ID]).await, format!("{ID} is stopping\n"));
    assert_eq!(door.asked().stops, 1);
}

#[tokio::test]
async fn agents_are_listed_and_drained() {
    let door = door().await;
    let text = said(&door, &["agents"]).await;
    assert!(text.contains("host-1  ONLINE     0/2") && text.contains("host-2"), "{text}");
    assert!(said(&door, &["agents", "drain", "host-2"]).await.contains("host-2  DRAINING"));
    let json = said(&door, &["agents", "undrain", "host-2", "--output", "json"]).await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["status"], "ONLINE");
}

#[tokio::test]
async fn an_agent_is_taken_out_of_service_with_a_deadline_and_a_reason() {
    let door = door().await;
    assert!(said(&door, &["agents", "cordon", "host-1", "--reason", "new kernel"]).await.contains("host-1  CORDONED"));
    said(&door, &["agents", "drain", "host-2", "--within", "30m", "--wait"]).await;
    let drains = door.asked().drains.clone();
    assert_eq!((drains[0].cordon, drains[0].reason.as_str(), drains[0].within_ms), (true, "new kernel", 0));
    assert_eq!((drains[1].cordon, drains[1].drain, drains[1].within_ms), (false, true, 1_800_000));
    assert_eq!(said(&door, &["agents", "remove", "host-2", "--force"]).await, "host-2 is removed\n");
    let refused = buildyard(&door.endpoint).args(["agents", "remove", "host-2"]).output().await.unwrap();
    assert_eq!((refused.status.code(), stderr(&refused).as_str()), (Some(2), "buildyard: it has builds\n"));
}
