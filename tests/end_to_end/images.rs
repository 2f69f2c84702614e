//! Builds in containers of sparse images.

use harness::{AgentOptions, ExecutorKind, Fleet, busybox_image, leftovers, wait_for};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn an_image_with_only_sh_is_enough() {
    let image = busybox_image();
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Docker));
    let buildspec = "version: 0.2
phases:
  install:
    commands: ['x=1', 'cd /tmp']
  build:
    commands:
      - echo \"x=$x in $PWD as $(id -u)\"
      - 'test \"$CODEBUILD_SRC_DIR\" != \"\"'
      - codebuild-hash-files /etc/passwd || true
";
    let build = fleet.submit(buildspec, &["--image", &image]);
    let view = fleet.succeed(&build, PATIENCE);
    assert!(view.image_digest.is_some_and(|digest| digest.contains("sha256:")));
    let log = String::from_utf8(fleet.log(&build)).unwrap();
    assert!(log.contains("x=1 in /tmp as 0\n"), "{log}");
    wait_for("an empty engine", PATIENCE, || leftovers(fleet.agent_name()).is_empty().then_some(()));
}

#[test]
fn an_image_that_is_not_there_fails_with_its_name() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Docker));
    let build = fleet.submit(
        "version: 0.2\nphases:\n  build:\n    commands: ['true']\n",
        &["--image", "localhost:1/no-such-image:7"],
    );
    let view = fleet.finish(&build, PATIENCE);
    let context = view.phases.iter().flat_map(|record| &record.contexts).find(|context| !context.message.is_empty());
    assert!(context.is_some_and(|context| context.message.contains("no-such-image:7")), "{view:#?}");
}
