//! Who started a build, as CodeBuild names them (reference 3.3).

use buildyard_aws_protocol::Caller;

/// The user's name; for an assumed role `<role>/<session>`.
pub(crate) fn initiator(caller: &Caller) -> String {
    match caller.arn.split_once(":assumed-role/") {
        Some((_, session)) => session.to_owned(),
        None => caller.user.clone(),
    }
}
