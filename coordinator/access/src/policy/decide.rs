//! The decision: deny unless allowed, and denied whatever else allows it if one statement denies it.

use super::context::Context;
use super::document::Policy;
use super::statement::{Effect, Statement};
use std::borrow::Borrow;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `codebuild:StartBuild`; compared without regard to case.
    pub action: &'a str,
    /// The ARN of what is acted on, or `*` for actions without a resource; case counts.
    pub resource: &'a str,
    /// What else is known.
    pub context: &'a Context,
}

/// Whether it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    DeniedExplicitly {
        /// The policy's name.
        policy: String,
        /// The statement's `Sid`, if it has one.
        sid: Option<String>,
    },
    /// No statement allows it.
    DeniedByDefault,
}

impl Decision {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed)
    }
}

/// Decides about a request by all policies of its user. The order of policies and statements has no influence on
/// whether it is allowed; of several denials the first is named.
pub fn decide<P: Borrow<Policy>>(policies: &[P], request: &Request<'_>) -> Decision {
    let all = || {
        policies.iter().map(Borrow::borrow).flat_map(|policy| policy.statements.iter().map(move |one| (policy, one)))
    };
    let of = |effect: Effect| move |(_, one): &(&Policy, &Statement)| one.effect == effect;
    if let Some((policy, denial)) = all().filter(of(Effect::Deny)).find(|(_, one)| one.applies(request)) {
        return Decision::DeniedExplicitly { policy: policy.name.clone(), sid: denial.sid.clone() };
    }
    if all().filter(of(Effect::Allow)).any(|(_, one)| one.applies(request)) {
        return Decision::Allowed;
    }
    Decision::DeniedByDefault
}
