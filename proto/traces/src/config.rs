//! `[tracing]`: where traces go. Off unless an address is given, there or by OpenTelemetry's own variables.

use buildyard_config::ConfigError;
use buildyard_model::Secret;
use http::{HeaderName, HeaderValue, Uri};
use serde::Deserialize;
use std::collections::BTreeMap;

/// OpenTelemetry's variables for the address, the nearest first, and for the protocol that is spoken there.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];

/// The `[tracing]` section.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TracingConfig {
    /// An OTLP receiver that speaks gRPC: `http://host:4317`, or `https://`.
    pub otlp: Option<String>,
    /// Sent with everything: a receiver's key, say. Those of `OTEL_EXPORTER_OTLP_HEADERS` are sent, too.
    pub headers: BTreeMap<String, Secret>,
    /// How many of all traces are sent, from 0 to 1.
    pub sample: f64,
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self { otlp: None, headers: BTreeMap::new(), sample: 1.0 }
    }
}

impl TracingConfig {
    /// Takes from the environment what the file does not say.
    ///
    /// # Errors
    /// When a variable holds what cannot be used.
    pub fn complete(&mut self, variable: impl Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
        let given = |names: [&'static str; 2]| {
            let mut values = names.into_iter().filter_map(|name| Some((name, variable(name)?)));
            values.find(|(_, value)| !value.trim().is_empty())
        };
        let Some((name, endpoint)) = given(ENDPOINTS).filter(|_| self.otlp.is_none()) else { return Ok(()) };
        if let Some((name, protocol)) = given(PROTOCOLS).filter(|(_, protocol)| protocol != "grpc") {
            let problem = format!(
                "{protocol:?} is not spoken: set it to grpc and the endpoint to the receiver's gRPC address, or set tracing.otlp"
            );
            return Err(ConfigError::invalid(name, &problem));
        }
        if let Some(problem) = wrong_address(&endpoint) {
            return Err(ConfigError::invalid(name, &problem));
        }
        self.otlp = Some(endpoint);
        Ok(())
    }

    /// Says what makes the section unusable, if anything does.
    ///
    /// # Errors
    /// With the key and what to write there.
    pub fn check(&self) -> Result<(), ConfigError> {
        if let Some(problem) = self.otlp.as_deref().and_then(wrong_address) {
            return Err(ConfigError::invalid("tracing.otlp", &problem));
        }
        for (name, value) in &self.headers {
            let is_name = name.parse::<HeaderName>().is_ok() && !name.ends_with("-bin");
            if !is_name || HeaderValue::from_str(value.expose()).is_err() {
                // Not the value: it may be a secret.
                let problem = format!("{name:?} is no header: write headers = {{ \"x-api-key\" = \"…\" }}");
                return Err(ConfigError::invalid("tracing.headers", &problem));
            }
        }
        if !(0.0..=1.0).contains(&self.sample) {
            return Err(ConfigError::invalid("tracing.sample", "must be a number from 0 to 1, as in 0.1"));
        }
        Ok(())
    }
}

fn wrong_address(text: &str) -> Option<String> {
    let uri = text.parse::<Uri>().ok();
    let right = uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.path_and_query().is_none_or(|path| path == "/")
    });
    let problem =
        "is not the address of an OTLP receiver that speaks gRPC: write http://host:4317 or https://host:4317";
    (!right).then(|| format!("{text:?} {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> TracingConfig {
        toml::from_str(text).unwrap()
    }

    fn problem(text: &str) -> String {
        parsed(text).check().unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_what_to_write() {
        for text in ["", "otlp = \"http://collector:4317\"", "otlp = \"https://[::1]:4317/\"\nsample = 0"] {
            parsed(text).check().unwrap();
        }
        for wrong in ["collector:4317", "http://", "http://a b", "ftp://x:1", "http://x:4318/v1/traces", ""] {
            let said = problem(&format!("otlp = {wrong:?}"));
            assert!(said.starts_with("tracing.otlp: ") && said.contains("write http://host:4317"), "{said}");
        }
        for wrong in ["1.5", "-0.1", "nan"] {
            assert!(problem(&format!("sample = {wrong}")).starts_with("tracing.sample: "), "{wrong}");
        }
        let said = problem("headers = { \"x-api-key\" = \"a\\nsecret\" }");
        assert!(said.starts_with("tracing.headers: \"x-api-key\"") && !said.contains("secret"), "{said}");
        assert!(problem("headers = { \"x y\" = \"z\" }").starts_with("tracing.headers: "));
    }

    #[test]
    fn headers_are_not_shown() {
        let config = parsed("headers = { authorization = \"hidden\" }");
        assert!(!format!("{config:?}").contains("hidden"));
    }

    #[test]
    fn the_environment_says_what_the_file_does_not() {
        let of = |text: &str, variables: &[(&str, &str)]| {
            let mut config = parsed(text);
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            config.complete(variable).map(|()| config.otlp).map_err(|error| error.to_string())
        };
        let general = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4317");
        assert_eq!(of("", &[]), Ok(None));
        assert_eq!(of("", &[general]), Ok(Some("http://a:4317".into())));
        assert_eq!(of("", &[general, (ENDPOINTS[0], "http://b:4317")]), Ok(Some("http://b:4317".into())));
        assert_eq!(of("otlp = \"http://c:1\"", &[(ENDPOINTS[1], "nonsense")]), Ok(Some("http://c:1".into())));
        let said = of("", &[(ENDPOINTS[1], "nonsense")]).unwrap_err();
        assert!(said.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT: \"nonsense\" is not"), "{said}");
        let said = of("", &[general, (PROTOCOLS[1], "http/protobuf")]).unwrap_err();
        assert!(said.starts_with("OTEL_EXPORTER_OTLP_PROTOCOL: \"http/protobuf\""), "{said}");
        assert!(of("", &[general, (PROTOCOLS[1], "grpc")]).is_ok());
    }
}
