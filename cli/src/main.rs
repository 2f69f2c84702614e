//! The `buildyard` command.

fn main() {}
