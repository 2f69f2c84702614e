//! The coordinator's gRPC door as the commands use it: every call of the client API with its deadline, its answers as
//! documents, its errors as failures that say what to do.

mod admin;
mod document;
mod refusal;

pub(crate) use admin::NewKey;
pub(crate) use document::Document;
pub(crate) use refusal::Refusal;

use crate::failure::Failure;
use buildyard_model::{
    AgentView, BuildView, Day, FleetEvent, FleetStanding, ProjectName, Submission, Timestamp, UsageBy, UsageReport,
    WhyView,
};
use buildyard_proto::convert;
use buildyard_proto::v1;
use buildyard_proto::v1::admin_client::AdminClient;
use buildyard_proto::v1::agents_client::AgentsClient;
use buildyard_proto::v1::builds_client::BuildsClient;
use buildyard_proto::v1::fleets_client::FleetsClient;
use buildyard_proto::v1::list_artifacts_reply::Object;
use buildyard_proto::v1::usage_client::UsageClient;
use futures::{Stream, TryStreamExt, stream};
use std::time::Duration;
use tokio::sync::mpsc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};

const CONNECT: Duration = Duration::from_secs(5);
const CALL: Duration = Duration::from_secs(30);
const PING_EVERY: Duration = Duration::from_secs(15);
const PING_ANSWER: Duration = Duration::from_secs(10);
/// A page of 1000 builds with long histories fits.
const LARGEST_MESSAGE: usize = 64 * 1024 * 1024;
/// What the coordinator gives in one `List`.
const LARGEST_PAGE: u32 = 1000;

/// Where the coordinator is and how to be let in.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// The coordinator's gRPC address, http://HOST:PORT
    #[arg(long, env = "BUILDYARD_ENDPOINT", value_name = "URL", hide_env_values = true)]
    endpoint: Option<String>,
    /// The client token
    #[arg(long, env = "BUILDYARD_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// A connection to one coordinator. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    builds: BuildsClient<InterceptedService<Channel, Bearer>>,
    agents: AgentsClient<InterceptedService<Channel, Bearer>>,
    admin: AdminClient<InterceptedService<Channel, Bearer>>,
    fleets: FleetsClient<InterceptedService<Channel, Bearer>>,
    usage: UsageClient<InterceptedService<Channel, Bearer>>,
    endpoint: String,
}

#[derive(Debug, Clone)]
struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

impl ConnectionArgs {
    /// Connects to the coordinator that the flags or the environment name.
    pub(crate) async fn connect(&self) -> Result<Fleet, Failure> {
        let given = |value: &Option<String>| value.clone().filter(|text| !text.trim().is_empty());
        let Some(endpoint) = given(&self.endpoint) else {
            return Err(Failure::call(
                "no coordinator is named: source DIR/credentials.env of `buildyard up`, or set BUILDYARD_ENDPOINT or --endpoint",
            ));
        };
        let Some(token) = given(&self.token) else {
            return Err(Failure::call(
                "no client token is given: source DIR/credentials.env of `buildyard up`, or set BUILDYARD_TOKEN or --token",
            ));
        };
        Fleet::connect(&endpoint, &token).await
    }
}

impl Fleet {
    /// Connects to `endpoint` (`http://host:port`; plain `host:port` will do) with a client token.
    pub(crate) async fn connect(endpoint: &str, token: &str) -> Result<Self, Failure> {
        let url = refusal::endpoint_url(endpoint)?;
        let mut bearer: MetadataValue<Ascii> = format!("Bearer {}", token.trim()).parse().map_err(|_| {
            Failure::call("the client token holds characters that no token has: set BUILDYARD_TOKEN anew")
        })?;
        bearer.set_sensitive(true);
        let channel = Endpoint::from_shared(url.clone())
            .map_err(|error| Failure::call(format!("endpoint {url:?} is not valid: {error}")))?
            .connect_timeout(CONNECT)
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_ANSWER)
            .keep_alive_while_idle(true)
            .tcp_nodelay(true)
            .connect()
            .await
            .map_err(|error| refusal::unreachable(&url, &error))?;
        let bearer = Bearer(bearer);
        Ok(Self {
            builds: BuildsClient::with_interceptor(channel.clone(), bearer.clone())
                .max_decoding_message_size(LARGEST_MESSAGE),
            agents: AgentsClient::with_interceptor(channel.clone(), bearer.clone())
                .max_decoding_message_size(LARGEST_MESSAGE),
            fleets: FleetsClient::with_interceptor(channel.clone(), bearer.clone())
                .max_decoding_message_size(LARGEST_MESSAGE),
            usage: UsageClient::with_interceptor(channel.clone(), bearer.clone())
                .max_decoding_message_size(LARGEST_MESSAGE),
            admin: AdminClient::with_interceptor(channel, bearer).max_decoding_message_size(LARGEST_MESSAGE),
            endpoint: url,
        })
    }

    /// Queues a build. The answer comes once the build is on the coordinator's disk.
    pub(crate) async fn submit(
        &self,
        project: &ProjectName,
        submission: &Submission,
    ) -> Result<Document<BuildView>, Failure> {
        let request = v1::SubmitRequest {
            project: project.to_string(),
            submission: convert::document(submission).into(),
            idempotency_token: String::new(),
        };
        let reply = self.builds.clone().submit(timed(request)).await.map_err(|status| self.refused(&status))?;
        Document::read("build", &reply.into_inner().build)
    }

    /// One build's view.
    pub(crate) async fn get(&self, id: &str) -> Result<Document<BuildView>, Failure> {
        let request = v1::GetRequest { build_id: id.to_owned() };
        let reply = self.builds.clone().get(timed(request)).await.map_err(|status| self.refused(&status))?;
        Document::read("build", &reply.into_inner().build)
    }

    /// Why a build is where it is.
    pub(crate) async fn why(&self, id: &str) -> Result<Document<WhyView>, Failure> {
        let request = v1::GetRequest { build_id: id.to_owned() };
        let reply = self.builds.clone().why(timed(request)).await.map_err(|status| self.refused(&status))?;
        Document::read("why", &reply.into_inner().why)
    }

    /// The newest builds, newest first: at most `limit`, of one project or of all.
    pub(crate) async fn list(&self, project: Option<&str>, limit: u32) -> Result<Vec<Document<BuildView>>, Failure> {
        let (mut builds, mut after) = (Vec::new(), String::new());
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        while builds.len() < limit {
            let page = u32::try_from(limit - builds.len()).unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
            let project = project.unwrap_or_default().to_owned();
            let request = v1::ListRequest { project, limit: page, after };
            let reply =
                self.builds.clone().list(timed(request)).await.map_err(|status| self.refused(&status))?.into_inner();
            for build in &reply.builds {
                builds.push(Document::read("build", build)?);
            }
            after = reply.next;
            if after.is_empty() {
                break;
            }
        }
        builds.truncate(limit);
        Ok(builds)
    }

    /// The builds submitted since `from`, newest first: of one project or of all.
    pub(crate) async fn list_since(
        &self,
        project: Option<&str>,
        from: Timestamp,
    ) -> Result<Vec<Document<BuildView>>, Failure> {
        let (mut builds, mut after) = (Vec::new(), String::new());
        loop {
            let project = project.unwrap_or_default().to_owned();
            let request = v1::ListRequest { project, limit: LARGEST_PAGE, after };
            let reply =
                self.builds.clone().list(timed(request)).await.map_err(|status| self.refused(&status))?.into_inner();
            for build in &reply.builds {
                let build: Document<BuildView> = Document::read("build", build)?;
                if build.view.start_time < from {
                    return Ok(builds);
                }
                builds.push(build);
            }
            after = reply.next;
            if after.is_empty() {
                return Ok(builds);
            }
        }
    }

    /// Asks a build to stop. Repeatable.
    pub(crate) async fn stop(&self, id: &str) -> Result<Document<BuildView>, Failure> {
        let request = v1::StopRequest { build_id: id.to_owned() };
        let reply = self.builds.clone().stop(timed(request)).await.map_err(|status| self.refused(&status))?;
        Document::read("build", &reply.into_inner().build)
    }

    /// The build's views as they change. The caller decides whether to come back after a loss.
    pub(crate) async fn watch(&self, id: &str) -> Result<Streaming<v1::BuildReply>, Refusal> {
        let request = v1::GetRequest { build_id: id.to_owned() };
        Ok(self.builds.clone().watch(request).await.map_err(|status| self.refusal(&status))?.into_inner())
    }

    /// The log's bytes from `offset`. The caller decides whether to come back after a loss.
    pub(crate) async fn read_log(
        &self,
        id: &str,
        offset: u64,
        follow: bool,
    ) -> Result<Streaming<v1::LogData>, Refusal> {
        let request = v1::ReadLogRequest { build_id: id.to_owned(), offset, follow };
        Ok(self.builds.clone().read_log(request).await.map_err(|status| self.refusal(&status))?.into_inner())
    }

    /// All stored objects of a build's artifacts.
    pub(crate) async fn artifacts(&self, id: &str) -> Result<Vec<Object>, Failure> {
        self.artifact_pages(id).try_concat().await
    }

    /// The stored objects of a build's artifacts, page by page. The next page is asked for while one is used.
    pub(crate) fn artifact_pages(&self, id: &str) -> impl Stream<Item = Result<Vec<Object>, Failure>> + use<> {
        let (fleet, id) = (self.clone(), id.to_owned());
        let (give, pages) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut after = Some(String::new());
            while let Some(from) = after.take() {
                let page = fleet.artifact_page(&id, from).await.map(|page| {
                    after = Some(page.next).filter(|next| !next.is_empty());
                    page.objects
                });
                // Nobody wants more of them.
                if give.send(page).await.is_err() {
                    return;
                }
            }
        });
        stream::unfold(pages, async |mut pages| pages.recv().await.map(|page| (page, pages)))
    }

    async fn artifact_page(&self, id: &str, after: String) -> Result<v1::ListArtifactsReply, Failure> {
        let request = v1::ListArtifactsRequest { build_id: id.to_owned(), after };
        let reply = self.builds.clone().list_artifacts(timed(request)).await;
        Ok(reply.map_err(|status| self.refused(&status))?.into_inner())
    }

    /// A place to send a source of `size_bytes` to.
    pub(crate) async fn prepare_source_upload(&self, size_bytes: u64) -> Result<v1::PrepareSourceUploadReply, Failure> {
        let request = v1::PrepareSourceUploadRequest { size_bytes };
        let reply = self.builds.clone().prepare_source_upload(timed(request)).await;
        Ok(reply.map_err(|status| self.refused(&status))?.into_inner())
    }

    /// All agents that the coordinator knows.
    pub(crate) async fn agents(&self) -> Result<Vec<Document<AgentView>>, Failure> {
        let reply = self.agents.clone().list_agents(timed(v1::ListAgentsRequest {})).await;
        let agents = reply.map_err(|status| self.refused(&status))?.into_inner().agents;
        agents.iter().map(|agent| Document::read("agent", agent)).collect()
    }

    /// Takes an agent out of service, or back.
    pub(crate) async fn drain(&self, request: v1::DrainAgentRequest) -> Result<Document<AgentView>, Failure> {
        let reply = self.agents.clone().drain_agent(timed(request)).await.map_err(|status| self.refused(&status))?;
        Document::read("agent", &reply.into_inner().agent)
    }

    /// How the fleets stand.
    pub(crate) async fn fleets(&self) -> Result<Vec<Document<FleetStanding>>, Failure> {
        let reply = self.fleets.clone().list_fleets(timed(v1::ListFleetsRequest {})).await;
        let fleets = reply.map_err(|status| self.refused(&status))?.into_inner().fleets;
        fleets.iter().map(|fleet| Document::read("fleet", fleet)).collect()
    }

    /// What happened in fleets, the newest `limit` events, oldest first.
    pub(crate) async fn fleet_history(
        &self,
        fleet: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Document<FleetEvent>>, Failure> {
        let request = v1::FleetHistoryRequest { fleet: fleet.unwrap_or_default().to_owned(), limit };
        let reply = self.fleets.clone().fleet_history(timed(request)).await;
        let events = reply.map_err(|status| self.refused(&status))?.into_inner().events;
        events.iter().map(|event| Document::read("event", event)).collect()
    }

    /// Forgets an agent; gives it as it was.
    pub(crate) async fn remove_agent(&self, request: v1::RemoveAgentRequest) -> Result<Document<AgentView>, Failure> {
        let reply = self.agents.clone().remove_agent(timed(request)).await.map_err(|status| self.refused(&status))?;
        Document::read("agent", &reply.into_inner().agent)
    }

    /// What the builds used that ended from one day to another.
    pub(crate) async fn usage(&self, by: UsageBy, since: &Day, until: &Day) -> Result<Document<UsageReport>, Failure> {
        let (since_day, until_day) = (since.as_str().to_owned(), until.as_str().to_owned());
        let request = v1::GetUsageRequest { by: by.name().to_owned(), since_day, until_day };
        let reply = self.usage.clone().get_usage(timed(request)).await.map_err(|status| self.refused(&status))?;
        Document::read("usage report", &reply.into_inner().report)
    }

    /// What a status in the middle of a stream means.
    pub(crate) fn refusal(&self, status: &Status) -> Refusal {
        refusal::of(&self.endpoint, status)
    }

    fn refused(&self, status: &Status) -> Failure {
        self.refusal(status).into()
    }
}

fn timed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL);
    request
}
