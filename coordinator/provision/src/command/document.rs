//! What is said to the user's program and what it answers; described in deploy/provisioners/README.md. Documents grow by
//! members only.

use crate::environment::variables;
use crate::provisioner::{Error, Instance, InstanceState, Launch};
use buildyard_model::{InstanceId, Ticket, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of the documents.
pub(super) const VERSION: u32 = 1;

/// In every request.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Whose<'a> {
    pub(super) version: u32,
    pub(super) coordinator: &'a str,
    pub(super) fleet: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct LaunchRequest<'a> {
    #[serde(flatten)]
    whose: Whose<'a>,
    launches: Vec<LaunchEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct LaunchEntry<'a> {
    ticket: Ticket,
    agent: &'a str,
    /// What the agent has to find in its environment. The join token is among it.
    environment: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
pub(super) struct TerminateRequest<'a> {
    #[serde(flatten)]
    pub(super) whose: Whose<'a>,
    pub(super) instance: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct Instances {
    pub(super) instances: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    id: String,
    #[serde(default)]
    ticket: Option<Ticket>,
    #[serde(default)]
    state: ListedState,
    /// Seconds after the epoch.
    #[serde(default)]
    launched_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ListedState {
    Starting,
    #[default]
    Running,
    Stopping,
}

impl<'a> LaunchRequest<'a> {
    pub(super) fn of(whose: Whose<'a>, launches: &'a [Launch]) -> Result<Self, Error> {
        let entry = |launch: &'a Launch| {
            let environment = variables(launch, None)?;
            Ok(LaunchEntry { ticket: launch.ticket, agent: &launch.agent, environment })
        };
        Ok(Self { whose, launches: launches.iter().map(entry).collect::<Result<_, Error>>()? })
    }
}

impl Listed {
    pub(super) fn instance(self) -> Instance {
        Instance {
            id: InstanceId(self.id),
            ticket: self.ticket,
            state: match self.state {
                ListedState::Starting => InstanceState::Starting,
                ListedState::Running => InstanceState::Running,
                ListedState::Stopping => InstanceState::Stopping,
            },
            launched_at: self.launched_at.map(|seconds| Timestamp(seconds.saturating_mul(1000))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::launch;

    #[test]
    fn a_request_names_whose_it_is_and_an_answer_may_be_short() {
        let whose = Whose { version: VERSION, coordinator: "c", fleet: "linux" };
        let launches = [launch("linux")];
        let request = serde_json::to_value(LaunchRequest::of(whose, &launches).unwrap()).unwrap();
        assert_eq!((request["version"].as_u64(), request["fleet"].as_str()), (Some(1), Some("linux")));
        assert_eq!(request["launches"][0]["environment"]["BUILDYARD_TICKET"], launches[0].ticket.to_string());
        let answer: Instances = serde_json::from_str(r#"{"instances": [{"id": "x", "more": 1}]}"#).unwrap();
        let instance = answer.instances.into_iter().next().unwrap().instance();
        assert_eq!((instance.id.0.as_str(), instance.state), ("x", InstanceState::Running));
    }
}
