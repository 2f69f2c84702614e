//! What differs between engines, as data. The rest of the engine asks this table and never an engine's name.

use bollard::models::SystemVersion;

/// One engine's differences.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Quirks {
    /// As `Capabilities::name` has it.
    pub(super) name: &'static str,
    /// How people look at it and restart it.
    pub(super) check_command: &'static str,
    /// Whether a network's bridge can be given a name, by which firewall rules find our bridges only.
    pub(super) bridge_name_option: Option<&'static str>,
    /// Options without which two networks of the engine can reach one another.
    pub(super) network_options: &'static [(&'static str, &'static str)],
    /// Whether a container can be made only once its network is there.
    pub(super) network_comes_first: bool,
    /// Whether a container may join the network namespace of another and have its own files in `/etc`.
    pub(super) joins_namespaces: bool,
}

/// Docker 20.10 and later: networks are isolated from one another.
pub(super) const DOCKER: Quirks = Quirks {
    name: "docker",
    check_command: "docker version",
    bridge_name_option: Some("com.docker.network.bridge.name"),
    network_options: &[],
    network_comes_first: false,
    joins_namespaces: true,
};

/// Podman 4 and later: netavark routes between networks unless told not to.
pub(super) const PODMAN: Quirks = Quirks {
    name: "podman",
    check_command: "podman version",
    bridge_name_option: None,
    network_options: &[("isolate", "true")],
    network_comes_first: true,
    // Not tried.
    joins_namespaces: false,
};

/// Podman names itself in its version's components; whatever else speaks the API is taken for Docker.
pub(super) fn of(version: &SystemVersion) -> &'static Quirks {
    let podman = version.components.iter().flatten().any(|component| component.name.to_lowercase().contains("podman"));
    if podman { &PODMAN } else { &DOCKER }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::SystemVersionComponents;

    fn version(component: &str) -> SystemVersion {
        let component = SystemVersionComponents { name: component.to_owned(), ..Default::default() };
        SystemVersion { components: Some(vec![component]), ..Default::default() }
    }

    #[test]
    fn podman_is_known_by_its_component() {
        assert_eq!(of(&version("Podman Engine")), &PODMAN);
        assert_eq!(of(&version("Engine")), &DOCKER);
        assert_eq!(of(&SystemVersion::default()), &DOCKER);
    }
}
