//! RetryBuild: queues a build with the settings of an earlier one.

use super::build::{Build, build_view};
use super::failure::failure;
use super::identifier::{no_build, one_build, projects_of};
use super::initiator::initiator;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

pub(crate) struct RetryBuild;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    idempotency_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    build: Build,
}

impl Operation<Context> for RetryBuild {
    const NAME: &'static str = "RetryBuild";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        match &input.id {
            Some(id) => projects_of(context, [id]),
            None => vec!["*".to_owned()],
        }
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Output, ApiError> {
        // The model has it optional; a call without it is invalid all the same (reference 2.4).
        let text = input.id.unwrap_or_default();
        let id = one_build(context, &text)?;
        if context.service.build_details(std::slice::from_ref(&id)).await.map_err(failure)?.is_empty() {
            return Err(no_build(&text));
        }
        let token = input.idempotency_token.as_deref();
        let retried = context.service.retry_build(&id, &initiator(caller), token).await;
        Ok(Output { build: build_view(&retried.map_err(failure)?) })
    }
}
