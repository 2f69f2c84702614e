//! Against moto's server, which BUILDYARD_TEST_PYTHON has.

use super::*;
use buildyard_model::SystemClock;
use serde_json::Value as Json;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

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

fn secrets(endpoint: &str) -> AwsSecrets {
    let credentials = AwsCredentials {
        access_key_id: "AKIDTEST".into(),
        secret_access_key: Secret::new("secret"),
        session_token: None,
    };
    let settings = AwsSettings { region: "eu-west-1".into(), endpoint: Some(endpoint.to_owned()), credentials };
    AwsSecrets::new(settings, Arc::new(SystemClock)).unwrap()
}

#[tokio::test]
#[ignore = "needs moto: BUILDYARD_TEST_PYTHON=path/to/python (pip install 'moto[server]')"]
async fn moto_gives_what_it_holds() {
    let moto = Moto::start();
    let secrets = secrets(&moto.url);
    let put = async |service, target, body: Json| -> Json {
        secrets.client.call(service, target, None, &body).await.unwrap()
    };
    let parameter = json!({ "Name": "/app/key", "Value": "k1", "Type": "SecureString" });
    put("ssm", "AmazonSSM.PutParameter", parameter).await;
    let secret = json!({ "Name": "db", "SecretString": "{\"user\":\"u\"}", "ClientRequestToken": "1".repeat(32) });
    let arn = put("secretsmanager", "secretsmanager.CreateSecret", secret).await["ARN"].as_str().unwrap().to_owned();
    let newer = json!({ "SecretId": "db", "SecretString": "plain", "ClientRequestToken": "2".repeat(32) });
    put("secretsmanager", "secretsmanager.PutSecretValue", newer).await;
    let get = async |kind, reference: &str| {
        secrets.resolve(kind, reference).await.map(|value| value.map(|one| one.expose().to_owned()))
    };
    assert_eq!(get(SecretKind::ParameterStore, "/app/key").await.unwrap().as_deref(), Some("k1"));
    assert_eq!(get(SecretKind::ParameterStore, "/app/none").await.unwrap(), None);
    assert_eq!(get(SecretKind::SecretsManager, "db").await.unwrap().as_deref(), Some("plain"));
    assert_eq!(get(SecretKind::SecretsManager, &arn).await.unwrap().as_deref(), Some("plain"));
    assert_eq!(get(SecretKind::SecretsManager, "db:user:AWSPREVIOUS").await.unwrap().as_deref(), Some("u"));
    let by_id = format!("db:user::{}", "1".repeat(32));
    assert_eq!(get(SecretKind::SecretsManager, &by_id).await.unwrap().as_deref(), Some("u"));
    assert_eq!(get(SecretKind::SecretsManager, "none").await.unwrap(), None);
    assert_eq!(get(SecretKind::SecretsManager, "db:user").await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn an_aws_that_is_away_may_come_back() {
    // Nobody listens where a listener was just closed.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = secrets(&format!("http://{gone}")).resolve(SecretKind::ParameterStore, "/app/key").await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.message.contains("/app/key"), "{error}");
}

#[test]
fn an_arn_names_its_region() {
    assert_eq!(region("arn:aws:secretsmanager:us-west-2:123456789012:secret:db"), Some("us-west-2"));
    assert_eq!(region("arn:aws:ssm:a.evil/:1:parameter/x"), None);
    assert_eq!(region("db"), None);
}
