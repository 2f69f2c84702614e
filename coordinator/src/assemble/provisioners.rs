//! Provisioners, as the configuration names them.

use crate::config::{
    AutoscalingGroupConfig, CommandConfig, ConfigError, CoordinatorConfig, DockerConfig, ProcessConfig,
    ProvisionerConfig, SwarmConfig,
};
use buildyard_model::FleetName;
use buildyard_provision::{
    AutoScaling, AutoScalingSettings, CommandSettings, DockerEngine, DockerSettings, EngineSettings, Error, Owner,
    Process, ProcessSettings, Provisioner, Swarm, SwarmSettings, UserCommand,
};
use buildyard_service::AwsCredentials;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The image that `make agent-image` makes of this version.
const IMAGE: &str = concat!("buildyard/agent:", env!("CARGO_PKG_VERSION"));
/// For a call to AWS.
const AWS_WITHIN: Duration = Duration::from_secs(30);

/// Says what would keep a provisioner from being made, as far as it can be seen without asking its place.
pub(super) fn check(config: &CoordinatorConfig) -> Result<(), ConfigError> {
    let configured = Configured {
        sections: config.provisioners.clone(),
        coordinator: String::new(),
        data_dir: config.data_dir.clone(),
        region: config.region.clone(),
    };
    for name in config.provisioners.keys() {
        let opened = configured.open(name, &FleetName::on_demand());
        opened.map_err(|error| ConfigError::invalid(&format!("provisioners.{name}"), &error.to_string()))?;
    }
    Ok(())
}

/// Makes provisioners of what the configuration says.
#[derive(Debug)]
pub(super) struct Configured {
    pub(super) sections: BTreeMap<String, ProvisionerConfig>,
    /// What this coordinator is known by at its places.
    pub(super) coordinator: String,
    pub(super) data_dir: PathBuf,
    pub(super) region: String,
}

impl Configured {
    /// The provisioner of that name, for one fleet. Nothing is started or asked yet.
    pub(super) fn open(&self, name: &str, fleet: &FleetName) -> Result<Arc<dyn Provisioner>, Error> {
        let section = self.sections.get(name);
        let section = section.ok_or_else(|| Error::Refused(format!("there is no section [provisioners.{name}]")))?;
        let owner = Owner { coordinator: self.coordinator.clone(), fleet: fleet.clone() };
        Ok(match section.clone() {
            ProvisionerConfig::Process(config) => Arc::new(Process::new(self.process(config)?, &owner)),
            ProvisionerConfig::Docker(config) => Arc::new(DockerEngine::new(docker(config), owner)),
            ProvisionerConfig::Swarm(config) => Arc::new(Swarm::new(swarm(config), owner)),
            ProvisionerConfig::AutoscalingGroup(config) => {
                Arc::new(AutoScaling::new(&self.autoscaling_group(name, &config, environment)?, owner))
            }
            ProvisionerConfig::Command(config) => Arc::new(UserCommand::new(command(config), owner)),
        })
    }

    fn process(&self, config: ProcessConfig) -> Result<ProcessSettings, Error> {
        let unknown = |error| {
            Error::Refused(format!("this program's own file is not known: {error}; set the provisioner's program"))
        };
        let program = config.program.map_or_else(|| std::env::current_exe().map_err(unknown), Ok)?;
        let settings = ProcessSettings::new(program, self.data_dir.join("instances"));
        let grace = config.grace.map_or(settings.grace, |grace| grace.0);
        Ok(ProcessSettings { agent: config.agent, environment: config.environment, grace, ..settings })
    }

    fn autoscaling_group(
        &self,
        name: &str,
        config: &AutoscalingGroupConfig,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<AutoScalingSettings, Error> {
        let secret = config.secret().map_err(|error| Error::Refused(error.to_string()))?;
        let given = config.access_key_id.clone().zip(secret);
        let given = given.map(|(access_key_id, secret_access_key)| AwsCredentials {
            access_key_id,
            secret_access_key,
            session_token: None,
        });
        let credentials = given.or_else(|| AwsCredentials::from_variables(variable)).ok_or_else(|| {
            let what_to_do = "set access_key_id and secret_access_key_file, or AWS_ACCESS_KEY_ID and \
                              AWS_SECRET_ACCESS_KEY in the environment";
            Error::Refused(format!("[provisioners.{name}] has no credentials for AWS: {what_to_do}"))
        })?;
        Ok(AutoScalingSettings {
            group: config.group.clone(),
            region: config.region.clone().unwrap_or_else(|| self.region.clone()),
            endpoint: config.endpoint.clone(),
            access_key_id: credentials.access_key_id,
            secret_access_key: credentials.secret_access_key,
            session_token: credentials.session_token,
            within: config.timeout.map_or(AWS_WITHIN, |timeout| timeout.0),
        })
    }
}

fn docker(config: DockerConfig) -> DockerSettings {
    let settings = DockerSettings::new(config.image.as_deref().unwrap_or(IMAGE));
    DockerSettings {
        engine: engine(config.engine),
        command: config.command.unwrap_or(settings.command),
        network: config.network.unwrap_or(settings.network),
        binds: config.binds,
        environment: config.environment,
        memory: config.memory.map(buildyard_config::ByteSize::as_bytes),
        cpus: config.cpus,
        extra_hosts: config.extra_hosts,
        grace: config.grace.map_or(settings.grace, |grace| grace.0),
        image: settings.image,
    }
}

fn swarm(config: SwarmConfig) -> SwarmSettings {
    let settings = SwarmSettings::new(config.image.as_deref().unwrap_or(IMAGE));
    SwarmSettings {
        engine: engine(config.engine),
        command: config.command.unwrap_or(settings.command),
        network: config.network.unwrap_or(settings.network),
        constraints: config.constraints,
        environment: config.environment,
        memory: config.memory.map(buildyard_config::ByteSize::as_bytes),
        cpus: config.cpus,
        extra_hosts: config.extra_hosts,
        grace: config.grace.map_or(settings.grace, |grace| grace.0),
        image: settings.image,
    }
}

fn command(config: CommandConfig) -> CommandSettings {
    let settings = CommandSettings::new(config.program);
    CommandSettings {
        arguments: config.arguments,
        environment: config.environment,
        within: config.timeout.map_or(settings.within, |timeout| timeout.0),
        program: settings.program,
    }
}

fn engine(address: Option<String>) -> EngineSettings {
    EngineSettings { address, ..EngineSettings::default() }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(text: &str) -> Configured {
        let sections = toml::from_str(text).unwrap();
        Configured { sections, coordinator: "c".into(), data_dir: "/data".into(), region: "eu-west-1".into() }
    }

    #[test]
    fn each_section_becomes_a_provisioner_of_its_kind() {
        let text = "a = { kind = \"process\" }\nb = { kind = \"docker\" }\nc = { kind = \"swarm\", image = \"x\" }\n\
                    d = { kind = \"command\", program = \"/x\" }";
        let configured = configured(text);
        let fleet = FleetName::on_demand();
        let kind = |name| configured.open(name, &fleet).map(|opened| opened.kind());
        let kinds = ["a", "b", "c", "d"].map(|name| kind(name).unwrap());
        assert_eq!(kinds, ["process", "docker", "swarm", "command"]);
        assert!(matches!(kind("e"), Err(Error::Refused(text)) if text.contains("[provisioners.e]")));
    }

    #[test]
    fn credentials_for_aws_come_from_the_section_or_the_environment() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from-file\n").unwrap();
        let of = |more: &str, variable: fn(&str) -> Option<String>| {
            let configured = configured("");
            let config = toml::from_str(&format!("group = \"g\"\n{more}")).unwrap();
            configured.autoscaling_group("p", &config, variable)
        };
        let own = format!("access_key_id = \"a\"\nsecret_access_key_file = {:?}", file.path());
        let own = of(&own, |_| None).unwrap();
        assert_eq!((own.secret_access_key.expose(), own.region.as_str()), ("from-file", "eu-west-1"));
        let theirs = of("", |name| Some(name.to_owned())).unwrap();
        assert_eq!(theirs.access_key_id, "AWS_ACCESS_KEY_ID");
        assert!(theirs.session_token.is_some());
        let none = of("", |_| None).unwrap_err().to_string();
        assert!(none.contains("[provisioners.p]") && none.contains("AWS_ACCESS_KEY_ID"), "{none}");
    }
}
