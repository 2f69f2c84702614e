//! How a UTF-8 character goes on after its first byte. A terminal that meets a byte which cannot go on treats it on
//! its own, perhaps as a control: so must the filter.

/// What may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Continuations {
    low: u8,
    high: u8,
    left: u8,
}

impl Continuations {
    /// What may follow `lead`; nothing when no character of several bytes begins with it. 0xC2 is the caller's.
    pub(super) fn after(lead: u8) -> Option<Self> {
        let (low, high, left) = match lead {
            0xc3..=0xdf => (0x80, 0xbf, 1),
            0xe0 => (0xa0, 0xbf, 2),
            0xed => (0x80, 0x9f, 2),
            0xe1..=0xef => (0x80, 0xbf, 2),
            0xf0 => (0x90, 0xbf, 3),
            0xf1..=0xf3 => (0x80, 0xbf, 3),
            0xf4 => (0x80, 0x8f, 3),
            _ => return None,
        };
        Some(Self { low, high, left })
    }

    /// What may follow `byte`: nothing more (`Some(None)`), more (`Some(Some(_))`), or `byte` does not belong here.
    pub(super) fn take(self, byte: u8) -> Option<Option<Self>> {
        if !(self.low..=self.high).contains(&byte) {
            return None;
        }
        let left = self.left - 1;
        Some((left > 0).then_some(Self { low: 0x80, high: 0xbf, left }))
    }
}
