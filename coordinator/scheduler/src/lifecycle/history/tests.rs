use super::*;
use crate::sample::record;
use PhaseStatus::{Failed, Stopped, Succeeded};

const DAY: i64 = 86_400_000;

fn begun(at: i64) -> Vec<PhaseRecord> {
    let mut phases = submitted(Timestamp(0), Timestamp(10));
    begin_try(&mut phases, Timestamp(at));
    phases
}

fn times(phases: &[PhaseRecord]) -> Vec<(&'static str, i64, Option<i64>)> {
    phases.iter().map(|one| (one.phase_type.name(), one.start_time.0, one.end_time.map(|end| end.0))).collect()
}

#[test]
fn a_clock_that_is_off_changes_no_time_in_the_history() {
    for skew in [-DAY, 0, DAY] {
        let mut phases = begun(100);
        let reported = vec![
            record(Phase::Provisioning, skew, Some((skew + 300, Succeeded))),
            record(Phase::DownloadSource, skew + 300, None),
        ];
        merge(&mut phases, reported, Timestamp(1000));
        assert_eq!(times(&phases)[2..], [("PROVISIONING", 100, Some(400)), ("DOWNLOAD_SOURCE", 400, None)], "{skew}");
    }
}

#[test]
fn a_clock_that_jumps_neither_ends_a_phase_before_it_began_nor_after_the_present() {
    for (start, end, expected) in [(5000, 1000, 100), (0, DAY, 1000)] {
        let mut phases = begun(100);
        merge(&mut phases, vec![record(Phase::Provisioning, start, Some((end, Succeeded)))], Timestamp(1000));
        assert_eq!(phases[2].end_time, Some(Timestamp(expected)));
    }
}

#[test]
fn our_own_clock_may_go_back() {
    let mut phases = begun(5000);
    merge(&mut phases, vec![record(Phase::Provisioning, 0, Some((9, Failed)))], Timestamp(10));
    assert_eq!(complete(&mut phases, Failed, None, Timestamp(5)), Timestamp(5000));
}

#[test]
fn a_record_replaces_that_of_its_phase_but_no_time_that_was_told_changes() {
    let mut phases = begun(100);
    merge(&mut phases, vec![record(Phase::Provisioning, 0, Some((50, Succeeded)))], Timestamp(1000));
    merge(&mut phases, vec![record(Phase::Provisioning, 0, Some((700, Failed)))], Timestamp(2000));
    assert_eq!((phases[2].phase_status, phases[2].end_time), (Some(Failed), Some(Timestamp(150))));
    merge(&mut phases, vec![record(Phase::Provisioning, 0, None)], Timestamp(3000));
    assert_eq!(phases[2].phase_status, Some(Failed));
}

#[test]
fn phases_only_move_forward() {
    let mut phases = begun(100);
    let reported = [Phase::Build, Phase::Install, Phase::Queued, Phase::Completed];
    merge(&mut phases, reported.map(|phase| record(phase, 0, None)).to_vec(), Timestamp(900));
    assert_eq!(times(&phases)[2..], [("PROVISIONING", 100, Some(900)), ("BUILD", 900, None)]);
}

#[test]
fn nothing_follows_a_stopped_phase_but_completed() {
    let mut phases = begun(100);
    let stopped = record(Phase::Build, 0, Some((10, Stopped)));
    merge(&mut phases, vec![stopped, record(Phase::Finalizing, 10, Some((20, Succeeded)))], Timestamp(900));
    complete(&mut phases, Stopped, None, Timestamp(950));
    let names: Vec<_> = phases.iter().map(|one| one.phase_type.name()).collect();
    assert_eq!(names, ["SUBMITTED", "QUEUED", "PROVISIONING", "BUILD", "COMPLETED"]);
    assert!(phases[3].contexts.is_empty());
}

#[test]
fn a_reopened_queue_is_as_if_never_left() {
    let before = submitted(Timestamp(0), Timestamp(10));
    let mut phases = begun(100);
    assert_eq!(reopen_queue(&mut phases), Some(Timestamp(10)));
    assert_eq!(phases, before);
}
