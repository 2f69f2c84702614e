//! `run-as`. These tests need root, as a container's runner is; without it they show the refusal instead.

use crate::support::{Build, of, of_phases, phase};
use buildyard_model::Phase;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

fn root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The program has to be within the other user's reach, too.
fn reachable(build: Build) -> Build {
    std::fs::set_permissions(build.folder.path(), Permissions::from_mode(0o755)).unwrap();
    build
}

#[test]
fn commands_run_as_the_phases_user_with_its_groups_and_keep_their_variables() {
    let mut first = phase(
        Phase::Install,
        &["id -un; id -gn; A=1; cat readable", "(echo no > /etc/buildyard-test) 2>/dev/null || echo refused"],
    );
    first.run_as = Some("nobody".into());
    let mut build =
        reachable(of_phases(vec![first, phase(Phase::Build, &["id -un; echo A=$A"])])).write("readable", "text\n");
    std::fs::set_permissions(build.source().join("readable"), Permissions::from_mode(0o600)).unwrap();
    build.plan.buildspec.run_as = Some("root".into());
    let ran = build.run();
    if root() {
        assert_eq!(ran.output(), "nobody\nnogroup\ntext\nrefused\nroot\nA=1\n", "{}", ran.log);
    } else {
        assert!(ran.context(Phase::Install).message.contains("only an agent that runs as root"));
    }
}

#[test]
fn a_user_that_the_image_does_not_have_is_named() {
    let mut build = of(&["echo hi"]);
    build.plan.buildspec.run_as = Some("nobody-of-that-name".into());
    let message = build.run().context(Phase::Build).message;
    assert_eq!(
        message,
        "Error while executing command: echo hi. Reason: run-as: user nobody-of-that-name does not exist in this image (/etc/passwd)"
    );
}

#[test]
fn another_user_cannot_read_the_saved_environment() {
    let mut build = reachable(of(&[
        "cat \"$BUILDYARD_STATE_DIRECTORY/env.sh\" >/dev/null 2>&1 && echo leaked; ls \"$BUILDYARD_STATE_DIRECTORY\" 2>/dev/null; true",
    ]));
    build.plan.buildspec.run_as = Some("nobody".into());
    if root() {
        assert_eq!(build.run().output(), "");
    }
}
