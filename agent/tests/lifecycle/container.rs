use crate::scene::{Scene, job, lease};
use buildyard_executor::{Engine, EngineOptions};
use std::sync::Arc;
use std::time::Instant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_builds() {
    let scene = Scene::new().await;
    let engine = Arc::new(Engine::connect(EngineOptions::default()).await.unwrap());
    let agent = scene.start_on(engine.clone()).await;
    for n in 0..3 {
        let lease = lease(uuid::Uuid::new_v4().as_u128(), 1);
        let spec = "version: 0.2\nphases:\n  build:\n    commands:\n      - id; pwd; mount | grep codebuild; env | sort; ls -la /codebuild /codebuild/output\nartifacts:\n  files: ['**/*']\n";
        let mut job = job(&lease, spec);
        job.environment.image = "buildyard/busybox:1.0".into();
        let began = Instant::now();
        scene.coordinator.offer(&lease, &job);
        let finished = scene.coordinator.finished(&lease).await;
        println!("{:?} {}", began.elapsed(), finished.outcome);
        if n == 0 { println!("{}", scene.log(&lease)); }
    }
    // restart in the middle
    let lease = lease(uuid::Uuid::new_v4().as_u128(), 1);
    let mut job = job(&lease, "version: 0.2\nphases:\n  build:\n    commands:\n      - for i in 1 2 3 4; do echo tick $i; sleep 1; done\n");
    job.environment.image = "buildyard/busybox:1.0".into();
    scene.coordinator.offer(&lease, &job);
    scene.coordinator.wait("output", |c| String::from_utf8_lossy(&c.known(&lease).log).contains("\ntick 1").then_some(())).await;
    agent.control().abort();
    agent.join().await.unwrap();
    let agent = scene.start_on(engine.clone()).await;
    let finished = scene.coordinator.finished(&lease).await;
    println!("{} {}", finished.outcome, scene.log(&lease));
    // stop
    let lease2 = crate::scene::lease(uuid::Uuid::new_v4().as_u128(), 1);
    job.id = lease2.build.clone();
    job.buildspec = buildyard_model::BuildspecOrigin::Inline("version: 0.2\nphases:\n  build:\n    commands:\n      - echo begun; sleep 100\n".into());
    scene.coordinator.offer(&lease2, &job);
    scene.coordinator.wait("output", |c| String::from_utf8_lossy(&c.known(&lease2).log).contains("\nbegun").then_some(())).await;
    let began = Instant::now();
    scene.coordinator.stop(&lease2);
    let finished = scene.coordinator.finished(&lease2).await;
    println!("{:?} {} {}", began.elapsed(), finished.outcome, scene.log(&lease2));
    scene.emptied().await;
    println!("emptied {:?}", began.elapsed());
    agent.control().drain();
    agent.join().await.unwrap();
}
