//! The walk as a whole: order, transitions, log lines, events.

use crate::support::{of, of_phases, phase};
use buildyard_buildspec::OnFailure;
use buildyard_model::{Phase, PhaseStatus};
use buildyard_runner::journal::Event;
use buildyard_runner::plan::JOURNAL_FILE;

const ALL: [Phase; 4] = Phase::OF_COMMANDS;

#[test]
fn the_log_reads_like_codebuilds() {
    let ran = of_phases(vec![phase(Phase::Build, &["echo out; echo err >&2", "printf unfinished", "false"])]).run();
    assert_eq!(
        ran.log,
        "> Entering phase INSTALL\n\
         > Phase complete: INSTALL State: SUCCEEDED\n\
         > Phase context status code:  Message: \n\
         > Entering phase PRE_BUILD\n\
         > Phase complete: PRE_BUILD State: SUCCEEDED\n\
         > Phase context status code:  Message: \n\
         > Entering phase BUILD\n\
         > Running command echo out; echo err >&2\n\
         out\nerr\n\n\
         > Running command printf unfinished\n\
         unfinished\n\n\
         > Running command false\n\n\
         > Command did not exit successfully false exit status 1\n\
         > Phase complete: BUILD State: FAILED\n\
         > Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: false. Reason: exit status 1\n\
         > Entering phase POST_BUILD\n\
         > Phase complete: POST_BUILD State: SUCCEEDED\n\
         > Phase context status code:  Message: \n"
    );
}

#[test]
fn events_tell_the_same_story_and_phases_touch() {
    let ran = of(&["true"]).run();
    let mut last = None;
    let mut names = Vec::new();
    for event in &ran.events {
        match event {
            Event::PhaseStarted { phase, time } => {
                assert!(last.is_none() || last == Some(*time), "{phase} began at another moment");
                names.push(format!("+{phase}"));
            }
            Event::PhaseEnded { phase, time, .. } => {
                last = Some(*time);
                names.push(format!("-{phase}"));
            }
            Event::CommandsStarted => names.push("commands".into()),
            Event::Finished { .. } => names.push("finished".into()),
            Event::Exported { .. } | Event::Packed(_) => names.push("other".into()),
        }
    }
    let expected = "+INSTALL -INSTALL +PRE_BUILD -PRE_BUILD +BUILD commands -BUILD +POST_BUILD -POST_BUILD \
                    +UPLOAD_ARTIFACTS finished";
    assert_eq!(names.join(" "), expected);
}

#[test]
fn a_build_without_commands_says_that_none_started() {
    let ran = of(&[]).run();
    assert!(!ran.events.contains(&Event::CommandsStarted));
    assert_eq!(ran.finished(), (false, 0));
}

/// Which phases run when one fails with this `on-failure`, and what the build comes to.
fn failing(failing: Phase, on_failure: Option<OnFailure>) -> (String, (bool, u32)) {
    let phases = ALL.map(|one| {
        let mut spec = phase(one, &[if one == failing { "false" } else { "true" }, "true"]);
        spec.finally = vec!["true".into()];
        spec.on_failure = on_failure.clone().filter(|_| one == failing);
        spec
    });
    let ran = of_phases(phases.to_vec()).run();
    let walked = ran.events.iter().filter_map(|event| match event {
        Event::PhaseStarted { phase, .. } => Some(phase.name()),
        _ => None,
    });
    (walked.collect::<Vec<_>>().join(" "), ran.finished())
}

#[test]
fn the_matrix_of_failures() {
    let retry = || Some(OnFailure::Retry { count: 2, pattern: Some("exit status 1$".into()) });
    let all = "INSTALL PRE_BUILD BUILD POST_BUILD UPLOAD_ARTIFACTS";
    let rows = [
        (Phase::Install, None, "INSTALL", (true, 0)),
        (Phase::Install, Some(OnFailure::Continue), all, (false, 0)),
        (Phase::Install, retry(), "INSTALL", (true, 2)),
        (Phase::PreBuild, None, "INSTALL PRE_BUILD", (true, 0)),
        (Phase::PreBuild, Some(OnFailure::Abort), "INSTALL PRE_BUILD", (true, 0)),
        (Phase::Build, None, all, (true, 0)),
        (Phase::Build, Some(OnFailure::Abort), "INSTALL PRE_BUILD BUILD", (true, 0)),
        (Phase::Build, Some(OnFailure::Continue), all, (false, 0)),
        (Phase::Build, retry(), all, (true, 2)),
        (Phase::PostBuild, None, all, (true, 0)),
        (Phase::PostBuild, Some(OnFailure::Abort), "INSTALL PRE_BUILD BUILD POST_BUILD", (true, 0)),
    ];
    for (phase, on_failure, walked, finished) in rows {
        assert_eq!(failing(phase, on_failure.clone()), (walked.to_owned(), finished), "{phase} {on_failure:?}");
    }
}

#[test]
fn finally_runs_after_a_failure_and_can_itself_fail() {
    let mut spec = phase(Phase::Build, &["false", "echo skipped"]);
    spec.finally = vec!["echo finally".into()];
    let ran = of_phases(vec![spec.clone()]).run();
    assert_eq!(ran.output(), "finally\n");
    assert!(ran.context(Phase::Build).message.contains("command: false."));
    spec.commands = vec!["true".into()];
    spec.finally = vec!["exit 9".into(), "echo skipped".into()];
    let ran = of_phases(vec![spec]).run();
    assert_eq!(ran.output(), "");
    assert_eq!(ran.phases()[2], (Phase::Build, PhaseStatus::Failed));
    assert!(ran.context(Phase::Build).message.ends_with("exit status 9"));
}

#[test]
fn exported_variables_are_read_after_post_build() {
    let mut build = of_phases(vec![
        phase(Phase::Install, &["OUT=early; AWS_X=1; COPY=\"<$TOKEN>\""]),
        phase(Phase::PostBuild, &["OUT='late value'"]),
    ])
    .secret("TOKEN", "s3cr3t-value");
    build.plan.buildspec.env.exported_variables =
        ["OUT", "AWS_X", "TOKEN", "COPY", "UNSET"].map(str::to_owned).to_vec();
    let ran = build.run();
    assert_eq!(ran.exported(), [("OUT".to_owned(), "late value".to_owned())]);
    assert!(ran.log.contains("> Variable TOKEN is not exported"), "{}", ran.log);
}

#[test]
fn runtimes_of_an_image_without_support_are_skipped() {
    let mut spec = phase(Phase::Install, &["echo on"]);
    spec.runtime_versions = vec![("python".into(), "3.12".into())];
    let ran = of_phases(vec![spec]).run();
    let line = "> Skipping install of runtimes. Runtime version selection is not supported by this build image.\n";
    assert!(ran.log.contains(line), "{}", ran.log);
    assert_eq!(ran.finished(), (false, 0));
}

#[test]
fn a_plan_that_cannot_be_read_is_exit_64_and_a_used_control_directory_74() {
    let build = of(&["true"]);
    let control = build.folder.path().join("control");
    let status = std::process::Command::new(crate::support::program())
        .args(["runner", "--control"])
        .arg(&control)
        .stderr(std::process::Stdio::null())
        .status();
    assert_eq!(status.unwrap().code(), Some(64));
    std::fs::write(control.join(JOURNAL_FILE), "").unwrap();
    assert_eq!(build.start().wait().unwrap().code(), Some(74));
}
