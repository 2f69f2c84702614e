//! A policy as people write it: the keys of the coordinator's `[fleets.NAME]` and of a policy file for the simulator.
//! Which file it came from, and what stands beside these keys, is the reader's business.

use super::policy::{Policy, Schedule};
use buildyard_config::{ByteSize, ConfigError, Span};
use buildyard_model::Resources;
use serde::Deserialize;

/// What a fleet's owner wants, as written; what is left out is the default's.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDocument {
    /// Instances at least.
    pub min: Option<u32>,
    /// Instances at most.
    pub max: Option<u32>,
    /// Builds at once on one instance, until the first agent has said so.
    pub slots: Option<u32>,
    /// CPUs of one instance, until the first agent has said so.
    pub vcpu: Option<u32>,
    /// Memory of one instance, as in `"8GiB"`, until the first agent has said so.
    pub memory: Option<ByteSize>,
    /// An agent without work for so long may go.
    pub idle: Option<Span>,
    pub warm_slots: Option<u32>,
    pub anticipate: Option<bool>,
    pub consolidate: Option<bool>,
    pub patience: Option<Span>,
    pub utilization_percent: Option<u32>,
    #[serde(default)]
    pub schedules: Vec<ScheduleDocument>,
    pub max_launch: Option<u32>,
    pub max_launches_per_minute: Option<u32>,
    pub cool_down: Option<Span>,
    pub join_within: Option<Span>,
    pub drain_within: Option<Span>,
}

/// A floor for a part of the week, as written: `{ days = "mon-fri", from = "07:00", to = "19:00", min = 2 }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleDocument {
    /// `mon-fri`, `sat,sun`, `fri-mon`; every day without it.
    pub days: Option<String>,
    /// UTC, `07:00`.
    pub from: String,
    /// UTC; not later than `from` means the next day; `24:00` is midnight.
    pub to: String,
    pub min: u32,
}

impl PolicyDocument {
    /// The policy.
    ///
    /// # Errors
    /// `ConfigError::Invalid` with the key that holds what cannot be used; `within` goes before it (`fleets.linux.`).
    pub fn policy(&self, within: &str) -> Result<Policy, ConfigError> {
        let default = Policy::default();
        let span = |span: Option<Span>, default| span.map_or(default, |span| span.0);
        let resources = Resources {
            vcpu: self.vcpu.unwrap_or(default.resources.vcpu),
            memory_mib: self.memory.map_or(default.resources.memory_mib, ByteSize::as_mib),
        };
        let schedules = self.schedules.iter().map(|schedule| {
            schedule.schedule().map_err(|problem| ConfigError::invalid(&format!("{within}schedules"), &problem))
        });
        let policy = Policy {
            min: self.min.unwrap_or(default.min),
            max: self.max.unwrap_or(default.max),
            slots: self.slots.unwrap_or(default.slots),
            resources,
            idle: span(self.idle, default.idle),
            warm_slots: self.warm_slots.unwrap_or(default.warm_slots),
            anticipate: self.anticipate.unwrap_or(default.anticipate),
            consolidate: self.consolidate.unwrap_or(default.consolidate),
            patience: span(self.patience, default.patience),
            utilization_percent: self.utilization_percent.unwrap_or(default.utilization_percent),
            schedules: schedules.collect::<Result<_, _>>()?,
            max_launch: self.max_launch.unwrap_or(default.max_launch),
            max_launches_per_minute: self.max_launches_per_minute.unwrap_or(default.max_launches_per_minute),
            cool_down: span(self.cool_down, default.cool_down),
            join_within: span(self.join_within, default.join_within),
            drain_within: span(self.drain_within, default.drain_within),
        };
        match problem(&policy) {
            Some((key, problem)) => Err(ConfigError::invalid(&format!("{within}{key}"), &problem)),
            None => Ok(policy),
        }
    }
}

fn problem(policy: &Policy) -> Option<(&'static str, String)> {
    let Policy { min, max, .. } = policy;
    let zero = |key, is_zero: bool| is_zero.then(|| (key, "must be at least 1".to_owned()));
    (min > max)
        .then(|| ("min", format!("{min} instances at least are more than the {max} of max")))
        .or_else(|| zero("slots", policy.slots == 0))
        .or_else(|| zero("vcpu", policy.resources.vcpu == 0))
        .or_else(|| zero("memory", policy.resources.memory_mib == 0))
        .or_else(|| zero("max_launch", policy.max_launch == 0))
        .or_else(|| zero("max_launches_per_minute", policy.max_launches_per_minute == 0))
        .or_else(|| {
            let percent = policy.utilization_percent;
            let is_percentage = (1..=100).contains(&percent);
            (!is_percentage).then(|| ("utilization_percent", format!("{percent} is not between 1 and 100")))
        })
        .or_else(|| {
            let is_none = policy.join_within.is_zero();
            is_none.then(|| ("join_within", "an agent needs some time to join".to_owned()))
        })
}

impl ScheduleDocument {
    fn schedule(&self) -> Result<Schedule, String> {
        let days = self.days.as_deref().map_or_else(|| Ok((0..7).collect()), days)?;
        let (from_minute, to_minute) = (minute(&self.from)?, minute(&self.to)?);
        if from_minute == 24 * 60 {
            return Err("24:00 can only be an end: write from = \"00:00\" of the next day".to_owned());
        }
        Ok(Schedule { days, from_minute, to_minute, min: self.min })
    }
}

fn days(text: &str) -> Result<Vec<u8>, String> {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let day = |name: &str| {
        let found = NAMES.iter().zip(0_u8..).find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
        found.map(|(_, number)| number).ok_or_else(|| {
            format!(
                "{:?} is no day: write mon, tue, wed, thu, fri, sat or sun, as in \"mon-fri\" or \"sat,sun\"",
                name.trim()
            )
        })
    };
    let mut all = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        all.extend((0..=(last + 7 - first) % 7).map(|more| (first + more) % 7));
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// Minutes after midnight.
fn minute(text: &str) -> Result<u32, String> {
    let bad = || format!("{text:?} is no time of day: write hours and minutes in UTC, as in \"07:30\"");
    let (hours, minutes) = text.split_once(':').ok_or_else(bad)?;
    let number = |part: &str| (part.len() == 2).then(|| part.parse::<u32>().ok()).flatten().ok_or_else(bad);
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours * 60 + minutes;
    if minutes < 60 && total <= 24 * 60 { Ok(total) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::time::Duration;

    fn read(text: &str) -> Result<Policy, String> {
        let document: PolicyDocument =
            buildyard_config::parse(Path::new("p.toml"), text).map_err(|error| error.to_string())?;
        document.policy("").map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_written_is_read_and_the_rest_is_the_defaults() {
        let policy = read(
            "min = 1\nmax = 20\nslots = 4\nvcpu = 8\nmemory = \"16GiB\"\nidle = \"2m\"\n\
             schedules = [{ days = \"fri-mon,wed\", from = \"22:00\", to = \"06:30\", min = 2 }]",
        );
        let schedule = Schedule { days: vec![0, 2, 4, 5, 6], from_minute: 22 * 60, to_minute: 390, min: 2 };
        let expected = Policy {
            min: 1,
            max: 20,
            slots: 4,
            resources: Resources { vcpu: 8, memory_mib: 16_384 },
            idle: Duration::from_secs(120),
            schedules: vec![schedule],
            ..Policy::default()
        };
        assert_eq!(policy, Ok(expected));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let rows = [
            ("min = 11", "min: 11 instances at least are more than the 10 of max"),
            ("slots = 0", "slots: must be at least 1"),
            ("utilization_percent = 101", "utilization_percent: 101 is not between 1 and 100"),
            ("schedules = [{ from = \"7:00\", to = \"19:00\", min = 1 }]", "\"7:00\" is no time of day"),
            ("schedules = [{ from = \"24:00\", to = \"19:00\", min = 1 }]", "24:00 can only be an end"),
            ("schedules = [{ days = \"moon\", from = \"07:00\", to = \"19:00\", min = 1 }]", "\"moon\" is no day"),
            ("idle = \"5\"", "is not a span of time"),
            ("idel = \"5m\"", "unknown field `idel`"),
        ];
        for (text, expected) in rows {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
