//! An HTTP client that signs and takes no more of the processor than it must: connections are kept, answers parsed only
//! as JSON.

use buildyard_access::sigv4::{Payload, Signer};
use buildyard_model::{Clock, Secret, SystemClock};
use bytes::Bytes;
use harness::Fleet;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::collections::HashMap;

/// Calls one coordinator with the root key.
pub(super) struct Caller {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    region: String,
    access_key_id: String,
    secret: Secret,
}

impl Caller {
    pub(super) fn of(fleet: &Fleet) -> Self {
        let mut variables: HashMap<String, String> = fleet.environment().into_iter().collect();
        let mut take = |name: &str| variables.remove(name).expect("the environment is whole");
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            url: take("AWS_ENDPOINT_URL"),
            region: take("AWS_REGION"),
            access_key_id: take("AWS_ACCESS_KEY_ID"),
            secret: Secret::new(take("AWS_SECRET_ACCESS_KEY")),
        }
    }

    pub(super) async fn codebuild(&self, operation: &str, input: &Value) -> Value {
        self.call("codebuild", &format!("CodeBuild_20161006.{operation}"), input).await
    }

    pub(super) async fn logs(&self, operation: &str, input: &Value) -> Value {
        self.call("logs", &format!("Logs_20140328.{operation}"), input).await
    }

    async fn call(&self, service: &str, target: &str, input: &Value) -> Value {
        let body = Bytes::from(input.to_string());
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/", self.url))
            .header("host", self.url.trim_start_matches("http://"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target);
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        let signer = Signer {
            access_key_id: &self.access_key_id,
            secret: &self.secret,
            session_token: None,
            region: &self.region,
            service,
        };
        signer.sign(&mut parts, Payload::Bytes(&body), SystemClock.now()).expect("it is signed");
        let answer = self.client.request(Request::from_parts(parts, Full::new(body))).await.expect("an answer");
        let status = answer.status();
        let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
        assert!(status.is_success(), "{target}: {status}: {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).expect("JSON")
    }

    pub(super) async fn health(&self) {
        let uri = format!("{}/health", self.url).parse().expect("an address");
        let answer = self.client.get(uri).await.expect("an answer");
        assert!(answer.status().is_success());
        answer.into_body().collect().await.expect("a body");
    }
}
