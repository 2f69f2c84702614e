//! StopBuild: ends a build. One that is over already is given as it is.

use super::build::{Build, build_view};
use super::failure::failure;
use super::identifier::{no_build, one_build, projects_of};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_service::{Error, Kind};
use serde::{Deserialize, Serialize};

pub(crate) struct StopBuild;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    id: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    build: Build,
}

impl Operation<Context> for StopBuild {
    const NAME: &'static str = "StopBuild";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        projects_of(context, [&input.id])
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let id = one_build(context, &input.id)?;
        let refused = |error: Error| match error.kind {
            Kind::NotFound => no_build(&input.id),
            _ => failure(error),
        };
        context.service.stop(&id).await.map_err(refused)?;
        let stopped = context.service.build_detail(&id).await.map_err(refused)?;
        Ok(Output { build: build_view(&stopped) })
    }
}
