//! Users, their access keys and policies, as they are shown. Secrets are no part of them.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    pub name: String,
    /// `arn:aws:iam::<account>:user/<name>`
    pub arn: String,
    /// `AIDA…`
    pub user_id: String,
    pub created_at: Timestamp,
    /// Names of attached policies, in their order.
    pub policies: Vec<String>,
    /// Names of policies that are this user's own.
    #[serde(default)]
    pub inline_policies: Vec<String>,
    pub keys: Vec<String>,
}

/// An access key without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    pub access_key_id: String,
    pub user: String,
    pub active: bool,
    pub created_at: Timestamp,
    /// About when it last signed something; nothing is written for every request.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
}

/// A policy that users can have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyView {
    pub name: String,
    /// Comes with Buildyard and cannot be changed.
    pub managed: bool,
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// The JSON, as it was given.
    pub document: String,
}
