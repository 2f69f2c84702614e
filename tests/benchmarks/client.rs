//! A gRPC client without the CLI's start-up time.

use buildyard_model::{BuildStatus, BuildView, Submission};
use buildyard_proto::v1::builds_client::BuildsClient;
use buildyard_proto::{convert, v1};
use harness::Fleet;
use tokio::runtime::Runtime;
use tonic::metadata::MetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

type Token = Box<dyn FnMut(Request<()>) -> Result<Request<()>, Status> + Send + Sync>;

/// Calls one fleet.
pub(crate) struct Client {
    runtime: Runtime,
    builds: BuildsClient<InterceptedService<Channel, Token>>,
}

impl Client {
    pub(crate) fn connect(fleet: &Fleet) -> Self {
        let runtime = Runtime::new().expect("a runtime starts");
        let variables: std::collections::HashMap<String, String> = fleet.environment().into_iter().collect();
        let endpoint = Endpoint::from_shared(variables["BUILDYARD_ENDPOINT"].clone()).expect("an address");
        let channel = runtime.block_on(endpoint.connect()).expect("the coordinator answers");
        let bearer: MetadataValue<_> = format!("Bearer {}", variables["BUILDYARD_TOKEN"]).parse().expect("a token");
        let token: Token = Box::new(move |mut request| {
            request.metadata_mut().insert("authorization", bearer.clone());
            Ok(request)
        });
        Self { runtime, builds: BuildsClient::with_interceptor(channel, token) }
    }

    pub(crate) fn submit(&mut self, project: &str, buildspec: &str, image: &str) -> BuildView {
        let submission: Submission = serde_json::from_value(serde_json::json!({
            "source": {"type": "NO_SOURCE"},
            "buildspec": {"inline": buildspec},
            "environment": {"image": image},
            "artifacts": {"type": "NO_ARTIFACTS"},
        }))
        .expect("a submission");
        let request = v1::SubmitRequest {
            project: project.to_owned(),
            submission: convert::document(&submission).into(),
            idempotency_token: String::new(),
        };
        let reply = self.runtime.block_on(self.builds.submit(request)).expect("the build is taken").into_inner();
        convert::from_document("build", &reply.build).expect("a build")
    }

    /// Waits until the build is complete, which must be a success.
    pub(crate) fn finish(&mut self, build: &BuildView) -> BuildView {
        let request = v1::GetRequest { build_id: build.id.to_string() };
        let builds = &mut self.builds;
        let last = self.runtime.block_on(async {
            let mut views = builds.watch(request).await.expect("the build is watched").into_inner();
            let mut last = None;
            while let Some(reply) = views.message().await.expect("the watch goes on") {
                last = Some(reply);
            }
            last.expect("a build was shown")
        });
        let view: BuildView = convert::from_document("build", &last.build).expect("a build");
        assert_eq!(view.build_status, BuildStatus::Succeeded, "{view:#?}");
        view
    }
}
