//! Packing: what the agent is told to upload.

use crate::support::{files, of, of_phases, phase};
use buildyard_buildspec::ArtifactFiles;
use buildyard_model::{Packaging, Phase, PhaseStatus};
use buildyard_runner::journal::{Event, PackedRoot};
use buildyard_runner::plan::ArtifactOrder;
use std::os::unix::fs::symlink;

#[test]
fn loose_files_are_listed_where_they_lie() {
    let wanted = ArtifactFiles { base_directory: Some("dist".into()), ..files(&["**/*"]) };
    let ran = of(&["mkdir -p dist/sub; echo 1 > dist/a; echo 22 > dist/sub/.b; cd /"])
        .artifact(Packaging::None, wanted)
        .run();
    let packed = &ran.packed()[0];
    assert_eq!((packed.files, packed.sha256sum.as_str(), packed.md5sum.as_str()), (2, "", ""));
    let listed = ran.listed(packed);
    let names: Vec<_> =
        listed.iter().map(|file| (file.root, file.path.as_str(), file.name.as_str(), file.size_bytes)).collect();
    assert_eq!(
        names,
        [(PackedRoot::Workspace, "src/dist/a", "a", 2), (PackedRoot::Workspace, "src/dist/sub/.b", "sub/.b", 3)]
    );
    assert!(listed.iter().all(|file| ran.located(file).is_file()));
    assert!(
        ran.log.ends_with(
            "> Expanding base directory path: dist\n> Assembling file list\n> Expanding dist\n\
             > Expanding file paths for base directory dist\n> Assembling file list\n> Expanding **/*\n> Found 2 file(s)\n"
        ),
        "{}",
        ran.log
    );
    assert_eq!(ran.phases().len(), 4, "the agent ends UPLOAD_ARTIFACTS");
}

#[test]
fn a_zip_is_written_with_its_checksums() {
    let ran = of(&["mkdir d; echo 1 > d/a; printf '#!/bin/sh\\n' > run; chmod +x run; ln -s d/a link"])
        .artifact(Packaging::Zip, ArtifactFiles { enable_symlinks: true, ..files(&["**/*"]) })
        .run();
    let packed = &ran.packed()[0];
    assert_eq!(packed.files, 3);
    let listed = ran.listed(packed);
    assert_eq!((listed.len(), listed[0].root, listed[0].name.as_str()), (1, PackedRoot::Output, ""));
    let zip = ran.located(&listed[0]);
    assert_eq!(zip.metadata().unwrap().len(), listed[0].size_bytes);
    let sum = std::process::Command::new("sha256sum").arg(&zip).output().unwrap();
    assert!(String::from_utf8_lossy(&sum.stdout).starts_with(&packed.sha256sum));
    let check =
        "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint(*z.namelist())";
    if let Ok(listing) = std::process::Command::new("python3").args(["-c", check]).arg(&zip).output() {
        assert_eq!(String::from_utf8_lossy(&listing.stdout), "d/a link run\n");
    }
}

#[test]
fn no_match_at_all_fails_the_phase() {
    let ran = of(&["true"]).artifact(Packaging::Zip, files(&["missing", "no/**/*"])).run();
    assert_eq!(ran.phases()[4], (Phase::UploadArtifacts, PhaseStatus::Failed));
    let context = ran.context(Phase::UploadArtifacts);
    assert_eq!(
        (context.status_code.as_str(), context.message.as_str()),
        ("CLIENT_ERROR", "no matching artifact paths found")
    );
    assert!(ran.log.contains("> Expanding missing\n> Skipping invalid file path missing\n"), "{}", ran.log);
    assert!(ran.log.ends_with("Message: no matching artifact paths found\n"));
    assert_eq!(ran.finished(), (true, 0));

    let wanted = ArtifactFiles { base_directory: Some("nowhere".into()), ..files(&["*"]) };
    let ran = of(&["true"]).artifact(Packaging::Zip, wanted).run();
    assert_eq!(ran.context(Phase::UploadArtifacts).message, "no matching base directory path found for nowhere");
}

#[test]
fn a_base_directory_may_name_the_folder_of_a_secondary_source() {
    let artifact = |base: &str, command: &str| {
        let wanted = ArtifactFiles { base_directory: Some(base.into()), ..files(&["f"]) };
        of(&[command]).artifact(Packaging::None, wanted).run()
    };
    let ran = artifact("$LIB/out", "LIB=$CODEBUILD_SRC_DIR/../lib; mkdir -p $LIB/out; echo > $LIB/out/f");
    assert_eq!(ran.listed(&ran.packed()[0])[0].name, "f", "{}", ran.log);
    let ran = artifact("$UNSET", "echo > f");
    let message = ran.context(Phase::UploadArtifacts).message;
    assert_eq!(message, "the base directory $UNSET is empty: its variable is not set");
}

#[test]
fn one_pattern_without_match_is_only_logged() {
    let ran = of(&["echo > there"]).artifact(Packaging::None, files(&["missing", "there"])).run();
    assert!(ran.log.contains("> Skipping invalid file path missing\n"));
    assert_eq!(ran.packed()[0].files, 1);
    assert_eq!(ran.finished(), (false, 0));
}

#[test]
fn the_name_is_expanded_by_the_builds_own_shell() {
    let wanted = ArtifactFiles {
        name: Some("app-\"$V\"/$(echo \"x y\")-${CODEBUILD_BUILD_SUCCEEDING}".into()),
        ..files(&["f"])
    };
    let ran = of(&["V=1.10; echo > f"]).artifact(Packaging::None, wanted).run();
    assert_eq!(ran.packed()[0].name.as_deref(), Some("app-\"1.10\"/x y-1"), "{}", ran.log);
}

#[test]
fn artifacts_of_a_failed_build_are_packed_too_and_a_build_that_ended_early_has_none() {
    let ran = of(&["echo > f; false"]).artifact(Packaging::None, files(&["f"])).run();
    assert_eq!((ran.packed().len(), ran.finished()), (1, (true, 0)));
    let ran =
        of_phases(vec![phase(Phase::Install, &["echo > f; false"])]).artifact(Packaging::None, files(&["f"])).run();
    assert!(ran.packed().is_empty());
    assert!(!ran.events.iter().any(|event| matches!(event, Event::PhaseStarted { phase: Phase::UploadArtifacts, .. })));
}

#[test]
fn links_never_lead_out_and_what_lies_elsewhere_is_copied() {
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("secret"), "secret").unwrap();
    std::fs::write(elsewhere.path().join("wanted.jar"), "jar").unwrap();
    let absolute = format!("{}/*.jar", elsewhere.path().display());
    let build = of(&["ln -s real inside; echo text > real"]).artifact(Packaging::None, files(&["**/*", &absolute]));
    symlink(elsewhere.path().join("secret"), build.source().join("outside")).unwrap();
    let ran = build.run();
    let listed = ran.listed(&ran.packed()[0]);
    let roots: Vec<_> = listed.iter().map(|file| (file.root, file.name.rsplit('/').next().unwrap())).collect();
    assert_eq!(
        roots.iter().filter(|(root, _)| *root == PackedRoot::Workspace).map(|(_, name)| *name).collect::<Vec<_>>(),
        ["inside", "real"]
    );
    let copied = listed.iter().find(|file| file.root == PackedRoot::Output).unwrap();
    assert!(copied.name.ends_with("wanted.jar"));
    assert_eq!(std::fs::read_to_string(ran.located(copied)).unwrap(), "jar");
    assert_eq!(listed.iter().find(|file| file.name == "inside").unwrap().path, "src/real");
    assert!(ran.log.contains("> Skipping link "), "{}", ran.log);
}

#[test]
fn our_own_folders_are_never_packed() {
    let mut build = of(&["echo > f"]).artifact(Packaging::None, files(&["**/*"]));
    build.plan.state_directory = build.source().join("state");
    let ran = build.run();
    let names: Vec<_> = ran.listed(&ran.packed()[0]).into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["f"]);
}

#[test]
fn secondary_artifacts_have_their_own_lists() {
    let mut build = of(&["echo > one; echo > two"]).artifact(Packaging::None, files(&["one"]));
    build.plan.artifacts.push(ArtifactOrder {
        identifier: Some("second".into()),
        packaging: Packaging::Zip,
        override_name: false,
    });
    build.plan.artifacts.push(ArtifactOrder {
        identifier: Some("unknown".into()),
        packaging: Packaging::Zip,
        override_name: false,
    });
    let artifacts = build.plan.buildspec.artifacts.as_mut().unwrap();
    artifacts.secondary.push((
        "second".into(),
        ArtifactFiles { name: Some("n".into()), s3_prefix: Some("p".into()), ..files(&["two"]) },
    ));
    let ran = build.run();
    let packed = ran.packed();
    let told: Vec<_> =
        packed.iter().map(|one| (one.identifier.as_deref(), one.name.as_deref(), one.s3_prefix.as_deref())).collect();
    assert_eq!(told, [(None, None, None), (Some("second"), None, Some("p"))]);
    assert!(ran.log.contains("> No artifact files specified for unknown\n"));
}
