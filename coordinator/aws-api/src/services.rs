//! The services behind the door, one line each. STS is not among them: it has one operation in a protocol of its own.

use crate::codebuild;
use crate::context::Context;
use crate::{logs, secretsmanager, ssm};
use buildyard_aws_protocol::Api;

/// All services.
pub fn all() -> Vec<Api<Context>> {
    vec![codebuild::api(), logs::api(), secretsmanager::api(), ssm::api()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_that_is_listed_is_in_the_shapes() {
        for service in all() {
            assert_eq!(service.gaps(), [""; 0], "{}", service.name);
        }
    }
}
