//! What a sandbox is as a container: a pure translation. Its baseline is reliability S37–S41 and S44: default
//! capabilities, the engine's own seccomp profile, no namespace of the host, hard limits on memory and processes.

use super::EngineOptions;
use super::spares::{LENT, Loan};
use crate::sandbox::{ExecutorError, SandboxSpec};
use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount,
    MountBindOptions, MountBindOptionsPropagationEnum, MountType, RestartPolicy, RestartPolicyNameEnum,
};
use buildyard_model::Resources;
use std::path::Path;

/// Makes the kernel choose builds over the agent and the engine when the whole host runs out of memory (F31).
const OOM_SCORE: i64 = 500;

/// The request for `spec`, but for its network. `host` is what the engine has.
///
/// # Errors
/// `Refused` for a path that is not UTF-8, which no engine can be told.
pub(super) fn body(
    spec: &SandboxSpec,
    host: Resources,
    options: &EngineOptions,
) -> Result<ContainerCreateBody, ExecutorError> {
    Ok(ContainerCreateBody {
        image: Some(spec.image.clone()),
        // The image's ENTRYPOINT is replaced: the runner has to be the container's init, and starts it itself.
        entrypoint: Some(spec.command.clone()),
        cmd: Some(Vec::new()),
        user: Some("0:0".to_owned()),
        env: Some(spec.environment.iter().map(|(key, value)| format!("{key}={value}")).collect()),
        working_dir: Some(text(&spec.working_directory)?),
        labels: Some(spec.labels.clone().into_iter().collect()),
        // Images may name another signal, and health checks that would run beside the build.
        stop_signal: Some("SIGTERM".to_owned()),
        healthcheck: Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..Default::default() }),
        host_config: Some(host_config(spec, host, options)?),
        ..Default::default()
    })
}

/// Puts the container on a network, and writes down which, so that a later agent knows.
pub(super) fn put_on(body: &mut ContainerCreateBody, loan: &Loan<'_>) -> Result<(), ExecutorError> {
    let network = loan.name();
    body.labels.get_or_insert_default().insert(LENT.to_owned(), network.to_owned());
    let host_config = body.host_config.get_or_insert_default();
    host_config.network_mode = Some(network.to_owned());
    if let Some((holder, files)) = loan.joins() {
        host_config.network_mode = Some(format!("container:{holder}"));
        let files = files.iter().map(bind).collect::<Result<Vec<_>, _>>()?;
        host_config.mounts.get_or_insert_default().extend(files);
    }
    Ok(())
}

/// Lets mounts be that lie below the engine's own root, as the folders of an agent on a volume do: the engine takes these
/// only with mounts coming through from the host.
pub(super) fn reach_into(body: &mut ContainerCreateBody, engine_root: &Path) {
    let mounts = body.host_config.iter_mut().flat_map(|host| host.mounts.iter_mut().flatten());
    for mount in
        mounts.filter(|mount| mount.source.as_ref().is_some_and(|source| Path::new(source).starts_with(engine_root)))
    {
        mount.bind_options.get_or_insert_default().propagation = Some(MountBindOptionsPropagationEnum::RSLAVE);
    }
}

fn host_config(spec: &SandboxSpec, host: Resources, options: &EngineOptions) -> Result<HostConfig, ExecutorError> {
    let memory = bytes(spec.limits.resources.memory_mib);
    // Engines refuse more CPUs than they have; a big compute type on a small host just gets all of it.
    let vcpu = spec.limits.resources.vcpu.clamp(1, host.vcpu.max(1));
    let tmpfs = |path: &Path| Ok((text(path)?, format!("rw,exec,nosuid,nodev,mode=1777,size={memory}")));
    Ok(HostConfig {
        ipc_mode: Some("private".to_owned()),
        // Docker in a privileged build may need the host's view of cgroups; nobody else does.
        cgroupns_mode: (!spec.privileged).then_some(HostConfigCgroupnsModeEnum::PRIVATE),
        privileged: Some(spec.privileged),
        security_opt: options.no_new_privileges.then(|| vec!["no-new-privileges".to_owned()]),
        memory: Some(memory),
        memory_swap: Some(memory),
        nano_cpus: Some(i64::from(vcpu) * 1_000_000_000),
        pids_limit: Some(i64::from(spec.limits.pids)),
        oom_score_adj: Some(OOM_SCORE),
        mounts: Some(spec.mounts.iter().map(bind).collect::<Result<_, _>>()?),
        tmpfs: Some(spec.tmpfs.iter().map(|path| tmpfs(path)).collect::<Result<_, ExecutorError>>()?),
        // The runner's journal is the log; the engine's copy would only fill the disk.
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
        auto_remove: Some(false),
        init: Some(false),
        ..Default::default()
    })
}

pub(super) fn bind(mount: &crate::sandbox::Mount) -> Result<Mount, ExecutorError> {
    Ok(Mount {
        typ: Some(MountType::BIND),
        source: Some(text(&mount.host)?),
        target: Some(text(&mount.inside)?),
        read_only: Some(mount.read_only),
        bind_options: Some(MountBindOptions {
            propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
            ..Default::default()
        }),
        ..Default::default()
    })
}

fn text(path: &Path) -> Result<String, ExecutorError> {
    match path.to_str() {
        Some(text) if path.is_absolute() => Ok(text.to_owned()),
        _ => Err(ExecutorError::Refused(format!("path {} is not absolute, or not UTF-8", path.display()))),
    }
}

fn bytes(mebibytes: u64) -> i64 {
    i64::try_from(mebibytes.saturating_mul(1024 * 1024)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Limits, Mount};

    fn spec() -> SandboxSpec {
        SandboxSpec {
            name: "x".into(),
            labels: [("buildyard.test".to_owned(), "1".to_owned())].into(),
            image: "sha256:0".into(),
            command: vec!["/buildyard".into(), "runner".into()],
            environment: [("A".to_owned(), "b=c".to_owned())].into(),
            mounts: vec![Mount { host: "/a:b".into(), inside: "/c".into(), read_only: true }],
            tmpfs: vec!["/secrets".into()],
            working_directory: "/".into(),
            limits: Limits { resources: Resources { vcpu: 72, memory_mib: 4096 }, pids: 100 },
            privileged: false,
            tenant: None,
        }
    }

    const HOST: Resources = Resources { vcpu: 2, memory_mib: 8192 };

    fn host_config(spec: &SandboxSpec) -> HostConfig {
        body(spec, HOST, &EngineOptions::default()).unwrap().host_config.unwrap()
    }

    #[test]
    fn a_sandbox_gets_hard_limits_and_never_more_cpus_than_the_host_has() {
        let config = host_config(&spec());
        assert_eq!(config.nano_cpus, Some(2_000_000_000));
        assert_eq!((config.memory, config.memory_swap), (Some(4 << 30), Some(4 << 30)));
        assert_eq!(config.pids_limit, Some(100));
    }

    #[test]
    fn a_folder_below_the_engines_root_is_mounted_as_the_engine_wants_it() {
        let propagation = |root: &str| {
            let mut body = body(&spec(), HOST, &EngineOptions::default()).unwrap();
            reach_into(&mut body, Path::new(root));
            body.host_config.unwrap().mounts.unwrap()[0].bind_options.as_ref().unwrap().propagation
        };
        assert_eq!(propagation("/a:b"), Some(MountBindOptionsPropagationEnum::RSLAVE));
        assert_eq!(propagation("/a"), Some(MountBindOptionsPropagationEnum::RPRIVATE));
    }

    #[test]
    fn nothing_of_the_host_is_shared_but_the_mounts() {
        let config = host_config(&spec());
        assert_eq!(config.privileged, Some(false));
        assert_eq!((config.pid_mode, config.uts_mode, config.userns_mode), (None, None, None));
        assert_eq!((config.cap_add, config.devices, config.binds, config.volumes_from), (None, None, None, None));
        let mounts = config.mounts.unwrap();
        assert_eq!((mounts.len(), mounts[0].source.as_deref(), mounts[0].read_only), (1, Some("/a:b"), Some(true)));
    }

    #[test]
    fn the_image_decides_neither_user_nor_command() {
        let body = body(&spec(), HOST, &EngineOptions::default()).unwrap();
        assert_eq!(body.entrypoint.unwrap(), ["/buildyard", "runner"]);
        assert_eq!((body.cmd, body.user.as_deref()), (Some(vec![]), Some("0:0")));
        assert_eq!(body.env.unwrap(), ["A=b=c"]);
    }

    #[test]
    fn a_relative_path_is_refused() {
        let spec = SandboxSpec { working_directory: "src".into(), ..spec() };
        assert!(body(&spec, HOST, &EngineOptions::default()).is_err());
    }
}
