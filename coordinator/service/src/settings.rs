//! What the owner of the fleet decides about it, as far as the service must know.

use crate::Prices;
use buildyard_model::ProjectName;
use buildyard_scheduler::placement::Policy;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Durations of the protocol (reliability 2.2).
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// How often an agent says that it lives.
    pub heartbeat: Duration,
    /// Without a sign of life for so long, an agent is lost.
    pub lost_after: Duration,
    /// After a start of the coordinator, nobody is lost for so long.
    pub start_grace: Duration,
    /// An offer that is not accepted in time goes back to the queue.
    pub accept_within: Duration,
    /// A stop that the agent does not confirm in time is final anyway.
    pub stop_within: Duration,
    /// What a build gets between SIGTERM and SIGKILL.
    pub stop_grace: Duration,
    /// An agent without contact kills its builds after so long.
    pub offline_limit: Duration,
    /// How long a presigned URL is good for.
    pub presigned: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(5),
            lost_after: Duration::from_secs(30),
            start_grace: Duration::from_secs(60),
            accept_within: Duration::from_secs(15),
            stop_within: Duration::from_secs(15),
            stop_grace: Duration::from_secs(5),
            offline_limit: Duration::from_secs(600),
            presigned: Duration::from_secs(3600),
        }
    }
}

/// How long is kept what a build leaves in the system bucket, counted from the build's end. None: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Logs. CloudWatch's default, too, is never to expire.
    pub logs: Option<Duration>,
    /// Sources that clients uploaded. A build whose source is gone cannot be run again.
    pub sources: Option<Duration>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { logs: None, sources: Some(Duration::from_secs(7 * 24 * 3600)) }
    }
}

/// How waiting builds are shared out.
#[derive(Debug, Clone, Default)]
pub struct Queueing {
    /// What projects get of the slots in proportion to one another; 1 for those that are not named.
    pub weights: HashMap<ProjectName, u32>,
    /// Which of the agents that fit is taken.
    pub placement: Policy,
}

/// Images by the names that stand for them, which may hold `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageNames(pub BTreeMap<String, String>);

impl Default for ImageNames {
    /// CodeBuild's images for x86-64 are nowhere but there; the standard image is what comes closest here.
    fn default() -> Self {
        let curated = ["aws/codebuild/standard:*", "aws/codebuild/amazonlinux*-x86_64-standard:*"];
        Self(curated.map(|name| (name.to_owned(), "buildyard/standard:1.0".to_owned())).into())
    }
}

impl ImageNames {
    /// The image to run for the one that is named: itself, unless a name of the table fits. Of several the one with most
    /// letters counts.
    pub fn image<'a>(&'a self, named: &'a str) -> &'a str {
        let fitting = self.0.iter().filter(|(pattern, _)| fits(pattern, named));
        let letters = |pattern: &str| pattern.len() - pattern.matches('*').count();
        fitting.max_by_key(|(pattern, _)| letters(pattern)).map_or(named, |(_, image)| image)
    }
}

/// Whether `text` is `pattern`, with any letters for each `*`.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// What holds for all builds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildSettings {
    /// Images that stand for others.
    pub images: ImageNames,
    /// Whether a build without a binding service role gets no secret at all.
    pub require_role: bool,
}

/// The service's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For ARNs and `AWS_REGION`.
    pub region: String,
    /// Of a minute of build time.
    pub prices: Prices,
    /// For ARNs: twelve digits.
    pub account: String,
    /// How clients reach the HTTP door, for URLs that are given to them: `http://host:port`, without a slash at its end.
    pub endpoint_url: String,
    /// Where artifacts go when a build names no bucket.
    pub artifact_bucket: String,
    /// Where logs, uploaded sources and records of uploads are kept.
    pub system_bucket: String,
    /// SHA-256 (hex) of the token that admits agents.
    pub join_token_sha256: String,
    /// SHA-256 (hex) of the tokens that clients may use.
    pub client_tokens_sha256: Vec<String>,
    pub timings: Timings,
    pub retention: Retention,
    pub queue: Queueing,
    pub builds: BuildSettings,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curated_images_are_the_standard_one_unless_the_table_says_otherwise() {
        let default = ImageNames::default();
        for curated in [
            "standard:7.0",
            "standard:8.0-25.10.01",
            "amazonlinux2-x86_64-standard:5.0",
            "amazonlinux-x86_64-standard:6.0",
        ] {
            assert_eq!(default.image(&format!("aws/codebuild/{curated}")), "buildyard/standard:1.0", "{curated}");
        }
        for other in [
            "aws/codebuild/amazonlinux-aarch64-standard:3.0",
            "aws/codebuild/standard",
            "my/aws/codebuild/standard:1",
            "busybox",
        ] {
            assert_eq!(default.image(other), other);
        }
        let pairs = [
            ("aws/codebuild/*", "any"),
            ("aws/codebuild/standard:*", "some:1"),
            ("aws/codebuild/standard:7.0", "one:1"),
        ];
        let table = ImageNames(pairs.map(|(name, image)| (name.to_owned(), image.to_owned())).into());
        assert_eq!(table.image("aws/codebuild/standard:7.0"), "one:1");
        assert_eq!(table.image("aws/codebuild/standard:6.0"), "some:1");
        assert_eq!(table.image("aws/codebuild/lambda"), "any");
        assert!(fits("a*b*c", "abc") && fits("a*b*c", "a-b-b-c") && !fits("a*b*c", "ac") && !fits("ab*ba", "aba"));
    }
}
