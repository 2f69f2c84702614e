//! A runner that is started before its plan is there.

use crate::support::{Build, of};
use buildyard_runner::plan::{JOURNAL_FILE, WAIT_FLAG};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::Child;
use std::time::{Duration, Instant};

/// Waits until the runner sleeps in `poll`: then it looked for the plan and found none.
fn waiting(build: &Build) -> Child {
    let child = build.runner(&[WAIT_FLAG]);
    let state = format!("/proc/{}/syscall", child.id());
    let until = Instant::now() + Duration::from_secs(20);
    // The numbers of poll and ppoll.
    while !std::fs::read_to_string(&state).is_ok_and(|call| ["7 ", "271 ", "73 "].iter().any(|at| call.starts_with(at)))
    {
        assert!(Instant::now() < until, "the runner does not wait");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

#[test]
fn a_waiting_runner_begins_when_its_plan_is_put_in_place() {
    let build = of(&["echo hello"]);
    let mut child = waiting(&build);
    assert!(!build.folder.path().join("control").join(JOURNAL_FILE).exists(), "nothing is begun");
    let begun = Instant::now();
    build.put_plan();
    let code = child.wait().unwrap().code();
    assert!(begun.elapsed() < Duration::from_millis(900), "the kernel told it");
    let ran = build.ran(code);
    assert_eq!((ran.code, ran.output().as_str()), (Some(0), "hello\n"));
}

#[test]
fn a_waiting_runner_ends_when_it_is_told_to() {
    let build = of(&["echo never"]);
    let mut child = waiting(&build);
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!build.folder.path().join("control").join(JOURNAL_FILE).exists());
}

#[test]
fn a_runner_without_a_plan_takes_nothing_away() {
    let build = of(&["echo never"]).secret("TOKEN", "hidden-value");
    let mut child = build.runner(&[]);
    assert_eq!(child.wait().unwrap().code(), Some(64));
    assert!(build.plan.secrets_file.as_ref().unwrap().exists());
    assert!(!build.folder.path().join("control").join(JOURNAL_FILE).exists());
}
