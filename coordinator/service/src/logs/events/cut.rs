//! Where a log is cut into events. Pure, and local: whether an offset is a boundary depends on the bytes near it alone,
//! so that pages agree whichever way they are read, and no reader looks far back.
//!
//! A line ends with LF, CR LF, or a CR alone (a progress display that writes over itself). A line that fills a whole
//! block of the log, counted from the log's start, is cut behind that block, before a character that lies across; so
//! no piece is as long as two blocks.

use memchr::memchr2;

/// Half of the longest event that CloudWatch Logs takes, in bytes.
pub(crate) const BLOCK: u64 = 128 * 1024;

/// So far before an offset there is a boundary for certain.
pub(crate) const REACH: u64 = 3 * BLOCK;

/// A stretch of log between two boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) start: u64,
    /// Where the text ends and the line end begins.
    pub(crate) text_end: u64,
    /// The next boundary.
    pub(crate) next: u64,
}

/// Bytes of a log and where they lie in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) base: u64,
    pub(crate) bytes: &'a [u8],
    /// Whether the view's end is a boundary: the end of the whole log, or one that was found before.
    pub(crate) whole: bool,
}

impl View<'_> {
    fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    fn index(&self, offset: u64) -> usize {
        usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.bytes.len())
    }

    fn byte(&self, offset: u64) -> Option<u8> {
        (offset >= self.base).then(|| self.bytes.get(self.index(offset)).copied()).flatten()
    }

    /// The stretch that begins at `from`, a boundary; none if nobody can say yet where it ends.
    pub(crate) fn next(&self, from: u64) -> Option<Cut> {
        let line_end = memchr2(b'\n', b'\r', &self.bytes[self.index(from)..]).map(|at| from + at as u64);
        let text_end = line_end.unwrap_or(self.end());
        let forced = from.next_multiple_of(BLOCK) + BLOCK;
        if forced < text_end {
            let at = self.whole_character(forced);
            return Some(Cut { start: from, text_end: at, next: at });
        }
        match line_end {
            Some(at) => Some(Cut { start: from, text_end: at, next: self.behind_line_end(at)? }),
            None if self.whole && from < text_end => Some(Cut { start: from, text_end, next: text_end }),
            None => None,
        }
    }

    /// The first boundary of a view that begins at the log's start or with a block.
    pub(crate) fn first(&self) -> Option<u64> {
        if self.base == 0 {
            return Some(0);
        }
        let line_end = memchr2(b'\n', b'\r', self.bytes).map(|at| self.base + at as u64);
        let forced = self.base + BLOCK;
        match line_end {
            Some(at) if at <= forced => self.behind_line_end(at),
            _ if forced < self.end() => Some(self.whole_character(forced)),
            _ => None,
        }
    }

    /// The last boundary not behind `offset`, from `boundary` on.
    pub(crate) fn last_until(&self, mut boundary: u64, offset: u64) -> u64 {
        while let Some(cut) = self.next(boundary).filter(|cut| cut.next <= offset) {
            boundary = cut.next;
        }
        boundary
    }

    fn behind_line_end(&self, at: u64) -> Option<u64> {
        if self.byte(at) == Some(b'\n') {
            return Some(at + 1);
        }
        match self.byte(at + 1) {
            Some(b'\n') => Some(at + 2),
            Some(_) => Some(at + 1),
            None => self.whole.then_some(at + 1),
        }
    }

    /// `at`, or the beginning of the character that lies across it.
    fn whole_character(&self, at: u64) -> u64 {
        for back in 0..4 {
            match self.byte(at.saturating_sub(back)) {
                Some(0x80..=0xBF) => {}
                Some(lead) if u64::from(lead.leading_ones()) > back && lead >= 0xC0 => return at - back,
                _ => return at,
            }
        }
        at
    }
}

#[cfg(test)]
mod tests;
