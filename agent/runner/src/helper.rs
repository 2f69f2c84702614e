//! The programs that this binary is when it is called by another name: CodeBuild's helpers (reference 1.11), and those
//! that the runner itself needs.

mod breakpoint;
mod files;
mod git_credential;
mod run_as;
mod save_environment;

pub(crate) use breakpoint::prepare as prepare_breakpoint;

use crate::programs;
use std::ffi::OsString;
use std::io::{self, Write};

/// Runs the program called `name`, when there is one, and gives its exit code. `args` are without the name.
pub fn helper(name: &str, args: &[OsString]) -> Option<i32> {
    let result = match name {
        "codebuild-breakpoint" => breakpoint::pause(),
        "codebuild-resume" => breakpoint::resume(),
        "codebuild-hash-files" => files::hash(args),
        "codebuild-glob-search" => files::search(args),
        programs::SAVE_ENVIRONMENT => save_environment::save(args),
        programs::GIT_CREDENTIAL => git_credential::run(args),
        programs::RUN_AS => run_as::run(args),
        _ => return None,
    };
    Some(match result {
        Ok(code) => code,
        Err(error) => {
            say(&format!("{name}: {error}"));
            1
        }
    })
}

/// What a helper program failed on; its text is all that anybody can use.
type Result = std::result::Result<i32, Box<dyn std::error::Error>>;

/// Tells people something; their standard error being gone is no reason to fail.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
