//! Stored secrets: values with versions and stages, as Secrets Manager keeps them.
//!
//! A secret is one record without values; the value of each version is a sealed document of its own beside it.
//! A secret that was deleted stays until its recovery window is over, and is removed by whoever meets it then.

mod create;
mod delete;
mod error;
mod filter;
mod find;
mod list;
mod put;
mod read;
mod record;
mod reference;
mod rules;
mod stages;
mod tags;
mod update;
mod versions;

pub use create::NewSecret;
pub use delete::Deletion;
pub use error::SecretError;
pub use filter::SecretFilter;
pub use list::{SecretOrder, SecretPlace, SecretQuery, SortSecretsBy};
pub use put::NewVersion;
pub use read::{SecretVersionValue, Wanted};
pub use record::{PlannedDeletion, SecretRecord, SecretValue, SecretVersion};
pub use update::SecretUpdate;
