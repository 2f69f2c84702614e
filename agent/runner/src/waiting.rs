//! Waits in a warm container for the plan, which the agent puts into the control directory by one rename: what is there
//! is whole. Until then nothing of any build is known here.

use crate::command::Supervisor;
use crate::failure::Failure;
use crate::plan::PLAN_FILE;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

/// The kernel's notice is a hint, not a promise: file systems of virtual machines give none.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Returns when the plan is there.
///
/// # Errors
/// [`Failure::Stopped`] when nobody needs this runner any more.
pub(crate) fn wait(control: &Path, supervisor: &Supervisor) -> Result<(), Failure> {
    // Before the first look, so that nothing comes in between.
    let notices = notices(control).map_err(|error| Failure::Internal(format!("cannot wait for the plan: {error}")))?;
    let plan = control.join(PLAN_FILE);
    while !plan.exists() {
        supervisor.rest(notices.as_fd(), LOOK_EVERY)?;
        forget(&notices);
    }
    Ok(())
}

fn notices(control: &Path) -> rustix::io::Result<OwnedFd> {
    let notices = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    inotify::add_watch(&notices, control, WatchFlags::MOVED_TO | WatchFlags::CREATE)?;
    Ok(notices)
}

/// Takes the notices away, whatever they say: the look that follows tells.
fn forget(notices: &OwnedFd) {
    let mut buffer = [0; 4096];
    while matches!(rustix::io::read(notices, &mut buffer), Ok(count) if count == buffer.len()) {}
}
