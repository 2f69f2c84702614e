//! Secondary sources and artifacts, from the command line to the bucket and back.

use harness::{AgentOptions, ExecutorKind, Fleet, binary, busybox_image};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const BUILDSPEC: &str = "version: 0.2
phases:
  build:
    commands:
      - cat $CODEBUILD_SRC_DIR/main.txt $CODEBUILD_SRC_DIR_lib/lib.txt > all.txt
      - cp $CODEBUILD_SRC_DIR_lib/lib.txt $CODEBUILD_SRC_DIR_lib/copy.txt
artifacts:
  files: [all.txt]
  secondary-artifacts:
    copies: {files: [copy.txt], base-directory: $CODEBUILD_SRC_DIR_lib}
    whole: {files: ['*.txt'], exclude-paths: [main.txt]}
";

/// Two folders: what is built, and what it uses.
fn sources(parent: &Path) -> (String, String) {
    let (main, lib) = (parent.join("main"), parent.join("lib"));
    for (folder, file) in [(&main, "main.txt"), (&lib, "lib.txt")] {
        std::fs::create_dir(folder).unwrap();
        std::fs::write(folder.join(file), format!("{file}\n")).unwrap();
    }
    std::fs::write(main.join("buildspec.yml"), BUILDSPEC).unwrap();
    (main.to_str().unwrap().to_owned(), lib.to_str().unwrap().to_owned())
}

fn expect_all(folder: &Path) {
    let text =
        |path: &str| std::fs::read_to_string(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(text("all.txt"), "main.txt\nlib.txt\n");
    assert_eq!(text("copies/copy.txt"), "lib.txt\n");
    assert_eq!(text("whole/all.txt"), text("all.txt"));
    let entries = |path: &Path| std::fs::read_dir(path).unwrap().count();
    let counted = [entries(folder), entries(&folder.join("copies")), entries(&folder.join("whole"))];
    assert_eq!(counted, [3, 1, 1], "there is more than was asked for");
}

#[test]
fn a_fleets_build_sees_its_secondary_source_and_stores_its_secondary_artifacts() {
    let image = busybox_image();
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Docker));
    let (main, lib) = sources(fleet.directory());
    let lib = format!("lib={lib}");
    let line = ["start", "--image", &image, "--source", &main, "--secondary-source", &lib];
    let own = ["--secondary-artifacts", "copies", "--secondary-artifacts", "whole"];
    let build = fleet.submit_with(&[line.as_slice(), &own].concat());
    let view = fleet.succeed(&build, PATIENCE);
    let identifiers: Vec<_> = view.artifacts.iter().map(|record| record.artifact_identifier.as_deref()).collect();
    assert_eq!(identifiers, [None, Some("copies"), Some("whole")]);
    let into = fleet.directory().join("fetched");
    let out = fleet.run(&["artifacts", &build.id, "--download", into.to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    expect_all(&into);

    let zips = ["--packaging=zip", "--artifacts=artifacts/zips", "--artifacts-name=main.zip"];
    let copies = ["--secondary-artifacts=copies=artifacts/zips"];
    let build = fleet.submit_with(&[line.as_slice(), &zips, &copies].concat());
    let keys: Vec<_> = fleet.succeed(&build, PATIENCE).artifacts.into_iter().map(|record| record.key).collect();
    assert_eq!(keys, ["zips/main.zip", "zips/copies"], "what was not asked for is not stored");
}

#[test]
fn a_local_build_puts_secondary_artifacts_into_folders_of_their_names() {
    let parent = tempfile::tempdir().unwrap();
    let (main, lib) = sources(parent.path());
    let into = parent.path().join("out");
    let run = |lib: &str| {
        let mut command = Command::new(binary());
        command.args(["run", &main, "--executor", "host", "--artifacts"]).arg(&into);
        command.arg(format!("--secondary-source=lib={lib}")).output().unwrap()
    };
    let out = run(&lib);
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    expect_all(&into);
    let out = run("/no/such/folder");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("/no/such/folder"));
}
