//! Every state with every event, held against `lifecycle/table.txt`. To rewrite the table after a change that is
//! meant: `BUILDYARD_REWRITE=1 cargo test -p buildyard-scheduler table`.

use super::*;
use std::fmt::Write;

fn states() -> Vec<(&'static str, Build)> {
    let running = running();
    let commands = step(&running, progress(&running, vec![record(Phase::Install, 0, None)]), 1200);
    let mut twice_lost = running.clone();
    (twice_lost.losses, twice_lost.epoch) = (2, 3);
    if let State::Running { lease, .. } = &mut twice_lost.state {
        lease.token.epoch = 3;
    }
    vec![
        ("queued", queued()),
        ("leased", leased()),
        ("running, no command begun", running.clone()),
        ("running, twice lost before", twice_lost),
        ("running, commands begun", commands.clone()),
        ("stopping", step(&commands, Event::Stop, 1300)),
        ("finished by its agent", step(&running, finish(&running, report(Outcome::Succeeded)), 1300)),
        ("finished without", step(&step(&running, Event::Stop, 1300), Event::StopExpired, 1400)),
    ]
}

fn events(build: &Build) -> Vec<(&'static str, Event)> {
    // After the end, the agent that had it repeats itself with the lease it had.
    let mine = build.state.lease().map_or_else(|| token(&leased()), |lease| lease.token.clone());
    let mut stale = mine.clone();
    stale.epoch += 7;
    let reason = || "because".to_owned();
    let told = |token: LeaseToken, phases| Event::Progress {
        token,
        phases,
        commands_started: false,
        image_digest: None,
        resolved_source_version: None,
    };
    let failed = crate::Report { retry_limit: 1, ..report(Outcome::Failed) };
    vec![
        ("Lease", Event::Lease { agent: agent("a2") }),
        ("Accept", Event::Accept { token: mine.clone() }),
        ("Accept, stale", Event::Accept { token: stale.clone() }),
        ("Decline", Event::Decline { token: mine.clone(), reason: reason() }),
        ("Decline, stale", Event::Decline { token: stale.clone(), reason: reason() }),
        ("OfferExpired", Event::OfferExpired),
        ("Withdraw", Event::Withdraw { token: mine.clone(), reason: reason() }),
        ("Progress", told(mine.clone(), vec![record(Phase::PostBuild, 0, None)])),
        ("Progress, nothing new", told(mine.clone(), Vec::new())),
        ("Progress, stale", told(stale.clone(), Vec::new())),
        ("Finish SUCCEEDED", Event::Finish { token: mine.clone(), report: report(Outcome::Succeeded) }),
        ("Finish FAILED, to retry", Event::Finish { token: mine.clone(), report: failed }),
        ("Finish STOPPED", Event::Finish { token: mine, report: report(Outcome::Stopped) }),
        ("Finish, stale", Event::Finish { token: stale, report: report(Outcome::Succeeded) }),
        ("Stop", Event::Stop),
        ("StopExpired", Event::StopExpired),
        ("Lost", Event::Lost { reason: reason() }),
        ("QueueTimeout", Event::QueueTimeout),
    ]
}

fn effect(effect: &Effect) -> &'static str {
    match effect {
        Effect::Match => "Match",
        Effect::Offer { .. } => "Offer",
        Effect::SendStop { .. } => "SendStop",
        Effect::Revoke { .. } => "Revoke",
        Effect::DropUploads { .. } => "DropUploads",
        Effect::Retry { .. } => "Retry",
        Effect::DropLogs { .. } => "DropLogs",
        Effect::ExportLog { .. } => "ExportLog",
        Effect::Meter { .. } => "Meter",
        Effect::Freed { .. } => "Freed",
    }
}

fn cell(build: &Build, event: Event) -> (String, String) {
    match apply(build, event, Timestamp(2000)) {
        Ok(Step { build, effects }) => {
            let state = build.outcome().map_or(build.state.name().to_owned(), |outcome| format!("finished {outcome}"));
            let effects: Vec<_> = effects.iter().map(effect).collect();
            (state, effects.join(" "))
        }
        Err(Rejected::Fenced(_)) => ("-".to_owned(), "fenced".to_owned()),
        Err(Rejected::Finished) => ("-".to_owned(), "finished".to_owned()),
        Err(Rejected::Unchanged) => ("-".to_owned(), "unchanged".to_owned()),
        Err(Rejected::NotNow { .. }) => ("-".to_owned(), "not now".to_owned()),
    }
}

fn table() -> String {
    let mut text = String::from(
        "What each event makes of a build in each state: the next state and the effects, or why it is rejected.\n",
    );
    for (state, build) in states() {
        writeln!(text, "\n{state}").unwrap();
        for (name, event) in events(&build) {
            let (next, follows) = cell(&build, event);
            let line = format!("  {name:<24} {next:<20} {follows}");
            writeln!(text, "{}", line.trim_end()).unwrap();
        }
    }
    text
}

#[test]
fn the_table_of_all_states_and_events_is_as_written() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lifecycle/table.txt");
    let actual = table();
    if std::env::var_os("BUILDYARD_REWRITE").is_some() {
        std::fs::write(path, &actual).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(actual, written, "the lifecycle differs from {path}: see this file's head");
}
