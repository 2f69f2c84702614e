//! The coordinator: configuration and composition.
