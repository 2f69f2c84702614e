//! The systemd units, by their installer.

use crate::machine::Machine;
use harness::wait_for;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

const BUILDSPEC: &str = "
version: 0.2
phases:
  build:
    commands:
      - echo began
      - until [ -e /tmp/go ]; do sleep 0.1; done
      - echo went on
";

#[test]
fn the_units_start_by_themselves_again_and_builds_outlive_them() {
    let machine = Machine::boot();
    // Without an engine in the machine, builds are child processes.
    machine.sh(r#"mkdir /etc/buildyard
        sed 's/^kind = "docker"/kind = "host"/' /opt/deploy/config/agent.toml > /etc/buildyard/agent.toml
        /opt/deploy/systemd/install.sh /opt/buildyard coordinator agent"#);
    assert_eq!(machine.sh("systemctl is-active buildyard-coordinator buildyard-agent"), "active\nactive\n");
    assert_eq!(machine.sh("stat -c %U:%a /var/lib/buildyard/coordinator").trim(), "buildyard:700");
    assert_eq!(machine.sh("stat -c %a /etc/buildyard/join-token").trim(), "600");

    machine.sh(&format!("mkdir /tmp/app && cat > /tmp/app/buildspec.yml <<'END'{BUILDSPEC}END"));
    let buildyard =
        |call: &str| machine.sh(&format!(". /var/lib/buildyard/coordinator/credentials.env; buildyard {call}"));
    buildyard("start --source /tmp/app");
    let log = || buildyard("logs $(buildyard builds --output json | grep -o 'app:[0-9a-f-]*' | head -1)");
    wait_for("the first command", PATIENCE, || log().contains("\nbegan\n").then_some(()));
    machine.sh("systemctl kill --kill-whom main --signal KILL buildyard-coordinator buildyard-agent");
    wait_for("both to be there again", PATIENCE, || {
        let started =
            machine.sh("journalctl --no-pager --output cat --unit buildyard-agent --unit buildyard-coordinator");
        (started.matches("Started buildyard").count() == 4).then_some(())
    });
    machine.sh("touch /tmp/go");
    wait_for("the build's end", PATIENCE, || buildyard("builds").contains("SUCCEEDED").then_some(()));
    assert_eq!(log().matches("\nwent on\n").count(), 1, "{}", log());

    // A second run of the installer updates; a stop ends both well.
    machine.sh("/opt/deploy/systemd/install.sh /opt/buildyard coordinator agent");
    machine.sh("systemctl stop buildyard-agent buildyard-coordinator");
    let how = machine.sh("systemctl show --property Result buildyard-agent buildyard-coordinator");
    assert_eq!(how.matches("Result=success").count(), 2, "{how}");
}
