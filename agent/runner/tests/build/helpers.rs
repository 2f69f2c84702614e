//! The programs that a build finds on PATH.

use crate::support::of;
use std::time::{Duration, Instant};

#[test]
fn hash_files_depends_on_contents_only() {
    let ran = of(&[
        "codebuild-hash-files '**/*.lock'; cd a; codebuild-hash-files '**/*.lock'; cd ..",
        "touch a/x.lock; mv b/y.lock b/z.lock; codebuild-hash-files '**/*.lock'",
        "echo changed > a/x.lock; codebuild-hash-files '**/*.lock'; codebuild-hash-files nothing",
    ])
    .write("a/x.lock", "one")
    .write("b/y.lock", "two")
    .run();
    let output = ran.output();
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines.len(), 4, "{}", ran.log);
    assert!(lines[0].len() == 64 && lines[0] == lines[1] && lines[1] == lines[2] && lines[2] != lines[3], "{lines:?}");
}

#[test]
fn glob_search_prints_files_relative_to_the_current_directory() {
    let ran = of(&["cd a; codebuild-glob-search '**/*.txt' '*'", "codebuild-glob-search 'nope*' && echo fine"])
        .write("a/one.txt", "")
        .write("a/deep/two.txt", "")
        .write("a/three", "")
        .run();
    assert_eq!(ran.output(), "deep/two.txt\none.txt\nthree\ncodebuild-glob-search: no files match\nfine\n");
}

#[test]
fn a_breakpoint_does_nothing_without_a_debug_session() {
    let ran = of(&["codebuild-breakpoint && codebuild-resume && echo went-on"]).run();
    assert_eq!(ran.output(), "went-on\n");
}

#[test]
fn a_breakpoint_waits_for_resume() {
    let mut build = of(&["echo > started; codebuild-breakpoint; echo went-on"]);
    build.plan.debug_session = true;
    let state = build.plan.state_directory.clone();
    let mut child = build.start();
    let begun = Instant::now();
    loop {
        let resumed = std::process::Command::new(state.join("bin/codebuild-resume"))
            .env("BUILDYARD_STATE_DIRECTORY", &state)
            .stderr(std::process::Stdio::null())
            .status();
        if build.source().join("started").exists() && resumed.is_ok_and(|status| status.success()) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits at the breakpoint");
        assert!(child.try_wait().unwrap().is_none(), "the build did not wait");
        std::thread::sleep(Duration::from_millis(10));
    }
    let code = child.wait().unwrap().code();
    let ran = build.ran(code);
    assert!(ran.output().contains("codebuild-resume to go on.\nBuild resumed.\nwent-on\n"), "{}", ran.log);
}
