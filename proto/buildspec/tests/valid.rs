//! Texts that are buildspecs, and what they come to.

use buildyard_buildspec::{
    ArtifactFiles, Batch, BatchEnv, BatchKind, BatchMatrix, BatchTask, Buildspec, Cache, CacheAction, Env, OnFailure,
    PhaseSpec, Proxy, ReportFormat, ReportSpec, Shell, Version, parse, parse_bytes, unknown_keys,
};
use buildyard_model::Phase;

fn spec(text: &str) -> Buildspec {
    parse(text).unwrap_or_else(|error| panic!("{text}\n{}", error.diagnostic()))
}

/// A buildspec of version 0.2 with one build command and these further lines.
fn with(lines: &str) -> Buildspec {
    spec(&format!("version: 0.2\nphases:\n  build:\n    commands: make\n{lines}"))
}

fn phase(phase: Phase, commands: &[&str]) -> PhaseSpec {
    PhaseSpec {
        phase,
        run_as: None,
        on_failure: None,
        runtime_versions: Vec::new(),
        commands: owned(commands),
        finally: Vec::new(),
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const EVERY_KEY: &str = r#"
version: 0.2
run-as: builder
env:
  shell: bash
  variables: {JAVA_HOME: "/usr/lib/jvm", PORT: 8080, DEBUG: true, VER: 1.10, N: 007, EMPTY: , CODEBUILD_CONFIG_AUTO_DISCOVER: false}
  parameter-store: {LOGIN: /team/login}
  secrets-manager: {PASSWORD: "db:password::v1"}
  exported-variables: [TAG, CODEBUILD_RESOLVED_SOURCE_VERSION]
  git-credential-helper: yes
proxy:
  upload-artifacts: Yes
  logs: "no"
phases:
  post_build:
    commands: [echo post]
  install:
    run-as: root
    on-failure: Retry-2-exit status 5
    runtime-versions: {python: 3.10, golang: 1.20, nodejs: 18.x, ruby: "$RUBY", java: latest}
    commands:
      - echo one
      - |
        echo two
        echo three
    finally: echo at last
reports:
  arn:aws:codebuild:eu-west-1:1:report-group/g: {files: ["**/*"], base-directory: out, discard-paths: on, file-format: cucumberjson}
  $NAME: {files: a.xml}
artifacts:
  files: ["**/*", README.md]
  name: app-$(date +%F)
  discard-paths: no
  base-directory: 'dist*'
  exclude-paths: "**/.*"
  enable-symlinks: TRUE
  s3-prefix: builds
  secondary-artifacts:
    docs: {files: [docs/**/*], name: docs, discard-paths: yes}
cache:
  key: npm-$(codebuild-hash-files package-lock.json)
  fallback-keys: [npm-, any-]
  action: restore
  paths: [/root/.npm/**/*, node_modules/**/*]
"#;

#[test]
fn every_key_is_read() {
    let expected = Buildspec {
        version: Version::V0_2,
        run_as: Some("builder".to_owned()),
        env: Env {
            shell: Shell::Bash,
            variables: pairs(&[
                ("JAVA_HOME", "/usr/lib/jvm"),
                ("PORT", "8080"),
                ("DEBUG", "true"),
                ("VER", "1.10"),
                ("N", "007"),
                ("EMPTY", ""),
                ("CODEBUILD_CONFIG_AUTO_DISCOVER", "false"),
            ]),
            parameter_store: pairs(&[("LOGIN", "/team/login")]),
            secrets_manager: pairs(&[("PASSWORD", "db:password::v1")]),
            exported_variables: owned(&["TAG", "CODEBUILD_RESOLVED_SOURCE_VERSION"]),
            git_credential_helper: true,
        },
        proxy: Proxy { upload_artifacts: true, logs: false },
        batch: None,
        phases: vec![
            PhaseSpec {
                run_as: Some("root".to_owned()),
                on_failure: Some(OnFailure::Retry { count: 2, pattern: Some("exit status 5".to_owned()) }),
                runtime_versions: pairs(&[
                    ("python", "3.10"),
                    ("golang", "1.20"),
                    ("nodejs", "18.x"),
                    ("ruby", "$RUBY"),
                    ("java", "latest"),
                ]),
                finally: owned(&["echo at last"]),
                ..phase(Phase::Install, &["echo one", "echo two\necho three\n"])
            },
            phase(Phase::PostBuild, &["echo post"]),
        ],
        reports: vec![
            ReportSpec {
                group: "arn:aws:codebuild:eu-west-1:1:report-group/g".to_owned(),
                files: owned(&["**/*"]),
                base_directory: Some("out".to_owned()),
                discard_paths: true,
                file_format: ReportFormat::CucumberJson,
            },
            ReportSpec {
                group: "$NAME".to_owned(),
                files: owned(&["a.xml"]),
                base_directory: None,
                discard_paths: false,
                file_format: ReportFormat::JunitXml,
            },
        ],
        artifacts: Some(buildyard_buildspec::Artifacts {
            primary: ArtifactFiles {
                files: owned(&["**/*", "README.md"]),
                name: Some("app-$(date +%F)".to_owned()),
                discard_paths: false,
                base_directory: Some("dist*".to_owned()),
                exclude_paths: owned(&["**/.*"]),
                enable_symlinks: true,
                s3_prefix: Some("builds".to_owned()),
            },
            secondary: vec![(
                "docs".to_owned(),
                ArtifactFiles {
                    files: owned(&["docs/**/*"]),
                    name: Some("docs".to_owned()),
                    discard_paths: true,
                    ..ArtifactFiles::default()
                },
            )],
        }),
        cache: Some(Cache {
            key: Some("npm-$(codebuild-hash-files package-lock.json)".to_owned()),
            fallback_keys: owned(&["npm-", "any-"]),
            action: Some(CacheAction::Restore),
            paths: owned(&["/root/.npm/**/*", "node_modules/**/*"]),
        }),
    };
    assert_eq!(spec(EVERY_KEY), expected);
    assert_eq!(unknown_keys(EVERY_KEY).unwrap(), []);
}

#[test]
fn the_json_that_the_cdk_sends_is_read() {
    let text = "{\n  \"version\": \"0.2\",\n  \"phases\": {\n    \"install\": {\n      \"runtime-versions\": {\n        \"nodejs\": 18\n      },\n      \"commands\": [\n        \"npm install -g aws-cdk\",\n        \"cd $(dirname \\\"$CODEBUILD_SRC_DIR\\\")\"\n      ]\n    },\n    \"build\": {\n      \"commands\": \"cdk synth \\u2014 \\/tmp\"\n    }\n  },\n  \"artifacts\": {\n    \"base-directory\": \"cdk.out\",\n    \"files\": \"**/*\"\n  }\n}";
    for text in [text.to_owned(), text.replace("  ", "\t"), text.replace('\n', "").replace("  ", "")] {
        let spec = spec(&text);
        assert_eq!(spec.version, Version::V0_2);
        assert_eq!(spec.phases[0].runtime_versions, pairs(&[("nodejs", "18")]));
        assert_eq!(spec.phases[0].commands[1], "cd $(dirname \"$CODEBUILD_SRC_DIR\")");
        assert_eq!(spec.phases[1].commands, ["cdk synth — /tmp"]);
        assert_eq!(spec.artifacts.unwrap().primary.files, ["**/*"]);
    }
}

#[test]
fn the_version_is_a_number_or_a_text() {
    for (text, version) in [
        ("0.2", Version::V0_2),
        ("\"0.2\"", Version::V0_2),
        ("'0.1'", Version::V0_1),
        ("0.1", Version::V0_1),
        ("!!str 0.2 # text", Version::V0_2),
    ] {
        assert_eq!(spec(&format!("version: {text}\nphases: {{build: {{commands: a}}}}")).version, version, "{text}");
    }
}

#[test]
fn version_0_1_has_its_own_variables_and_an_artifact_type() {
    let text = "version: 0.1\nenvironment_variables:\n  plaintext:\n    A: 1.0\nphases:\n  build:\n    commands:\n      - a\nartifacts:\n  type: zip\n  files: [a]\n";
    let old = spec(text);
    assert_eq!(old.env.variables, pairs(&[("A", "1.0")]));
    assert_eq!(old.artifacts.unwrap().primary.files, ["a"]);
    assert_eq!(unknown_keys(text).unwrap(), []);

    let new = text.replace("0.1", "0.2");
    assert_eq!(spec(&new).env.variables, []);
    assert_eq!(unknown_keys(&new).unwrap()[0].path, "environment_variables");
}

#[test]
fn booleans_are_read_in_every_spelling() {
    for (texts, expected) in [
        (["yes", "true", "on", "Yes", "TRUE", "\"yes\"", "'On'"], true),
        (["no", "false", "off", "No", "FALSE", "\"no\"", "'Off'"], false),
    ] {
        for text in texts {
            assert_eq!(with(&format!("proxy: {{logs: {text}}}")).proxy.logs, expected, "{text}");
        }
    }
    assert!(!with("proxy: {logs: }").proxy.logs);
}

#[test]
fn commands_are_text_as_written() {
    let text = "version: 0.2\nphases:\n  build:\n    commands:\n      - 1.10\n      - true\n      - 'echo a: b'\n      - echo http://x:80/y\n      - >\n        a\n        b\n      - |-\n        x: y\n      - !Sub echo ${X}\n      - \"\"\n";
    assert_eq!(
        spec(text).phases[0].commands,
        ["1.10", "true", "echo a: b", "echo http://x:80/y", "a b\n", "x: y", "echo ${X}", ""]
    );
}

#[test]
fn nothing_where_a_list_or_a_phase_stands_is_empty() {
    let text = "version: 0.2\nphases:\n  install:\n    finally:\n  pre_build:\n    commands:\n      # - a\n  build:\n  post_build:\n    commands:\n      -\n      - a\n      - ~\n";
    let commands: Vec<_> = spec(text).phases.into_iter().map(|phase| (phase.phase, phase.commands)).collect();
    assert_eq!(
        commands,
        [
            (Phase::Install, vec![]),
            (Phase::PreBuild, vec![]),
            (Phase::Build, vec![]),
            (Phase::PostBuild, owned(&["a"])),
        ]
    );
    let empty = with("env:\nproxy:\nreports:\nartifacts:\ncache:\nbatch:\nrun-as:\n");
    assert_eq!((empty.env, empty.artifacts, empty.cache, empty.batch), (Env::default(), None, None, None));
}

#[test]
fn on_failure_is_read_in_every_form() {
    let retry = |count, pattern: Option<&str>| OnFailure::Retry { count, pattern: pattern.map(str::to_owned) };
    for (text, expected) in [
        ("ABORT", OnFailure::Abort),
        ("continue", OnFailure::Continue),
        ("RETRY", retry(3, None)),
        ("Retry-4", retry(4, None)),
        ("retry-.*timeout.*", retry(3, Some(".*timeout.*"))),
        ("RETRY-100-a-b", retry(100, Some("a-b"))),
    ] {
        let text = format!("version: 0.2\nphases: {{build: {{commands: a, on-failure: {text}}}}}");
        assert_eq!(spec(&text).phases[0].on_failure, Some(expected), "{text}");
    }
}

#[test]
fn artifacts_may_be_secondary_only() {
    let artifacts = with("artifacts:\n  secondary-artifacts:\n    a:\n      files:\n        - x\n").artifacts.unwrap();
    assert!(artifacts.primary.files.is_empty());
    assert_eq!(artifacts.secondary[0].1.files, ["x"]);
}

#[test]
fn anchors_under_keys_of_ones_own_are_used_and_reported() {
    let text = "version: 0.2\n.common: &common\n  - echo a\nx-phase: &phase\n  on-failure: CONTINUE\nphases:\n  build:\n    <<: *phase\n    commands: *common\n    steps: 1\n";
    let build = &spec(text).phases[0];
    assert_eq!((build.on_failure.as_ref(), &build.commands[..]), (Some(&OnFailure::Continue), &owned(&["echo a"])[..]));
    let unknown: Vec<_> = unknown_keys(text).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        unknown,
        [
            "unknown key '.common' at line 2, column 1",
            "unknown key 'x-phase' at line 4, column 1",
            "unknown key 'phases.build.steps' at line 10, column 5"
        ]
    );
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    let expected = spec(EVERY_KEY);
    let crlf = EVERY_KEY.replace('\n', "\r\n");
    assert_eq!(spec(&crlf), expected);
    assert_eq!(spec(&format!("\u{feff}{crlf}")), expected);
    assert_eq!(parse_bytes(format!("\u{feff}{EVERY_KEY}").as_bytes()).unwrap(), expected);
}

fn batch(text: &str) -> Batch {
    spec(&format!("version: 0.2\nbatch:\n{text}")).batch.unwrap_or_else(|| panic!("no batch: {text}"))
}

#[test]
fn a_batch_lists_its_builds() {
    let text = "  fast-fail: true\n  build-list:\n    - identifier: one\n      env:\n        compute-type: BUILD_GENERAL1_SMALL\n        image: ubuntu\n        type: LINUX_CONTAINER\n        privileged-mode: yes\n        variables: {A: 1.0}\n      ignore-failure: true\n    - {identifier: two, buildspec: b.yml, debug-session: true, env: {fleet: f}}\n";
    let one = BatchTask {
        identifier: "one".to_owned(),
        ignore_failure: true,
        env: BatchEnv {
            compute_type: Some("BUILD_GENERAL1_SMALL".to_owned()),
            image: Some("ubuntu".to_owned()),
            kind: Some("LINUX_CONTAINER".to_owned()),
            privileged_mode: Some(true),
            variables: pairs(&[("A", "1.0")]),
            fleet: None,
        },
        ..BatchTask::default()
    };
    let two = BatchTask {
        identifier: "two".to_owned(),
        buildspec: Some("b.yml".to_owned()),
        debug_session: true,
        env: BatchEnv { fleet: Some("f".to_owned()), ..BatchEnv::default() },
        ..BatchTask::default()
    };
    assert_eq!(batch(text), Batch { fast_fail: true, kind: BatchKind::List(vec![one, two]) });
}

#[test]
fn a_batch_graph_knows_who_waits_for_whom() {
    let BatchKind::Graph(tasks) =
        batch("  build-graph:\n    - {identifier: a}\n    - {identifier: b, depend-on: a}\n    - {identifier: c, depend-on: [a, b]}\n").kind
    else {
        panic!("not a graph");
    };
    assert_eq!(tasks.iter().map(|task| task.depend_on.len()).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_batch_matrix_is_the_product_of_its_lists() {
    let kind = batch("  build-matrix:\n    static:\n      ignore-failure: true\n      env: {type: LINUX_CONTAINER, privileged-mode: true}\n    dynamic:\n      buildspec: [a.yml, b.yml]\n      env:\n        image: i\n        variables:\n          V: [1, 2, 3.10]\n").kind;
    assert_eq!(kind.build_count(), 6);
    let expected = BatchMatrix {
        ignore_failure: true,
        privileged_mode: Some(true),
        kind: Some("LINUX_CONTAINER".to_owned()),
        buildspecs: owned(&["a.yml", "b.yml"]),
        compute_types: Vec::new(),
        images: owned(&["i"]),
        variables: vec![("V".to_owned(), owned(&["1", "2", "3.10"]))],
    };
    assert_eq!(kind, BatchKind::Matrix(expected));
}

#[test]
fn a_batch_fans_out() {
    let kind = batch("  build-fanout: {parallelism: 32, ignore-failure: false}\n").kind;
    assert_eq!(kind, BatchKind::Fanout { parallelism: 32, ignore_failure: false });
    assert_eq!(kind.build_count(), 32);
}

#[test]
fn a_batch_buildspec_may_have_no_phases_of_its_own() {
    assert_eq!(spec("version: 0.2\nbatch: {build-fanout: {parallelism: 1}}\n").phases, []);
}
