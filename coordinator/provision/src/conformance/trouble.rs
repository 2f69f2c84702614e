//! Places that do not do what they are asked.

use super::Trial;
use crate::provisioner::Error;
use buildyard_model::InstanceId;
use std::time::Duration;
use tokio::time::timeout;

/// Far beyond the deadlines that grounds set.
const LONG: Duration = Duration::from_secs(600);

pub(crate) async fn a_place_that_gives_no_answer_is_unavailable(trial: &Trial<'_>) {
    let hung = trial.ground.hung(trial.owner.clone()).await;
    let launched = timeout(LONG, hung.launch(&[trial.launch()])).await.expect("a launch has a deadline");
    assert!(matches!(&launched, Err(Error::Unavailable(text)) if !text.is_empty()), "{launched:?}");
    if trial.ground.hangs_whole() {
        let listed = timeout(LONG, hung.instances()).await.expect("a list has a deadline");
        assert!(matches!(listed, Err(Error::Unavailable(_))), "{listed:?}");
        let ended =
            timeout(LONG, hung.terminate(&InstanceId(format!("buildyard-agent-{}", trial.launch().ticket)))).await;
        let ended = ended.expect("a termination has a deadline");
        assert!(matches!(ended, Err(Error::Unavailable(_))), "{ended:?}");
    }
}

pub(crate) async fn what_cannot_work_is_refused_with_what_to_do(trial: &Trial<'_>) {
    let broken = trial.ground.broken(trial.owner.clone()).await;
    let launched = broken.launch(&[trial.launch()]).await;
    let Err(Error::Refused(text)) = launched else { panic!("{launched:?}") };
    assert!(text.contains(": "), "it says what and why, or what to do: {text}");
}
