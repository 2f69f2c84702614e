//! Starts a fleet for a test and reads its state.
