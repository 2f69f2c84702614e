//! Launching and terminating the instances that agents live on.
//!
//! The seam is [`Provisioner`]; each kind of place has a file of its own, and all pass one conformance suite. How many
//! instances there are to be is decided elsewhere (`scheduler::scaling`); here it is done. What a provisioner did not
//! start it never lists and never touches.

mod provisioner;

pub use provisioner::{Error, Instance, InstanceState, Launch, Provisioner};
