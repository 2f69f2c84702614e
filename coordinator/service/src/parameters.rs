//! The parameter store: named values with versions, as SSM keeps them.
//!
//! A parameter is one record that holds its newest version; older versions (at most 99) are documents of their own
//! beside it, so that writing and listing do not grow with the history. Invariant: the value of a SecureString is
//! sealed; the others are stored as they are.

mod delete;
mod error;
mod filter;
mod list;
mod place;
mod put;
mod read;
mod record;
mod reference;
mod rules;
mod tags;

pub use error::ParameterError;
pub use filter::ParameterFilter;
pub use list::{ByPath, Listing};
pub use put::{NewParameter, Stored};
pub use read::Parameter;
pub use record::{ParameterMetadata, ParameterType, Tier};
