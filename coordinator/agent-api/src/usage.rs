//! What builds used, for people and scripts.

use crate::identity;
use crate::status::{malformed, status};
use buildyard_model::{Day, UsageBy};
use buildyard_proto::{convert, v1};
use buildyard_service::Service;
use tonic::{Request, Response, Status};

#[derive(Debug)]
pub(crate) struct Usage {
    service: Service,
}

impl Usage {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }
}

#[tonic::async_trait]
impl v1::usage_server::Usage for Usage {
    async fn get_usage(&self, request: Request<v1::GetUsageRequest>) -> Result<Response<v1::GetUsageReply>, Status> {
        identity::client(&self.service, request.metadata())?;
        let v1::GetUsageRequest { by, since_day, until_day } = request.into_inner();
        let by = UsageBy::from_name(&by).ok_or_else(|| {
            let known = UsageBy::ALL.map(UsageBy::name).join(", ");
            malformed(format!("usage cannot be grouped by {by:?}: {known} are known"))
        })?;
        let day = |text: String| Day::try_from(text).map_err(malformed);
        let report = self.service.usage(by, day(since_day)?, day(until_day)?).await.map_err(status)?;
        Ok(Response::new(v1::GetUsageReply { report: convert::document(&report).into() }))
    }
}
