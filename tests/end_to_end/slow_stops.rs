//! Stopping builds in the phases that are the agent's own. Each is held open by somebody who does not answer: an agent
//! with no slot free, a registry, a git server, a storage.

use buildyard_model::{BuildStatus, BuildView, Phase};
use harness::{
    AgentOptions, Answer, ExecutorKind, Fleet, FleetOptions, Stalled, Started, busybox_image, leftovers, wait_for,
};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
/// What a build used is gone in this time (issue, acceptance 3).
const GONE: Duration = Duration::from_secs(15);
const NOTHING: &str = "version: 0.2\nphases: {build: {commands: ['true']}}\n";

fn reach(fleet: &Fleet, build: &Started, phase: Phase) {
    wait_for(phase.name(), PATIENCE, || {
        let view = fleet.show(build);
        assert!(!view.build_complete, "it ended before {phase}: {view:#?}");
        (view.current_phase == phase).then_some(())
    });
}

/// Stops the build in `phase` and sees that it is answered at once, ends there, and leaves nothing.
fn stop(fleet: &Fleet, build: &Started, phase: Phase) -> BuildView {
    let asked = Instant::now();
    let answer = fleet.run(&["stop", &build.id]);
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    assert!(asked.elapsed() < Duration::from_secs(1), "the answer took {:?}", asked.elapsed());
    let view = fleet.finish(build, GONE);
    assert_eq!(view.build_status, BuildStatus::Stopped, "{view:#?}");
    let last: Vec<Phase> = view.phases.iter().rev().take(2).map(|record| record.phase_type).collect();
    assert_eq!(last, [Phase::Completed, phase], "the phases behind are skipped");
    view
}

fn expect_nothing_left(fleet: &Fleet) {
    wait_for("an empty engine", GONE, || leftovers(fleet.agent_name()).is_empty().then_some(()));
    wait_for("an empty agent", GONE, || fleet.workspaces().is_empty().then_some(()));
}

#[test]
fn a_build_that_waits_for_a_slot_is_stopped_and_never_runs() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host).slots(1));
    let busy = fleet.submit("version: 0.2\nphases: {build: {commands: ['sleep 600']}}\n", &[]);
    reach(&fleet, &busy, Phase::Build);
    let ran = fleet.directory().join("ran");
    let waiting =
        fleet.submit(&format!("version: 0.2\nphases: {{build: {{commands: ['touch {}']}}}}\n", ran.display()), &[]);
    reach(&fleet, &waiting, Phase::Queued);
    stop(&fleet, &waiting, Phase::Queued);
    stop(&fleet, &busy, Phase::Build);
    // Behind both in the queue: what would have run has run when this one ends.
    fleet.succeed(&fleet.submit(NOTHING, &[]), PATIENCE);
    assert!(!ran.exists(), "a stopped build ran");
    expect_nothing_left(&fleet);
}

#[test]
fn a_stop_ends_the_pull_of_an_image() {
    let present = busybox_image();
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Docker).slots(1));
    let registry = slow_registry();
    let build = fleet.submit(NOTHING, &["--image", &format!("{}/slow/image:1", registry.address)]);
    let held = registry.held(PATIENCE);
    assert!(held.request.contains("/v2/slow/image/blobs/sha256:2222"), "{}", held.request);
    reach(&fleet, &build, Phase::Provisioning);
    stop(&fleet, &build, Phase::Provisioning);
    expect_nothing_left(&fleet);
    // Nobody waits for it but the engine, which (20.10) lets a registry go only long after its own client left.
    fleet.succeed(&fleet.submit(NOTHING, &["--image", &present]), PATIENCE);
    drop(held);
}

/// A registry with one image, whose one layer begins to come and then does not go on.
fn slow_registry() -> Stalled {
    let digest = |text: &str| format!("sha256:{}", hex::encode(Sha256::digest(text)));
    let layer = format!("sha256:{}", "2".repeat(64));
    let config =
        format!(r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":["{layer}"]}}}}"#);
    let docker = "application/vnd.docker";
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"{docker}.distribution.manifest.v2+json",
        "config":{{"mediaType":"{docker}.container.image.v1+json","size":{},"digest":"{}"}},
        "layers":[{{"mediaType":"{docker}.image.rootfs.diff.tar.gzip","size":100000000,"digest":"{layer}"}}]}}"#,
        config.len(),
        digest(&config),
    );
    Stalled::open(move |request| {
        let body = match request {
            _ if request.contains("/manifests/") => &manifest,
            _ if request.contains(&digest(&config)) => &config,
            _ if request.contains(&layer) => {
                return Answer::Part("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\nfirst bytes".to_owned());
            }
            _ => "{}",
        };
        let sent = if request.starts_with("HEAD ") { "" } else { body };
        Answer::Whole(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {docker}.distribution.manifest.v2+json\r\ndocker-content-digest: {}\r\n\
             content-length: {}\r\n\r\n{sent}",
            digest(body),
            body.len()
        ))
    })
}

#[test]
fn a_stop_ends_the_download_of_a_source() {
    let image = busybox_image();
    let options = AgentOptions::new(ExecutorKind::Docker).more("git.allow_http = true\ngit.allow_loopback = true");
    let fleet = Fleet::start(options);
    let server = Stalled::open(|_| Answer::Silence);
    let source = format!("http://{}/team/app.git", server.address);
    let build = fleet.submit_with(&["start", "--source", &source, "--image", &image]);
    let held = server.held(PATIENCE);
    assert!(held.request.contains("/team/app.git/info/refs?service=git-upload-pack"), "{}", held.request);
    reach(&fleet, &build, Phase::DownloadSource);
    stop(&fleet, &build, Phase::DownloadSource);
    held.abandoned(GONE);
    expect_nothing_left(&fleet);
}

#[test]
fn a_stop_ends_the_upload_of_artifacts_and_nothing_of_them_is_kept() {
    let image = busybox_image();
    let storage = Stalled::open(|_| Answer::Silence);
    let options = FleetOptions { public_url: Some(format!("http://{}", storage.address)), ..FleetOptions::default() };
    let fleet = Fleet::start_as(&options, vec![AgentOptions::new(ExecutorKind::Docker)]);
    let buildspec = "version: 0.2
phases: {build: {commands: ['echo one > one', 'head -c 20000000 /dev/zero > large']}}
artifacts: {files: [one, large]}
";
    let build = fleet.submit(buildspec, &["--image", &image]);
    let held: Vec<_> = (0..2).map(|_| storage.held(PATIENCE)).collect();
    assert!(held.iter().all(|held| held.request.starts_with("PUT /artifacts/")), "{held:?}");
    reach(&fleet, &build, Phase::UploadArtifacts);
    let view = stop(&fleet, &build, Phase::UploadArtifacts);
    held.into_iter().for_each(|held| held.abandoned(GONE));
    expect_nothing_left(&fleet);
    assert_eq!(view.artifacts, []);
    let stored = fleet.directory().join("coordinator/s3");
    wait_for("uploads to be dropped", GONE, || (files(&stored.join("uploads")) == 0).then_some(()));
    assert_eq!(files(&stored.join("buckets/artifacts/keys")), 0, "artifacts of a stopped build are stored");
}

/// How many files lie below a folder.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("it can be read").path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}
