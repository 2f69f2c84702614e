//! Output: raw bytes, order, processes in the background.

use crate::support::{of, of_phases, phase};
use buildyard_model::Phase;
use std::time::{Duration, Instant};

#[test]
fn bytes_are_kept_as_they_are() {
    let ran = of(&["printf 'nul:\\000 invalid:\\377\\376 no newline'"]).run();
    let wanted = b"nul:\0 invalid:\xff\xfe no newline\n\n";
    assert!(ran.bytes.windows(wanted.len()).any(|window| window == wanted), "{}", ran.log);
}

#[test]
fn a_lot_of_output_arrives_whole() {
    let ran = of(&["head -c 20000000 /dev/zero | tr '\\0' 'x'; echo; i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done"]).run();
    assert!(ran.log.contains(&format!("{}\nline 0\nline 1\n", "x".repeat(1000))));
    assert!(
        ran.bytes.split(|byte| *byte == b'\n').any(|line| line.len() == 20_000_000 && line.iter().all(|b| *b == b'x'))
    );
    assert!(ran.log.contains("line 1999\n"));
}

#[test]
fn standard_input_is_empty() {
    let ran = of(&["cat; echo end"]).run();
    assert_eq!(ran.output(), "end\n");
}

#[test]
fn a_background_process_does_not_hold_up_its_command_and_is_heard_later() {
    let build = of(&[
        "mkfifo go done; (read x < go; echo from-background; echo > done) &",
        "echo second; echo > go; read x < done",
    ]);
    let begun = Instant::now();
    let ran = build.run();
    assert!(begun.elapsed() < Duration::from_secs(20));
    let (second, late) = (ran.log.find("\nsecond\n").unwrap(), ran.log.find("from-background\n").unwrap());
    assert!(second < late, "{}", ran.log);
}

#[test]
fn output_of_a_process_substitution_comes_before_the_next_line() {
    let ran = of(&["exec > >(while read -r line; do sleep 0.05; echo \"tee: $line\"; done); echo hello", "echo next"])
        .bash()
        .run();
    assert_eq!(ran.output(), "tee: hello\nnext\n", "{}", ran.log);
}

#[test]
fn a_process_left_behind_on_the_host_is_ended_with_the_build() {
    let ran = of_phases(vec![phase(
        Phase::Build,
        &["setsid sh -c 'echo $$ > pid; exec sleep 1000' >/dev/null 2>&1 & while [ ! -s pid ]; do sleep 0.01; done"],
    )])
    .run();
    let pid = std::fs::read_to_string(ran.folder.path().join("work/src/pid")).unwrap();
    assert_eq!(ran.code, Some(0));
    assert!(!std::path::Path::new(&format!("/proc/{}", pid.trim())).exists());
}

#[test]
fn a_busy_background_process_cannot_stall_the_build() {
    let begun = Instant::now();
    let ran = of(&["yes background & echo $! > pid", "kill $(cat pid); echo killed"]).run();
    assert_eq!(ran.finished(), (false, 0));
    assert!(ran.log.contains("killed\n"));
    assert!(begun.elapsed() < Duration::from_secs(20));
}
