//! Builds from offer to result, on the fake executor.

use crate::scene::{SPEC, SUCCESS, Scene, Script, control, job, lease, phases, plan, printing};
use buildyard_executor::fake::{Call, Method, Program};
use buildyard_executor::{ExecutorError, Exit, Fake, RegistryLogin};
use buildyard_model::{EnvironmentVariable, JobSpec, LeaseToken, Phase, Secret, VariableKind};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_is_accepted_walked_logged_reported_and_forgotten() {
    let scene = Scene::new().await;
    let fake = printing("hello from the build\n");
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    let lease = lease(1, 1);
    scene.coordinator.offer(&lease, &job(&lease, SPEC));
    let finished = scene.coordinator.finished(&lease).await;

    assert_eq!((finished.outcome.as_str(), finished.reason.as_str()), ("SUCCEEDED", ""));
    let known = scene.coordinator.known(&lease);
    assert_eq!(known.accepted, 1);
    assert_eq!(finished.log_bytes, known.log.len() as u64);
    assert_eq!(
        phases(&known.phases),
        [
            "PROVISIONING",
            "DOWNLOAD_SOURCE",
            "INSTALL",
            "PRE_BUILD",
            "BUILD",
            "POST_BUILD",
            "UPLOAD_ARTIFACTS",
            "FINALIZING"
        ]
        .map(|phase| format!("{phase} SUCCEEDED"))
    );
    let lines: Vec<_> =
        scene.log(&lease).lines().map(|line| line.split_once("] ").map_or(line, |(_, l)| l).to_owned()).collect();
    let text: Vec<_> = lines.iter().map(|line| line.splitn(3, ' ').nth(2).unwrap_or(line)).collect();
    assert!(text.contains(&"Running on Buildyard agent tester"), "{text:#?}");
    assert!(text.contains(&"YAML location is /codebuild/readonly/buildspec.yml"), "{text:#?}");
    assert!(text.contains(&"Phase complete: DOWNLOAD_SOURCE State: SUCCEEDED"), "{text:#?}");
    assert!(text.contains(&"Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED"), "{text:#?}");
    assert!(lines.iter().any(|line| line == "hello from the build"), "{lines:#?}");

    scene.emptied().await;
    assert!(fake.sandboxes().is_empty(), "the sandbox is removed");
    agent.control().drain();
    agent.join().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_buildspec_that_cannot_be_used_fails_the_download() {
    let scene = Scene::new().await;
    let fake = Fake::new();
    let _agent = scene.start_on(Arc::new(fake.clone())).await;
    let lease = lease(1, 1);
    scene.coordinator.offer(&lease, &job(&lease, "version: 0.2\nphases:\n  build:\n    commands:\n      - echo: x\n"));
    let finished = scene.coordinator.finished(&lease).await;
    assert_eq!(finished.outcome, "FAILED");
    let known = scene.coordinator.known(&lease);
    assert_eq!(phases(&known.phases), ["PROVISIONING SUCCEEDED", "DOWNLOAD_SOURCE FAILED", "FINALIZING SUCCEEDED"]);
    let context = &known.phases[1].contexts[0];
    assert_eq!(context.status_code, "YAML_FILE_ERROR");
    assert!(context.message.starts_with("Expected Commands[0] to be of string type"), "{}", context.message);
    assert!(scene.log(&lease).contains(" --> line 5, column"), "{}", scene.log(&lease));
    assert_eq!(known.finished[0].log_bytes, known.log.len() as u64);
    scene.emptied().await;
    assert!(fake.sandboxes().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_that_cannot_be_had_fails_the_provisioning() {
    let scene = Scene::new().await;
    let fake = Fake::new();
    fake.fail_next(Method::PrepareImage, ExecutorError::Image("pull access denied for x".to_owned()));
    let _agent = scene.start_on(Arc::new(fake)).await;
    let lease = lease(1, 1);
    scene.coordinator.offer(&lease, &job(&lease, SPEC));
    let finished = scene.coordinator.finished(&lease).await;
    assert_eq!(finished.outcome, "FAILED");
    let known = scene.coordinator.known(&lease);
    assert_eq!(phases(&known.phases), ["PROVISIONING FAILED"]);
    assert_eq!(known.phases[0].contexts[0].status_code, "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE");
    assert!(!known.commands_started);
    scene.emptied().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_login_for_an_image_goes_to_the_engine_and_nowhere_else() {
    let scene = Scene::new().await;
    let fake = Fake::new();
    let _agent = scene.start_on(Arc::new(fake.clone())).await;
    let named = |credential: &str| {
        serde_json::json!({"name": "p", "environment": {
        "image": "i", "registryCredential": {"credential": credential, "credentialProvider": "SECRETS_MANAGER"}}})
    };
    let with_login = |lease: &LeaseToken, credential: &str| JobSpec {
        project: Some(serde_json::from_value(named(credential)).unwrap()),
        ..job(lease, SPEC)
    };
    let missing = lease(1, 1);
    scene.coordinator.offer(&missing, &with_login(&missing, "registry/none"));
    assert_eq!(scene.coordinator.finished(&missing).await.outcome, "FAILED");
    let known = scene.coordinator.known(&missing);
    assert_eq!(phases(&known.phases), ["PROVISIONING FAILED"]);
    assert_eq!(known.phases[0].contexts[0].status_code, "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE");

    scene.coordinator.give_secret("registry/login", r#"{"username":"ada","password":"hunter2hunter2"}"#);
    // The fake ends the build here; how it ends is none of this test's business.
    fake.fail_next(Method::Create, ExecutorError::Refused("far enough".to_owned()));
    let lease = lease(2, 1);
    scene.coordinator.offer(&lease, &with_login(&lease, "registry/login"));
    scene.coordinator.finished(&lease).await;
    let logins: Vec<_> = fake
        .calls()
        .into_iter()
        .filter_map(|call| match call {
            Call::PrepareImage(request) => Some(request.login),
            _ => None,
        })
        .collect();
    let login = RegistryLogin { username: "ada".into(), password: Secret::new("hunter2hunter2") };
    assert_eq!(logins, [Some(login)]);
    let known = scene.coordinator.known(&lease);
    assert!(!scene.log(&lease).contains("hunter2") && !format!("{:?}", known.phases).contains("hunter2"));
    scene.emptied().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_reach_the_runner_through_memory_and_nothing_else() {
    let scene = Scene::new().await;
    scene.coordinator.give_secret("/db/password", "hunter2hunter2");
    let seen = Arc::new(std::sync::Mutex::new(None));
    let fake = {
        let seen = seen.clone();
        Fake::with_programs(move |spec| {
            let (control, seen) = (control(spec), seen.clone());
            let secrets = spec.mounts.iter().find(|mount| mount.inside.ends_with("secrets")).unwrap().host.clone();
            let shown = format!("{spec:?}");
            Program::Does(Box::new(move |_| {
                Box::pin(async move {
                    let plan = plan(&control);
                    let name = plan.secrets_file.as_ref().unwrap().file_name().unwrap().to_owned();
                    let values = std::fs::read_to_string(secrets.join(name)).unwrap();
                    *seen.lock().unwrap() = Some((values, secrets, shown, format!("{plan:?}")));
                    Script::create(&control).commands("").finish(false);
                    SUCCESS
                })
            }))
        })
    };
    let _agent = scene.start_on(Arc::new(fake)).await;
    let lease = lease(1, 1);
    let mut job = job(&lease, SPEC);
    job.environment.environment_variables = vec![EnvironmentVariable {
        name: "PASSWORD".into(),
        value: "/db/password".into(),
        kind: VariableKind::ParameterStore,
    }];
    scene.coordinator.offer(&lease, &job);
    assert_eq!(scene.coordinator.finished(&lease).await.outcome, "SUCCEEDED");
    let (values, folder, spec, plan) = seen.lock().unwrap().take().unwrap();
    assert_eq!(values, r#"{"PASSWORD":"hunter2hunter2"}"#);
    assert!(folder.starts_with("/dev/shm"), "{}", folder.display());
    assert!(!spec.contains("hunter2") && !plan.contains("hunter2") && !scene.log(&lease).contains("hunter2"));
    scene.emptied().await;
    assert!(!folder.exists(), "nothing stays in memory");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_does_not_exist_is_named() {
    let scene = Scene::new().await;
    let _agent = scene.start_on(Arc::new(Fake::new())).await;
    let lease = lease(1, 1);
    let spec = "version: 0.2\nenv:\n  parameter-store:\n    A: /none\nphases:\n  build:\n    commands: [true]\n";
    scene.coordinator.offer(&lease, &job(&lease, spec));
    scene.coordinator.finished(&lease).await;
    let context = scene.coordinator.known(&lease).phases[1].contexts[0].clone();
    assert_eq!(context.status_code, "Decrypted Variables Error");
    assert_eq!(context.message, "parameter does not exist: /none");
    scene.emptied().await;
}

/// Prints, and then runs until it is asked to end.
fn endless(text: &'static str) -> Fake {
    Fake::with_programs(move |spec| {
        let control = control(spec);
        Program::Does(Box::new(move |term| {
            Box::pin(async move {
                let mut script = Script::create(&control);
                script.begin(Phase::Install).end(Phase::Install, buildyard_model::PhaseStatus::Succeeded);
                script.begin(Phase::PreBuild).print(text);
                term.cancelled().await;
                script.print("last words\n").end(Phase::PreBuild, buildyard_model::PhaseStatus::Failed);
                Exit { code: Some(143), out_of_memory: false }
            })
        }))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_build_ends_in_its_running_phase_with_its_last_words() {
    let scene = Scene::new().await;
    let fake = endless("working\n");
    let _agent = scene.start_on(Arc::new(fake.clone())).await;
    let lease = lease(1, 1);
    scene.coordinator.offer(&lease, &job(&lease, SPEC));
    scene
        .coordinator
        .wait("output", |c| String::from_utf8_lossy(&c.known(&lease).log).contains("working").then_some(()))
        .await;
    scene.coordinator.stop(&lease);
    let finished = scene.coordinator.finished(&lease).await;
    assert_eq!(finished.outcome, "STOPPED");
    let known = scene.coordinator.known(&lease);
    assert_eq!(phases(&known.phases)[2..], ["INSTALL SUCCEEDED", "PRE_BUILD STOPPED"]);
    assert!(known.phases[3].contexts.is_empty());
    assert!(scene.log(&lease).contains("last words"), "{}", scene.log(&lease));
    scene.emptied().await;
    assert!(fake.sandboxes().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_takes_too_long_times_out() {
    let scene = Scene::new().await;
    let _agent = scene.start_on(Arc::new(endless("working\n"))).await;
    let lease = lease(1, 1);
    let mut job = job(&lease, SPEC);
    job.timeout_seconds = 1;
    scene.coordinator.offer(&lease, &job);
    let finished = scene.coordinator.finished(&lease).await;
    assert_eq!(finished.outcome, "TIMED_OUT");
    let known = scene.coordinator.known(&lease);
    assert_eq!(phases(&known.phases)[3..], ["PRE_BUILD TIMED_OUT", "FINALIZING SUCCEEDED"]);
    assert_eq!(known.phases[3].contexts[0].status_code, "BUILD_TIMED_OUT");
    assert!(scene.log(&lease).contains("Phase context status code: BUILD_TIMED_OUT Message: Build has timed out. \n"));
    scene.emptied().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sandbox_that_dies_is_told_as_found_dead() {
    let scene = Scene::new().await;
    let fake = Fake::with_programs(|spec| {
        let control = control(spec);
        Program::Does(Box::new(move |_| {
            Box::pin(async move {
                Script::create(&control).begin(Phase::Install).print("about to die\n");
                Exit { code: Some(137), out_of_memory: true }
            })
        }))
    });
    let _agent = scene.start_on(Arc::new(fake)).await;
    let lease = lease(1, 1);
    scene.coordinator.offer(&lease, &job(&lease, SPEC));
    assert_eq!(scene.coordinator.finished(&lease).await.outcome, "FAILED");
    let known = scene.coordinator.known(&lease);
    let context = &known.phases[2].contexts[0];
    assert!(
        context.message.starts_with("Build container found dead before completing the build."),
        "{}",
        context.message
    );
    assert!(context.message.contains("because it was out of memory. "), "{}", context.message);
    assert!(scene.log(&lease).contains("about to die"));
    scene.emptied().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_stream_breaks_is_whole_all_the_same() {
    let scene = Scene::new().await;
    scene.coordinator.cut_logs_after(1_000_000);
    let fake = Fake::with_programs(|spec| {
        let control = control(spec);
        Program::Does(Box::new(move |_| {
            Box::pin(async move {
                let mut script = Script::create(&control);
                for n in 0..100_000 {
                    script.print(&format!("line {n} of a chatty build\n"));
                }
                script.commands("").finish(false);
                SUCCESS
            })
        }))
    });
    let _agent = scene.start_on(Arc::new(fake)).await;
    let lease = lease(1, 1);
    scene.coordinator.offer(&lease, &job(&lease, SPEC));
    scene.coordinator.finished(&lease).await;
    let log = scene.log(&lease);
    let numbers = log.lines().filter_map(|line| line.strip_prefix("line ")?.split(' ').next()?.parse::<usize>().ok());
    assert!(numbers.eq(0..100_000), "every line once, in order");
    scene.emptied().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_builds_leave_no_sandbox_behind() {
    let scene = Scene::new().await;
    let fake = endless("working\n");
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    let (one, two) = (lease(1, 1), lease(2, 1));
    scene.coordinator.offer(&one, &job(&one, SPEC));
    scene.coordinator.offer(&two, &job(&two, SPEC));
    scene.coordinator.wait("both", |_| (fake.sandboxes().len() == 2).then_some(())).await;
    agent.control().kill_builds();
    agent.join().await.unwrap();
    assert!(fake.sandboxes().is_empty());
    assert_eq!(scene.coordinator.known(&one).finished[0].outcome, "STOPPED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_nobody_wants_says_why() {
    let mut scene = Scene::new().await;
    scene.config.coordinator.join_token = Some(buildyard_model::Secret::new("wrong"));
    let agent = buildyard_agent::Agent::start_on(
        Arc::new(Fake::new()),
        scene.config.clone(),
        crate::scene::RUNNER.into(),
        tokio_util::sync::CancellationToken::new(),
    );
    let error = agent.await.unwrap().join().await.unwrap_err().to_string();
    assert!(error.contains("refuses agent tester: the join token is not valid"), "{error}");
}
