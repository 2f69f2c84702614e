//! The runner as a program by itself, for tests: what `buildyard` does when it is called as `buildyard runner` or by
//! the name of a helper program.

use buildyard_runner::Start;
use buildyard_runner::plan::WAIT_FLAG;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let name = args.next().unwrap_or_default();
    let rest: Vec<OsString> = args.collect();
    let name = Path::new(&name).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let code = buildyard_runner::helper(name, &rest).unwrap_or_else(|| match rest.as_slice() {
        [command, option, control] if command == "runner" && option == "--control" => {
            buildyard_runner::run(Path::new(control), Start::Now)
        }
        [command, option, control, wait] if command == "runner" && option == "--control" && wait == WAIT_FLAG => {
            buildyard_runner::run(Path::new(control), Start::WhenPlanned)
        }
        _ => 2,
    });
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
