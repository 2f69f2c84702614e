//! The structure `Parameter` of SSM's answers.

use super::resource::parameter_arn;
use crate::context::Context;
use buildyard_model::{Epoch, Secret};
use buildyard_service::parameters;
use serde::Serialize;

/// A version of a parameter.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parameter {
    name: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    value: Secret,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    last_modified_date: Epoch,
    #[serde(rename = "ARN")]
    arn: String,
    data_type: String,
}

impl Parameter {
    pub(super) fn of(context: &Context, parameter: parameters::Parameter) -> Self {
        Self {
            arn: parameter_arn(context, &parameter.name),
            name: parameter.name,
            kind: parameter.kind.name(),
            value: parameter.value,
            version: parameter.version,
            selector: parameter.selector,
            last_modified_date: Epoch(parameter.modified_at),
            data_type: parameter.data_type,
        }
    }
}
