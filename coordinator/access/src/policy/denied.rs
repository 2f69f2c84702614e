//! The message of a denial, in AWS's form: who may not do what on which resource, and why.

use super::decide::Decision;
use std::fmt;

/// Longest resource that is quoted back, in characters (an ARN has 2,048 at most).
const QUOTED: usize = 2_048;

/// Prints as the message of an `AccessDeniedException` (reference/codepipeline 8.2).
#[derive(Debug, Clone, Copy)]
pub struct Denied<'a> {
    /// The caller: `arn:aws:iam::<account>:user/<name>`.
    pub user: &'a str,
    /// `codebuild:StartBuild`
    pub action: &'a str,
    /// The ARN of what was asked for.
    pub resource: &'a str,
    /// Why.
    pub decision: &'a Decision,
}

impl fmt::Display for Denied<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, action, .. } = self;
        let resource: String = self.resource.chars().filter(|letter| !letter.is_control()).take(QUOTED).collect();
        write!(f, "User: {user} is not authorized to perform: {action} on resource: {resource} ")?;
        match self.decision {
            Decision::DeniedExplicitly { .. } => f.write_str("with an explicit deny in an identity-based policy"),
            Decision::DeniedByDefault | Decision::Allowed => {
                write!(f, "because no identity-based policy allows the {action} action")
            }
        }
    }
}
