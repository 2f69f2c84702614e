//! Secrets: in the environment, masked in everything that leaves, on no disk.

use crate::support::{of, of_phases, phase};
use buildyard_model::Phase;
use std::path::Path;
use std::process::Command;

const SECRET: &str = "hunter2-s3cr3t";

#[test]
fn a_secret_reaches_the_command_and_not_the_log() {
    let ran = of(&["[ \"$TOKEN\" = hunter2-s3cr3t ] && echo \"token: $TOKEN.\"", "echo hunter2-s3cr3t; false"])
        .secret("TOKEN", SECRET)
        .run();
    assert!(ran.log.contains("\ntoken: ***.\n"), "{}", ran.log);
    assert!(ran.log.contains("> Running command echo ***; false\n"), "{}", ran.log);
    assert!(ran.context(Phase::Build).message.contains("command: echo ***; false."));
    assert!(!ran.log.contains(SECRET));
}

#[test]
fn a_secret_that_comes_in_pieces_is_masked() {
    let ran = of(&[
        "for c in h u n t e r 2 - s 3 c r 3 t; do printf %s $c; sleep 0.01; done; echo",
        "printf hunter2-s; sleep 0.3; echo 3cr3t",
    ])
    .secret("TOKEN", SECRET)
    .run();
    assert_eq!(ran.output(), "***\n***\n", "{}", ran.log);
}

#[test]
fn a_prompt_is_not_held_back_until_the_end() {
    // The prompt ends with a byte that the secret begins with.
    let ran = of(&["printf 'continue? h'; sleep 0.4; echo; echo end"]).secret("TOKEN", SECRET).run();
    assert!(ran.output().starts_with("continue? h\nend"), "{}", ran.log);
    let time =
        |wanted: &[u8]| ran.records.iter().find(|(_, bytes)| bytes.starts_with(wanted)).map(|(time, _)| *time).unwrap();
    assert!(time(b"h") + 150 < time(b"\nend"), "{:?}", ran.records);
}

#[test]
fn short_values_are_not_masked_but_named() {
    let ran = of(&["echo abc"]).secret("SHORT", "abc").run();
    assert_eq!(ran.output(), "abc\n");
    assert!(ran.log.starts_with("> The value of SHORT is too short"), "{}", ran.log);
}

#[test]
fn no_secret_is_on_disk_after_or_between_commands() {
    let ran = of_phases(vec![
        phase(Phase::Build, &["COPY=\"x $TOKEN\"; OTHER=plain", "echo; env -0 > /dev/null"]),
        phase(Phase::PostBuild, &["cp -r \"$BUILDYARD_STATE_DIRECTORY\" ../../seen"]),
    ])
    .secret("TOKEN", SECRET)
    .run();
    assert!(!ran.folder.path().join("secrets.json").exists());
    assert!(!found_below(ran.folder.path()), "the secret is in a file");
    let env = std::fs::read_to_string(ran.folder.path().join("seen/env.sh")).unwrap();
    assert!(env.contains("export OTHER='plain'\n") && !env.contains("TOKEN"), "{env}");
}

fn found_below(folder: &Path) -> bool {
    Command::new("grep").args(["-rqaF", SECRET]).arg(folder).status().unwrap().success()
}
