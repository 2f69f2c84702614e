//! What has to be the same for a build to take over a warm container: everything that is fixed when it is made.

use buildyard_model::Resources;
use serde::{Deserialize, Serialize};

/// A kind of container. Two builds of one shape could have each other's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Shape {
    /// The image, as builds name it.
    pub reference: String,
    vcpu: u32,
    memory_mib: u64,
    pub privileged: bool,
}

impl Shape {
    /// `limits` are those that the container gets.
    pub(crate) fn new(reference: &str, limits: Resources, privileged: bool) -> Self {
        Self { reference: reference.to_owned(), vcpu: limits.vcpu, memory_mib: limits.memory_mib, privileged }
    }

    pub(crate) fn limits(&self) -> Resources {
        Resources { vcpu: self.vcpu, memory_mib: self.memory_mib }
    }
}
