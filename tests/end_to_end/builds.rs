//! Builds from submission to their end.

use buildyard_model::{BuildStatus, Phase};
use harness::{AgentOptions, ExecutorKind, Fleet};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_build_runs_its_phases_and_shows_what_it_did() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let buildspec = "version: 0.2
env:
  variables: {GREETING: hello}
  exported-variables: [ANSWER]
phases:
  pre_build:
    commands: ['ANSWER=42', 'cd /tmp']
  build:
    commands: ['echo \"$GREETING $ANSWER from $PWD\"', 'echo $CODEBUILD_BUILD_NUMBER']
";
    let build = fleet.submit(buildspec, &["--project", "first-app"]);
    let view = fleet.succeed(&build, PATIENCE);
    assert_eq!(view.build_number, 1);
    assert_eq!(view.exported_environment_variables, [("ANSWER".to_owned(), "42".to_owned())]);
    let phases: Vec<Phase> = view.phases.iter().map(|record| record.phase_type).collect();
    assert_eq!(phases, Phase::ALL);
    let log = String::from_utf8(fleet.log(&build)).unwrap();
    assert!(log.contains("hello 42 from /tmp\n"), "{log}");
    assert!(log.contains("Phase complete: BUILD State: SUCCEEDED"), "{log}");
    assert_eq!(view.log_bytes, Some(log.len() as u64));
    let again = fleet.submit(buildspec, &["--project", "first-app"]);
    assert_eq!(fleet.succeed(&again, PATIENCE).build_number, 2);
}

#[test]
fn a_failing_command_fails_the_build_and_says_why() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let buildspec = "version: 0.2\nphases:\n  build:\n    commands: ['exit 3']\n  post_build:\n    commands: ['echo succeeding=$CODEBUILD_BUILD_SUCCEEDING']\n";
    let build = fleet.submit(buildspec, &[]);
    let view = fleet.finish(&build, PATIENCE);
    assert_eq!(view.build_status, BuildStatus::Failed);
    let record = view.phases.iter().find(|record| record.phase_type == Phase::Build).unwrap();
    assert_eq!(record.contexts[0].status_code, "COMMAND_EXECUTION_ERROR");
    assert_eq!(record.contexts[0].message, "Error while executing command: exit 3. Reason: exit status 3");
    let log = String::from_utf8(fleet.log(&build)).unwrap();
    assert!(log.contains("succeeding=0\n"), "{log}");
}

#[test]
fn many_builds_run_once_each_in_order_and_leave_nothing() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host).slots(4));
    let order = fleet.directory().join("order");
    let buildspec = format!(
        "version: 0.2\nphases:\n  build:\n    commands: ['echo $CODEBUILD_BUILD_NUMBER >> {}']\n",
        order.display()
    );
    let builds: Vec<_> = (0..100).map(|_| fleet.submit(&buildspec, &["--project", "many"])).collect();
    for build in &builds {
        fleet.succeed(build, Duration::from_secs(120));
    }
    let ran: Vec<usize> = std::fs::read_to_string(&order).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    let mut sorted = ran.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=100).collect::<Vec<_>>(), "each build ran exactly once");
    for (at, number) in ran.iter().enumerate() {
        assert!(number.abs_diff(at + 1) <= 4, "build {number} ran as number {}: {ran:?}", at + 1);
    }
}

#[test]
fn a_build_that_takes_too_long_is_timed_out() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let build = fleet.submit("version: 0.2\nphases:\n  build:\n    commands: ['sleep 600']\n", &["--timeout", "2s"]);
    let view = fleet.finish(&build, PATIENCE);
    assert_eq!(view.build_status, BuildStatus::TimedOut);
    let record = view.phases.iter().find(|record| record.phase_type == Phase::Build).unwrap();
    assert_eq!(record.contexts[0].status_code, "BUILD_TIMED_OUT");
}

#[test]
fn secrets_are_masked_before_they_reach_a_disk() {
    let secrets = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secrets.path(), r#"{"parameters":{"/app/key":"s3cr3t-value-0815"}}"#).unwrap();
    let more = format!("secrets_file = {:?}\n", secrets.path());
    let fleet = Fleet::start_with(&more, vec![AgentOptions::new(ExecutorKind::Host)]);
    let buildspec = "version: 0.2\nenv:\n  parameter-store: {KEY: /app/key}\nphases:\n  build:\n    commands: ['echo key=$KEY', 'test ${#KEY} -eq 17']\n";
    let build = fleet.submit(buildspec, &[]);
    fleet.succeed(&build, PATIENCE);
    let log = String::from_utf8(fleet.log(&build)).unwrap();
    assert!(log.contains("key=***\n"), "{log}");
    let found =
        std::process::Command::new("grep").arg("-rl").arg("s3cr3t-value-0815").arg(fleet.directory()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "", "the secret lies on the disk");
}

#[test]
fn a_failure_that_asks_for_another_try_gets_it_and_no_more() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let buildspec = "version: 0.2\nphases: {build: {on-failure: RETRY-2, commands: ['exit 1']}}\n";
    let first = fleet.submit(buildspec, &["--project", "again"]);
    let mut view = fleet.finish(&first, PATIENCE);
    for number in 1..=2 {
        let next = harness::Started { id: view.next_retry.expect("another try is named").to_string() };
        harness::wait_for("the next try", PATIENCE, || fleet.run(&["show", &next.id]).status.success().then_some(()));
        let repeated = fleet.finish(&next, PATIENCE);
        let retry_of = repeated.retry_of.clone().expect("it says what it repeats");
        assert_eq!((retry_of.previous, retry_of.number), (view.id, number));
        view = repeated;
    }
    assert_eq!(view.next_retry, None);
    assert_eq!(fleet.documents(&["builds", "--project", "again"]).len(), 3);
}
