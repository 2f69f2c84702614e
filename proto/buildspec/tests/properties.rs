//! What holds for every text and every buildspec.

use buildyard_buildspec::{
    ArtifactFiles, Artifacts, Buildspec, Cache, CacheAction, Env, OnFailure, PhaseSpec, Proxy, ReportFormat,
    ReportSpec, SecretReference, Shell, Version, parse, parse_bytes, unknown_keys,
};
use buildyard_model::Phase;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Map, Value, json};

const SAMPLE: &str = include_str!("sample.yml");

/// Texts that are awkward in YAML.
fn text() -> impl Strategy<Value = String> {
    let awkward = select(vec![
        "echo a: b",
        "yes",
        "null",
        "~",
        "3.10",
        "007",
        "- x",
        "# no",
        "a #b",
        "*x",
        "&x",
        "!x",
        "%x",
        "@x",
        "'",
        "\"",
        "a\nb\n",
        "  led",
        "trailed  ",
        "{",
        "[",
        "|",
        ">",
        "\t",
        "\u{e9}\u{1F600}",
        "<<",
        "---",
        "\\",
    ]);
    prop_oneof![awkward.prop_map(str::to_owned), "[ -~]{0,30}", "[a-z$(){}:\\n \"'-]{0,30}"]
}

fn name() -> impl Strategy<Value = String> {
    "[A-Z_][A-Z0-9_]{0,10}".prop_filter("reserved", |name| !name.starts_with("CODEBUILD_") && !name.starts_with("AWS_"))
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..5)
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::btree_map(name(), text(), 0..4).prop_map(|map| map.into_iter().collect())
}

fn some_text() -> impl Strategy<Value = String> {
    text().prop_filter("empty", |text| !text.is_empty())
}

fn env() -> impl Strategy<Value = Env> {
    let filled = proptest::collection::btree_map(name(), some_text(), 0..3);
    (any::<bool>(), pairs(), filled, vec(name(), 0..3), any::<bool>()).prop_map(
        |(bash, variables, parameters, exported_variables, git_credential_helper)| Env {
            shell: if bash { Shell::Bash } else { Shell::Sh },
            variables,
            parameter_store: parameters.into_iter().collect(),
            secrets_manager: vec![("SECRET".to_owned(), "db:key".to_owned())],
            exported_variables,
            git_credential_helper,
        },
    )
}

fn on_failure() -> impl Strategy<Value = OnFailure> {
    let pattern = option::of("[a-z]{1,5}[-.*a-z0-9]{0,5}");
    prop_oneof![
        Just(OnFailure::Abort),
        Just(OnFailure::Continue),
        (0_u32..=100, pattern)
            .prop_filter("does not compile", |(_, pattern)| !pattern.as_ref().is_some_and(|p| p.contains("**")))
            .prop_map(|(count, pattern)| OnFailure::Retry { count, pattern })
    ]
}

fn phases() -> impl Strategy<Value = Vec<PhaseSpec>> {
    let phase = |phase| {
        (option::of("[a-z_][a-z0-9_-]{0,10}"), option::of(on_failure()), texts(), texts()).prop_map(
            move |(run_as, on_failure, commands, finally)| PhaseSpec {
                phase,
                run_as,
                on_failure,
                runtime_versions: if phase == Phase::Install {
                    vec![("python".to_owned(), "3.10".to_owned())]
                } else {
                    Vec::new()
                },
                commands,
                finally,
            },
        )
    };
    subsequence(Phase::OF_COMMANDS.to_vec(), 1..=4)
        .prop_flat_map(move |phases| phases.into_iter().map(phase).collect::<Vec<_>>())
}

fn files() -> impl Strategy<Value = ArtifactFiles> {
    (texts(), option::of(text()), any::<bool>(), option::of(text()), texts(), any::<bool>(), option::of(text()))
        .prop_map(|(files, name, discard_paths, base_directory, exclude_paths, enable_symlinks, s3_prefix)| {
            ArtifactFiles { files, name, discard_paths, base_directory, exclude_paths, enable_symlinks, s3_prefix }
        })
}

fn buildspec() -> impl Strategy<Value = Buildspec> {
    let artifacts = (files(), proptest::collection::btree_map("[a-z]{1,8}", files(), 0..3))
        .prop_map(|(primary, secondary)| Artifacts { primary, secondary: secondary.into_iter().collect() });
    let action = option::of(select(vec![CacheAction::Restore, CacheAction::Save]));
    let cache = (option::of(text()), vec(text(), 0..=5), action, texts())
        .prop_map(|(key, fallback_keys, action, paths)| Cache { key, fallback_keys, action, paths });
    let formats = vec![ReportFormat::JunitXml, ReportFormat::SimpleCov, ReportFormat::Nunit3Xml];
    let report = (texts(), option::of(text()), any::<bool>(), select(formats));
    let reports = proptest::collection::btree_map("[$A-Za-z]{1,9}", report, 0..=5).prop_map(|map| {
        let report = |(group, (files, base_directory, discard_paths, file_format))| ReportSpec {
            group,
            files,
            base_directory,
            discard_paths,
            file_format,
        };
        map.into_iter().map(report).collect()
    });
    (env(), phases(), option::of(artifacts), option::of(cache), reports, any::<[bool; 2]>()).prop_map(
        |(env, phases, artifacts, cache, reports, [upload_artifacts, logs])| Buildspec {
            version: Version::V0_2,
            run_as: None,
            env,
            proxy: Proxy { upload_artifacts, logs },
            batch: None,
            phases,
            reports,
            artifacts,
            cache,
        },
    )
}

fn object<T>(pairs: &[(String, T)], value: impl Fn(&T) -> Value) -> Value {
    Value::Object(pairs.iter().map(|(key, item)| (key.clone(), value(item))).collect::<Map<_, _>>())
}

fn on_failure_text(on_failure: &OnFailure) -> String {
    match on_failure {
        OnFailure::Abort => "ABORT".to_owned(),
        OnFailure::Continue => "CONTINUE".to_owned(),
        OnFailure::Retry { count, pattern: None } => format!("RETRY-{count}"),
        OnFailure::Retry { count, pattern: Some(pattern) } => format!("Retry-{count}-{pattern}"),
    }
}

fn artifact_json(files: &ArtifactFiles) -> Value {
    json!({
        "files": files.files, "name": files.name, "discard-paths": files.discard_paths,
        "base-directory": files.base_directory, "exclude-paths": files.exclude_paths,
        "enable-symlinks": files.enable_symlinks, "s3-prefix": files.s3_prefix,
    })
}

/// The buildspec as a YAML author or the CDK would write it, as JSON.
fn printed(spec: &Buildspec) -> Value {
    let strings = |pairs: &[(String, String)]| object(pairs, |text| json!(text));
    let phases: Vec<(String, Value)> = spec
        .phases
        .iter()
        .map(|phase| {
            let mut body = json!({
                "run-as": phase.run_as, "on-failure": phase.on_failure.as_ref().map(on_failure_text),
                "commands": phase.commands, "finally": phase.finally,
            });
            if phase.phase == Phase::Install {
                body["runtime-versions"] = strings(&phase.runtime_versions);
            }
            (phase.phase.name().to_ascii_lowercase(), body)
        })
        .collect();
    let reports: Vec<(String, Value)> = spec
        .reports
        .iter()
        .map(|report| {
            let body = json!({
                "files": report.files, "base-directory": report.base_directory,
                "discard-paths": report.discard_paths, "file-format": report.file_format,
            });
            (report.group.clone(), body)
        })
        .collect();
    let artifacts = spec.artifacts.as_ref().map(|artifacts| {
        let mut body = artifact_json(&artifacts.primary);
        body["secondary-artifacts"] = object(&artifacts.secondary, artifact_json);
        body
    });
    let cache = spec.cache.as_ref().map(|cache| {
        let action = cache.action.map(|action| if action == CacheAction::Save { "save" } else { "RESTORE" });
        json!({"key": cache.key, "fallback-keys": cache.fallback_keys, "action": action, "paths": cache.paths})
    });
    json!({
        "version": "0.2",
        "env": {
            "shell": if spec.env.shell == Shell::Bash { "bash" } else { "/bin/sh" },
            "variables": strings(&spec.env.variables), "parameter-store": strings(&spec.env.parameter_store),
            "secrets-manager": strings(&spec.env.secrets_manager),
            "exported-variables": spec.env.exported_variables,
            "git-credential-helper": spec.env.git_credential_helper,
        },
        "proxy": {"upload-artifacts": spec.proxy.upload_artifacts, "logs": spec.proxy.logs},
        "phases": object(&phases, Value::clone), "reports": object(&reports, Value::clone),
        "artifacts": artifacts, "cache": cache,
    })
}

/// The JSON value as block YAML, every text in double quotes or, where it may be, as a literal block.
fn block(value: &Value, indent: usize, out: &mut String) {
    let margin = " ".repeat(indent);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                out.push_str(&format!("\n{margin}{}:", json!(key)));
                block(value, indent + 2, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&format!("\n{margin}-"));
                block(item, indent + 2, out);
            }
        }
        Value::String(text) if is_literal(text) => {
            let lines = text.trim_end_matches('\n').replace('\n', &format!("\n{margin}"));
            out.push_str(&format!(" |\n{margin}{lines}"));
        }
        other => out.push_str(&format!(" {other}")),
    }
}

/// Whether the text is the same when written as a literal block: it ends in one line break and begins with a letter.
fn is_literal(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins && text.ends_with('\n') && !text.ends_with("\n\n") && !text.contains('\t')
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_end_in_a_buildspec_or_an_error(bytes in vec(any::<u8>(), 0..400)) {
        if let Err(error) = parse_bytes(&bytes) {
            prop_assert!(!error.diagnostic().is_empty());
        }
    }

    #[test]
    fn any_yaml_like_text_ends_in_a_buildspec_or_an_error(text in "([a-c]|[\\[\\]{}:,&*!?|>'\"#%@~-]|[ \\n\\t]|<<|: |- |\\n  ){0,120}") {
        if let Err(error) = parse(&text) {
            if let Some(position) = error.position {
                prop_assert!(position.line >= 1 && position.column >= 1);
                prop_assert!(position.line <= text.lines().count() + 2, "{position} in {text:?}");
            }
            prop_assert!(!error.diagnostic().is_empty());
        }
    }

    #[test]
    fn a_damaged_buildspec_ends_in_a_buildspec_or_an_error(
        changes in vec((any::<Index>(), any::<Index>(), select(vec!["", ":", "- ", "\n", "[", "}", "\t", "*a", "&a ", "\"", "'", "<<: ", "!", "0", "\r", "é"])), 1..8)
    ) {
        let mut chars: Vec<char> = SAMPLE.chars().collect();
        for (from, length, put) in changes {
            let from = from.index(chars.len());
            let to = (from + length.index(6)).min(chars.len());
            chars.splice(from..to, put.chars());
        }
        let text: String = chars.into_iter().collect();
        match parse(&text) {
            Ok(_) => prop_assert!(unknown_keys(&text).is_ok()),
            Err(error) => prop_assert!(!error.diagnostic().is_empty()),
        }
    }

    #[test]
    fn a_buildspec_that_is_printed_reads_the_same(spec in buildspec()) {
        let json = printed(&spec);
        prop_assert_eq!(&parse(&json.to_string()).map_err(|error| TestCaseError::fail(error.diagnostic()))?, &spec);
        let pretty = serde_json::to_string_pretty(&json).unwrap();
        prop_assert_eq!(&parse(&pretty).map_err(|error| TestCaseError::fail(error.diagnostic()))?, &spec);
        let mut yaml = String::new();
        block(&json, 0, &mut yaml);
        let read = parse(&yaml).map_err(|error| TestCaseError::fail(format!("{}\n{yaml}", error.diagnostic())))?;
        prop_assert_eq!(&read, &spec, "{}", yaml);
        prop_assert_eq!(&parse(&yaml.replace('\n', "\r\n")).unwrap(), &spec);
        prop_assert!(unknown_keys(&yaml).unwrap().is_empty());
    }

    #[test]
    fn any_text_is_a_secret_reference_or_not(text in "(arn:aws:secretsmanager:|secret|:|[a-z/]){0,12}") {
        if let Ok(reference) = SecretReference::parse(&text) {
            prop_assert!(text.starts_with(&reference.secret_id));
            prop_assert!(reference.version_stage.is_none() || reference.version_id.is_none());
        }
    }
}

#[test]
fn the_sample_is_a_buildspec() {
    assert!(parse(SAMPLE).is_ok());
}
