//! The runner as a program of its own, so that the agent's tests need not build the whole `buildyard`. It is called as
//! `buildyard` is: `runner --control <directory> [--wait]`, or by a helper's name.

use buildyard_runner::Start;
use buildyard_runner::plan::WAIT_FLAG;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let name = words.first().and_then(|word| Path::new(word).file_name()?.to_str().map(str::to_owned));
    if let Some(code) = name.and_then(|name| buildyard_runner::helper(&name, words.get(1..).unwrap_or_default())) {
        return exit(code);
    }
    match words.get(1..) {
        Some([command, flag, control]) if command == "runner" && flag == "--control" => {
            exit(buildyard_runner::run(&PathBuf::from(control), Start::Now))
        }
        Some([command, flag, control, wait]) if command == "runner" && flag == "--control" && wait == WAIT_FLAG => {
            exit(buildyard_runner::run(&PathBuf::from(control), Start::WhenPlanned))
        }
        _ => exit(2),
    }
}

fn exit(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
