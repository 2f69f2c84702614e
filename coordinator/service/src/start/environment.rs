//! A project's environment as a job names it (reference 5.1): what can run here, and a clear word about the rest. Pure.
//!
//! Images are passed on as they are, but for those that stand for others here: which ones there are is the agent's engine's
//! to know. With which credentials one is pulled, the agent asks when it does.

use crate::{Error, ImageNames};
use buildyard_model::project::ProjectEnvironment;
use buildyard_model::{ComputeType, Environment, EnvironmentType, PullPolicy};

pub(super) fn environment(project: &ProjectEnvironment, images: &ImageNames) -> Result<Environment, Error> {
    let kind = kind(&project.kind)?;
    let compute_type = compute_type(project, kind)?;
    if project.registry_credential.is_some() && project.image_pull_credentials_type.as_deref() != Some("SERVICE_ROLE") {
        return Err(Error::invalid("a registryCredential needs imagePullCredentialsType SERVICE_ROLE"));
    }
    Ok(Environment {
        kind,
        image: images.image(&project.image).to_owned(),
        compute_type,
        environment_variables: project.environment_variables.clone(),
        privileged_mode: project.privileged_mode.unwrap_or(false),
        pull_policy: PullPolicy::default(),
    })
}

fn kind(name: &str) -> Result<EnvironmentType, Error> {
    match name {
        "LINUX_CONTAINER" => Ok(EnvironmentType::LinuxContainer),
        "ARM_CONTAINER" => Ok(EnvironmentType::ArmContainer),
        other => Err(Error::invalid(format!(
            "environment type {other} does not run here: use LINUX_CONTAINER or ARM_CONTAINER"
        ))),
    }
}

fn compute_type(project: &ProjectEnvironment, kind: EnvironmentType) -> Result<ComputeType, Error> {
    let name = project.compute_type.as_str();
    if let Some(compute_type) = ComputeType::from_name(name) {
        return Ok(compute_type);
    }
    let runs = || ComputeType::ALL.map(ComputeType::name).join(", ");
    if name != "ATTRIBUTE_BASED_COMPUTE" {
        return Err(Error::invalid(format!("Invalid compute type provided: {name}; what runs here is {}", runs())));
    }
    // The smallest size that has what is asked for.
    let asked = project.compute_configuration.clone().unwrap_or_default();
    let (vcpu, memory_gib) = (asked.v_cpu.unwrap_or(0), asked.memory.unwrap_or(0));
    let fits = |compute_type: &ComputeType| {
        let size = compute_type.resources(kind);
        i64::from(size.vcpu) >= vcpu && i128::from(size.memory_mib) >= i128::from(memory_gib) * 1024
    };
    ComputeType::ALL.into_iter().find(fits).ok_or_else(|| {
        let asked = format!("{vcpu} vCPU and {memory_gib} GiB");
        Error::invalid(format!("Invalid compute configuration provided: no size that runs here has {asked}"))
    })
}
