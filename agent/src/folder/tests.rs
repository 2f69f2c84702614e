use super::*;
use crate::session::tests::{job, lease};
use buildyard_executor::SandboxId;

fn builds(directory: &Path) -> Builds {
    Builds::open(directory, directory.join("memory")).unwrap()
}

#[test]
fn a_later_process_finds_the_stage_that_was_kept() {
    let directory = tempfile::tempdir().unwrap();
    let lease = lease(1, 3);
    let folder = builds(directory.path()).create(&lease, &job(&lease)).unwrap();
    let fresh = builds(directory.path()).scan().unwrap();
    assert_eq!((fresh.len(), &fresh[0].state), (1, &State::default()));

    let state = State {
        stage: Stage::Walking { sandbox: SandboxId("box".into()) },
        ending: Some(Ending::Stopped { grace_ms: 5 }),
        ..State::default()
    };
    folder.keep(&state).unwrap();
    let found = builds(directory.path()).scan().unwrap();
    assert_eq!((&found[0].lease, &found[0].state), (&lease, &state));
    assert_eq!(found[0].job, job(&lease));
}

#[test]
fn half_made_and_broken_folders_are_thrown_away() {
    let directory = tempfile::tempdir().unwrap();
    let builds = builds(directory.path());
    fs::create_dir_all(directory.path().join("builds/.new-x")).unwrap();
    fs::create_dir_all(directory.path().join("builds/y")).unwrap();
    fs::write(directory.path().join("builds/y/job.json"), "{").unwrap();
    assert!(builds.scan().unwrap().is_empty());
    assert_eq!(fs::read_dir(directory.path().join("builds")).unwrap().count(), 0);
    builds.empty_trash();
    assert_eq!(fs::read_dir(directory.path().join("trash")).unwrap().count(), 0);
}

#[test]
fn a_build_that_begins_anew_finds_nothing_of_its_first_try() {
    let directory = tempfile::tempdir().unwrap();
    let lease = lease(1, 1);
    let folder = builds(directory.path()).create(&lease, &job(&lease)).unwrap();
    folder.make_memory().unwrap();
    fs::write(folder.memory().join("secrets.json"), "{}").unwrap();
    fs::write(folder.journal(), "old").unwrap();
    fs::write(folder.intro(), "said").unwrap();
    folder.start_over().unwrap();
    assert!(!folder.journal().exists() && folder.workspace().is_dir() && !folder.memory().exists());
    assert_eq!(fs::read_to_string(folder.intro()).unwrap(), "said");
}

#[test]
fn secrets_of_a_job_are_readable_by_the_agent_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let lease = lease(1, 1);
    let folder = builds(directory.path()).create(&lease, &job(&lease)).unwrap();
    folder.make_memory().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path.join("job.json")), 0o600);
    assert_eq!(mode(folder.memory()), 0o700);
    assert_eq!(mode(&directory.path().join("builds")), 0o700);
}
