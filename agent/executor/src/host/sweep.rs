//! Finds every process of a sandbox and kills it. A process belongs to it by its session or group, by the mark in its
//! environment, or by descending from one that does. A process that leaves its session and empties its
//! environment escapes when its parent ends before it was seen: the host executor isolates nothing.

use super::process::{self, Identity, Process};
use crate::sandbox::{ExecutorError, SandboxId};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// For all of it. Only a process stuck in the kernel takes this long.
const DEADLINE: Duration = Duration::from_secs(10);
/// For one round's victims to end, before new ones are looked for.
const ROUND: Duration = Duration::from_secs(1);

/// The sandbox's living processes. `leader` is given while its session's number cannot belong to anybody else; `known` are
/// processes that were found to belong to it before, whatever became of their parents.
pub(super) fn members(id: &SandboxId, leader: Option<&Identity>, known: &[Process]) -> Vec<Process> {
    let leader = leader.filter(|leader| !leader.was_replaced()).map(|leader| leader.pid);
    let table = Process::all();
    let is_known = |process: &Process| known.iter().any(|k| k.pid == process.pid && k.started == process.started);
    let marked = table.iter().filter(|process| is_known(process) || process.is_marked(&id.0));
    let marked = marked.map(|process| process.pid).collect();
    belonging(table, marked, leader, std::process::id())
}

/// Of `table`, the processes in the leader's session or group, the marked ones, and all that descend from these.
fn belonging(table: Vec<Process>, marked: BTreeSet<u32>, leader: Option<u32>, own: u32) -> Vec<Process> {
    let mut members = marked;
    members.extend(
        table
            .iter()
            .filter(|process| {
                leader.is_some_and(|leader| [process.pid, process.group, process.session].contains(&leader))
            })
            .map(|process| process.pid),
    );
    loop {
        let before = members.len();
        let born: Vec<u32> =
            table.iter().filter(|process| members.contains(&process.parent)).map(|process| process.pid).collect();
        members.extend(born);
        if members.len() == before {
            break;
        }
    }
    members.remove(&own);
    table.into_iter().filter(|process| members.contains(&process.pid) && !process.ended).collect()
}

/// Kills until none is left: what is being killed may start others meanwhile.
pub(super) async fn kill_all(
    id: &SandboxId,
    leader: Option<&Identity>,
    known: &[Process],
) -> Result<(), ExecutorError> {
    let until = Instant::now() + DEADLINE;
    loop {
        let found = find(id, leader, known).await?;
        if found.is_empty() {
            return Ok(());
        }
        let alive: Vec<u32> = found.iter().map(|process| process.pid).collect();
        if Instant::now() > until {
            return Err(ExecutorError::Failed(format!(
                "processes {alive:?} of sandbox {} live on after SIGKILL: take no more work on this host and restart it",
                id.0
            )));
        }
        let mut dying = Vec::new();
        for process in &found {
            dying.extend(process.kill()?);
        }
        let _ = timeout(ROUND, futures::future::join_all(dying.into_iter().map(process::readable))).await;
    }
}

/// Waits until nothing of a sandbox without a known leader lives any more.
pub(super) async fn all_ended(id: &SandboxId) -> Result<(), ExecutorError> {
    loop {
        let found = find(id, None, &[]).await?;
        let Some(first) = found.first() else { return Ok(()) };
        match Identity::of(first.pid) {
            Some(identity) => identity.ended().await?,
            None => continue,
        }
    }
}

/// Reading all of /proc is work for a thread that may block.
pub(super) async fn find(
    id: &SandboxId,
    leader: Option<&Identity>,
    known: &[Process],
) -> Result<Vec<Process>, ExecutorError> {
    let (id, leader, known) = (id.clone(), leader.cloned(), known.to_vec());
    let found = tokio::task::spawn_blocking(move || members(&id, leader.as_ref(), &known)).await;
    found.map_err(|error| ExecutorError::Failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, parent: u32, session: u32) -> Process {
        Process { pid, parent, group: session, session, started: 1, ended: false }
    }

    fn pids(marked: &[u32], leader: Option<u32>) -> Vec<u32> {
        let zombie = Process { ended: true, ..process(14, 10, 10) };
        let table = vec![
            process(1, 0, 1),
            process(2, 1, 2),
            process(10, 2, 10),
            process(11, 1, 10),
            process(12, 11, 12),
            process(13, 1, 13),
            zombie,
        ];
        belonging(table, marked.iter().copied().collect(), leader, 2).into_iter().map(|process| process.pid).collect()
    }

    #[test]
    fn the_session_its_descendants_and_the_marked_belong_and_nobody_else() {
        assert_eq!(pids(&[13], Some(10)), [10, 11, 12, 13]);
        assert_eq!(pids(&[13], None), [13]);
    }

    #[test]
    fn the_agent_never_belongs_to_a_sandbox_itself() {
        assert_eq!(pids(&[2], None), [10], "its child does, itself does not");
    }
}
