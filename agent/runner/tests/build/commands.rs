//! What one command leaves to the next, in every shell there is here.

use crate::support::{Build, of, of_phases, phase};
use buildyard_buildspec::Version;
use buildyard_model::{Phase, PhaseStatus};

/// The same build in sh and in bash.
fn in_each_shell(check: impl Fn(fn(Build) -> Build)) {
    check(|build| build);
    check(Build::bash);
}

#[test]
fn variables_and_directory_are_kept_between_commands_and_phases() {
    in_each_shell(|shell| {
        let first =
            phase(Phase::Install, &["mkdir -p sub && cd sub", "PLAIN=1", "export EXPORTED='two words'", "unset GONE"]);
        let second =
            phase(Phase::PostBuild, &["echo \"$PLAIN|$EXPORTED|${GONE-unset}|$(basename \"$PWD\")\"", "cd -; pwd"]);
        let build = shell(of_phases(vec![first, second])).variable("GONE", "here");
        let source = build.source().to_owned();
        let ran = build.run();
        assert_eq!(ran.code, Some(0));
        let source = source.display().to_string();
        assert_eq!(ran.output(), format!("1|two words|unset|sub\n{source}\n{source}\n"));
        assert_eq!(ran.finished(), (false, 0));
    });
}

#[test]
fn any_value_survives() {
    in_each_shell(|shell| {
        let build = shell(of(&[
            "ODD=\"$(printf 'it'\"'\"'s \\\\ $HOME `x`\\n\\tend \\377')\"; export ODD",
            "printf '%s' \"$ODD\" | od -An -tx1 | tr -d ' \\n'",
        ]));
        let ran = build.run();
        assert!(
            ran.output().contains("6974277320 5c2024484f4d45206078600a09656e6420ff".replace(' ', "").as_str()),
            "{}",
            ran.log
        );
    });
}

#[test]
fn functions_options_and_shell_depth_are_not_kept() {
    in_each_shell(|shell| {
        let build = shell(of(&[
            "set -e\nset -u\nf() { echo from-f; }\numask 077",
            "false; echo \"on $UNSET ${SHELLOPTS_X-}\"",
            "f 2>/dev/null || echo no-function",
            "umask; echo depth=${SHLVL-1}",
        ]));
        let output = build.run().output();
        assert!(output.starts_with("on  \nno-function\n0022\n"), "{output}");
        assert!(output.contains("depth=1\n"), "{output}");
    });
}

#[test]
fn the_last_statement_gives_the_exit_status() {
    in_each_shell(|shell| {
        let build = shell(of(&["false\ntrue", "(exit 7)", "echo never"]));
        let ran = build.run();
        assert_eq!(ran.phases()[2], (Phase::Build, PhaseStatus::Failed));
        let context = ran.context(Phase::Build);
        assert_eq!(context.status_code, "COMMAND_EXECUTION_ERROR");
        assert_eq!(context.message, "Error while executing command: (exit 7). Reason: exit status 7");
        assert!(ran.log.contains("> Command did not exit successfully (exit 7) exit status 7\n"));
        assert!(!ran.log.contains("never"));
        assert_eq!(ran.finished(), (true, 0));
    });
}

#[test]
fn exit_ends_its_own_command_and_keeps_its_variables() {
    in_each_shell(|shell| {
        let ran = shell(of(&["cd /; A=1; exit 0; A=2", "echo \"$A $PWD\""])).run();
        assert_eq!(ran.output(), "1 /\n", "{}", ran.log);
    });
}

#[test]
fn a_trap_of_the_users_own_runs_and_loses_no_variable() {
    in_each_shell(|shell| {
        let ran = shell(of(&["trap 'echo cleanup >&2' EXIT\nA=1\n(exit 3)"])).run();
        assert!(ran.log.contains("\ncleanup\n"), "{}", ran.log);
        assert!(ran.log.contains("exit status 3"));
        let ran = shell(of(&["trap 'echo cleanup' EXIT\nA=1", "echo \"A=$A\""])).run();
        assert_eq!(ran.output(), "cleanup\nA=1\n", "{}", ran.log);
    });
}

#[test]
fn odd_ends_of_a_command_do_no_harm() {
    in_each_shell(|shell| {
        let commands = [
            "echo one \\",
            "A=1 # comment",
            "cat <<X\nheredoc\nX",
            "",
            "# only a comment",
            "set -eux; B=2",
            "echo $A$B",
        ];
        let ran = shell(of(&commands)).run();
        assert!(ran.output().starts_with("one\nheredoc\n"), "{}", ran.log);
        assert!(ran.output().ends_with("12\n"), "{}", ran.log);
        assert!(!ran.output().contains("buildyard"), "{}", ran.log);
    });
}

#[test]
fn an_error_names_the_users_line_as_the_fourth() {
    let build = of(&["no-such-program-here\ntrue"]).bash();
    let script = build.plan.state_directory.join("script.sh");
    let output = build.run().output();
    assert!(
        output.contains(&format!("{}: line 4: no-such-program-here: command not found", script.display())),
        "{output}"
    );
}

#[test]
fn a_killed_command_has_failed_and_changed_nothing() {
    let ran =
        of_phases(vec![phase(Phase::Build, &["A=1", "A=2; kill -9 $$"]), phase(Phase::PostBuild, &["echo A=$A"])])
            .run();
    assert!(ran.context(Phase::Build).message.ends_with("Reason: exit status 137"));
    assert_eq!(ran.output(), "A=1\n");
}

#[test]
fn a_program_that_replaces_the_shell_is_said_to_keep_nothing() {
    let ran = of(&["A=1", "A=2; exec true", "echo A=$A"]).run();
    assert_eq!(ran.output(), "A=1\n");
    assert!(ran.log.contains("environment was not kept"), "{}", ran.log);
}

#[test]
fn a_directory_that_went_away_fails_the_command_instead_of_running_it_elsewhere() {
    let ran = of(&["mkdir gone && cd gone && rmdir ../gone", "echo ran-in $PWD"]).run();
    assert_eq!(ran.finished(), (true, 0));
    assert!(!ran.output().contains("ran-in"), "{}", ran.log);
}

#[test]
fn the_runner_alone_says_whether_the_build_succeeds() {
    let mut build = of(&[
        "echo $CODEBUILD_BUILD_SUCCEEDING $CODEBUILD_LAST_EXIT; CODEBUILD_BUILD_SUCCEEDING=x",
        "echo $CODEBUILD_BUILD_SUCCEEDING; exit 5",
    ]);
    build.plan.buildspec.phases[0].finally =
        vec!["echo finally $CODEBUILD_BUILD_SUCCEEDING $CODEBUILD_LAST_EXIT; unset CODEBUILD_LAST_EXIT".into()];
    build.plan.buildspec.phases.push(phase(
        Phase::PostBuild,
        &["export CODEBUILD_BUILD_SUCCEEDING=1", "echo post $CODEBUILD_BUILD_SUCCEEDING $CODEBUILD_LAST_EXIT"],
    ));
    assert_eq!(build.run().output(), "1 0\n1\nfinally 0 5\npost 0 0\n");
}

#[test]
fn version_0_1_gives_every_command_a_fresh_shell() {
    let mut build =
        of(&["cd /; A=1; export B=1; set -a; C=1", "echo \"${A-}${B-}${C-}$KEPT\"; basename \"$PWD\"; exit 4"])
            .variable("KEPT", "!");
    build.plan.buildspec.version = Version::V0_1;
    let ran = build.run();
    assert_eq!(ran.output(), "!\nsrc\n");
    assert!(ran.log.contains("exit status 4"));
}

#[test]
fn the_plan_beats_what_was_inherited_and_names_need_not_be_identifiers() {
    let mut build =
        of(&["echo $A; env | grep '^no.identifier=' || echo shell-dropped-it"]).bash().variable("A", "plan");
    build.plan.environment.insert("no.identifier".into(), "kept".into());
    build.inherited = vec![("A", "image")];
    assert_eq!(build.run().output(), "plan\nno.identifier=kept\n");
}

#[test]
fn too_large_variables_fail_with_words_and_not_silently() {
    let ran = of(&["A=small", "A=$(head -c 300000 /dev/zero | tr '\\0' x)", "echo ${#A}"]).run();
    assert!(ran.log.contains("environment was not kept"), "{}", ran.log);
    assert_eq!(ran.output(), "5\n");
}

#[test]
fn a_missing_bash_is_named() {
    let ran = of(&["echo hi"]).bash().variable("PATH", "/nowhere").run();
    assert!(ran.context(Phase::Build).message.contains("no bash in PATH"), "{}", ran.log);
}

#[test]
fn the_environment_is_left_behind_in_files() {
    let build = of(&["B='it'\"'\"'s'; A=1; cd /"]);
    let state = build.plan.state_directory.clone();
    let mut build = build;
    build.plan.buildspec.phases.push(phase(Phase::PostBuild, &["true"]));
    let ran = build.run();
    let text = std::fs::read_to_string(state.join("env.sh")).unwrap();
    assert!(text.starts_with("export A='1'\nexport B='it'\\''s'\nexport BUILDYARD_STATE_DIRECTORY="), "{text}");
    assert_eq!(std::fs::read_to_string(state.join("directory")).unwrap(), "/");
    drop(ran);
}
