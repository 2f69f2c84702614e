//! Holds the dependency table of ARCHITECTURE.md to what `cargo metadata` says.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

/// Crate → the crates of ours that it may import. What is not here is an error.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("buildspec", &["model"]),
    ("config", &[]),
    ("metrics", &[]),
    ("traces", &["config", "metrics", "model"]),
    ("proto", &["model"]),
    ("scheduler", &["config", "model"]),
    ("simulator", &["scheduler", "model"]),
    ("access", &["model"]),
    ("store", &["scheduler", "model"]),
    ("blobs", &["access", "model"]),
    ("vault", &["model"]),
    ("provision", &["model"]),
    (
        "service",
        &["store", "blobs", "provision", "scheduler", "access", "buildspec", "vault", "metrics", "traces", "model"],
    ),
    ("aws-protocol", &["model"]),
    ("aws-api", &["aws-protocol", "service", "blobs", "access", "model"]),
    ("agent-api", &["service", "store", "scheduler", "proto", "model"]),
    (
        "coordinator",
        &[
            "aws-api",
            "agent-api",
            "service",
            "provision",
            "store",
            "blobs",
            "access",
            "vault",
            "scheduler",
            "config",
            "metrics",
            "traces",
            "model",
        ],
    ),
    ("artifacts", &["model"]),
    ("runner", &["artifacts", "buildspec", "model"]),
    ("executor", &["model"]),
    ("source", &["artifacts", "model"]),
    (
        "agent",
        &["executor", "artifacts", "source", "runner", "buildspec", "config", "metrics", "traces", "proto", "model"],
    ),
    (
        "buildyard",
        &[
            "coordinator",
            "agent",
            "runner",
            "executor",
            "artifacts",
            "buildspec",
            "simulator",
            "scheduler",
            "config",
            "proto",
            "model",
        ],
    ),
    ("tests", &["model"]),
];

/// Outside crate → the only crates of ours that may name it.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("tonic", &["proto", "agent-api", "agent", "buildyard"]),
    ("prost", &["proto"]),
    ("sqlx", &["store"]),
    ("bollard", &["executor", "provision"]),
    ("axum", &["aws-api"]),
    ("s3s", &["blobs", "aws-api"]),
    ("aws-sdk-s3", &["blobs"]),
    ("aws-sdk-autoscaling", &["provision"]),
    ("opentelemetry", &["traces"]),
    ("opentelemetry_sdk", &["traces"]),
    ("opentelemetry-otlp", &["traces"]),
];

/// Crates that decide: no runtime, no I/O of their own.
const PURE: &[&str] = &["model", "buildspec", "scheduler", "simulator", "access", "aws-protocol"];

struct Graph {
    /// Crate → (its ordinary dependencies), names without our prefix.
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

fn graph() -> Graph {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata runs");
    let short = |name: &str| name.strip_prefix("buildyard-").unwrap_or(name).to_owned();
    let dependencies = metadata.packages.iter().map(|package| {
        let ordinary = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        (short(package.name.as_str()), ordinary.map(|dependency| short(&dependency.name)).collect())
    });
    Graph { dependencies: dependencies.collect() }
}

#[test]
fn crates_import_only_what_the_table_allows() {
    let graph = graph();
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    for (name, dependencies) in &graph.dependencies {
        let allowed = table.get(name.as_str()).unwrap_or_else(|| panic!("crate {name} is not in the table"));
        for ours in dependencies.iter().filter(|dependency| table.contains_key(dependency.as_str())) {
            assert!(allowed.contains(&ours.as_str()), "{name} may not import {ours}");
        }
    }
}

#[test]
fn outside_crates_stay_behind_their_seams() {
    let graph = graph();
    for (outside, allowed) in ONLY_IN {
        for (name, _) in graph.dependencies.iter().filter(|(_, dependencies)| dependencies.contains(*outside)) {
            assert!(allowed.contains(&name.as_str()), "{name} may not import {outside}");
        }
    }
}

#[test]
fn what_decides_has_no_runtime() {
    let graph = graph();
    for name in PURE {
        let dependencies = &graph.dependencies[*name];
        for runtime in ["tokio", "futures", "async-trait", "tracing", "nix", "rustix"] {
            assert!(!dependencies.contains(runtime), "{name} may not import {runtime}");
        }
    }
}
