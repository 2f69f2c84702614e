//! Policies on projects and report groups, kept as they came. Who may do what here is decided by users' policies: there
//! is one account, so nobody to share with.

use crate::records::{removal, write};
use crate::{Error, Service};
use buildyard_store::{DocumentKind, Expected};

/// Bytes of one policy: IAM's limit for policies on resources.
const LONGEST: usize = 20_480;

impl Service {
    /// Keeps a resource's policy in place of the one it had.
    pub async fn put_resource_policy(&self, arn: &str, policy: &str) -> Result<(), Error> {
        check(policy)?;
        self.sharable(arn).await?;
        // A text is a JSON value, too.
        let change = write(DocumentKind::ResourcePolicy, arn, &policy, Expected::Anything)?;
        Ok(self.store().change(&[change]).await?)
    }

    /// A resource's policy.
    pub async fn resource_policy(&self, arn: &str) -> Result<String, Error> {
        self.sharable(arn).await?;
        let policy: Option<String> = self.record(DocumentKind::ResourcePolicy, arn).await?;
        policy.ok_or_else(|| Error::not_found(format!("Resource policy not found for {arn}")))
    }

    /// Forgets a resource's policy; no error when there is none.
    pub async fn delete_resource_policy(&self, arn: &str) -> Result<(), Error> {
        self.sharable_name(arn)?;
        Ok(self.store().change(&[removal(DocumentKind::ResourcePolicy, arn)]).await?)
    }

    /// What the ARN of a project or report group names.
    fn sharable_name<'a>(&self, arn: &'a str) -> Result<(DocumentKind, &'a str), Error> {
        let settings = self.settings();
        let project = settings.project_name(arn).filter(|_| arn.starts_with("arn:"));
        let project = project.map(|name| (DocumentKind::Project, name));
        let group = || settings.report_group_name(arn).map(|name| (DocumentKind::ReportGroup, name));
        project.or_else(group).ok_or_else(|| {
            Error::invalid(format!("{arn:?} is not the ARN of a project or report group of this account and region"))
        })
    }

    /// Lets the ARN of a project or report group that is there pass.
    async fn sharable(&self, arn: &str) -> Result<(), Error> {
        let (kind, name) = self.sharable_name(arn)?;
        match self.store().document(kind, name).await? {
            Some(_) => Ok(()),
            None => Err(Error::not_found(format!("{arn} does not exist"))),
        }
    }
}

fn check(policy: &str) -> Result<(), Error> {
    if policy.len() > LONGEST {
        return Err(Error::invalid(format!("the policy is {} bytes long; at most {LONGEST} are taken", policy.len())));
    }
    let document: serde_json::Value =
        serde_json::from_str(policy).map_err(|error| Error::invalid(format!("the policy is not JSON: {error}")))?;
    match document.get("Statement") {
        Some(serde_json::Value::Array(_) | serde_json::Value::Object(_)) => Ok(()),
        _ => Err(Error::invalid("the policy has no Statement")),
    }
}
