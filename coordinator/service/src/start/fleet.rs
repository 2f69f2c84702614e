//! What a fleet makes of a build that runs on it (reference 5.1): the machine is the fleet's, whatever the project says.
//! Pure.

use buildyard_model::{ComputeType, Fleet, JobSpec, Project};

/// The project with the fleet's machine in place of its own.
pub(super) fn on_fleet(mut project: Project, fleet: Option<&Fleet>) -> Project {
    let Some(fleet) = fleet else { return project };
    let environment = &mut project.environment;
    environment.kind.clone_from(&fleet.environment_type);
    if fleet.compute_type == "CUSTOM_INSTANCE_TYPE" {
        // Nobody here knows its size. A build that is larger than an idle agent gets all that the agent has.
        ComputeType::XXLarge.name().clone_into(&mut environment.compute_type);
        environment.compute_configuration = None;
    } else {
        environment.compute_type.clone_from(&fleet.compute_type);
        environment.compute_configuration.clone_from(&fleet.compute_configuration);
    }
    project
}

/// Whether the build may run elsewhere while the fleet is full.
pub(super) fn overflowing(spec: JobSpec, fleet: Option<&Fleet>) -> JobSpec {
    let overflow = fleet.is_some_and(|fleet| fleet.overflow_behavior.as_deref() == Some("ON_DEMAND"));
    JobSpec { overflow, ..spec }
}
