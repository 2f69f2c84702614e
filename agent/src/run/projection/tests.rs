use super::*;
use buildyard_model::{PhaseContext, PhaseStatus, Timestamp};

fn started(phase: Phase, at: i64) -> Event {
    Event::PhaseStarted { phase, time: Timestamp(at) }
}

fn ended(phase: Phase, status: PhaseStatus, at: i64) -> Event {
    Event::PhaseEnded { phase, status, context: PhaseContext::default(), time: Timestamp(at) }
}

fn after_download() -> Projection {
    let mut ledger = Ledger::default();
    ledger.begin(Phase::Provisioning, Timestamp(0));
    ledger.end(Phase::Provisioning, PhaseStatus::Succeeded, PhaseContext::default(), Timestamp(10));
    ledger.begin(Phase::DownloadSource, Timestamp(12));
    ledger.end(Phase::DownloadSource, PhaseStatus::Succeeded, PhaseContext::default(), Timestamp(20));
    Projection::behind(ledger)
}

fn lines(projection: &Projection) -> Vec<String> {
    let line = |record: &buildyard_model::PhaseRecord| {
        let end = record.end_time.map_or("-".to_owned(), |end| end.0.to_string());
        let status = record.phase_status.map_or("-", PhaseStatus::name);
        format!("{} {status} {}..{end}", record.phase_type, record.start_time.0)
    };
    projection.phases.records().iter().map(line).collect()
}

#[test]
fn phases_follow_one_another_to_the_millisecond() {
    let mut projection = after_download();
    for event in [
        started(Phase::Install, 23),
        ended(Phase::Install, PhaseStatus::Succeeded, 30),
        Event::CommandsStarted,
        started(Phase::Build, 31),
    ] {
        assert!(projection.apply(event));
    }
    assert_eq!(
        lines(&projection),
        [
            "PROVISIONING SUCCEEDED 0..10",
            "DOWNLOAD_SOURCE SUCCEEDED 10..20",
            "INSTALL SUCCEEDED 20..30",
            "BUILD - 30..-",
        ]
    );
    assert!(projection.commands_started);
}

#[test]
fn events_that_cannot_be_true_change_nothing() {
    let mut projection = after_download();
    projection.apply(started(Phase::Build, 25));
    let before = lines(&projection);
    for event in [
        started(Phase::Install, 26),
        started(Phase::PostBuild, 26),
        started(Phase::Completed, 26),
        started(Phase::Submitted, 26),
        ended(Phase::Install, PhaseStatus::Succeeded, 26),
        ended(Phase::DownloadSource, PhaseStatus::Failed, 26),
    ] {
        assert!(!projection.apply(event));
    }
    assert_eq!(lines(&projection), before);
}

#[test]
fn time_never_runs_backward() {
    let mut projection = after_download();
    projection.apply(started(Phase::Build, -500));
    projection.apply(ended(Phase::Build, PhaseStatus::Succeeded, -400));
    assert_eq!(lines(&projection)[2], "BUILD SUCCEEDED 20..20");
}

#[test]
fn nothing_counts_after_the_verdict() {
    let mut projection = after_download();
    projection.apply(Event::Finished { failed: true, retry_limit: 4_000_000 });
    assert_eq!(projection.verdict, Some(Verdict { failed: true, retry_limit: 100 }));
    assert!(!projection.apply(started(Phase::Build, 25)));
    projection.apply(Event::Finished { failed: false, retry_limit: 0 });
    assert!(projection.verdict.unwrap().failed);
}

fn packed(identifier: &str) -> PackedArtifact {
    PackedArtifact {
        identifier: Some(identifier.to_owned()),
        name: None,
        s3_prefix: None,
        files: 0,
        list: String::new(),
        sha256sum: String::new(),
        md5sum: String::new(),
    }
}

#[test]
fn exported_variables_are_bounded() {
    let mut projection = after_download();
    let big = |name: String| (name, "x".repeat(1_500_000));
    projection.apply(Event::Exported { variables: (0..100).map(|n| big(format!("V{n}"))).collect() });
    let sizes = projection.exported.iter().map(|(name, value)| name.len() + value.len());
    assert!(projection.exported.len() > 1 && sizes.sum::<usize>() <= limits::EXPORTED_BYTES);
    assert!(projection.exported.iter().all(|(_, value)| value.ends_with(limits::MARKER)));
    projection.apply(Event::Exported { variables: (0..100_000).map(|n| (format!("V{n}"), String::new())).collect() });
    assert_eq!(projection.exported.len(), limits::EXPORTED_COUNT);
}

#[test]
fn artifacts_are_bounded_in_number_and_in_what_they_say() {
    let mut projection = after_download();
    let long = || "x".repeat(1 << 20);
    projection.apply(Event::Packed(PackedArtifact { list: long(), ..packed("list") }));
    projection.apply(Event::Packed(PackedArtifact { sha256sum: long(), ..packed("sum") }));
    projection.apply(Event::Packed(packed(&long())));
    assert!(projection.packed.is_empty());
    projection.apply(Event::Packed(PackedArtifact { name: Some(long()), s3_prefix: Some(long()), ..packed("name") }));
    let kept = &projection.packed[0];
    for text in [kept.name.as_ref().unwrap(), kept.s3_prefix.as_ref().unwrap()] {
        assert!(text.len() == limits::ARTIFACT_NAME_BYTES && text.ends_with(limits::MARKER));
    }
    for n in 0..100 {
        projection.apply(Event::Packed(packed(&format!("a{n}"))));
    }
    assert_eq!(projection.packed.len(), ARTIFACTS);
}

#[test]
fn a_phases_context_is_cut_and_says_so() {
    let mut projection = after_download();
    projection.apply(started(Phase::Build, 25));
    let context = PhaseContext::new("X".repeat(1000), "é".repeat(100_000));
    projection.apply(Event::PhaseEnded {
        phase: Phase::Build,
        status: PhaseStatus::Failed,
        context,
        time: Timestamp(26),
    });
    let kept = &projection.phases.records()[2].contexts[0];
    assert!(kept.message.len() <= limits::MESSAGE_BYTES && kept.message.ends_with(limits::MARKER));
    assert!(kept.status_code.len() <= limits::STATUS_CODE_BYTES && kept.status_code.ends_with(limits::MARKER));
}
