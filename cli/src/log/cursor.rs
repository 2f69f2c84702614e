//! Where a reader is in a log. Pure: says what of each piece is new, so that a resumed stream repeats nothing.

use buildyard_model::LogOffset;

/// The next byte that the reader wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    next: LogOffset,
}

/// What a piece brings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Bytes not seen before; maybe none.
    New(&'a [u8]),
    /// Bytes behind a hole of this many bytes.
    AfterGap(u64, &'a [u8]),
    /// The log begins anew: another attempt runs the build.
    Restarted(&'a [u8]),
}

impl Cursor {
    /// Where to go on reading.
    pub(crate) fn next(self) -> LogOffset {
        self.next
    }

    /// Takes a piece that begins at `offset`.
    pub(crate) fn take<'a>(&mut self, offset: LogOffset, data: &'a [u8]) -> Piece<'a> {
        let wanted = self.next;
        let end = offset.saturating_add(data.len() as u64);
        if offset == 0 && wanted > 0 && end <= wanted && !data.is_empty() {
            self.next = end;
            return Piece::Restarted(data);
        }
        self.next = wanted.max(end);
        if offset > wanted {
            return Piece::AfterGap(offset - wanted, data);
        }
        let known = usize::try_from(wanted - offset).unwrap_or(usize::MAX).min(data.len());
        Piece::New(&data[known..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_log_repeats_nothing_and_admits_holes() {
        let mut cursor = Cursor::default();
        assert_eq!(cursor.take(0, b"hello "), Piece::New(b"hello "));
        assert_eq!(cursor.take(4, b"o world"), Piece::New(b"world"));
        assert_eq!(cursor.take(4, b"o wor"), Piece::New(b""));
        assert_eq!(cursor.next(), 11);
        assert_eq!(cursor.take(15, b"!"), Piece::AfterGap(4, b"!"));
        assert_eq!(cursor.next(), 16);
    }

    #[test]
    fn a_new_attempt_begins_a_new_log() {
        let mut cursor = Cursor::default();
        cursor.take(0, b"first attempt");
        assert_eq!(cursor.take(0, b"second"), Piece::Restarted(b"second"));
        assert_eq!(cursor.take(6, b" one"), Piece::New(b" one"));
    }
}
