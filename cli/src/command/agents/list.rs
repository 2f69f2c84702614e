//! The agents as a table: as many columns as the terminal is wide, all of them where no terminal is.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::{ConnectionArgs, Document};
use crate::output::{self, Format};
use crate::render::table::{self, Cell};
use crate::render::{Paint, elapsed, printable, size};
use buildyard_model::{AgentStatus, AgentView, Architecture, Clock, Skew, SystemClock, Timestamp};

const HEADS: [&str; 15] = [
    "AGENT",
    "STATUS",
    ">BUILDS",
    ">CPU",
    ">VCPU",
    ">USED",
    ">MEMORY",
    ">DISK FREE",
    ">NETWORK",
    "FLEET",
    "VERSION",
    "RUNS",
    "LABELS",
    ">SEEN",
    "",
];
/// What a narrow terminal does without, the first first.
const SPARED: [&str; 9] = ["LABELS", "RUNS", ">NETWORK", ">VCPU", "VERSION", "FLEET", ">MEMORY", ">DISK FREE", ">USED"];

pub(super) async fn execute(format: Format, connection: &ConnectionArgs) -> Result<Exit, Failure> {
    let agents = connection.connect().await?.agents().await?;
    if format == Format::Json {
        agents.iter().try_for_each(|agent| output::line(&agent.json))?;
        return Ok(Exit::Success);
    }
    if agents.is_empty() {
        output::note("no agents yet: run `buildyard agent --config FILE` on a build host");
        return Ok(Exit::Success);
    }
    print(&agents)?;
    Ok(Exit::Success)
}

pub(super) fn print(agents: &[Document<AgentView>]) -> Result<(), Failure> {
    let views: Vec<&AgentView> = agents.iter().map(|agent| &agent.view).collect();
    let paint = Paint::of_stream(output::stdout_is_terminal());
    output::write(table(paint, output::width(), &views, SystemClock.now()).as_bytes())
}

fn table(paint: Paint, width: Option<usize>, agents: &[&AgentView], now: Timestamp) -> String {
    let rows: Vec<Vec<Cell>> = agents.iter().map(|view| row(view, now)).collect();
    let mut spared = 0;
    loop {
        let shown: Vec<usize> = (0..HEADS.len()).filter(|at| !SPARED[..spared].contains(&HEADS[*at])).collect();
        let heads: Vec<&str> = shown.iter().map(|at| HEADS[*at]).collect();
        let cells: Vec<Vec<Cell>> = rows.iter().map(|row| shown.iter().map(|at| row[*at].clone()).collect()).collect();
        if spared == SPARED.len() || width.is_none_or(|width| table::width(&heads, &cells) <= width) {
            return table::render(paint, &heads, &cells);
        }
        spared += 1;
    }
}

fn row(view: &AgentView, now: Timestamp) -> Vec<Cell> {
    let vitals = view.vitals.unwrap_or_default();
    let measured = |text: String| if view.vitals.is_some() { text } else { "-".to_owned() };
    let architecture = match view.capacity.architecture {
        Architecture::X86_64 => "x86_64",
        Architecture::Aarch64 => "aarch64",
    };
    let labels = view.capacity.labels.iter().map(|(name, value)| format!("{name}={value}"));
    let carried = vitals.network_received_rate.saturating_add(vitals.network_sent_rate);
    vec![
        view.name.to_string().into(),
        Cell::toned(status(view.status), view.status),
        format!("{}/{}", view.builds.len(), view.capacity.slots).into(),
        measured(format!("{}%", vitals.cpu_percent)).into(),
        view.capacity.resources.vcpu.to_string().into(),
        measured(mebibytes(vitals.memory_used_mib)).into(),
        mebibytes(view.capacity.resources.memory_mib).into(),
        measured(mebibytes(vitals.disk_free_mib)).into(),
        measured(format!("{}/s", size::of(carried))).into(),
        view.capacity.fleet.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string).into(),
        version(view).into(),
        format!("{} {architecture}", printable(&view.capacity.executor)).into(),
        printable(&labels.collect::<Vec<_>>().join(" ")).into(),
        elapsed::ago(now.since(view.last_seen)).into(),
        printable(&remark(view, now)).into(),
    ]
}

fn status(status: AgentStatus) -> &'static str {
    match status {
        AgentStatus::Online => "ONLINE",
        AgentStatus::Draining => "DRAINING",
        AgentStatus::Cordoned => "CORDONED",
        AgentStatus::Unhealthy => "UNHEALTHY",
        AgentStatus::Offline => "OFFLINE",
    }
}

fn version(view: &AgentView) -> String {
    let skew = match view.skew {
        None => "",
        Some(Skew::Older) => " (older)",
        Some(Skew::Newer) => " (newer)",
        Some(Skew::TooOld) => " (too old)",
        Some(Skew::TooNew) => " (too new)",
    };
    printable(&format!("{}{skew}", view.version))
}

/// What is the matter with it, and what a person has said.
fn remark(view: &AgentView, now: Timestamp) -> String {
    let mut remarks: Vec<String> = view.reason.iter().cloned().collect();
    if let Some(withdrawal) = &view.withdrawal {
        remarks.push(withdrawal.words());
        if let Some(deadline) = withdrawal.deadline.filter(|deadline| *deadline > now) {
            remarks.push(format!("its builds have {} left", elapsed::of(deadline.since(now))));
        }
    }
    remarks.join("; ")
}

fn mebibytes(mebibytes: u64) -> String {
    size::of(mebibytes.saturating_mul(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use buildyard_model::{Vitals, Withdrawal, WithdrawalKind};
    use std::time::Duration;

    #[test]
    fn an_agent_is_shown_with_its_load_and_its_trouble() {
        let mut agent = sample::agent();
        agent.status = AgentStatus::Unhealthy;
        agent.reason = Some("the engine does not answer".into());
        let text = table(Paint::PLAIN, None, &[&agent], sample::START);
        let expected = "\
AGENT   STATUS     BUILDS  CPU  VCPU  USED    MEMORY  DISK FREE  NETWORK  FLEET  VERSION  RUNS           LABELS  SEEN
host-1  UNHEALTHY     1/4    -     8     -  16.0 GiB          -        -  -      0.1.0    docker x86_64  zone=a   now  the engine does not answer
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_narrow_terminal_shows_what_matters_most() {
        let mut agent = sample::agent();
        agent.skew = Some(Skew::Older);
        agent.vitals = Some(Vitals { cpu_percent: 93, memory_used_mib: 2048, disk_free_mib: 512, ..Vitals::default() });
        let text = table(Paint::PLAIN, Some(90), &[&agent], sample::START);
        let expected = "\
AGENT   STATUS  BUILDS  CPU     USED    MEMORY  DISK FREE  FLEET  VERSION        SEEN
host-1  ONLINE     1/4  93%  2.0 GiB  16.0 GiB  512.0 MiB  -      0.1.0 (older)   now
";
        assert_eq!(text, expected);
        let text = table(Paint::PLAIN, Some(10), &[&agent], sample::START);
        assert_eq!(text, "AGENT   STATUS  BUILDS  CPU  SEEN\nhost-1  ONLINE     1/4  93%   now\n");
    }

    #[test]
    fn a_drained_agent_is_shown_with_who_asked_and_how_long_its_builds_have() {
        let mut agent = sample::agent();
        agent.status = AgentStatus::Draining;
        agent.withdrawal = Some(Withdrawal {
            kind: WithdrawalKind::Drain,
            since: sample::START,
            by: "ann".into(),
            reason: "new disk".into(),
            deadline: Some(sample::START.plus(Duration::from_secs(90))),
        });
        assert_eq!(remark(&agent, sample::START), "is being drained by ann: new disk; its builds have 1 min 30 s left");
    }
}
