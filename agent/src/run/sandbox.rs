//! What a build's sandbox is asked to be: the same for one that is made for a build and for one that waits for some.

use super::layout::Layout;
use crate::folder::Folder;
use crate::warm::Shape;
use buildyard_executor::{Holder, Limits, Mount, SandboxSpec};
use buildyard_model::{JobSpec, Resources};
use buildyard_runner::plan::WAIT_FLAG;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Processes and threads of one build: far more than builds need, far fewer than a host has.
const PIDS: u32 = 16_384;
/// A folder that every container has for itself, and where nobody puts a plan.
const NOWHERE: &str = "/dev/shm";

/// What differs.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    /// As resolved by the executor.
    pub image: String,
    pub shape: &'a Shape,
    /// Whose network namespace it may have after others.
    pub tenant: Option<String>,
    /// Whether its runner waits for the plan.
    pub waits: bool,
}

/// The sandbox that works in `folder`.
pub(crate) fn spec(layout: &Layout, folder: &Folder, binary: &Path, wanted: Wanted<'_>) -> SandboxSpec {
    let path = |path: &Path| path.display().to_string();
    let mut command = vec![path(&layout.binary), "runner".to_owned(), "--control".to_owned(), path(&layout.control)];
    command.extend(wanted.waits.then(|| WAIT_FLAG.to_owned()));
    SandboxSpec {
        name: wanted.name,
        labels: wanted.labels,
        image: wanted.image,
        command,
        environment: BTreeMap::new(),
        mounts: layout.mounts(folder, binary),
        tmpfs: layout.tmpfs(),
        working_directory: layout.readonly.clone(),
        limits: Limits { resources: wanted.shape.limits(), pids: PIDS },
        privileged: wanted.shape.privileged,
        tenant: wanted.tenant,
    }
}

/// Where things lie in a container.
pub(crate) fn container() -> Layout {
    Layout::container()
}

pub(crate) fn labels<const N: usize>(labels: [(&str, String); N]) -> BTreeMap<String, String> {
    labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A program that stays in a container until it is told to end: a runner that waits for a plan which never comes.
pub(crate) fn holder(layout: &Layout, binary: &Path, folder: PathBuf) -> Holder {
    let program = Mount { host: binary.to_owned(), inside: layout.binary.clone(), read_only: true };
    let command = [&layout.binary.display().to_string(), "runner", "--control", NOWHERE, WAIT_FLAG];
    Holder { program, command: command.map(str::to_owned).into(), folder }
}

/// The shape that a build needs on a host of this size.
pub(crate) fn shape(job: &JobSpec, host: Resources) -> Shape {
    let environment = &job.environment;
    Shape::new(&environment.image, limits(environment.resources(), host), environment.privileged_mode)
}

/// A build is never refused for its size alone: its limits are then the host's own size.
pub(crate) fn limits(wanted: Resources, host: Resources) -> Resources {
    Resources { vcpu: wanted.vcpu.min(host.vcpu).max(1), memory_mib: wanted.memory_mib.min(host.memory_mib) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_the_compute_types_or_the_hosts() {
        let resources = |vcpu, memory_mib| Resources { vcpu, memory_mib };
        assert_eq!(limits(resources(2, 4096), resources(8, 16_000)), resources(2, 4096));
        assert_eq!(limits(resources(72, 147_456), resources(8, 16_000)), resources(8, 16_000));
    }
}
