//! One stream's state: the bytes that may be the beginning of a secret.

use super::Masker;
use super::patterns::Findings;
use std::sync::Arc;

const MASK: &[u8] = b"***";
/// So many bytes are shown after a pause although a secret may begin with them: fewer than any secret has.
const SHOWN_AFTER_PAUSE: usize = 3;

/// Masks one stream, for example the output of one command.
#[derive(Debug)]
pub struct Stream {
    masker: Arc<Masker>,
    /// The undecided end of what was fed.
    held: Vec<u8>,
    /// Of `held`: so many bytes have been given out, as themselves or as part of a mask.
    given: usize,
    /// Of `given`: so many belong to a secret whose `***` was given out.
    masked: usize,
}

impl Stream {
    /// A stream at its beginning.
    pub fn new(masker: Arc<Masker>) -> Self {
        Self { masker, held: Vec::new(), given: 0, masked: 0 }
    }

    /// Takes bytes and appends what can be shown to `out`.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.held.is_empty() {
            return self.advance(bytes, out);
        }
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        self.advance(&all, out);
    }

    /// Says that nothing came for a while: a short end, likely no secret, is shown.
    pub fn pause(&mut self, out: &mut Vec<u8>) {
        if self.held.len() <= SHOWN_AFTER_PAUSE && self.given < self.held.len() {
            out.extend_from_slice(&self.held[self.given..]);
            self.given = self.held.len();
        }
    }

    /// Says that nothing more will come: everything held back is shown, secrets in it masked.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let all = std::mem::take(&mut self.held);
        let found = self.masker.look(&all);
        self.show(&all, &Findings { undecided: all.len(), ..found }, out);
        (self.given, self.masked) = (0, 0);
    }

    /// Whether a pause would show something.
    pub fn waits_for_pause(&self) -> bool {
        self.held.len() <= SHOWN_AFTER_PAUSE && self.given < self.held.len()
    }

    fn advance(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let found = self.masker.look(bytes);
        self.show(bytes, &found, out);
        self.held.clear();
        self.held.extend_from_slice(&bytes[found.undecided..]);
    }

    /// Gives out everything before `found.undecided`, and remembers how far that reaches into what is held back.
    fn show(&mut self, bytes: &[u8], found: &Findings, out: &mut Vec<u8>) {
        let end = found.undecided;
        let mut at = self.given;
        let mut masked = self.masked;
        for &(start, stop) in &found.secrets {
            if start >= end.max(masked) {
                break;
            }
            if start < masked {
                // Goes on with a secret whose mask is out already.
                masked = masked.max(stop);
            } else if stop > at {
                out.extend_from_slice(bytes.get(at..start).unwrap_or_default());
                out.extend_from_slice(MASK);
                masked = stop;
            }
            at = at.max(masked.min(end));
        }
        out.extend_from_slice(bytes.get(at..end).unwrap_or_default());
        self.masked = masked.saturating_sub(end);
        self.given = self.given.saturating_sub(end).max(self.masked);
    }
}
