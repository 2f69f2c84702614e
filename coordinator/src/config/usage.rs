//! `[usage]`: what build time costs.

use super::ConfigError;
use buildyard_model::{ComputeType, EnvironmentType};
use buildyard_service::Prices;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// Millionths of the currency, written as a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price(u64);

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let price = f64::deserialize(deserializer)?;
        let millionths = (price * 1e6).round();
        if !(0.0..=1e12).contains(&millionths) {
            return Err(serde::de::Error::custom("a price of a minute is a number from 0 to 1000000, as in 0.005"));
        }
        Ok(Self(millionths as u64))
    }
}

/// The `[usage]` section.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UsageConfig {
    /// What stands behind a cost.
    pub currency: String,
    /// Of a minute, by compute type or by `<environment type>/<compute type>`.
    pub prices: BTreeMap<String, Price>,
}

impl UsageConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for name in self.prices.keys() {
            let (environment, compute) = name.split_once('/').map_or((None, name.as_str()), |(e, c)| (Some(e), c));
            let known = |text: &str| serde_json::from_value::<EnvironmentType>(text.into()).is_ok();
            if ComputeType::from_name(compute).is_none() || !environment.is_none_or(known) {
                let problem = format!(
                    "{name:?} is no compute type: write BUILD_GENERAL1_SMALL, or \"ARM_CONTAINER/BUILD_GENERAL1_SMALL\" for one environment type"
                );
                return Err(ConfigError::invalid("usage.prices", &problem));
            }
        }
        Ok(())
    }

    pub(crate) fn prices(&self) -> Prices {
        let per_minute = self.prices.iter().map(|(name, price)| (name.clone(), price.0)).collect();
        Prices { currency: self.currency.clone(), per_minute }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn prices_are_exact_and_of_known_compute_types() {
        let parse = |text: &str| buildyard_config::parse::<UsageConfig>(Path::new("x"), text).unwrap();
        let config = parse(
            "currency = \"EUR\"\n[prices]\nBUILD_GENERAL1_SMALL = 0.005\n\"ARM_CONTAINER/BUILD_GENERAL1_LARGE\" = 1",
        );
        config.check().unwrap();
        let prices = config.prices();
        assert_eq!(prices.per_minute.values().copied().collect::<Vec<_>>(), [1_000_000, 5_000]);
        for wrong in ["BUILD_GENERAL2_SMALL = 1", "\"WINDOWS/BUILD_GENERAL1_SMALL\" = 1"] {
            assert!(parse(&format!("[prices]\n{wrong}")).check().is_err(), "{wrong}");
        }
        for wrong in ["-0.1", "nan", "\"0.1\""] {
            let text = format!("[prices]\nBUILD_GENERAL1_SMALL = {wrong}");
            assert!(buildyard_config::parse::<UsageConfig>(Path::new("x"), &text).is_err(), "{wrong}");
        }
    }
}
