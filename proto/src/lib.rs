//! The gRPC contract of agent, coordinator and clients. `gen` is generated from `fleet/v1/*.proto` and checked in;
//! `convert` is the only place that names both it and the model.

pub mod codec;
pub mod convert;

/// Generated code, never edited.
pub mod v1 {
    include!("gen/buildyard.fleet.v1.rs");
}
