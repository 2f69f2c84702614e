//! The control group that the agent runs in, of either version: what a container may use of its host, and does.
//!
//! A container sees its own group at the root of the hierarchy. There a host's own root group has no limits, so that the
//! host's figures count.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the kernel shows groups.
const ROOT: &str = "/sys/fs/cgroup";

/// A control group.
#[derive(Debug)]
pub(super) struct ControlGroup {
    root: PathBuf,
    /// CPU time used when it was looked at last, in microseconds.
    used_before: Option<u64>,
}

impl ControlGroup {
    /// The one this process sees as its root.
    pub(super) fn own() -> Self {
        Self::at(Path::new(ROOT))
    }

    fn at(root: &Path) -> Self {
        let mut group = Self { root: root.to_owned(), used_before: None };
        group.used_before = group.cpu_used();
        group
    }

    /// Memory in use and in all, in bytes: the group's where it has a limit below the host's, else the host's.
    pub(super) fn memory(&self, host: (u64, u64)) -> (u64, u64) {
        let limit = self.number("memory.max").or_else(|| self.number("memory/memory.limit_in_bytes"));
        let Some(limit) = limit.filter(|limit| *limit > 0 && *limit < host.1) else { return host };
        let used = self.number("memory.current").or_else(|| self.number("memory/memory.usage_in_bytes"));
        // The kernel gives file pages back when somebody needs them.
        let pages = self.field("memory.stat", "inactive_file");
        let pages = pages.or_else(|| self.field("memory/memory.stat", "total_inactive_file")).unwrap_or(0);
        (used.unwrap_or(0).saturating_sub(pages).min(limit), limit)
    }

    /// Of the CPUs that the group may use, in the time `passed` since the last look; none where it has no limit.
    pub(super) fn cpu_percent(&mut self, passed: Duration) -> Option<u32> {
        let (quota, period) = self.cpu_limit()?;
        let now = self.cpu_used()?;
        let used = now.saturating_sub(self.used_before.replace(now)?);
        let passed = u64::try_from(passed.as_micros()).ok().filter(|passed| *passed > 0)?;
        let possible = u128::from(passed) * u128::from(quota) / u128::from(period);
        let percent = u128::from(used) * 100 / possible.max(1);
        Some(u32::try_from(percent.min(100)).unwrap_or(100))
    }

    /// CPU time in each period that the group may use, and the period, in microseconds.
    fn cpu_limit(&self) -> Option<(u64, u64)> {
        let (quota, period) = match self.text("cpu.max") {
            Some(text) => {
                let (quota, period) = text.trim().split_once(' ')?;
                (quota.parse().ok()?, period.parse().ok()?)
            }
            // Without a limit the quota is -1.
            None => (self.number("cpu/cpu.cfs_quota_us")?, self.number("cpu/cpu.cfs_period_us")?),
        };
        (quota > 0 && period > 0).then_some((quota, period))
    }

    fn cpu_used(&self) -> Option<u64> {
        let nanoseconds = || self.number("cpuacct/cpuacct.usage").map(|nanoseconds| nanoseconds / 1000);
        self.field("cpu.stat", "usage_usec").or_else(nanoseconds)
    }

    fn text(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(file)).ok()
    }

    fn number(&self, file: &str) -> Option<u64> {
        self.text(file)?.trim().parse().ok()
    }

    fn field(&self, file: &str, name: &str) -> Option<u64> {
        let text = self.text(file)?;
        let mut fields = text.lines().filter_map(|line| line.split_once(' '));
        fields.find(|(field, _)| *field == name).and_then(|(_, value)| value.trim().parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const SECOND: Duration = Duration::from_secs(1);

    fn group(files: &[(&str, &str)]) -> (TempDir, ControlGroup) {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let group = ControlGroup::at(directory.path());
        (directory, group)
    }

    #[test]
    fn a_container_of_version_2_has_its_own_limits() {
        let (directory, mut group) = group(&[
            ("memory.max", "1000\n"),
            ("memory.current", "700\n"),
            ("memory.stat", "anon 1\ninactive_file 100\n"),
            ("cpu.max", "50000 100000\n"),
            ("cpu.stat", "usage_usec 1000000\nuser_usec 1\n"),
        ]);
        assert_eq!(group.memory((5000, 9000)), (600, 1000));
        std::fs::write(directory.path().join("cpu.stat"), "usage_usec 1250000\n").unwrap();
        // A quarter of a CPU was used, of the half that it may.
        assert_eq!(group.cpu_percent(SECOND), Some(50));
    }

    #[test]
    fn a_container_of_version_1_has_its_own_limits() {
        let (directory, mut group) = group(&[
            ("memory/memory.limit_in_bytes", "1000\n"),
            ("memory/memory.usage_in_bytes", "700\n"),
            ("cpu/cpu.cfs_quota_us", "200000\n"),
            ("cpu/cpu.cfs_period_us", "100000\n"),
            ("cpuacct/cpuacct.usage", "0\n"),
        ]);
        assert_eq!(group.memory((5000, 9000)), (700, 1000));
        std::fs::write(directory.path().join("cpuacct/cpuacct.usage"), "500000000\n").unwrap();
        assert_eq!(group.cpu_percent(SECOND), Some(25));
    }

    #[test]
    fn without_limits_the_hosts_figures_count() {
        let none = [("memory.max", "max\n"), ("cpu.max", "max 100000\n"), ("cpu.stat", "usage_usec 5\n")];
        for files in [&none[..], &[], &[("memory/memory.limit_in_bytes", "9223372036854771712\n")]] {
            let (_directory, mut group) = group(files);
            assert_eq!(group.memory((5000, 9000)), (5000, 9000));
            assert_eq!(group.cpu_percent(SECOND), None);
        }
    }
}
