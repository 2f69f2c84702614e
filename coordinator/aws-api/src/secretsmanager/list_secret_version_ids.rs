//! ListSecretVersionIds: the versions of a secret, the newest first, in pages.

use super::access::allowed;
use super::failure::{bad_token, failure};
use super::secret::Identity;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation, page_token, read_page_token};
use buildyard_model::Epoch;
use buildyard_service::stored_secrets::{SecretError, SecretVersion};
use serde::{Deserialize, Serialize};

pub(super) struct ListSecretVersionIds;

/// At once, and by default.
const MOST: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    secret_id: String,
    max_results: Option<usize>,
    next_token: Option<String>,
    include_deprecated: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    versions: Vec<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    #[serde(flatten)]
    identity: Identity,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    version_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    version_stages: Vec<String>,
    created_date: Epoch,
}

impl Operation<Context> for ListSecretVersionIds {
    const NAME: &'static str = "ListSecretVersionIds";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, _input: &Input) -> Vec<String> {
        Vec::new()
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let id = allowed(context, caller, Self::NAME, &input.secret_id).await?;
        let found = context.service.safe().secret(&id).await.map_err(failure)?;
        let record = found.ok_or_else(|| failure(SecretError::NotFound))?;
        let all = input.include_deprecated.unwrap_or_default();
        let mut versions: Vec<&SecretVersion> =
            record.versions.iter().rev().filter(|version| all || !version.stages.is_empty()).collect();
        let question = format!("{} {} {} {all}", Self::NAME, record.name, record.suffix);
        if let Some(token) = input.next_token {
            // By time and id, as the version itself may be gone.
            let (at, id): (i64, String) = read_page_token(&question, &token).ok_or_else(bad_token)?;
            let place = versions.iter().position(|version| version.id == id).map(|place| place + 1);
            let older = || versions.iter().position(|version| version.created_at.0 < at);
            versions.drain(..place.or_else(older).unwrap_or(versions.len()));
        }
        let limit = input.max_results.unwrap_or(MOST).clamp(1, MOST);
        let more = versions.len() > limit;
        versions.truncate(limit);
        let next = versions.last().filter(|_| more).map(|last| (last.created_at.0, &last.id));
        Ok(Output {
            versions: versions.iter().map(|version| shown(version)).collect(),
            next_token: next.map(|next| page_token(&question, &next)),
            identity: Identity::of(context, &record),
        })
    }
}

fn shown(version: &SecretVersion) -> Version {
    Version {
        version_id: version.id.clone(),
        version_stages: version.stages.iter().cloned().collect(),
        created_date: Epoch(version.created_at),
    }
}
