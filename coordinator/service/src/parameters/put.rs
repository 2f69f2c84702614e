//! Writing a parameter: its first version or one more.

use super::error::ParameterError;
use super::place::{past_key, sealed_place};
use super::record::{Kept, ParameterMetadata, ParameterRecord, ParameterType, PastVersion, Tier};
use super::rules;
use crate::safe::{Decision, Keep, Safe, beside, text};
use buildyard_model::Secret;
use buildyard_store::{Change, DocumentKind};
use std::collections::BTreeMap;

/// Versions that are kept; the oldest ones go.
const VERSIONS: u64 = 100;
const DEFAULT_KEY: &str = "alias/aws/ssm";

/// A parameter as somebody wants it. What is absent stays as it is, or gets its default.
#[derive(Debug, Clone)]
pub struct NewParameter {
    pub name: String,
    pub value: Secret,
    pub kind: Option<ParameterType>,
    pub description: Option<String>,
    pub allowed_pattern: Option<String>,
    pub key_id: Option<String>,
    pub tier: Option<Tier>,
    pub data_type: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub overwrite: bool,
    /// Who writes: an ARN.
    pub by: String,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    pub version: u64,
    pub tier: Tier,
}

impl Safe {
    /// Stores a version of a parameter.
    ///
    /// # Errors
    /// For every rule that it breaks, and `AlreadyExists` without `overwrite`.
    pub async fn put_parameter(&self, new: &NewParameter) -> Result<Stored, ParameterError> {
        rules::check_name(&new.name)?;
        rules::check_tags(&new.tags)?;
        if new.overwrite && !new.tags.is_empty() {
            return Err(ParameterError::invalid("tags and Overwrite can't be used together; tag the parameter itself"));
        }
        self.change(DocumentKind::Parameter, &new.name, |before| self.decide_put(new, before)).await
    }

    fn decide_put(
        &self,
        new: &NewParameter,
        before: Option<ParameterRecord>,
    ) -> Result<Decision<ParameterRecord, Stored>, ParameterError> {
        if before.is_some() && !new.overwrite {
            return Err(ParameterError::AlreadyExists(new.name.clone()));
        }
        let metadata = self.settle(new, before.as_ref().map(|record| &record.metadata))?;
        let stored = Stored { version: metadata.version, tier: metadata.tier };
        let value = match metadata.kind {
            ParameterType::SecureString => {
                Kept::Sealed(self.close(&sealed_place(&new.name, metadata.version), &new.value)?)
            }
            ParameterType::String | ParameterType::StringList => Kept::Clear(new.value.clone()),
        };
        let oldest = before.as_ref().map_or(1, |record| record.oldest);
        let oldest_kept = oldest.max((metadata.version + 1).saturating_sub(VERSIONS));
        let mut also: Vec<Change> = (oldest..oldest_kept).map(|version| past(&new.name, version, None)).collect();
        if let Some(before) = before {
            let version = before.metadata.version;
            let past_version = PastVersion {
                kind: before.metadata.kind,
                modified_at: before.metadata.modified_at,
                data_type: before.metadata.data_type,
                value: before.value,
            };
            also.push(past(&new.name, version, Some(text(&past_version)?)));
        }
        let record = ParameterRecord { metadata, oldest: oldest_kept, value };
        Ok(Decision { keep: Keep::Replaced(record), also, answer: stored })
    }

    /// What the parameter is with its new version.
    fn settle(
        &self,
        new: &NewParameter,
        before: Option<&ParameterMetadata>,
    ) -> Result<ParameterMetadata, ParameterError> {
        let kind = new.kind.or(before.map(|before| before.kind));
        let kind = kind.ok_or_else(|| ParameterError::invalid("a new parameter needs a Type"))?;
        let secure = kind == ParameterType::SecureString;
        if new.key_id.is_some() && !secure {
            return Err(ParameterError::invalid(format!("a KeyId cannot be used with a {}", kind.name())));
        }
        let kept = |given: &Option<String>, of: fn(&ParameterMetadata) -> &Option<String>| {
            given.clone().or_else(|| before.and_then(|before| of(before).clone()))
        };
        let tier = rules::settle_tier(new.tier, before.map(|before| before.tier), &new.value)?;
        let allowed_pattern = kept(&new.allowed_pattern, |one| &one.allowed_pattern).filter(|one| !one.is_empty());
        if let Some(pattern) = &allowed_pattern {
            rules::check_pattern(pattern, &new.value)?;
        }
        let data_type = new.data_type.clone().or_else(|| before.map(|before| before.data_type.clone()));
        let data_type = data_type.unwrap_or_else(|| "text".to_owned());
        rules::check_data_type(&data_type, kind)?;
        Ok(ParameterMetadata {
            name: new.name.clone(),
            kind,
            version: before.map_or(1, |before| before.version + 1),
            modified_at: self.now(),
            modified_by: new.by.clone(),
            description: kept(&new.description, |one| &one.description),
            allowed_pattern,
            key_id: kept(&new.key_id, |one| &one.key_id).or_else(|| Some(DEFAULT_KEY.to_owned())).filter(|_| secure),
            tier,
            data_type,
            tags: before.map_or_else(|| new.tags.clone(), |before| before.tags.clone()),
        })
    }
}

fn past(name: &str, version: u64, body: Option<String>) -> Change {
    beside(DocumentKind::Parameter, past_key(name, version), body)
}
