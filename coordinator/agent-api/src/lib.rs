//! The gRPC door for agents and clients.
