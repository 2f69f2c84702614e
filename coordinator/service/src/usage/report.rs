//! Sums of usage, grouped and priced. Pure.

use super::ledger::{Line, Page};
use super::prices::{Prices, environment_name};
use buildyard_model::{Day, UsageBy, UsageGroup, UsageReport};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Sums on their way.
#[derive(Debug)]
pub(super) struct Sums<'a> {
    by: UsageBy,
    prices: &'a Prices,
    groups: BTreeMap<String, UsageGroup>,
    total: UsageGroup,
}

impl<'a> Sums<'a> {
    pub(super) fn new(by: UsageBy, prices: &'a Prices) -> Self {
        Self { by, prices, groups: BTreeMap::new(), total: UsageGroup::default() }
    }

    pub(super) fn add(&mut self, page: &Page) {
        for line in &page.lines {
            let name = match self.by {
                UsageBy::Project => page.project.to_string(),
                UsageBy::Fleet => page.fleet.to_string(),
                UsageBy::Compute => page.compute.name().to_owned(),
                UsageBy::Environment => environment_name(line.environment).to_owned(),
                UsageBy::Image => line.image.clone(),
                UsageBy::Day => page.day.as_str().to_owned(),
            };
            let price = self.prices.of(line.environment, page.compute);
            let group = self.groups.entry(name.clone()).or_insert_with(|| UsageGroup { name, ..UsageGroup::default() });
            add(group, line, price);
            add(&mut self.total, line, price);
        }
    }

    pub(super) fn report(self, since: Day, until: Day, currency: String) -> UsageReport {
        let mut groups: Vec<UsageGroup> = self.groups.into_values().collect();
        if self.by != UsageBy::Day {
            groups.sort_by_key(|group| Reverse((group.cost_millionths, group.milliseconds)));
        }
        UsageReport { by: self.by, since, until, currency, groups, total: self.total }
    }
}

fn add(group: &mut UsageGroup, line: &Line, price: Option<u64>) {
    group.builds = group.builds.saturating_add(line.builds);
    group.milliseconds = group.milliseconds.saturating_add(line.milliseconds);
    group.billed_minutes = group.billed_minutes.saturating_add(line.minutes);
    match price {
        Some(price) => {
            let cost = line.minutes.saturating_mul(price);
            group.cost_millionths = Some(group.cost_millionths.unwrap_or(0).saturating_add(cost));
        }
        None => group.unpriced_minutes = group.unpriced_minutes.saturating_add(line.minutes),
    }
}
