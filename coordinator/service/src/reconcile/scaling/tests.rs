//! Fleets that grow and shrink.
