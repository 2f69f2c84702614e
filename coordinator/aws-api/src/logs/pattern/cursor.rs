//! A place in a pattern's text, and what all kinds of patterns write in the same way.

use regex::{Regex, RegexBuilder};

/// Bytes of a compiled expression; a pattern of 1024 characters needs far less unless it means harm.
const REGEX_BYTES: usize = 256 * 1024;

#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn is_at(&self, text: &str) -> bool {
        self.rest.starts_with(text)
    }

    pub(super) fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A keyword, in capitals, with spaces before it.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let mut ahead = *self;
        ahead.skip_spaces();
        let found = ahead.eat(word) && !ahead.peek().is_some_and(|next| next.is_alphanumeric() || next == '_');
        if found {
            *self = ahead;
        }
        found
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<(), String> {
        self.skip_spaces();
        if self.eat(text) { Ok(()) } else { Err(format!("{text} is missing before {:?}", self.ahead())) }
    }

    /// The beginning of what comes next, for messages.
    pub(super) fn ahead(&self) -> String {
        self.rest.chars().take(20).collect()
    }

    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// The text up to an unescaped `end`, which is taken, too. Behind a backslash every character stands for itself.
    fn until(&mut self, end: char, keep_backslashes: bool) -> Result<String, String> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            if c == end {
                self.rest = self.rest.get(at + c.len_utf8()..).unwrap_or_default();
                return Ok(text);
            }
            if c != '\\' {
                text.push(c);
            } else if let Some((_, escaped)) = chars.next() {
                if keep_backslashes && escaped != end {
                    text.push('\\');
                }
                text.push(escaped);
            }
        }
        Err(format!("a closing {end} is missing"))
    }

    /// A quoted text, if one begins here.
    pub(super) fn quoted(&mut self) -> Result<Option<String>, String> {
        if self.eat("\"") { self.until('"', false).map(Some) } else { Ok(None) }
    }

    /// An expression between percent signs, if one begins here.
    pub(super) fn regex(&mut self) -> Result<Option<Regex>, String> {
        if !self.eat("%") {
            return Ok(None);
        }
        let text = self.until('%', true)?;
        if text.is_empty() {
            return Err("the expression between % and % is empty".to_owned());
        }
        // Groups capture, and nothing else (CloudWatch Logs, "Supported regular expressions").
        if text.contains("(?") || text.contains("\\p") || text.contains("\\P") {
            return Err(format!("the expression {text} has a part that CloudWatch Logs does not know"));
        }
        let built = RegexBuilder::new(&text).size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES).build();
        built.map(Some).map_err(|_| format!("the expression {text} is not valid, or too large"))
    }
}
