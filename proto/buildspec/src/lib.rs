//! The buildspec language, pure: YAML text → [`Buildspec`], or an [`Error`] with line and column.
//!
//! Every key of reference 1.2 is parsed and validated, also those that only a batch, report or cache needs.

mod spec;

pub use spec::*;
