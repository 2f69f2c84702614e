use super::*;
use clap::CommandFactory;
use clap::error::ErrorKind;

fn refused(line: &str) -> clap::Error {
    Arguments::try_parse_from(line.split_whitespace()).expect_err(line)
}

fn accepted(line: &str) {
    if let Err(error) = Arguments::try_parse_from(line.split_whitespace()) {
        panic!("{line}: {error}");
    }
}

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn every_documented_call_is_understood() {
    for line in [
        "buildyard run",
        "buildyard run DIR --buildspec b.yml --image i:1 --env K=V --secrets f --artifacts out --executor host --privileged --timeout 1h",
        "buildyard up --data-dir d --http 127.0.0.1:1 --grpc [::1]:2 --executor podman --slots 4",
        "buildyard coordinator --config f --check",
        "buildyard agent --config f",
        "buildyard runner --control d",
        "buildyard start --source . --project app --image i --compute-type BUILD_GENERAL1_LARGE --env A=1 --env B=2 \
         --secret-parameter T=/app/t --privileged --timeout 90m --queued-timeout 1h --label zone=a --priority -3 --follow --raw",
        "buildyard start --source s3://b/k.zip --artifacts b/p --artifacts-name n --packaging zip --namespace build-id",
        "buildyard logs ID --follow --raw",
        "buildyard logs ID --output json",
        "buildyard stop ID --output json",
        "buildyard builds --project p --limit 5 --output json",
        "buildyard show ID --output json",
        "buildyard artifacts ID --download d --output json",
        "buildyard agents --output json",
        "buildyard agents drain NAME --output json",
        "buildyard agents undrain NAME --endpoint http://h:1 --token t",
    ] {
        accepted(line);
    }
}

#[test]
fn wrong_calls_are_refused_as_such() {
    for line in [
        "buildyard",
        "buildyard start",
        "buildyard start --source . --timeout 5",
        "buildyard start --source . --env =x",
        "buildyard start --source . --env CODEBUILD_X=1",
        "buildyard start --source . --raw",
        "buildyard start --source . --compute-type huge",
        "buildyard start --source . --project x",
        "buildyard builds --limit 0",
        "buildyard up --http localhost",
        "buildyard agents drain",
    ] {
        // clap's own exit code for these is 2, ours for a wrong call.
        assert_eq!(refused(line).exit_code(), 2, "{line}");
    }
}

#[test]
fn help_names_every_command_but_the_runner() {
    let help = refused("buildyard --help");
    assert_eq!(help.kind(), ErrorKind::DisplayHelp);
    let text = help.to_string();
    for name in ["run", "up", "start", "logs", "stop", "builds", "show", "artifacts", "agents", "coordinator", "agent"]
    {
        assert!(text.contains(&format!("\n  {name} ")), "{name} is missing in\n{text}");
    }
    assert!(!text.contains("\n  runner "));
}
