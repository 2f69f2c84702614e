//! `run-as`. These tests need root, as a container's runner is; without it they show the refusal instead.

use crate::support::{of, of_phases, phase, private_folder};
use buildyard_model::Phase;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

fn root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn commands_run_as_the_phases_user_with_its_groups_and_keep_their_variables() {
    let mut first = phase(
        Phase::Install,
        &["id -un; id -gn; A=1; cat readable", "(echo no > /etc/buildyard-test) 2>/dev/null || echo refused"],
    );
    first.run_as = Some("nobody".into());
    let mut build = of_phases(vec![first, phase(Phase::Build, &["id -un; echo A=$A"])]).write("readable", "text\n");
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
    let mut build = of(&[
        "cat \"$BUILDYARD_STATE_DIRECTORY/env.sh\" >/dev/null 2>&1 && echo leaked; ls \"$BUILDYARD_STATE_DIRECTORY\" 2>/dev/null; true",
    ]);
    build.plan.buildspec.run_as = Some("nobody".into());
    if root() {
        assert_eq!(build.run().output(), "");
    }
}

#[test]
fn folders_above_the_build_stay_private_and_show_the_user_nothing_else() {
    if !root() {
        return;
    }
    let home = tempfile::tempdir_in(std::env::temp_dir()).unwrap();
    let mut build = of(&["ls -A ../..; ls -A ../../..; cd / && cat ../$OTHER 2>/dev/null || echo hidden"]);
    let shared = home.path().join("builds");
    std::fs::create_dir(&shared).unwrap();
    std::fs::write(shared.join("other"), "another build\n").unwrap();
    std::fs::set_permissions(shared.join("other"), Permissions::from_mode(0o644)).unwrap();
    std::fs::set_permissions(&shared, Permissions::from_mode(0o700)).unwrap();
    build.folder = private_folder(&shared);
    build = build.moved().variable("OTHER", shared.join("other").to_str().unwrap()).write("file", "");
    std::fs::write(build.folder.path().join("job.json"), "secret").unwrap();
    build.plan.buildspec.run_as = Some("nobody".into());
    let own = build.folder.path().file_name().unwrap().to_str().unwrap().to_owned();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let ran = build.run();
    // From the source: the build's folder, then the one that builds share.
    assert_eq!(ran.output(), format!("state\nwork\n{own}\nhidden\n"), "{}", ran.log);
    assert_eq!((mode(&shared), mode(ran.folder.path())), (0o700, 0o700), "nothing was opened");
}
