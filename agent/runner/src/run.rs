//! The runner's life: reads the plan, prepares, walks, and says by its exit code how it went. In a warm container it
//! waits for the plan first.

use crate::command::Supervisor;
use crate::environment::{self, Sources};
use crate::failure::{EXIT_WALKED, Failure};
use crate::git::{self, GitCredential};
use crate::helper;
use crate::journal::Writer;
use crate::log::Log;
use crate::mask::Masker;
use crate::phases::Walker;
use crate::plan::{JOURNAL_FILE, PLAN_FILE, Plan};
use crate::programs::Programs;
use crate::runtime;
use crate::secrets::Secrets;
use crate::shell::{Settings, Shell};
use crate::waiting;
use std::fs::{self, DirBuilder, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

/// When the plan is in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Before the runner is started.
    Now,
    /// Some time later, by one rename: the container is warm.
    WhenPlanned,
}

/// Walks the build whose control directory this is, and returns the process's exit code (see [`crate::failure`]).
///
/// To be called in a process of its own: it takes over the signals and all children. In a container it is meant to be
/// the init.
pub fn run(control: &Path, start: Start) -> i32 {
    let binary = std::env::current_exe().map_err(|error| Failure::Internal(format!("cannot find myself: {error}")));
    let walked = binary.and_then(|binary| walk(control, &binary, start));
    match walked {
        Ok(()) => EXIT_WALKED,
        Err(failure) => {
            // The container's own log: the journal may be what failed.
            let _ = writeln!(std::io::stderr(), "buildyard runner: {failure}");
            failure.exit_code()
        }
    }
}

fn walk(control: &Path, binary: &Path, start: Start) -> Result<(), Failure> {
    let supervisor = Supervisor::new()?;
    if start == Start::WhenPlanned {
        waiting::wait(control, &supervisor)?;
    }
    let plan = read_plan(control)?;
    // Before anything is taken away: where there is no journal, another runner may begin with the same plan.
    let journal = Writer::create(&control.join(JOURNAL_FILE))?;
    let secrets = Secrets::take(plan.secrets_file.as_deref())?;
    let credentials = git::take(plan.git_credentials_file.as_deref())?;
    let passwords = git::secrets(&credentials);
    let masked = secrets.pairs().chain(passwords.iter().map(|password| ("the git password", password.as_str())));
    let (masker, ignored) = Masker::new(masked).map_err(Failure::Internal)?;
    let mut log = Log::new(journal, Arc::new(masker), plan.log_limit_bytes);
    // The names only: a warning, not the value.
    for secret in ignored {
        log.line(&format!("The value of {} is too short or too common to be masked in this log", secret.name))?;
    }
    prepare_state(&plan)?;
    let programs = Programs::install(binary, &plan.state_directory, plan.in_container)?;
    let shell = shell(&plan, &secrets, &credentials, programs)?;
    let mut walker = Walker {
        plan: &plan,
        secrets: &secrets,
        control,
        runtimes: runtime::FILE.into(),
        shell,
        supervisor,
        log,
        begun: false,
        boundary: None,
    };
    let walked = walker.walk();
    if walked.is_err() {
        walker.supervisor.abandon();
    }
    walked
}

fn read_plan(control: &Path) -> Result<Plan, Failure> {
    let path = control.join(PLAN_FILE);
    let failed = |error: &dyn std::fmt::Display| Failure::Plan(format!("{}: {error}", path.display()));
    let text = fs::read(&path).map_err(|error| failed(&error))?;
    let plan: Plan = serde_json::from_slice(&text).map_err(|error| failed(&error))?;
    if !plan.source_directory.is_absolute() || !plan.state_directory.is_absolute() {
        return Err(failed(&"source_directory and state_directory must be absolute"));
    }
    Ok(plan)
}

/// Makes the state directory, for root alone unless other users have to find their scripts in it.
fn prepare_state(plan: &Plan) -> Result<(), Failure> {
    let state = &plan.state_directory;
    let failed = |error: std::io::Error| Failure::state(state.display(), error);
    DirBuilder::new().recursive(true).mode(0o700).create(state).map_err(failed)?;
    let phases = &plan.buildspec.phases;
    let others = plan.buildspec.run_as.is_some() || phases.iter().any(|spec| spec.run_as.is_some());
    let mode = if others || plan.debug_session { 0o711 } else { 0o700 };
    fs::set_permissions(state, Permissions::from_mode(mode)).map_err(failed)?;
    if plan.debug_session {
        helper::prepare_breakpoint(state).map_err(failed)?;
    }
    Ok(())
}

fn shell(plan: &Plan, secrets: &Secrets, credentials: &[GitCredential], programs: Programs) -> Result<Shell, Failure> {
    let mut initial = environment::initial(Sources {
        inherited: std::env::vars_os().collect(),
        plan: &plan.environment,
        secrets: &secrets.0,
        in_container: plan.in_container,
        helpers: &programs.directory,
        source: &plan.source_directory,
        state: &plan.state_directory,
    });
    let git = git::Store::open(credentials, &plan.state_directory, &programs, &mut initial)?;
    let settings = Settings {
        version: plan.buildspec.version,
        program: plan.buildspec.env.shell,
        source: plan.source_directory.clone(),
        workspace: match plan.workspace.as_os_str().is_empty() {
            true => plan.source_directory.clone(),
            false => plan.workspace.clone(),
        },
        state: plan.state_directory.clone(),
        programs,
        in_container: plan.in_container,
    };
    Ok(Shell::new(settings, initial, git))
}
