use super::*;
use crate::arguments::{Arguments, Command};
use buildyard_model::{BuildspecOrigin, ComputeType, Packaging, SourceKind, VariableKind};
use clap::Parser;

fn args(line: &[&str]) -> StartArgs {
    let line = ["buildyard", "start"].iter().chain(line);
    match Arguments::try_parse_from(line).unwrap().command {
        Command::Start(args) => *args,
        other => panic!("{other:?}"),
    }
}

fn submission(line: &[&str]) -> Result<Submission, Failure> {
    let args = args(line);
    let form = form::parse(&args.source, args.git, |_| true).unwrap();
    let secondary = args.secondary.forms(args.git, |_| true).unwrap();
    args.submission(&form, &secondary)
}

#[test]
fn each_flag_reaches_the_submission() {
    let given = submission(&[
        "--source",
        "https://h.test/a.git",
        "--source-version",
        "v1",
        "--depth",
        "3",
        "--submodules",
        "--buildspec",
        "ci/b.yml",
        "--image",
        "debian:12",
        "--compute-type",
        "medium",
        "--env",
        "A=1",
        "--secret-parameter",
        "T=/t",
        "--secret",
        "S=db:password",
        "--privileged",
        "--timeout",
        "90m",
        "--queued-timeout",
        "1h",
        "--label",
        "zone=a",
        "--priority",
        "7",
        "--artifacts",
        "bucket/path",
        "--packaging",
        "zip",
    ])
    .unwrap();
    let SourceKind::Git { location, depth, submodules, .. } = &given.source.kind else { panic!("git") };
    assert_eq!((location.as_str(), *depth, *submodules), ("https://h.test/a.git", 3, true));
    assert_eq!(given.source.version.as_deref(), Some("v1"));
    assert_eq!(given.buildspec, BuildspecOrigin::Path("ci/b.yml".into()));
    assert_eq!(given.environment.image, "debian:12");
    assert_eq!(given.environment.compute_type, ComputeType::Medium);
    assert!(given.environment.privileged_mode);
    let kinds: Vec<_> = given.environment.environment_variables.iter().map(|v| (v.name.as_str(), v.kind)).collect();
    assert_eq!(
        kinds,
        [("A", VariableKind::Plaintext), ("T", VariableKind::ParameterStore), ("S", VariableKind::SecretsManager)]
    );
    assert_eq!((given.timeout_seconds, given.queued_timeout_seconds), (Some(5400), Some(3600)));
    assert_eq!(given.labels["zone"], "a");
    assert_eq!(given.priority, 7);
    assert_eq!(given.artifacts.unwrap().packaging, Packaging::Zip);
}

#[test]
fn secondary_sources_and_artifacts_reach_the_submission() {
    let given = submission(&[
        "--source=s3://b/k.zip",
        "--secondary-source=docs=https://h.test/docs.git",
        "--secondary-source=lib=./lib",
        "--secondary-source-version=docs=v2",
        "--secondary-artifacts=manual=releases/manual",
        "--secondary-artifacts=report",
        "--packaging=zip",
    ])
    .unwrap();
    let sources: Vec<_> = given.secondary_sources.iter().map(|source| source.source_identifier.as_str()).collect();
    assert_eq!(sources, ["docs", "lib"]);
    assert_eq!(given.secondary_sources[0].source.version.as_deref(), Some("v2"));
    let artifacts: Vec<_> = given
        .secondary_artifacts
        .iter()
        .map(|spec| (spec.artifact_identifier.as_deref().unwrap(), spec.location.as_str(), spec.path.as_str()))
        .collect();
    assert_eq!(artifacts, [("manual", "releases", "manual"), ("report", "", "")]);
    assert!(given.secondary_artifacts.iter().all(|spec| spec.packaging == Packaging::Zip));
    for twice in [["--secondary-artifacts=a", "--secondary-artifacts=a=b"], ["--secondary-artifacts=a=/x", "--raw"]] {
        let line = [&["--source=s3://b/k.zip", "--follow"], twice.as_slice()].concat();
        assert_eq!(submission(&line).unwrap_err().exit(), Exit::WrongCall);
    }
}

#[test]
fn what_was_not_said_is_left_to_the_coordinator() {
    let given = submission(&["--source", "s3://b/k.zip"]).unwrap();
    assert_eq!(given.buildspec, BuildspecOrigin::Default);
    assert_eq!(given.environment.image, crate::standard_image::NAME);
    assert_eq!((given.artifacts, given.timeout_seconds, given.queued_timeout_seconds), (None, None, None));
}

#[test]
fn a_folder_has_no_version() {
    let failure =
        submission(&["--source", ".", "--source-version", "main", "--buildspec", "version: 0.2\n"]).unwrap_err();
    assert_eq!(failure.exit(), Exit::WrongCall);
}
