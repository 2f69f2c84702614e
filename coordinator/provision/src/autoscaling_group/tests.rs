//! Against moto's server, which BUILDYARD_TEST_PYTHON has. moto keeps the group as AWS does, with instances that run
//! nothing.

use super::*;
use crate::conformance::{Ground, Trial, conformance, launch, owner, running};
use aws_sdk_autoscaling::types::Tag;
use buildyard_model::Secret;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// A server that ends with the test.
struct Moto {
    process: Child,
    url: String,
}

impl Moto {
    /// Started on a port of its own choice, which it prints.
    fn start() -> Self {
        let python = std::env::var("BUILDYARD_TEST_PYTHON").expect("BUILDYARD_TEST_PYTHON names a python with moto");
        let script = "
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
import sys
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
";
        let mut command = Command::new(python);
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { process, url: format!("http://127.0.0.1:{}", port.trim()) }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

struct Groups {
    moto: Moto,
    client: Client,
    silence: std::net::TcpListener,
}

async fn ground() -> Groups {
    let moto = Moto::start();
    let client = client::client(&settings(&moto.url, "any"));
    let silence = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let template = client.create_launch_configuration().launch_configuration_name("agents");
    template.image_id("ami-12c6146b").instance_type("t2.micro").send().await.unwrap();
    let groups = Groups { moto, client, silence };
    groups.make("strangers", None, 1).await;
    groups
}

fn settings(url: &str, group: &str) -> AutoScalingSettings {
    AutoScalingSettings {
        group: group.to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint: Some(url.to_owned()),
        access_key_id: "AKIDTEST".to_owned(),
        secret_access_key: Secret::new("secret"),
        session_token: None,
        within: Duration::from_secs(30),
    }
}

impl Groups {
    /// A group for five instances, given over to the fleet, if it is not there yet.
    async fn make(&self, name: &str, fleet: Option<&str>, desired: i32) {
        let there = self.client.describe_auto_scaling_groups().auto_scaling_group_names(name).send().await.unwrap();
        if !there.auto_scaling_groups().is_empty() {
            return;
        }
        let request = self.client.create_auto_scaling_group().auto_scaling_group_name(name);
        let request = request.launch_configuration_name("agents").availability_zones("eu-west-1a");
        let request = request.min_size(0).max_size(5).desired_capacity(desired);
        let tag = |fleet: &str| {
            let tag = Tag::builder().resource_id(name).resource_type("auto-scaling-group").propagate_at_launch(true);
            tag.key(FLEET_LABEL).value(fleet).build()
        };
        let tags = fleet.map(|fleet| vec![tag(fleet)]);
        request.set_tags(tags).send().await.unwrap();
    }

    async fn described(&self, name: &str) -> AutoScalingGroup {
        let request = self.client.describe_auto_scaling_groups().auto_scaling_group_names(name);
        request.send().await.unwrap().auto_scaling_groups.unwrap().remove(0)
    }
}

#[async_trait]
impl Ground for Groups {
    async fn attach(&self, owner: Owner) -> Arc<dyn Provisioner> {
        let group = format!("group-{}", owner.fleet);
        self.make(&group, Some(owner.fleet.as_str()), 0).await;
        Arc::new(AutoScaling::new(&settings(&self.moto.url, &group), owner))
    }

    async fn hung(&self, owner: Owner) -> Arc<dyn Provisioner> {
        let url = format!("http://{}", self.silence.local_addr().unwrap());
        let settings = AutoScalingSettings { within: Duration::from_secs(1), ..settings(&url, "any") };
        Arc::new(AutoScaling::new(&settings, owner))
    }

    async fn broken(&self, owner: Owner) -> Arc<dyn Provisioner> {
        Arc::new(AutoScaling::new(&settings(&self.moto.url, "strangers"), owner))
    }

    async fn stranger(&self) -> InstanceId {
        let group = self.described("strangers").await;
        InstanceId(group.instances()[0].instance_id.clone().unwrap())
    }

    async fn lives(&self, instance: &InstanceId) -> bool {
        let request = self.client.describe_auto_scaling_instances().instance_ids(&instance.0);
        let found = request.send().await.unwrap().auto_scaling_instances.unwrap_or_default();
        found.iter().any(|one| one.lifecycle_state.as_deref() == Some("InService"))
    }

    async fn end(&self, instance: &InstanceId) {
        let request = self.client.terminate_instance_in_auto_scaling_group().instance_id(&instance.0);
        request.should_decrement_desired_capacity(true).send().await.unwrap();
    }

    async fn heard(&self, _: Ticket) -> Option<String> {
        None
    }

    async fn public(&self, _: &InstanceId) -> String {
        format!("{:?}", self.described("group-linux").await)
    }

    fn remembers_tickets(&self) -> bool {
        false
    }

    fn knows_coordinators(&self) -> bool {
        false
    }
}

conformance!(as [ignore = "needs moto: BUILDYARD_TEST_PYTHON=path/to/python (pip install 'moto[server]')"], ground());

#[tokio::test]
#[ignore = "needs moto: BUILDYARD_TEST_PYTHON=path/to/python (pip install 'moto[server]')"]
async fn a_group_grows_up_to_its_max_size_and_says_what_is_left() {
    let ground = ground().await;
    let fleet = ground.attach(owner("c", "linux")).await;
    let launches: Vec<Launch> = (0..7).map(|_| launch("linux")).collect();
    let refused = fleet.launch(&launches).await.unwrap_err();
    assert!(matches!(&refused, Error::Refused(text) if text.starts_with("2 of 7") && text.contains("MaxSize of 5")));
    running(&*fleet, 5).await;
    let again = fleet.launch(&launches).await.unwrap_err();
    assert!(again.to_string().starts_with("2 of 2"), "{again}");
    assert_eq!(ground.described("group-linux").await.desired_capacity, Some(5));
}

#[tokio::test]
#[ignore = "needs moto: BUILDYARD_TEST_PYTHON=path/to/python (pip install 'moto[server]')"]
async fn a_termination_lowers_the_desired_capacity() {
    let ground = ground().await;
    let fleet = ground.attach(owner("c", "linux")).await;
    fleet.launch(&[launch("linux"), launch("linux")]).await.unwrap();
    let two = running(&*fleet, 2).await;
    fleet.terminate(&two[0].id).await.unwrap();
    assert_eq!(running(&*fleet, 1).await[0].id, two[1].id);
    assert_eq!(ground.described("group-linux").await.desired_capacity, Some(1));
}

#[tokio::test]
#[ignore = "needs moto: BUILDYARD_TEST_PYTHON=path/to/python (pip install 'moto[server]')"]
async fn a_group_that_is_not_given_over_is_named_with_what_to_do() {
    let ground = ground().await;
    crate::conformance::try_fact(&ground, async |trial: &Trial<'_>| {
        let error = trial.ground.broken(trial.owner.clone()).await.instances().await.unwrap_err();
        assert!(matches!(&error, Error::Refused(text) if text.contains("create-or-update-tags")), "{error}");
    })
    .await;
}
