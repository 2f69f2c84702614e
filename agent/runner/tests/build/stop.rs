//! Being told to stop.

use crate::support::{Build, of};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

/// Waits until the build's command has made the file.
fn started(build: &Build) -> (Child, PathBuf) {
    let child = build.start();
    let marker = build.source().join("started");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !marker.exists() {
        assert!(Instant::now() < deadline, "the command did not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    (child, marker)
}

fn terminate(child: &Child) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
}

#[test]
fn a_stop_ends_the_command_and_everything_below_it() {
    let build = of(&["setsid sleep 1000 & echo $! > started; echo before; sleep 1000"]);
    let (mut child, marker) = started(&build);
    let daemon = loop {
        let text = std::fs::read_to_string(&marker).unwrap();
        if text.ends_with('\n') {
            break text.trim().to_owned();
        }
    };
    let begun = Instant::now();
    terminate(&child);
    let code = child.wait().unwrap().code();
    assert!(begun.elapsed() < Duration::from_millis(4500), "it had to be killed");
    assert!(!std::path::Path::new(&format!("/proc/{daemon}")).exists());
    let ran = build.ran(code);
    assert_eq!(ran.code, Some(143));
    assert!(ran.phases().iter().all(|(phase, _)| *phase < buildyard_model::Phase::Build));
}

#[test]
fn a_command_may_clean_up_when_it_is_stopped() {
    let build = of(&["trap 'echo cleaned; exit 1' TERM; echo > started; while :; do sleep 0.05; done"]);
    let (mut child, _) = started(&build);
    terminate(&child);
    let code = child.wait().unwrap().code();
    let ran = build.ran(code);
    assert_eq!(ran.code, Some(143));
    assert!(ran.log.contains("cleaned\n"), "{}", ran.log);
}

#[test]
fn a_second_stop_kills_what_ignores_the_first() {
    let build = of(&["trap '' TERM; echo > started; while :; do sleep 0.05; done"]);
    let (mut child, _) = started(&build);
    terminate(&child);
    // The first must have been taken, or the two signals count as one.
    let begun = Instant::now();
    loop {
        terminate(&child);
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(143));
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(4), "two signals did not end it");
        std::thread::sleep(Duration::from_millis(20));
    }
}
