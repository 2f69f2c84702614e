//! What a faulty text's author reads: the message, its place, and the status code.

use buildyard_buildspec::{BATCH_SPEC_VALIDATION_ERROR, Error, YAML_FILE_ERROR, parse};

fn fault(text: &str) -> Error {
    parse(text).err().unwrap_or_else(|| panic!("it was read:\n{text}"))
}

/// Line, column and message of the error in a buildspec that ends in these lines, which begin at line 5.
fn fault_in(lines: &str) -> (usize, usize, String) {
    let error = fault(&format!("version: 0.2\nphases:\n  build:\n    commands: make\n{lines}"));
    assert_eq!(error.code(), YAML_FILE_ERROR);
    let Some(position) = error.position else { panic!("no place: {error}") };
    (position.line, position.column, error.to_string())
}

#[test]
fn a_command_that_is_a_map_is_told_as_codebuild_tells_it() {
    let text = format!(
        "version: 0.2\nphases:\n  build:\n{}    commands:\n      - echo a\n      - echo b\n      - echo \"x: y\"\n",
        "    #\n".repeat(33)
    );
    let error = fault(&text);
    assert_eq!(
        error.to_string(),
        "Expected Commands[2] to be of string type: found subkeys instead at line 40, value of the key tag on line 39 might be empty"
    );
    assert_eq!(error.code(), "YAML_FILE_ERROR");
    assert_eq!(
        error.diagnostic(),
        "YAML_FILE_ERROR: Expected Commands[2] to be of string type: found subkeys instead at line 40, value of the key tag on line 39 might be empty
 --> line 40, column 9
   |
40 |       - echo \"x: y\"
   |         ^
 = help: YAML reads a colon and a space as a key with its value, here the key `echo \"x`: put the whole line in quotes, or on a line of its own below `- |`"
    );
}

#[test]
fn a_command_that_ends_in_a_colon_is_a_map_too() {
    let error = fault("version: 0.2\nphases:\n  build:\n    commands:\n      - echo hello:\n");
    assert_eq!(
        error.to_string(),
        "Expected Commands[0] to be of string type: found subkeys instead at line 5, value of the key tag on line 4 might be empty"
    );
}

#[test]
fn empty_items_count_in_a_commands_index() {
    let error = fault("version: 0.2\nphases:\n  build:\n    commands: [a]\n    finally:\n      -\n      - b: c\n");
    assert_eq!(
        error.to_string(),
        "Expected Finally[1] to be of string type: found subkeys instead at line 7, value of the key tag on line 6 might be empty"
    );
}

#[test]
fn a_text_that_is_no_buildspec_has_codebuilds_message() {
    for text in [
        "",
        "# only a comment\n",
        "phases: {build: {commands: a}}",
        "version:\nphases: {}",
        "version: [0.2]",
        "just text",
        "- a\n- b\n",
    ] {
        assert_eq!(fault(text).to_string(), "wrong number of container tags, expected 1", "{text:?}");
        assert_eq!(fault(text).code(), YAML_FILE_ERROR);
    }
    assert!(fault("a: b\n").diagnostic().ends_with("help: the buildspec has no version: begin it with `version: 0.2`"));
}

#[test]
fn other_versions_are_refused() {
    for version in ["0.3", "1", "0.20", "latest", "\"\""] {
        let message = fault(&format!("version: {version}\n")).to_string();
        assert!(message.starts_with("unsupported buildspec version"), "{message}");
        assert!(message.ends_with("the versions are 0.1 and 0.2 at line 1"), "{message}");
    }
}

#[test]
fn go_yamls_syntax_messages_are_used() {
    assert_eq!(
        fault("version: 0.2\nphases:\n\tbuild:\n").to_string(),
        "found character that cannot start any token at line 3"
    );
    let list = "version: 0.2\nphases:\n  build:\n    commands: [\"a\"\n\"b\"]\n";
    assert_eq!(fault(list).to_string(), "did not find expected ',' or ']' at line 5");
}

#[test]
fn faults_of_phases_are_placed() {
    let table = [
        ("version: 0.2\n", 1, "phases is required, but missing from the buildspec"),
        ("version: 0.2\nphases:\n", 1, "phases is required, but missing from the buildspec"),
        ("version: 0.2\nphases: []\n", 2, "Expected phases to be a map: found a list instead at line 2"),
        (
            "version: 0.2\nphases:\n  build: make\n",
            3,
            "Expected phases.build to be a map: found a string instead at line 3",
        ),
        (
            "version: 0.2\nphases:\n  prebuild: {commands: a}\n",
            3,
            "unknown phase 'prebuild': the phases are install, pre_build, build and post_build at line 3",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    finally: a\n",
            4,
            "phases.build.commands is required, but missing from the phase at line 4",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands:\n      a: b\n",
            5,
            "Expected Commands to be a list of strings: found subkeys instead at line 5",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands:\n      - a\n      - [b, c]\n",
            6,
            "Expected Commands[1] to be of string type: found a list instead at line 6",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands: a\n    runtime-versions: {python: 3.10}\n",
            5,
            "phases.build.runtime-versions is allowed in the install phase only at line 5",
        ),
        (
            "version: 0.2\nphases:\n  install:\n    runtime-versions: {python: }\n",
            4,
            "phases.install.runtime-versions.python has no version at line 4",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands: a\n    run-as: -u0\n",
            5,
            "phases.build.run-as '-u0' is not the name of a Linux user at line 5",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands: a\n    on-failure: RETRY-101\n",
            5,
            "phases.build.on-failure 'RETRY-101' is not valid: the count must be from 0 to 100 at line 5",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands: a\n    on-failure: IGNORE\n",
            5,
            "phases.build.on-failure 'IGNORE' is not valid: it must be ABORT, CONTINUE, RETRY, RETRY-count, RETRY-regex or RETRY-count-regex at line 5",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands: a\n    on-failure: RETRY-2-(\n",
            5,
            "phases.build.on-failure 'RETRY-2-(' is not valid: the pattern does not compile (unclosed group) at line 5",
        ),
    ];
    for (text, line, message) in table {
        let error = fault(text);
        assert_eq!((error.to_string().as_str(), error.position.map(|at| at.line)), (message, Some(line)), "{text}");
    }
    assert!(
        fault("version: 0.2\nphases: {preBuild: {commands: a}}").diagnostic().ends_with("did you mean `pre_build`?")
    );
}

#[test]
fn faults_of_the_environment_are_placed() {
    let table = [
        ("env: {shell: zsh}", 5, 14, "env.shell 'zsh' is not supported: use bash or /bin/sh at line 5"),
        (
            "env:\n  shell: powershell.exe",
            6,
            10,
            "env.shell powershell.exe needs a Windows build, which no agent offers at line 6",
        ),
        (
            "env:\n  variables:\n    A: [b]",
            7,
            8,
            "Expected env.variables.A to be of string type: found a list instead at line 7",
        ),
        ("env:\n  variables: [A]", 6, 14, "Expected env.variables to be a map: found a list instead at line 6"),
        (
            "env:\n  variables:\n    CODEBUILD_BUILD_ID: x",
            7,
            5,
            "the variable name 'CODEBUILD_BUILD_ID' starts with CODEBUILD_, which is reserved at line 7",
        ),
        ("env:\n  variables:\n    \"A=B\": x", 7, 5, "the variable name 'A=B' contains '=' at line 7"),
        (
            "env:\n  parameter-store:\n    \"A\\nB\": x",
            7,
            5,
            "the variable name 'A B' contains white space or control characters at line 7",
        ),
        ("env:\n  parameter-store:\n    A:", 7, 6, "env.parameter-store.A has no value at line 7"),
        (
            "env:\n  secrets-manager:\n    A: db:k:s:v",
            7,
            8,
            "env.secrets-manager.A: the reference to secret 'db' gives both a version stage and a version id: give one of them at line 7",
        ),
        (
            "env:\n  exported-variables: [A, AWS_TOKEN]",
            6,
            23,
            "the exported variable 'AWS_TOKEN' starts with AWS_, which cannot be exported at line 6",
        ),
        (
            "env:\n  git-credential-helper: maybe",
            6,
            26,
            "Expected env.git-credential-helper to be yes or no: found 'maybe' at line 6",
        ),
        ("run-as: a b", 5, 9, "run-as 'a b' is not the name of a Linux user at line 5"),
        ("env:\n  variables: {A: \"a\\0b\"}", 6, 18, "control characters are not allowed at line 6"),
        ("env: {}\nenv: {}", 6, 1, "key \"env\" at line 6 already set at line 5"),
    ];
    for (lines, line, column, message) in table {
        assert_eq!(fault_in(lines), (line, column, message.to_owned()), "{lines}");
    }
}

#[test]
fn faults_of_artifacts_reports_and_cache_are_placed() {
    let many: String = (0..6).map(|n| format!("\n  r{n}: {{files: a}}")).collect();
    let table = [
        ("artifacts:\n  name: a", 6, "artifacts.files is required, but missing from the map at line 6"),
        (
            "artifacts:\n  secondary-artifacts:\n    a: {name: b}",
            7,
            "artifacts.secondary-artifacts.a.files is required, but missing from the map at line 7",
        ),
        (
            "artifacts:\n  files:\n    - a: b",
            7,
            "Expected artifacts.files[0] to be of string type: found subkeys instead at line 7, value of the key tag on line 6 might be empty",
        ),
        (
            "artifacts:\n  files: a\n  discard-paths: 1",
            7,
            "Expected artifacts.discard-paths to be yes or no: found '1' at line 7",
        ),
        ("reports:\n  a: {base-directory: b}", 6, "reports.a.files is required, but missing from the map at line 6"),
        ("reports:\n  a:", 6, "Expected reports.a to be a map: found a string instead at line 6"),
        (&format!("reports:{many}"), 11, "reports has 6 report groups, over the limit of 5 at line 11"),
        (
            "reports: {a: {files: b, file-format: tap}}",
            5,
            "reports.a.file-format 'tap' is not one of CUCUMBERJSON, JUNITXML, NUNITXML, NUNIT3XML, TESTNGXML, VISUALSTUDIOTRX, CLOVERXML, COBERTURAXML, JACOCOXML, SIMPLECOV at line 5",
        ),
        (
            "cache:\n  fallback-keys: [1, 2, 3, 4, 5, 6]",
            6,
            "cache.fallback-keys has 6 keys, over the limit of 5 at line 6",
        ),
        ("cache:\n  action: both", 6, "cache.action 'both' must be restore or save at line 6"),
    ];
    for (lines, line, message) in table {
        let found = fault_in(lines);
        assert_eq!((found.0, found.2.as_str()), (line, message), "{lines}");
    }
}

#[test]
fn faults_of_a_batch_have_their_own_code() {
    let table = [
        (
            "build-list: [{identifier: a-b}, {identifier: ok}, {identifier: c-d}]",
            "Build Identifiers a-b,c-d must contain only alphanumeric characters and underscores and be less than 128 characters in length.",
        ),
        ("build-list: [{identifier: a}, {identifier: a}]", "Build Identifiers a must be unique."),
        (
            "build-list: [{buildspec: a.yml}]",
            "batch.build-list[0].identifier is required, but missing from the map at line 2",
        ),
        ("build-list: []", "batch.build-list has no builds at line 2"),
        ("build-list: {}", "Expected batch.build-list to be a list: found subkeys instead at line 2"),
        ("build-list: [a]", "Expected batch.build-list[0] to be a map: found a string instead at line 2"),
        (
            "build-list: [{identifier: a, env: {fleet: f, compute-type: c}}]",
            "batch.build-list[0].env has both fleet and compute-type, only one is allowed at line 2",
        ),
        (
            "build-list: [{identifier: a, env: {variables: {CODEBUILD_X: 1}}}]",
            "the variable name 'CODEBUILD_X' starts with CODEBUILD_, which is reserved at line 2",
        ),
        ("build-graph: [{identifier: a, depend-on: [b]}]", "a depends on b, which is no build of the graph at line 2"),
        (
            "build-graph: [{identifier: a, depend-on: b}, {identifier: b, depend-on: a}]",
            "the builds a, b depend on one another at line 2",
        ),
        (
            "build-fanout: {parallelism: 0}",
            "batch.build-fanout.parallelism '0' must be a whole number above 0 at line 2",
        ),
        (
            "build-fanout: {parallelism: -1}",
            "batch.build-fanout.parallelism '-1' must be a whole number above 0 at line 2",
        ),
        ("build-fanout: {}", "batch.build-fanout.parallelism is required, but missing from the map at line 2"),
        (
            "build-matrix: {dynamic: {env: {variables: {A: []}}}}",
            "batch.build-matrix.dynamic.env.variables.A has no values at line 2",
        ),
        (
            "fast-fail: true",
            "batch needs one of build-list, build-graph, build-matrix, build-fanout, none found at line 2",
        ),
        (
            "{build-list: [{identifier: a}], build-fanout: {parallelism: 1}}",
            "batch has both build-list and build-fanout, only one is allowed at line 2",
        ),
    ];
    for (batch, message) in table {
        let batch = if batch.starts_with('{') { batch.to_owned() } else { format!("{{{batch}}}") };
        let error = fault(&format!("version: 0.2\nbatch: {batch}\nphases: {{build: {{commands: a}}}}\n"));
        assert_eq!(error.to_string(), format!("BatchSpec has invalid values.. {message}"));
        assert_eq!(error.code(), BATCH_SPEC_VALIDATION_ERROR);
        assert_eq!(error.position.map(|at| at.line), Some(2));
    }
}

#[test]
fn an_identifier_has_at_most_127_characters() {
    let text =
        |length: usize| format!("version: 0.2\nbatch: {{build-list: [{{identifier: {}}}]}}\n", "a".repeat(length));
    assert!(parse(&text(127)).is_ok());
    assert!(parse(&text(128)).is_err());
}
