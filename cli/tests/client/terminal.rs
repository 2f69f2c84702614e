//! What reaches a real terminal (a pseudo-terminal of the test's own) of a hostile log: reliability S82.

use crate::buildyard;
use crate::door::{Door, Script};
use crate::views::{self, ID};
use buildyard_model::{BuildStatus, PhaseStatus};
use nix::pty::openpty;
use std::io::Read;
use std::process::Stdio;

const LOG: &[u8] = b"\x1b[32mgreen\x1b[0m\x1b]52;c;ZXZpbA==\x07 text\x1bPdevice\x1b\\\n";

async fn shown(args: &[&str]) -> Vec<u8> {
    let views = vec![views::finished(BuildStatus::Succeeded, PhaseStatus::Succeeded)];
    let door = Door::open(Script { views, log: LOG.to_vec(), ..Default::default() }).await;
    let terminal = openpty(None, None).unwrap();
    let mut command = buildyard(&door.endpoint);
    command.args(args).env("TERM", "xterm-256color").stdout(Stdio::from(terminal.slave.try_clone().unwrap()));
    command.stderr(Stdio::from(terminal.slave));
    let status = command.status().await.unwrap();
    assert!(status.success());
    // The command holds the last open copy of the terminal's other side.
    drop(command);
    let mut master = std::fs::File::from(terminal.master);
    let reader = tokio::task::spawn_blocking(move || {
        let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
        // Linux answers EIO once the other side is closed and everything was read.
        while let Ok(count @ 1..) = master.read(&mut buffer) {
            all.extend_from_slice(&buffer[..count]);
        }
        all
    });
    reader.await.unwrap()
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_terminal_gets_colours_and_no_other_sequence_of_the_build() {
    for args in [["logs", ID].as_slice(), &["logs", ID, "--follow"]] {
        let bytes = shown(args).await;
        assert!(has(&bytes, b"\x1b[32mgreen\x1b[0m text\r\n"), "{:?}", String::from_utf8_lossy(&bytes));
        assert!(!has(&bytes, b"52;c") && !has(&bytes, b"device"));
    }
}

#[tokio::test]
async fn raw_lets_everything_through() {
    let bytes = shown(&["logs", ID, "--raw"]).await;
    assert!(has(&bytes, b"\x1b]52;c;ZXZpbA==\x07") && has(&bytes, b"\x1bPdevice\x1b\\"));
}
