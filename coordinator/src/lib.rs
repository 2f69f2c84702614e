//! The coordinator as a whole: its configuration, its credentials, and the composition of its parts.

mod assemble;
pub mod config;
mod credentials;

pub use assemble::{Coordinator, StartError};
pub use buildyard_service::{Closing, HeldSecrets, ScalingPolicy};
pub use config::CoordinatorConfig;
pub use credentials::Credentials;
