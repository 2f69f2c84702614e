//! Byte counts as people read them, in binary units.

/// `512 B`, `1.5 KiB`, `3.0 GiB`.
pub(crate) fn of(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Tenths of the unit, in whole numbers: a rounded-up 1024.0 KiB would be wrong by a name.
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn sizes_have_the_unit_that_fits() {
        assert_eq!(of(0), "0 B");
        assert_eq!(of(1023), "1023 B");
        assert_eq!(of(1536), "1.5 KiB");
        assert_eq!(of(1024 * 1024 - 1), "1023.9 KiB");
        assert_eq!(of(3 << 30), "3.0 GiB");
        assert_eq!(of(u64::MAX), "16383.9 PiB");
    }
}
