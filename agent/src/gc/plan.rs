//! What is to be thrown away of a kind of thing that is kept for reuse. Pure.
//!
//! Invariant: nothing that is in use.

use std::time::Duration;

/// Something that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub name: String,
    pub bytes: u64,
    /// How long ago it was used last.
    pub idle: Duration,
    /// By a build, or because the config says so.
    pub in_use: bool,
}

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub bytes: u64,
    pub idle: Duration,
    /// The disk is below its floor: so much has to go, whatever else is allowed.
    pub wanting: u64,
}

/// The names of what goes: what was idle for too long, and then what was idle longest until the rest fits and enough is
/// gone.
pub(crate) fn doomed(items: &[Item], bounds: Bounds) -> Vec<String> {
    let mut free: Vec<&Item> = items.iter().filter(|item| !item.in_use).collect();
    free.sort_by(|a, b| b.idle.cmp(&a.idle).then_with(|| a.name.cmp(&b.name)));
    let mut left: u64 = items.iter().map(|item| item.bytes).sum();
    let mut gone = 0_u64;
    let mut doomed = Vec::new();
    for item in free {
        if item.idle < bounds.idle && left <= bounds.bytes && gone >= bounds.wanting {
            break;
        }
        left -= item.bytes;
        gone += item.bytes;
        doomed.push(item.name.clone());
    }
    doomed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(name: &str, bytes: u64, idle: u64, in_use: bool) -> Item {
        Item { name: name.to_owned(), bytes, idle: Duration::from_secs(idle), in_use }
    }

    fn bounds(bytes: u64, idle: u64, wanting: u64) -> Bounds {
        Bounds { bytes, idle: Duration::from_secs(idle), wanting }
    }

    #[test]
    fn the_longest_idle_go_first_and_only_as_many_as_must() {
        let items = [item("a", 5, 10, false), item("b", 5, 30, false), item("c", 5, 20, false), item("d", 5, 99, true)];
        assert_eq!(doomed(&items, bounds(20, 100, 0)), [] as [&str; 0]);
        assert_eq!(doomed(&items, bounds(14, 100, 0)), ["b", "c"]);
        assert_eq!(doomed(&items, bounds(20, 20, 0)), ["b", "c"]);
        assert_eq!(doomed(&items, bounds(20, 100, 6)), ["b", "c"]);
        assert_eq!(doomed(&items, bounds(0, 0, u64::MAX)), ["b", "c", "a"]);
    }

    proptest! {
        #[test]
        fn what_is_in_use_stays_and_the_rest_keeps_to_its_bounds(
            raw in prop::collection::vec((0..100_u64, 0..100_u64, any::<bool>()), 0..20),
            most in 0..1000_u64, idle in 0..120_u64, wanting in 0..500_u64,
        ) {
            let items: Vec<Item> =
                raw.iter().enumerate().map(|(at, (bytes, idle, used))| item(&format!("{at:02}"), *bytes, *idle, *used)).collect();
            let gone = doomed(&items, bounds(most, idle, wanting));
            let kept: Vec<&Item> = items.iter().filter(|item| !gone.contains(&item.name)).collect();
            for item in items.iter().filter(|item| item.in_use) {
                prop_assert!(!gone.contains(&item.name));
            }
            let free: Vec<&&Item> = kept.iter().filter(|item| !item.in_use).collect();
            if !free.is_empty() {
                prop_assert!(kept.iter().map(|item| item.bytes).sum::<u64>() <= most);
                prop_assert!(free.iter().all(|item| item.idle < Duration::from_secs(idle)));
                let freed: u64 = items.iter().filter(|item| gone.contains(&item.name)).map(|item| item.bytes).sum();
                prop_assert!(freed >= wanting);
            }
            // The last one that went had to go.
            if let Some((last, before)) = gone.split_last() {
                let last = items.iter().find(|item| item.name == *last).unwrap();
                let freed: u64 = items.iter().filter(|item| before.contains(&item.name)).map(|item| item.bytes).sum();
                let left: u64 = items.iter().map(|item| item.bytes).sum::<u64>() - freed;
                prop_assert!(last.idle >= Duration::from_secs(idle) || left > most || freed < wanting);
            }
        }
    }
}
