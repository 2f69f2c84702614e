//! Somebody whose signature was verified, and what they may do. Every door asks here, so that all deny by the same rules
//! and in the same words. Invariant: only the account's owner may do everything; whose policies cannot be read may do
//! nothing.

use crate::policy::{Context, Decision, Denied, Policy, Request, decide};
use buildyard_model::{Secret, Timestamp};
use std::net::IpAddr;
use std::sync::Arc;

/// Somebody who is known.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Twelve digits.
    pub account: String,
    /// `arn:aws:iam::<account>:user/<name>`, or `…:root`.
    pub arn: String,
    /// The user's name; `root` for the account's owner.
    pub user: String,
    /// `AIDA…`, another one for a user who was deleted and made again; the account for its owner.
    pub user_id: String,
    pub grants: Grants,
}

/// What somebody may do.
#[derive(Debug, Clone)]
pub enum Grants {
    /// The account's owner: everything.
    Everything,
    /// A user: what these allow, and do not deny.
    Policies(Arc<[Policy]>),
}

/// An access key's secret, and whose it is.
#[derive(Debug, Clone)]
pub struct KeyHolder {
    pub secret: Secret,
    pub principal: Arc<Principal>,
}

/// What is known of a request beside who asks for what.
#[derive(Debug, Clone)]
pub struct Circumstances {
    pub now: Timestamp,
    /// The region that the request is signed for.
    pub region: String,
    /// Where it comes from, if the connection tells.
    pub source: Option<IpAddr>,
    /// Whether it came over TLS.
    pub secure: bool,
}

impl Principal {
    /// The account's owner.
    pub fn root(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            arn: format!("arn:aws:iam::{account}:root"),
            user: "root".to_owned(),
            user_id: account.to_owned(),
            grants: Grants::Everything,
        }
    }

    /// Whether this is the account's owner.
    pub fn is_root(&self) -> bool {
        matches!(self.grants, Grants::Everything)
    }

    /// The condition keys that every request has.
    pub fn context(&self, circumstances: &Circumstances) -> Context {
        let mut context = Context::new()
            .at(circumstances.now)
            .with("aws:userid", &self.user_id)
            .with("aws:PrincipalArn", &self.arn)
            .with("aws:PrincipalAccount", &self.account)
            .with("aws:PrincipalType", if self.is_root() { "Account" } else { "User" })
            .with("aws:RequestedRegion", &circumstances.region)
            .with("aws:SecureTransport", if circumstances.secure { "true" } else { "false" });
        if !self.is_root() {
            context = context.with("aws:username", &self.user);
        }
        if let Some(source) = circumstances.source {
            context = context.with("aws:SourceIp", source.to_canonical().to_string());
        }
        context
    }

    /// Lets `action` (`s3:GetObject`) on `resource` (an ARN, or `*`) pass.
    ///
    /// # Errors
    /// The denial in AWS's words.
    pub fn check(&self, action: &str, resource: &str, context: &Context) -> Result<(), String> {
        let Grants::Policies(policies) = &self.grants else { return Ok(()) };
        let decision = decide(policies, &Request { action, resource, context });
        if decision.is_allowed() { Ok(()) } else { Err(self.denied(action, resource, &decision)) }
    }

    /// The denial of what is nobody's but the owner's, whatever a policy says.
    pub fn denied_to_all(&self, action: &str, resource: &str) -> String {
        self.denied(action, resource, &Decision::DeniedByDefault)
    }

    fn denied(&self, action: &str, resource: &str, decision: &Decision) -> String {
        Denied { user: &self.arn, action, resource, decision }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ana(documents: &[&str]) -> Principal {
        let policies: Vec<Policy> = documents.iter().map(|text| Policy::parse("p", text).unwrap()).collect();
        Principal {
            arn: "arn:aws:iam::123456789012:user/ana".into(),
            user: "ana".into(),
            user_id: "AIDAX".into(),
            grants: Grants::Policies(policies.into()),
            ..Principal::root("123456789012")
        }
    }

    fn circumstances() -> Circumstances {
        let source = "::ffff:10.1.2.3".parse().ok();
        Circumstances { now: Timestamp(1_800_000_000_000), region: "eu-west-1".into(), source, secure: false }
    }

    #[test]
    fn the_owner_may_do_everything_and_a_user_nothing_without_a_policy() {
        let root = Principal::root("123456789012");
        assert_eq!(root.check("any:Thing", "*", &root.context(&circumstances())), Ok(()));
        let ana = ana(&[]);
        let refused = ana.check("s3:GetObject", "arn:aws:s3:::b/k", &ana.context(&circumstances())).unwrap_err();
        let expected = "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: s3:GetObject on \
                        resource: arn:aws:s3:::b/k because no identity-based policy allows the s3:GetObject action";
        assert_eq!(refused, expected);
    }

    #[test]
    fn policies_see_who_asks_from_where_and_when() {
        for (condition, allowed) in [
            (r#"{"StringEquals":{"aws:username":"ana"}}"#, true),
            (r#"{"StringEquals":{"aws:userid":"AIDAX"}}"#, true),
            (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/a*"}}"#, true),
            (r#"{"IpAddress":{"aws:SourceIp":"10.1.0.0/16"}}"#, true),
            (r#"{"IpAddress":{"aws:SourceIp":"10.2.0.0/16"}}"#, false),
            (r#"{"DateGreaterThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}"#, false),
            (r#"{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}"#, true),
            (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, false),
        ] {
            let document = format!(
                r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}}}"#
            );
            let ana = ana(&[&document]);
            let answer = ana.check("a:B", "*", &ana.context(&circumstances()));
            assert_eq!(answer.is_ok(), allowed, "{condition}");
        }
    }
}
