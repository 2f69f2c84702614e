//! The checked-in code under `src/gen` is what the `.proto` files give. With `BUILDYARD_WRITE=1` the test writes it.

use std::path::Path;

#[test]
fn generated_code_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = ["session", "logs", "transfers", "builds", "admin", "usage", "fleets"];
    let files = names.map(|name| format!("fleet/v1/{name}.proto"));
    let descriptors = protox::compile(files, [root]).expect("the .proto files compile");
    let out = tempfile::tempdir().unwrap();
    let configured =
        tonic_prost_build::configure().out_dir(out.path()).bytes(".").codec_path("crate::codec::SmallBuffers");
    configured.compile_fds(descriptors).expect("code is generated");
    let fresh = std::fs::read_to_string(out.path().join("buildyard.fleet.v1.rs")).unwrap();
    let kept = root.join("src/gen/buildyard.fleet.v1.rs");
    if std::env::var_os("BUILDYARD_WRITE").is_some() {
        std::fs::write(&kept, &fresh).unwrap();
    }
    let same = std::fs::read_to_string(&kept).unwrap_or_default() == fresh;
    assert!(same, "src/gen is stale: run `make generate`");
}
