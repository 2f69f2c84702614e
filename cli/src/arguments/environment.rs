//! The flags that say what a build runs in: image, size, variables, privileges. `start` and `run` share them in part.

use super::variable;
use crate::standard_image;
use buildyard_model::{Architecture, ComputeType, Environment, EnvironmentType, EnvironmentVariable, PullPolicy};
use clap::ValueEnum;

/// `--pull`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum PullArgument {
    /// Only an image that the engine does not have.
    #[default]
    IfAbsent,
    /// Every time.
    Always,
    /// Never.
    Never,
}

/// `--arch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ArchitectureArgument {
    /// 64-bit Intel and AMD.
    #[value(name = "x86_64", alias = "amd64")]
    X86_64,
    /// 64-bit ARM.
    #[value(name = "aarch64", alias = "arm64")]
    Aarch64,
}

/// What a build runs in.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Environment")]
pub(crate) struct EnvironmentArgs {
    /// Container image: repo:tag or repo@sha256:…
    #[arg(long, default_value = standard_image::NAME)]
    image: String,
    /// When the image is pulled
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pull: PullArgument,
    /// small (2 vCPU, 4 GiB), medium, large, xlarge, 2xlarge, or CodeBuild's name BUILD_GENERAL1_SMALL and so on
    #[arg(long, value_parser = compute_type, default_value = "small", value_name = "TYPE")]
    compute_type: ComputeType,
    /// Processor architecture; this machine's own without it
    #[arg(long, value_enum, value_name = "ARCH")]
    arch: Option<ArchitectureArgument>,
    /// A variable of the build, repeatable; NAME alone takes the value that it has here
    #[arg(long = "env", short = 'e', value_parser = variable::plain, value_name = "NAME=VALUE")]
    env: Vec<EnvironmentVariable>,
    /// A variable whose value is the parameter of that name, masked in the log; repeatable
    #[arg(long, value_parser = variable::parameter, value_name = "NAME=PARAMETER")]
    secret_parameter: Vec<EnvironmentVariable>,
    /// A variable whose value is a secret (id:json-key:stage:version), masked in the log; repeatable
    #[arg(long, value_parser = variable::secret, value_name = "NAME=SECRET")]
    secret: Vec<EnvironmentVariable>,
    /// Give the build a privileged container; only on agents that allow it
    #[arg(long)]
    privileged: bool,
}

impl EnvironmentArgs {
    /// Whether a privileged container is wanted.
    pub(crate) fn privileged(&self) -> bool {
        self.privileged
    }

    /// The model's environment.
    pub(crate) fn environment(&self) -> Environment {
        let variables = [&self.env, &self.secret_parameter, &self.secret];
        Environment {
            kind: match self.arch.map_or(Architecture::native(), ArchitectureArgument::architecture) {
                Architecture::X86_64 => EnvironmentType::LinuxContainer,
                Architecture::Aarch64 => EnvironmentType::ArmContainer,
            },
            image: self.image.clone(),
            compute_type: self.compute_type,
            environment_variables: variables.into_iter().flatten().cloned().collect(),
            privileged_mode: self.privileged,
            pull_policy: match self.pull {
                PullArgument::IfAbsent => PullPolicy::IfAbsent,
                PullArgument::Always => PullPolicy::Always,
                PullArgument::Never => PullPolicy::Never,
            },
        }
    }
}

impl ArchitectureArgument {
    fn architecture(self) -> Architecture {
        match self {
            Self::X86_64 => Architecture::X86_64,
            Self::Aarch64 => Architecture::Aarch64,
        }
    }
}

fn compute_type(text: &str) -> Result<ComputeType, String> {
    let wanted = text.to_ascii_uppercase();
    let short = |compute: &ComputeType| compute.name().strip_prefix("BUILD_GENERAL1_") == Some(wanted.as_str());
    ComputeType::from_name(&wanted).or_else(|| ComputeType::ALL.into_iter().find(short)).ok_or_else(|| {
        format!("{text:?} is not a compute type: small, medium, large, xlarge, 2xlarge or BUILD_GENERAL1_…")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compute_type_has_a_short_and_a_long_name() {
        assert_eq!(compute_type("2xlarge"), Ok(ComputeType::XXLarge));
        assert_eq!(compute_type("BUILD_GENERAL1_MEDIUM"), Ok(ComputeType::Medium));
        assert!(compute_type("huge").is_err());
    }
}
