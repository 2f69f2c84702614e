//! The example for Kubernetes is the program, and a script that keeps objects in a folder is its kubectl.

use super::*;
use crate::conformance::{Ground, conformance, launch, owner};
use buildyard_model::Ticket;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

const KUBECTL: &str = include_str!("tests/kubectl.py");

struct Cluster {
    folder: tempfile::TempDir,
}

async fn ground() -> Cluster {
    let cluster = Cluster { folder: tempfile::tempdir().unwrap() };
    cluster.script("kubectl", KUBECTL);
    cluster
}

impl Cluster {
    fn script(&self, name: &str, text: &str) -> PathBuf {
        script(self.folder.path(), name, text)
    }

    fn settings(&self, kubectl: &str) -> CommandSettings {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/provisioners/kubernetes.py");
        let environment = [
            ("KUBECTL", self.folder.path().join(kubectl).display().to_string()),
            ("IMAGE", "buildyard/agent:1".to_owned()),
            ("NAMESPACE", "builds".to_owned()),
            ("NODE_SELECTOR", "pool=builds".to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
        CommandSettings { environment, ..CommandSettings::new(example) }
    }

    fn object(&self, kind: &str, name: &str) -> Option<Value> {
        let text = std::fs::read(self.folder.path().join(format!("{kind}-{name}.json"))).ok()?;
        Some(serde_json::from_slice(&text).unwrap())
    }

    fn store(&self, object: &Value) {
        let name = object["metadata"]["name"].as_str().unwrap();
        std::fs::write(self.folder.path().join(format!("Pod-{name}.json")), object.to_string()).unwrap();
    }
}

fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let (path, draft) = (folder.join(name), folder.join(format!("{name}.new")));
    std::fs::write(&draft, text).unwrap();
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(&draft, &path).unwrap();
    path
}

#[async_trait]
impl Ground for Cluster {
    async fn attach(&self, owner: Owner) -> Arc<dyn Provisioner> {
        Arc::new(UserCommand::new(self.settings("kubectl"), owner))
    }

    async fn hung(&self, owner: Owner) -> Arc<dyn Provisioner> {
        self.script("slow", "#!/bin/sh\nsleep 100\n");
        let within = Duration::from_millis(700);
        Arc::new(UserCommand::new(CommandSettings { within, ..self.settings("slow") }, owner))
    }

    async fn broken(&self, owner: Owner) -> Arc<dyn Provisioner> {
        self.script("forbidden", "#!/bin/sh\necho 'Error from server (Forbidden): pods is forbidden' >&2\nexit 1\n");
        Arc::new(UserCommand::new(self.settings("forbidden"), owner))
    }

    async fn stranger(&self) -> InstanceId {
        let launch = launch("linux");
        let name = format!("buildyard-agent-{}", launch.ticket);
        let labels = serde_json::json!({ "buildyard.ticket": launch.ticket, "buildyard.fleet": "linux" });
        let metadata = serde_json::json!({ "name": name, "labels": labels });
        self.store(&serde_json::json!({ "kind": "Pod", "metadata": metadata, "status": { "phase": "Running" } }));
        InstanceId(name)
    }

    async fn lives(&self, instance: &InstanceId) -> bool {
        self.object("Pod", &instance.0).is_some()
    }

    async fn end(&self, instance: &InstanceId) {
        let mut pod = self.object("Pod", &instance.0).unwrap();
        pod["status"]["phase"] = "Succeeded".into();
        self.store(&pod);
    }

    async fn heard(&self, ticket: Ticket) -> Option<String> {
        let secret = self.object("Secret", &format!("buildyard-agent-{ticket}"))?;
        let lines = secret["stringData"]
            .as_object()?
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
        Some(lines.collect::<Vec<_>>().join("\n"))
    }

    async fn public(&self, instance: &InstanceId) -> String {
        let calls = std::fs::read_to_string(self.folder.path().join("calls")).unwrap();
        format!("{} {calls}", self.object("Pod", &instance.0).unwrap())
    }
}

conformance!(ground());

fn of(folder: &Path, text: &str) -> UserCommand {
    let settings =
        CommandSettings { within: Duration::from_secs(10), ..CommandSettings::new(script(folder, "program", text)) };
    UserCommand::new(settings, owner("c", "linux"))
}

#[tokio::test]
async fn an_exit_code_says_whether_it_is_worth_trying_again() {
    let folder = tempfile::tempdir().unwrap();
    let fails = async |code: u32| {
        let text = format!("#!/bin/sh\necho 'no\nroom' >&2\nexit {code}\n");
        of(folder.path(), &text).terminate(&InstanceId("x".into())).await.unwrap_err()
    };
    assert!(
        matches!(fails(1).await, Error::Unavailable(text) if text.ends_with("program terminate` failed (exit status: 1): no room"))
    );
    assert!(matches!(fails(3).await, Error::Refused(_)));
    let missing = CommandSettings::new(folder.path().join("missing"));
    let missing = UserCommand::new(missing, owner("c", "linux")).instances().await.unwrap_err();
    assert!(matches!(&missing, Error::Refused(text) if text.contains("set the provisioner's program")), "{missing}");
    let nonsense = of(folder.path(), "#!/bin/sh\necho nonsense\n").instances().await.unwrap_err();
    assert!(matches!(&nonsense, Error::Refused(text) if text.contains("instances")), "{nonsense}");
}

#[tokio::test]
async fn a_program_that_prints_without_end_or_reads_nothing_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let loud = "#!/bin/sh\nhead -c 40000000 /dev/zero\nhead -c 1000000 /dev/zero >&2\nexit 1\n";
    assert!(of(folder.path(), loud).launch(&[launch("linux")]).await.is_err());
    let launches: Vec<Launch> = (0..500).map(|_| launch("linux")).collect();
    of(folder.path(), "#!/bin/sh\nexec <&-\nexit 0\n").launch(&launches).await.unwrap();
}

#[tokio::test]
async fn what_a_late_program_started_is_killed_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = "#!/bin/sh\nsleep 100 &\necho $! > child.new && mv child.new \"$0.child\"\nwait\n";
    let settings = CommandSettings {
        within: Duration::from_secs(2),
        ..CommandSettings::new(script(folder.path(), "program", &text.replace("child.new", "$0.new")))
    };
    let late = UserCommand::new(settings, owner("c", "linux")).instances().await.unwrap_err();
    assert!(matches!(&late, Error::Unavailable(text) if text.contains("did not end within 2s")), "{late}");
    let child = std::fs::read_to_string(folder.path().join("program.child")).unwrap();
    let gone = || {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    };
    crate::conformance::until("the child is gone", async || gone()).await;
}
