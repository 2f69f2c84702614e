//! PutParameter: makes a parameter, or with Overwrite a version more.

use super::failure::failure;
use super::resource::{Tag, parameter_arn, tags};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::Secret;
use buildyard_service::parameters::{NewParameter, ParameterType, Tier};
use serde::{Deserialize, Serialize};

pub(super) struct PutParameter;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    name: String,
    value: Secret,
    #[serde(rename = "Type")]
    kind: Option<ParameterType>,
    description: Option<String>,
    key_id: Option<String>,
    overwrite: Option<bool>,
    allowed_pattern: Option<String>,
    tags: Option<Vec<Tag>>,
    tier: Option<Tier>,
    policies: Option<String>,
    data_type: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    version: u64,
    tier: &'static str,
}

impl Operation<Context> for PutParameter {
    const NAME: &'static str = "PutParameter";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![parameter_arn(context, &input.name)]
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Output, ApiError> {
        // SDKs send an empty list for none.
        if input.policies.is_some_and(|policies| !["", "[]"].contains(&policies.trim())) {
            return Err(ApiError::new("ValidationException", "policies of parameters are not supported here"));
        }
        let new = NewParameter {
            name: input.name,
            value: input.value,
            kind: input.kind,
            description: input.description,
            allowed_pattern: input.allowed_pattern,
            key_id: input.key_id,
            tier: input.tier,
            data_type: input.data_type,
            tags: tags(input.tags.unwrap_or_default()),
            overwrite: input.overwrite.unwrap_or_default(),
            by: caller.arn.clone(),
        };
        let stored = context.service.safe().put_parameter(&new).await.map_err(failure)?;
        Ok(Output { version: stored.version, tier: stored.tier.name() })
    }
}
