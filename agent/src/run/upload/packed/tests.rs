use super::*;
use crate::session::tests::{job, lease};
use buildyard_model::Namespace;

fn packed(name: Option<&str>) -> PackedArtifact {
    PackedArtifact {
        identifier: None,
        name: name.map(str::to_owned),
        s3_prefix: None,
        files: 1,
        list: "0.list".into(),
        sha256sum: String::new(),
        md5sum: String::new(),
    }
}

fn key_of(spec: &ArtifactSpec, name: Option<&str>) -> String {
    key(spec, &packed(name), &job(&lease(1, 1)))
}

#[test]
fn the_name_is_the_buildspecs_the_jobs_or_the_projects() {
    let spec = ArtifactSpec { name: "n".into(), override_artifact_name: true, ..Default::default() };
    assert_eq!(key_of(&spec, Some("made/here")), "made/here");
    assert_eq!(key_of(&spec, None), "n");
    let spec = ArtifactSpec { name: "n".into(), ..Default::default() };
    assert_eq!(key_of(&spec, Some("ignored")), "n");
    assert_eq!(key_of(&ArtifactSpec::default(), None), "project");
    let root = ArtifactSpec { name: "/".into(), ..Default::default() };
    assert_eq!(key_of(&root, None), "");
    assert_eq!(key_of(&ArtifactSpec { packaging: Packaging::Zip, ..root }, None), "project");
}

#[test]
fn a_name_made_by_the_build_stays_below_the_artifacts_key() {
    let spec = ArtifactSpec {
        path: "p".into(),
        namespace_type: Namespace::BuildId,
        override_artifact_name: true,
        ..Default::default()
    };
    let uuid = lease(1, 1).build.uuid();
    assert_eq!(key_of(&spec, Some("../../other/./x")), format!("p/{uuid}/other/x"));
}

fn listed(text: &str, packaging: Packaging) -> Vec<Result<String, String>> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("0.list"), text).unwrap();
    let root = Arc::new(Root::open(directory.path()).unwrap());
    let list = List { list: "0.list".into(), workspace: root.clone(), output: root };
    let record = ArtifactRecord {
        artifact_identifier: None,
        bucket: "b".into(),
        key: "k".into(),
        packaging,
        files: 0,
        size_bytes: 0,
        sha256sum: String::new(),
        md5sum: String::new(),
    };
    let tally = Tally::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let files: Vec<_> = runtime.block_on(list.files(&record, &tally).collect());
    files.into_iter().map(|file| file.map(|file| file.key).map_err(|error| error.to_string())).collect()
}

fn line(name: &str) -> String {
    format!(
        "{{\"root\":\"output\",\"path\":\"f\",\"name\":{},\"size_bytes\":3}}\n",
        serde_json::to_string(name).unwrap()
    )
}

#[test]
fn every_line_becomes_an_object_below_the_key() {
    let many: String = (0..600).map(|n| line(&format!("d/{n}"))).collect();
    let keys = listed(&many, Packaging::None);
    assert_eq!(keys.len(), 600);
    assert_eq!(keys[599], Ok("k/d/599".into()));
    assert_eq!(listed(&line(""), Packaging::Zip), [Ok("k".into())]);
}

#[test]
fn names_that_lead_elsewhere_and_broken_lines_are_refused() {
    for name in ["../x", "/x", "a//b", "a/./b", "", "a\0b"] {
        assert!(listed(&line(name), Packaging::None)[0].is_err(), "{name:?}");
    }
    assert!(listed("{}\n", Packaging::None)[0].is_err());
    assert!(listed("no end", Packaging::None)[0].is_err());
    assert!(listed(&line(&"x".repeat(70_000)), Packaging::None)[0].is_err());
    assert!(listed(&line(&"x".repeat(2000)), Packaging::None)[0].as_ref().unwrap_err().contains("longer than 1024"));
}
