//! Who calls, and what they may do.

use crate::ApiError;
use std::fmt::Debug;
use std::sync::Arc;

/// What somebody may do.
pub trait Permissions: Debug + Send + Sync {
    /// Lets `action` (`codebuild:StartBuild`) on `resource` (an ARN, or `*`) pass, or says why not.
    ///
    /// # Errors
    /// `AccessDeniedException` in AWS's words.
    fn check(&self, action: &str, resource: &str) -> Result<(), ApiError>;
}

/// Somebody whose signature was verified.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
    /// `arn:aws:iam::<account>:user/<name>`, or `…:root`.
    pub arn: String,
    /// The user's name; `root` for the account itself.
    pub user: String,
    pub permissions: Arc<dyn Permissions>,
}

impl Caller {
    /// The account's owner, who may do everything.
    pub fn root(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            arn: format!("arn:aws:iam::{account}:root"),
            user: "root".to_owned(),
            permissions: Arc::new(Everything),
        }
    }
}

/// Permission for everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Everything;

impl Permissions for Everything {
    fn check(&self, _action: &str, _resource: &str) -> Result<(), ApiError> {
        Ok(())
    }
}
