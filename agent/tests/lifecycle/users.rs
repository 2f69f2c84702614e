//! `run-as` on the host executor, with a real user: as root only.

use crate::host::{fresh, host};
use crate::scene::{Scene, job, lease};
use std::os::unix::fs::PermissionsExt;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phase_runs_as_another_user_who_sees_nothing_of_other_builds() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let scene = Scene::new().await;
    let _agent = scene.start_on(host(&scene)).await;
    // A build of root's that is under way meanwhile.
    let other = lease(fresh(), 1);
    let gate = scene.directory.path().join("gate");
    let waits = format!(
        "version: 0.2\nphases:\n  build:\n    commands: ['echo private > mine; while [ ! -e {} ]; do sleep 0.05; done']\n",
        gate.display()
    );
    scene.coordinator.offer(&other, &job(&other, &waits));
    let mine = scene.config.data_dir.join("builds").join(other.slug()).join("workspace");
    let found = || walkdir::WalkDir::new(&mine).into_iter().flatten().find(|entry| entry.file_name() == "mine");
    while found().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let private = found().unwrap().into_path();
    let agent = scene.config.data_dir.display();
    let spec = format!(
        "version: 0.2
run-as: nobody
phases:
  install:
    run-as: root
    commands:
      - mkdir sub && echo text > sub/file && export FROM=root
      - id -un
  build:
    commands:
      - id -un && cd sub && export MADE=$FROM-nobody
      - cat file && echo $MADE && basename $PWD
      - touch \"$(mktemp -d)/file\" && echo temporary
      - 'printf %s x | codebuild-hash-files sub/file >/dev/null && echo helped'
      - cat {} {agent}/lock {agent}/builds/*/job.json {agent}/builds/*/*.journal {agent}/credential* 2>/dev/null || echo hidden
      - ls {agent}/builds | wc -l
  post_build:
    run-as: root
    commands:
      - id -un && basename $PWD && echo $MADE
",
        private.display()
    );
    let lease = lease(fresh(), 1);
    scene.coordinator.offer(&lease, &job(&lease, &spec));
    assert_eq!(scene.coordinator.finished(&lease).await.outcome, "SUCCEEDED", "{}", scene.log(&lease));
    std::fs::write(&gate, "").unwrap();
    let log = scene.log(&lease);
    let said: Vec<&str> = log.lines().filter(|line| !line.starts_with('[') && !line.is_empty()).collect();
    assert_eq!(
        said,
        [
            "root",
            "nobody",
            "text",
            "root-nobody",
            "sub",
            "temporary",
            "helped",
            "hidden",
            "1",
            "root",
            "sub",
            "root-nobody"
        ],
        "{log}"
    );
    for folder in ["", "builds"] {
        let mode = std::fs::metadata(scene.config.data_dir.join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder} stays private");
    }
    scene.emptied().await;
}
