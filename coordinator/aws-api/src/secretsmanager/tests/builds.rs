//! A build's variables get what was stored through the APIs.

use super::{create, put};
use crate::safe_rig::Rig;
use crate::{secretsmanager, ssm};
use buildyard_model::{AgentId, Architecture, Capacity, Resources, Submission};
use buildyard_service::{Hello, SecretKind, ToAgent, reconcile};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_builds_variables_get_what_was_stored() {
    for rig in Rig::both(secretsmanager::api).await {
        create(&rig, "db", r#"{"user":"old"}"#).await;
        put(&rig, "db", 2, r#"{"user":"new"}"#).await;
        let key = json!({ "Name": "/app/key", "Value": "k1", "Type": "SecureString" });
        ssm::api().answer(&rig.context, &rig.caller, "PutParameter", key).await.unwrap();

        let service = &rig.context.service;
        let shutdown = CancellationToken::new();
        reconcile::run(service, &shutdown).await.unwrap();
        let agent: AgentId = "one".parse().unwrap();
        service.enroll(&agent, "join", "").await.unwrap();
        let capacity = Capacity {
            slots: 1,
            resources: Resources { vcpu: 64, memory_mib: 1 << 20 },
            architecture: Architecture::X86_64,
            labels: BTreeMap::new(),
            privileged: false,
            local_source: false,
            executor: "fake".into(),
            fleet: None,
        };
        let hello = Hello { version: "1".into(), capacity, held: Vec::new(), ticket: None, instance: None };
        let (_end, mut messages) = service.connect(&agent, hello).await.unwrap();
        let build = json!({ "source": { "type": "NO_SOURCE" }, "environment": { "image": "x" },
            "buildspec": { "inline": "version: 0.2\nphases: {}" } });
        let submission: Submission = serde_json::from_value(build).unwrap();
        service.submit(&"proj".parse().unwrap(), submission, None).await.unwrap();
        let offer = tokio::time::timeout(Duration::from_secs(10), messages.recv()).await.unwrap();
        let Some(ToAgent::Offer { token, .. }) = offer else { panic!("an offer is expected, not {offer:?}") };

        let manager = |reference: &str| (SecretKind::SecretsManager, reference.to_owned());
        let wanted =
            [manager("db:user"), manager("db:user:AWSPREVIOUS"), (SecretKind::ParameterStore, "/app/key".to_owned())];
        let values = service.resolve_secrets(&agent, &token, &wanted).await.unwrap();
        let values: Vec<&str> = values.iter().map(buildyard_model::Secret::expose).collect();
        assert_eq!(values, ["new", "old", "k1"]);
        let missing = service.resolve_secrets(&agent, &token, &[manager("none")]).await.unwrap_err();
        assert_eq!(missing.message, "secret does not exist: none");
        shutdown.cancel();
    }
}
