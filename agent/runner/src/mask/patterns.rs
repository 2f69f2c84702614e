//! What is looked for.

use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::BTreeSet;

/// Values with fewer characters are not masked: they would turn ordinary text into stars (open question 21).
const MIN_CHARACTERS: usize = 4;
/// Words that are values of many harmless variables, too.
const COMMON_WORDS: [&str; 5] = ["true", "false", "null", "none", "undefined"];
/// How AWS access key ids begin; 16 characters of `A-Z0-9` follow.
const KEY_ID_PREFIXES: [&[u8]; 2] = [b"AKIA", b"ASIA"];
const KEY_ID_BYTES: usize = 20;

/// A secret whose value is not masked, for a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The variable's name.
    pub name: String,
}

/// Everything that is to be masked; shared by all streams of a build.
pub struct Masker {
    automaton: AhoCorasick,
    /// Sorted, each once; the automaton's patterns in the same order.
    literals: Vec<Vec<u8>>,
    /// Whether some literal begins with this byte.
    begins: [bool; 256],
    longest: usize,
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Masker").field("literals", &self.literals.len()).finish_non_exhaustive()
    }
}

/// What a look at some bytes found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Findings {
    /// Where secrets are: half-open, sorted, overlapping ones joined.
    pub(super) secrets: Vec<(usize, usize)>,
    /// From here on a secret may be beginning whose rest is still to come.
    pub(super) undecided: usize,
}

impl Masker {
    /// Makes a masker for the secrets, given by variable name and value, and tells which values it ignores. Nothing
    /// fails: an automaton that cannot be built would need more patterns than an environment can hold.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(Self, Vec<Ignored>), String> {
        let mut literals: BTreeSet<Vec<u8>> = KEY_ID_PREFIXES.iter().map(|prefix| prefix.to_vec()).collect();
        let mut ignored = Vec::new();
        for (name, value) in secrets {
            let parts: Vec<&str> = parts(value).collect();
            if parts.is_empty() {
                ignored.push(Ignored { name: name.to_owned() });
            }
            literals.extend(parts.iter().map(|part| part.as_bytes().to_vec()));
        }
        let literals: Vec<Vec<u8>> = literals.into_iter().collect();
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&literals);
        let automaton = automaton.map_err(|error| format!("cannot mask {} secrets: {error}", literals.len()))?;
        let mut begins = [false; 256];
        for literal in &literals {
            begins[usize::from(literal[0])] = true;
        }
        let longest = literals.iter().map(Vec::len).max().unwrap_or(0);
        Ok((Self { automaton, literals, begins, longest }, ignored))
    }

    /// A whole text with its secrets masked.
    pub fn mask_text(self: &std::sync::Arc<Self>, text: &str) -> String {
        if !self.automaton.is_match(text) {
            return text.to_owned();
        }
        let mut masked = Vec::with_capacity(text.len());
        let mut stream = super::Stream::new(std::sync::Arc::clone(self));
        stream.feed(text.as_bytes(), &mut masked);
        stream.finish(&mut masked);
        String::from_utf8_lossy(&masked).into_owned()
    }

    /// Looks for secrets.
    pub(super) fn look(&self, bytes: &[u8]) -> Findings {
        let mut undecided = self.undecided(bytes);
        let mut secrets = Vec::new();
        // The plain search is much faster, and nearly always enough.
        if self.automaton.is_match(bytes) {
            for found in self.automaton.find_overlapping_iter(bytes) {
                let literal = &self.literals[found.pattern().as_usize()];
                match extent(literal, bytes, found.start(), found.end()) {
                    Extent::Whole(end) => secrets.push((found.start(), end)),
                    Extent::Open => undecided = undecided.min(found.start()),
                    Extent::None => {}
                }
            }
        }
        Findings { secrets: joined(secrets), undecided }
    }

    /// Where the longest end of `bytes` begins that some longer literal begins with.
    fn undecided(&self, bytes: &[u8]) -> usize {
        let first = bytes.len().saturating_sub(self.longest.saturating_sub(1));
        (first..bytes.len())
            .find(|&at| self.begins[usize::from(bytes[at])] && self.continues(&bytes[at..]))
            .unwrap_or(bytes.len())
    }

    fn continues(&self, end: &[u8]) -> bool {
        let from = self.literals.partition_point(|literal| literal.as_slice() < end);
        // The first may be equal to `end`; a longer one then stands right behind it.
        self.literals[from..].iter().take(2).any(|literal| literal.len() > end.len() && literal.starts_with(end))
    }
}

/// How far a match reaches.
enum Extent {
    Whole(usize),
    /// A key id of which the rest is still to come.
    Open,
    None,
}

fn extent(literal: &[u8], bytes: &[u8], start: usize, end: usize) -> Extent {
    if !KEY_ID_PREFIXES.contains(&literal) {
        return Extent::Whole(end);
    }
    let wanted = start + KEY_ID_BYTES;
    let rest = &bytes[end..wanted.min(bytes.len())];
    if !rest.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        Extent::None
    } else if bytes.len() < wanted {
        Extent::Open
    } else {
        Extent::Whole(wanted)
    }
}

fn joined(mut secrets: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    secrets.sort_unstable();
    let mut out: Vec<(usize, usize)> = Vec::with_capacity(secrets.len());
    for (start, end) in secrets {
        match out.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => out.push((start, end)),
        }
    }
    out
}

/// The texts by which a secret's value is recognised: the value, and each of its lines, without white space around.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    std::iter::once(value).chain(value.lines()).map(str::trim).filter(|part| {
        part.chars().count() >= MIN_CHARACTERS && !COMMON_WORDS.iter().any(|word| part.eq_ignore_ascii_case(word))
    })
}
