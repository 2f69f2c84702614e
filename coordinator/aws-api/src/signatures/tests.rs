use super::*;
use buildyard_access::sigv4::{Payload, Signer};
use buildyard_blobs::{Embedded, EndpointInfo};
use buildyard_model::{Clock, Secret, Timestamp};
use buildyard_service::{HeldSecrets, NewKey, Parts as ServiceParts, Settings, Timings, Vault};
use http::Request;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const REGION: &str = "eu-west-1";
const BODY: &[u8] = b"{\"name\": \"demo\"}";
const PROJECT: &str = "arn:aws:codebuild:eu-west-1:123456789012:project/demo";
const START: Timestamp = Timestamp(1_800_000_000_000);

#[derive(Debug)]
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

struct Rig {
    service: Service,
    clock: Arc<SetClock>,
    key: NewKey,
    _directory: tempfile::TempDir,
}

async fn rig(policy: &str) -> Rig {
    let directory = tempfile::tempdir().unwrap();
    let info = EndpointInfo {
        public_url: String::new(),
        region: REGION.into(),
        access_key: "BYRDROOT".into(),
        secret_key: Secret::new("root's"),
    };
    let embedded = Arc::new(Embedded::open(directory.path(), info).await.unwrap());
    let clock = Arc::new(SetClock(AtomicI64::new(START.0)));
    let service = Service::new(ServiceParts {
        store: Arc::new(buildyard_store::Memory::default()),
        objects: embedded.clone(),
        transfers: embedded,
        secrets: Arc::new(HeldSecrets::default()),
        vault: Vault::forgetful().unwrap(),
        clock: clock.clone(),
        settings: Settings {
            region: REGION.into(),
            prices: buildyard_service::Prices::default(),
            account: "123456789012".into(),
            artifact_bucket: "artifacts".into(),
            system_bucket: "system".into(),
            join_token_sha256: String::new(),
            endpoint_url: "http://localhost:8080".into(),
            retention: buildyard_service::Retention::default(),
            queue: buildyard_service::Queueing::default(),
            builds: buildyard_service::BuildSettings::default(),
            client_tokens_sha256: Vec::new(),
            timings: Timings::default(),
        },
    });
    service.hold_root_key("BYRDROOT", Secret::new("root's"));
    service.create_user("ana").await.unwrap();
    service.put_policy("ci", policy).await.unwrap();
    service.attach_policy("ana", "ci").await.unwrap();
    let key = service.create_key("ana").await.unwrap();
    Rig { service, clock, key, _directory: directory }
}

const STARTER: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"codebuild:*","Resource":"*","Condition":{"StringEquals":{"aws:username":"ana"}}},
    {"Effect":"Deny","Action":"codebuild:Delete*","Resource":"*"},
    {"Effect":"Allow","Action":"logs:GetLogEvents","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}
]}"#;

fn request() -> Parts {
    let request = Request::builder().method("POST").uri("/").header("host", "127.0.0.1:8080");
    let request = request.header("content-type", "application/x-amz-json-1.1");
    let mut parts = request.header("x-amz-target", "CodeBuild_20161006.StartBuild").body(()).unwrap().into_parts().0;
    parts.extensions.insert(SocketAddr::from(([10, 0, 0, 1], 1234)));
    parts
}

impl Rig {
    fn signer(&self) -> Signer<'_> {
        let access_key_id = &self.key.key.access_key_id;
        Signer { access_key_id, secret: &self.key.secret, session_token: None, region: REGION, service: "codebuild" }
    }

    async fn asks(&self, signer: Signer<'_>) -> Result<Caller, ApiError> {
        let mut parts = request();
        signer.sign(&mut parts, Payload::Bytes(BODY), START).unwrap();
        self.sends(&parts, BODY).await
    }

    async fn sends(&self, parts: &Parts, body: &[u8]) -> Result<Caller, ApiError> {
        Signatures::new(self.service.clone()).authenticate(parts, body, "codebuild").await
    }
}

fn code(answer: Result<Caller, ApiError>) -> (u16, String) {
    let error = answer.unwrap_err();
    (error.status.as_u16(), error.code.into_owned())
}

#[tokio::test]
async fn a_user_is_known_by_the_signature_and_held_to_the_policies() {
    let rig = rig(STARTER).await;
    let caller = rig.asks(rig.signer()).await.unwrap();
    assert_eq!((caller.user.as_str(), caller.account.as_str()), ("ana", "123456789012"));
    assert_eq!(caller.arn, "arn:aws:iam::123456789012:user/ana");
    assert_eq!(caller.permissions.check("codebuild:StartBuild", PROJECT), Ok(()));
    assert_eq!(caller.permissions.check("logs:GetLogEvents", "*"), Ok(()), "the policy sees where it comes from");
    let denied = caller.permissions.check("codebuild:DeleteProject", PROJECT).unwrap_err();
    assert_eq!(denied.code, "AccessDeniedException");
    let expected = format!(
        "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: codebuild:DeleteProject on resource: \
         {PROJECT} with an explicit deny in an identity-based policy"
    );
    assert_eq!(denied.message, expected);
    let default = caller.permissions.check("ssm:GetParameter", "*").unwrap_err();
    assert!(default.message.ends_with("because no identity-based policy allows the ssm:GetParameter action"));
}

#[tokio::test]
async fn the_root_key_may_do_everything() {
    let rig = rig(STARTER).await;
    let secret = Secret::new("root's");
    let root = Signer { access_key_id: "BYRDROOT", secret: &secret, ..rig.signer() };
    let caller = rig.asks(root).await.unwrap();
    assert_eq!(caller.arn, "arn:aws:iam::123456789012:root");
    assert_eq!(caller.permissions.check("any:Thing", "*"), Ok(()));
}

#[tokio::test]
async fn a_role_is_passed_to_codebuild() {
    let passing = |service: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"iam:PassRole","Resource":"*",
            "Condition":{{"StringEquals":{{"iam:PassedToService":"{service}.amazonaws.com"}}}}}}}}"#
        )
    };
    for (service, may) in [("codebuild", true), ("ec2", false)] {
        let rig = rig(&passing(service)).await;
        let caller = rig.asks(rig.signer()).await.unwrap();
        let role = "arn:aws:iam::123456789012:role/builds";
        assert_eq!(caller.permissions.check("iam:PassRole", role).is_ok(), may, "{service}");
    }
}

#[tokio::test]
async fn who_did_not_sign_is_refused_in_the_services_words() {
    let rig = rig(STARTER).await;
    let signer = rig.signer();
    let wrong = Secret::new("x");
    let mismatch = (403, "InvalidSignatureException".to_owned());
    assert_eq!(code(rig.asks(Signer { secret: &wrong, ..signer }).await), mismatch);
    let unknown = Signer { access_key_id: "AKIAABCDEFGHIJKLMNOP", ..signer };
    assert_eq!(code(rig.asks(unknown).await), mismatch, "an unknown key fails as a wrong secret does");
    assert_eq!(code(rig.asks(Signer { region: "us-east-1", ..signer }).await), mismatch);
    assert_eq!(code(rig.asks(Signer { service: "logs", ..signer }).await), mismatch);
    let token = Secret::new("t");
    let with_token = Signer { session_token: Some(&token), ..signer };
    assert_eq!(code(rig.asks(with_token).await), (403, "UnrecognizedClientException".to_owned()));
    assert_eq!(code(rig.sends(&request(), BODY).await), (403, "MissingAuthenticationTokenException".to_owned()));

    let mut parts = request();
    signer.sign(&mut parts, Payload::Bytes(BODY), START).unwrap();
    assert_eq!(code(rig.sends(&parts, b"{}").await), mismatch, "another body");
    parts.headers.insert("x-amz-target", "CodeBuild_20161006.DeleteProject".parse().unwrap());
    assert_eq!(code(rig.sends(&parts, BODY).await), mismatch, "another operation");
    let sts = Signatures::new(rig.service.clone()).authenticate(&request(), b"", "sts").await;
    assert_eq!(code(sts), (403, "MissingAuthenticationToken".to_owned()), "STS words it otherwise");
}

#[tokio::test]
async fn an_inactive_or_deleted_key_counts_no_longer_at_once() {
    let rig = rig(STARTER).await;
    let id = rig.key.key.access_key_id.clone();
    assert!(rig.asks(rig.signer()).await.is_ok());
    rig.service.set_key_active(&id, false).await.unwrap();
    assert_eq!(code(rig.asks(rig.signer()).await), (403, "InvalidSignatureException".to_owned()));
    rig.service.set_key_active(&id, true).await.unwrap();
    assert!(rig.asks(rig.signer()).await.is_ok());
    rig.service.delete_key(&id).await.unwrap();
    assert!(rig.asks(rig.signer()).await.is_err());
}

#[tokio::test]
async fn the_clock_may_be_fifteen_minutes_off() {
    let rig = rig(STARTER).await;
    for (minutes, fine) in [(14, true), (-14, true), (16, false), (-16, false), (-30_000_000, false)] {
        rig.clock.0.store(START.0 + minutes * 60_000, Ordering::Relaxed);
        assert_eq!(rig.asks(rig.signer()).await.is_ok(), fine, "{minutes} min");
    }
}

#[tokio::test]
async fn a_query_may_sign_until_it_expires() {
    let rig = rig(STARTER).await;
    let mut parts = Request::builder().uri("/").header("host", "h").body(()).unwrap().into_parts().0;
    rig.signer().presign(&mut parts, Duration::from_secs(60), START).unwrap();
    assert_eq!(rig.sends(&parts, b"").await.unwrap().user, "ana");
    let unsigned = rig.sends(&parts, BODY).await;
    assert_eq!(code(unsigned).0, 403, "a body that nobody signed");
    rig.clock.0.store(START.0 + 61_000, Ordering::Relaxed);
    assert_eq!(code(rig.sends(&parts, b"").await), (403, "InvalidSignatureException".to_owned()));
}
