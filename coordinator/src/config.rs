//! The coordinator's configuration: one TOML file, one Rust file per section.

mod fleets;
mod listen;
mod metrics;
mod provisioners;
mod queue;
mod records;
mod retention;
mod secrets;
mod storage;
mod timings;
mod usage;

pub use fleets::FleetConfig;
pub use listen::ListenConfig;
pub use metrics::MetricsConfig;
pub use provisioners::{
    AutoscalingGroupConfig, CommandConfig, DockerConfig, ProcessConfig, ProvisionerConfig, SwarmConfig,
};
pub use queue::{PlacementPolicy, QueueConfig};
pub use records::{RecordsConfig, RecordsKind};
pub use retention::{Keep, RetentionConfig};
pub use secrets::{SecretsConfig, SecretsFrom};
pub use storage::StorageConfig;
pub use timings::TimingsConfig;
pub use usage::{Price, UsageConfig};

pub use buildyard_config::ConfigError;
use buildyard_service::ImageNames;
pub use buildyard_traces::TracingConfig;

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that a coordinator is told.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoordinatorConfig {
    /// Records, credentials and, without `[storage]`, all bytes lie here. One coordinator per directory.
    pub data_dir: PathBuf,
    /// The region that ARNs and builds' `AWS_REGION` name.
    pub region: String,
    /// The account that ARNs name: twelve digits.
    pub account: String,
    /// A JSON file with the values of builds' secrets: `{"parameters": {NAME: VALUE}, "secrets": {ID: TEXT}}`.
    /// What it has goes before what `secrets` leads to.
    pub secrets_file: Option<PathBuf>,
    pub listen: ListenConfig,
    pub records: RecordsConfig,
    pub secrets: SecretsConfig,
    /// Images that run for those that projects name, which may hold `*`. A table of one's own takes the default's place.
    pub images: BTreeMap<String, String>,
    /// An S3-compatible bucket. Without it the coordinator stores bytes itself and serves them as S3.
    pub storage: Option<StorageConfig>,
    pub retention: RetentionConfig,
    /// Places where instances are started, by name.
    pub provisioners: BTreeMap<String, ProvisionerConfig>,
    /// Fleets whose instances the coordinator starts and ends, by name.
    pub fleets: BTreeMap<String, FleetConfig>,
    pub queue: QueueConfig,
    pub timings: TimingsConfig,
    pub usage: UsageConfig,
    pub metrics: MetricsConfig,
    pub tracing: TracingConfig,
}

impl Default for CoordinatorConfig {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("/var/lib/buildyard/coordinator"),
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            secrets_file: None,
            listen: ListenConfig::default(),
            records: RecordsConfig::default(),
            secrets: SecretsConfig::default(),
            images: ImageNames::default().0,
            storage: None,
            retention: RetentionConfig::default(),
            provisioners: BTreeMap::new(),
            fleets: BTreeMap::new(),
            queue: QueueConfig::default(),
            timings: TimingsConfig::default(),
            usage: UsageConfig::default(),
            metrics: MetricsConfig::default(),
            tracing: TracingConfig::default(),
        }
    }
}

impl CoordinatorConfig {
    /// Reads and checks the file at `path`, and takes from the environment where traces go if it does not say so.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = buildyard_config::read(path)?;
        let mut config: Self = buildyard_config::parse(path, &text)?;
        config.tracing.complete(|name| std::env::var(name).ok())?;
        config.check().map_err(|error| error.located(path, &text))?;
        Ok(config)
    }

    /// Says what makes the configuration unusable, if anything does.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !self.data_dir.is_absolute() {
            return Err(ConfigError::invalid("data_dir", "must be an absolute path"));
        }
        if !is_region(&self.region) {
            return Err(ConfigError::invalid("region", REGION));
        }
        if self.account.len() != 12 || !self.account.chars().all(|c| c.is_ascii_digit()) {
            return Err(ConfigError::invalid("account", "must be twelve digits"));
        }
        if let Some((name, _)) = self.images.iter().find(|(name, image)| name.is_empty() || image.is_empty()) {
            return Err(ConfigError::invalid(
                "images",
                &format!("{name:?} names no image: write \"name:tag\" = \"name:tag\""),
            ));
        }
        self.listen.check()?;
        self.retention.check()?;
        self.queue.check()?;
        self.secrets.check()?;
        self.timings.check()?;
        for (name, fleet) in &self.fleets {
            fleet.check(name, |provisioner| self.provisioners.contains_key(provisioner))?;
        }
        for (name, provisioner) in &self.provisioners {
            provisioner.check(name)?;
        }
        self.usage.check()?;
        self.tracing.check()?;
        self.storage.as_ref().map_or(Ok(()), StorageConfig::check)
    }
}

/// What is wrong with a region that is none.
const REGION: &str = "must be letters, digits and '-', as in \"eu-west-1\"";

fn is_region(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let path = Path::new("coordinator.toml");
        let config: Result<CoordinatorConfig, _> = buildyard_config::parse(path, text);
        let checked = config.and_then(|config| config.check().map_err(|error| error.located(path, text)));
        checked.unwrap_err().to_string()
    }

    #[test]
    fn errors_name_file_line_and_key() {
        assert!(error("\nregoin = \"x\"").starts_with("coordinator.toml:2: "), "{}", error("\nregoin = \"x\""));
        assert_eq!(error("account = \"12\""), "coordinator.toml:1: account: must be twelve digits");
        let text = "[secrets]\nfrom = \"aws\"\nendpoint = \"aws.internal\"";
        assert!(error(text).starts_with("coordinator.toml:3: secrets.endpoint: "), "{}", error(text));
        let text = "[listen]\nhttp = \"nowhere\"";
        assert!(error(text).starts_with("coordinator.toml:2: "), "{}", error(text));
        let text = "[timings]\n\nheartbeat = \"5 parsecs\"";
        assert!(error(text).starts_with("coordinator.toml:3: "), "{}", error(text));
        let text = "[tracing]\notlp = \"collector:4317\"";
        assert!(error(text).starts_with("coordinator.toml:2: tracing.otlp: \"collector:4317\""), "{}", error(text));
    }

    #[test]
    fn an_empty_file_is_a_whole_configuration() {
        let config: CoordinatorConfig = buildyard_config::parse(Path::new("x"), "").unwrap();
        assert_eq!(config, CoordinatorConfig::default());
        config.check().unwrap();
    }

    #[test]
    fn the_example_is_the_default_also_with_its_examples_switched_on() {
        let text = include_str!("../../deploy/config/coordinator.toml");
        let config: CoordinatorConfig = buildyard_config::parse(Path::new("coordinator.toml"), text).unwrap();
        assert_eq!(config, CoordinatorConfig::default());
        let commented = |line: &str| {
            line.strip_prefix("# ").filter(|rest| rest.starts_with('[') || rest.contains(" = ")).map(str::to_owned)
        };
        let all: Vec<String> = text.lines().map(|line| commented(line).unwrap_or_else(|| line.to_owned())).collect();
        let config: CoordinatorConfig =
            buildyard_config::parse(Path::new("coordinator.toml"), &all.join("\n")).unwrap();
        config.check().unwrap();
        assert_eq!(config.secrets.from, SecretsFrom::Aws);
        assert_eq!(config.provisioners.len(), 5);
        assert!(config.tracing.otlp.is_some() && config.tracing.headers.len() == 1);
        assert!(config.storage.is_some() && config.secrets_file.is_some() && config.listen.public_url.is_some());
    }
}
