//! Use cases and reconcilers: the only code that commits.
