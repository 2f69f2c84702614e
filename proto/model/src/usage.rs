//! What builds used of the fleet, in the terms in which CodeBuild bills it: minutes of build time, each build rounded up
//! to the next minute, priced by compute type.

use crate::compute::{ComputeType, EnvironmentType};
use crate::fleet::FleetName;
use crate::id::{BuildId, ProjectName};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A day of UTC, as in `2026-01-31`. Days are ordered as their texts are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(String);

impl Day {
    /// The day of a moment.
    pub fn of(at: Timestamp) -> Self {
        let at = at.to_utc();
        Self(format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day()))
    }

    /// The day as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Day {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let bad = || format!("{text:?} is not a day: write it as 2026-01-31");
        let mut parts = text.split('-');
        let mut number = |length: usize| -> Option<u16> {
            let part = parts.next().filter(|part| part.len() == length)?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
        };
        let (year, month, day) = (number(4), number(2), number(2));
        let month =
            month.and_then(|month| u8::try_from(month).ok()).and_then(|month| time::Month::try_from(month).ok());
        let (Some(year), Some(month), Some(day)) = (year, month, day) else { return Err(bad()) };
        let day = u8::try_from(day).map_err(|_| bad())?;
        time::Date::from_calendar_date(year.into(), month, day).map_err(|_| bad())?;
        if parts.next().is_some() { Err(bad()) } else { Ok(Self(text)) }
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.0
    }
}

/// What one build used: all that is counted of it, so that it can be counted when the build is long deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metered {
    pub build: BuildId,
    pub fleet: FleetName,
    pub compute: ComputeType,
    pub environment: EnvironmentType,
    pub image: String,
    /// When it ended.
    pub ended_at: Timestamp,
    /// From the start of PROVISIONING to the end.
    pub milliseconds: u64,
}

impl Metered {
    /// Minutes as they are billed: whole ones, and at least one.
    pub fn minutes(&self) -> u64 {
        self.milliseconds.div_ceil(60_000).max(1)
    }

    /// The project it belongs to.
    pub fn project(&self) -> &ProjectName {
        self.build.project()
    }
}

/// What usage is grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UsageBy {
    Project,
    Fleet,
    Compute,
    Environment,
    Image,
    Day,
}

impl UsageBy {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Project, Self::Fleet, Self::Compute, Self::Environment, Self::Image, Self::Day];

    /// Its name: `project`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Fleet => "fleet",
            Self::Compute => "compute",
            Self::Environment => "environment",
            Self::Image => "image",
            Self::Day => "day",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.name() == name)
    }
}

/// What the builds of a group used together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageGroup {
    /// The project, the fleet, … ; empty for the total.
    pub name: String,
    pub builds: u64,
    /// Exact.
    pub milliseconds: u64,
    /// Each build rounded up to the next minute.
    pub billed_minutes: u64,
    /// In millionths of the currency; none where no price is known for any of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_millionths: Option<u64>,
    /// Minutes whose compute type has no price: they are not in the cost.
    #[serde(default)]
    pub unpriced_minutes: u64,
}

/// Usage of the builds that ended on some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageReport {
    pub by: UsageBy,
    /// The first day.
    pub since: Day,
    /// The last day.
    pub until: Day,
    /// Of the prices, as the coordinator's config calls it.
    pub currency: String,
    /// The costliest first, then the longest; days in their order.
    pub groups: Vec<UsageGroup>,
    pub total: UsageGroup,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_the_calendars() {
        assert_eq!(Day::of(Timestamp(1_767_323_045_000)).as_str(), "2026-01-02");
        assert!(Day::try_from("2028-02-29".to_owned()).is_ok());
        for bad in ["", "2026-02-29", "2026-13-01", "2026-1-1", "2026-01-01-", "+026-01-01", "20260101"] {
            assert!(Day::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_build_is_billed_by_the_minute_it_began() {
        let metered = |milliseconds| Metered {
            build: "p1:00000000-0000-0000-0000-000000000007".parse().unwrap(),
            fleet: FleetName::on_demand(),
            compute: ComputeType::Small,
            environment: EnvironmentType::LinuxContainer,
            image: "x".to_owned(),
            ended_at: Timestamp(0),
            milliseconds,
        };
        let minutes = [0, 1, 60_000, 60_001, 119_999].map(|milliseconds| metered(milliseconds).minutes());
        assert_eq!(minutes, [1, 1, 1, 2, 2]);
    }
}
