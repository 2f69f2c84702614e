//! For how many warm containers the host's memory has room.

/// What builds and everybody else shall have left, in MiB.
const SPARED: u64 = 512;
/// What a container that waits costs at most, with the engine's part of it, in MiB.
const EACH: u64 = 48;

/// So many more. Where the kernel does not say what is available, memory decides nothing.
pub(super) fn room() -> usize {
    match std::fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(available_mib) {
        Some(available) => room_in(available),
        None => usize::MAX,
    }
}

fn room_in(available_mib: u64) -> usize {
    usize::try_from(available_mib.saturating_sub(SPARED) / EACH).unwrap_or(usize::MAX)
}

fn available_mib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib >> 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_host_has_no_room() {
        let text = "MemTotal:       24000000 kB\nMemFree:  100 kB\nMemAvailable:    1048576 kB\n";
        assert_eq!(available_mib(text), Some(1024));
        assert_eq!((room_in(1024), room_in(512), room_in(0)), (10, 0, 0));
        assert_eq!(available_mib("nothing"), None);
    }
}
