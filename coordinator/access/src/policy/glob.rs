//! `*` and `?` over texts. `*` is any run, also across `/` and `:`; `?` is one character.
//!
//! There is no backtracking: between two stars the leftmost fit is as good as any. Pieces without `?` are searched in
//! linear time; a piece with `?` costs its length / 64 for each character. So no pattern can stall a decision (S23).

use std::borrow::Cow;
use std::collections::HashMap;

/// A piece of a pattern, its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Itself, whatever characters it has.
    Text(Cow<'a, str>),
    /// `*`
    Any,
    /// `?`
    One,
}

/// What stands between two stars; `None` is a `?`.
type Segment = Vec<Option<char>>;

/// Whether the whole text fits.
pub(super) fn matches(tokens: &[Token<'_>], text: &str) -> bool {
    let mut segments = segments(tokens);
    let (Some(first), last) = (segments.first().cloned(), segments.len() - 1) else { return text.is_empty() };
    let Some(rest) = strip_start(&first, text) else { return false };
    if last == 0 {
        return rest.is_empty();
    }
    let Some(mut rest) = strip_end(&segments.pop().unwrap_or_default(), rest) else { return false };
    for segment in segments.iter().skip(1).filter(|segment| !segment.is_empty()) {
        match find_end(segment, rest) {
            Some(end) => rest = &rest[end..],
            None => return false,
        }
    }
    true
}

/// One more than there are stars.
fn segments(tokens: &[Token<'_>]) -> Vec<Segment> {
    let mut segments = vec![Segment::new()];
    for token in tokens {
        match (token, segments.last_mut()) {
            (Token::Any, _) => segments.push(Segment::new()),
            (Token::One, Some(open)) => open.push(None),
            (Token::Text(text), Some(open)) => open.extend(text.chars().map(Some)),
            (_, None) => {}
        }
    }
    segments
}

fn fits(unit: Option<char>, letter: char) -> bool {
    unit.is_none_or(|expected| expected == letter)
}

fn strip_start<'t>(segment: &Segment, text: &'t str) -> Option<&'t str> {
    let mut letters = text.chars();
    segment.iter().all(|unit| letters.next().is_some_and(|letter| fits(*unit, letter))).then_some(letters.as_str())
}

fn strip_end<'t>(segment: &Segment, text: &'t str) -> Option<&'t str> {
    let mut letters = text.chars();
    let mut units = segment.iter().rev();
    units.all(|unit| letters.next_back().is_some_and(|letter| fits(*unit, letter))).then_some(letters.as_str())
}

/// The end of the leftmost fit, as a byte offset.
fn find_end(segment: &Segment, text: &str) -> Option<usize> {
    if let Some(literal) = segment.iter().copied().collect::<Option<String>>() {
        return text.find(&literal).map(|at| at + literal.len());
    }
    Search::new(segment).find_end(text)
}

/// Bit-parallel search: bit `i` of the state says that the first `i + 1` units fit up to here.
struct Search {
    masks: HashMap<char, Vec<u64>>,
    wild: Vec<u64>,
    last: usize,
}

impl Search {
    fn new(segment: &Segment) -> Self {
        let mut wild = vec![0; segment.len().div_ceil(64)];
        let set = |mask: &mut Vec<u64>, unit: usize| mask[unit / 64] |= 1 << (unit % 64);
        for unit in (0..segment.len()).filter(|unit| segment[*unit].is_none()) {
            set(&mut wild, unit);
        }
        let mut masks = HashMap::new();
        for (unit, letter) in segment.iter().enumerate().filter_map(|(unit, letter)| Some((unit, (*letter)?))) {
            set(masks.entry(letter).or_insert_with(|| wild.clone()), unit);
        }
        Self { masks, wild, last: segment.len() - 1 }
    }

    fn find_end(&self, text: &str) -> Option<usize> {
        let mut state = vec![0_u64; self.wild.len()];
        for (at, letter) in text.char_indices() {
            let mask = self.masks.get(&letter).unwrap_or(&self.wild);
            let mut carry = 1;
            for (word, allowed) in state.iter_mut().zip(mask) {
                let out = *word >> 63;
                *word = ((*word << 1) | carry) & allowed;
                carry = out;
            }
            if state[self.last / 64] >> (self.last % 64) & 1 == 1 {
                return Some(at + letter.len_utf8());
            }
        }
        None
    }
}
