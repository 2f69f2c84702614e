//! Keys of a bucket's tree in UTF-8 byte order, from anywhere, without reading the whole tree.
//!
//! A depth-first walk with one frame per directory. A frame holds at most `WINDOW` names, the smallest that may still be
//! asked for, and reads its directory again when they are used up; so memory is bounded by depth times window, and a
//! page costs the directories on its way, not the bucket. What a key's record says is left to `listing`. Keys that are
//! written or deleted meanwhile may or may not be seen; the order and the absence of doubles hold regardless.

use super::key::{self, Kind};
use std::collections::{BinaryHeap, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Small in tests, so that they get behind it.
const WINDOW: usize = if cfg!(test) { 64 } else { 1024 };

/// What the walk has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Passed {
    /// Every key up to and including this one.
    Key(Vec<u8>),
    /// Every key up to this prefix and every key that begins with it.
    Prefix(Vec<u8>),
}

impl Passed {
    fn key(&self, key: &[u8]) -> bool {
        match self {
            Self::Key(last) => key <= last.as_slice(),
            Self::Prefix(prefix) => key <= prefix.as_slice() || key.starts_with(prefix),
        }
    }

    /// Whether nothing below a directory, whose keys all begin with `base`, can still come.
    fn below(&self, base: &[u8]) -> bool {
        match self {
            Self::Key(last) => base <= last.as_slice() && !last.starts_with(base),
            Self::Prefix(prefix) => {
                base.starts_with(prefix) || (base <= prefix.as_slice() && !prefix.starts_with(base))
            }
        }
    }
}

/// A name in a directory: the key, or what all keys below it begin with.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    key: Vec<u8>,
    is_object: bool,
    path: PathBuf,
}

#[derive(Debug)]
struct Frame {
    directory: PathBuf,
    base: Vec<u8>,
    names: VecDeque<Name>,
    /// Whether there is more in the directory than `names`.
    more: bool,
}

/// The walk.
#[derive(Debug)]
pub(crate) struct Walk {
    prefix: Vec<u8>,
    passed: Passed,
    frames: Vec<Frame>,
}

impl Walk {
    /// Starts below `tree` at the first key with `prefix` that is not `passed`.
    pub(crate) fn new(tree: &Path, prefix: &str, passed: Passed) -> Self {
        let (directory, base) = key::enclosing(prefix.as_bytes());
        let first = Frame { directory: tree.join(directory), base, names: VecDeque::new(), more: true };
        Self { prefix: prefix.as_bytes().to_vec(), passed, frames: vec![first] }
    }

    /// Leaves out everything that begins with `prefix`.
    pub(crate) fn skip(&mut self, prefix: &[u8]) {
        self.passed = Passed::Prefix(prefix.to_vec());
    }

    /// The next key and the path of its record.
    pub(crate) fn next(&mut self) -> io::Result<Option<(Vec<u8>, PathBuf)>> {
        while let Some(frame) = self.frames.last_mut() {
            let Some(name) = frame.names.pop_front() else {
                if frame.more {
                    frame.load(&self.prefix, &self.passed)?;
                } else {
                    self.frames.pop();
                }
                continue;
            };
            if !name.wanted(&self.prefix, &self.passed) {
                continue;
            }
            if name.is_object {
                self.passed = Passed::Key(name.key.clone());
                return Ok(Some((name.key, name.path)));
            }
            self.frames.push(Frame { directory: name.path, base: name.key, names: VecDeque::new(), more: true });
        }
        Ok(None)
    }
}

impl Name {
    fn wanted(&self, prefix: &[u8], passed: &Passed) -> bool {
        if self.is_object {
            self.key.starts_with(prefix) && !passed.key(&self.key)
        } else {
            (self.key.starts_with(prefix) || prefix.starts_with(&self.key)) && !passed.below(&self.key)
        }
    }
}

impl Frame {
    /// Reads the smallest names that are still wanted. A directory that was pruned meanwhile is empty.
    fn load(&mut self, prefix: &[u8], passed: &Passed) -> io::Result<()> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.more = false;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let mut smallest = BinaryHeap::with_capacity(WINDOW + 1);
        self.more = false;
        for entry in entries {
            let file_name = entry?.file_name();
            let Some((kind, raw)) = key::parse(&file_name) else { continue };
            let key = [self.base.as_slice(), &raw].concat();
            let name = Name { key, is_object: kind == Kind::Object, path: self.directory.join(&file_name) };
            if !name.wanted(prefix, passed) {
                continue;
            }
            smallest.push(name);
            if smallest.len() > WINDOW {
                smallest.pop();
                self.more = true;
            }
        }
        self.names = smallest.into_sorted_vec().into();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
