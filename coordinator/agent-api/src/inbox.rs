//! What an agent has said and what is not dealt with yet, pure: which message may be begun now, and which number may be
//! acknowledged. The session acts and sends.
//!
//! Messages about different builds are acted on side by side, those about one build in the order they came.
//!
//! Invariant: a number is acknowledged only when every message of this session with that number or a smaller one has
//! been acted on, in whatever order that happened.

use buildyard_model::BuildId;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// Messages about builds that one session has in hand at most.
const MOST_MESSAGES: usize = 64;
/// Bytes of theirs; one message may go beyond.
const MOST_BYTES: usize = 1024 * 1024;

/// One message about a build.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said<T> {
    pub(crate) number: u64,
    /// As it came.
    pub(crate) bytes: usize,
    pub(crate) build: BuildId,
    pub(crate) what: T,
}

/// Messages in hand.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    /// For each build that is being acted on, what waits behind.
    lanes: HashMap<BuildId, VecDeque<Said<T>>>,
    messages: usize,
    bytes: usize,
    numbers: Numbers,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self { lanes: HashMap::new(), messages: 0, bytes: 0, numbers: Numbers::default() }
    }
}

impl<T> Inbox<T> {
    /// Whether another message is to be read from the agent; else it waits on its side of the wire.
    pub(crate) fn has_room(&self) -> bool {
        self.messages < MOST_MESSAGES && self.bytes < MOST_BYTES
    }

    /// Takes in a message about a build; gives it back to be acted on now, unless another about its build is before it.
    pub(crate) fn take(&mut self, said: Said<T>) -> Option<Said<T>> {
        self.messages += 1;
        self.bytes += said.bytes;
        self.numbers.begin(said.number);
        match self.lanes.get_mut(&said.build) {
            Some(lane) => {
                lane.push_back(said);
                None
            }
            None => {
                self.lanes.insert(said.build.clone(), VecDeque::new());
                Some(said)
            }
        }
    }

    /// A message about a build was acted on: what is next about the build, and what may be acknowledged now.
    pub(crate) fn acted(&mut self, build: &BuildId, number: u64, bytes: usize) -> (Option<Said<T>>, Option<u64>) {
        self.messages = self.messages.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        let next = self.lanes.get_mut(build).and_then(VecDeque::pop_front);
        if next.is_none() {
            self.lanes.remove(build);
        }
        (next, self.numbers.end(number))
    }

    /// A message that was acted on as it came: what may be acknowledged now.
    pub(crate) fn pass(&mut self, number: u64) -> Option<u64> {
        self.numbers.begin(number);
        self.numbers.end(number)
    }
}

/// Numbers from arrival to acknowledgement. 0 is no number.
#[derive(Debug, Default)]
struct Numbers {
    /// How many messages of each number are in hand: an agent may repeat itself.
    open: BTreeMap<u64, usize>,
    /// Acted on, with a smaller one still in hand.
    ready: BTreeSet<u64>,
    /// The largest acknowledged.
    last: u64,
}

impl Numbers {
    fn begin(&mut self, number: u64) {
        if number != 0 {
            *self.open.entry(number).or_default() += 1;
        }
    }

    fn end(&mut self, number: u64) -> Option<u64> {
        if let Some(count) = self.open.get_mut(&number) {
            *count -= 1;
            if *count == 0 {
                self.open.remove(&number);
                self.ready.insert(number);
            }
        }
        let first = self.open.keys().next().copied().unwrap_or(u64::MAX);
        let mut freed = None;
        while let Some(number) = self.ready.first().copied().filter(|number| *number < first) {
            self.ready.remove(&number);
            freed = Some(number);
        }
        // What was repeated late is answered with what is known to be done.
        freed.map(|number| {
            self.last = self.last.max(number);
            self.last
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(name: u8) -> BuildId {
        format!("p1:00000000-0000-4000-8000-0000000000{name:02}").parse().unwrap()
    }

    fn said(number: u64, about: u8) -> Said<()> {
        Said { number, bytes: 100, build: build(about), what: () }
    }

    fn numbers(next: Option<Said<()>>) -> Option<u64> {
        next.map(|said| said.number)
    }

    #[test]
    fn builds_are_acted_on_side_by_side_and_one_build_in_order() {
        let mut inbox = Inbox::default();
        assert_eq!(numbers(inbox.take(said(1, 1))), Some(1));
        assert_eq!(numbers(inbox.take(said(2, 2))), Some(2));
        assert_eq!(numbers(inbox.take(said(3, 1))), None, "one about the build is being acted on");
        assert_eq!(numbers(inbox.take(said(4, 1))), None);
        let (next, _) = inbox.acted(&build(1), 1, 100);
        assert_eq!(numbers(next), Some(3));
        let (next, _) = inbox.acted(&build(1), 3, 100);
        assert_eq!(numbers(next), Some(4));
        assert_eq!(numbers(inbox.acted(&build(1), 4, 100).0), None);
        assert_eq!(numbers(inbox.take(said(5, 1))), Some(5), "nothing is before it any more");
    }

    #[test]
    fn nothing_is_acknowledged_before_all_smaller_numbers_are_acted_on() {
        let mut inbox = Inbox::default();
        for (number, about) in [(1, 1), (2, 2), (3, 3)] {
            inbox.take(said(number, about));
        }
        assert_eq!(inbox.acted(&build(3), 3, 100).1, None);
        assert_eq!(inbox.pass(4), None, "also not by a message that takes no time");
        assert_eq!(inbox.acted(&build(1), 1, 100).1, Some(1));
        assert_eq!(inbox.acted(&build(2), 2, 100).1, Some(4));
    }

    #[test]
    fn a_number_that_comes_again_or_late_is_held_to_the_same() {
        let mut inbox = Inbox::default();
        inbox.take(said(7, 1));
        inbox.take(said(7, 2));
        assert_eq!(inbox.acted(&build(2), 7, 100).1, None, "the other of that number is in hand");
        assert_eq!(inbox.acted(&build(1), 7, 100).1, Some(7));
        inbox.take(said(3, 1));
        assert_eq!(inbox.acted(&build(1), 3, 100).1, Some(7), "an acknowledgement never goes back");
        assert_eq!(inbox.pass(0), None, "without a number there is nothing to acknowledge");
    }

    #[test]
    fn what_is_in_hand_is_bounded_by_messages_and_by_bytes() {
        let mut inbox = Inbox::default();
        for number in 1..=MOST_MESSAGES as u64 {
            assert!(inbox.has_room());
            inbox.take(said(number, 1));
        }
        assert!(!inbox.has_room());
        inbox.acted(&build(1), 1, 100);
        assert!(inbox.has_room());
        inbox.take(Said { bytes: MOST_BYTES, ..said(99, 2) });
        inbox.acted(&build(1), 2, 100);
        assert!(!inbox.has_room());
        inbox.acted(&build(2), 99, MOST_BYTES);
        assert!(inbox.has_room());
    }

    /// Any order in which work ends: acknowledgements rise, and each is covered by what was acted on.
    #[test]
    fn in_any_order_acknowledgements_rise_and_cover_only_what_was_acted_on() {
        for seed in 0..500_u64 {
            let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
            let mut roll = |below: usize| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                usize::try_from(random % below as u64).unwrap()
            };
            let mut inbox = Inbox::default();
            let (mut working, mut acted, mut last, mut next) = (Vec::new(), BTreeSet::new(), 0, 1);
            while next <= 40 || !working.is_empty() {
                if next <= 40 && (working.is_empty() || roll(2) == 0) {
                    working.extend(inbox.take(said(next, u8::try_from(roll(5)).unwrap())));
                    next += 1;
                    continue;
                }
                let done: Said<()> = working.swap_remove(roll(working.len()));
                acted.insert(done.number);
                let (more, ack) = inbox.acted(&done.build, done.number, done.bytes);
                working.extend(more);
                if let Some(ack) = ack {
                    assert!(ack > last, "seed {seed}: {ack} after {last}");
                    assert!((1..=ack).all(|number| acted.contains(&number)), "seed {seed}: {ack} of {acted:?}");
                    last = ack;
                }
            }
            assert_eq!(last, 40, "seed {seed}: all is acknowledged in the end");
        }
    }
}
