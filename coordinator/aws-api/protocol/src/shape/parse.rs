//! Reads the notation of shapes.
//!
//! A definition begins in the first column and goes on in indented lines; `#` in the first column begins a remark.
//!
//! ```text
//! operation StopBuild { id*: str 1.. } -> { build: Build }
//! Tag { key: str 1..127 /[a-z]+/, value: secret str 0..255, hostKernel?: str }
//! enum StatusType SUCCEEDED FAILED
//! ```
//!
//! A member is required (`*`), newer than the model (`?`), or neither. Types are `str`, `int` (32 bits), `long`, `double`,
//! `bool`, `time`, `blob`, `[element]`, `map<key, value>` and names of structures and enums; after a type may stand limits
//! and a pattern, before it `secret`. Patterns hold for the whole text.

use super::token::{Placed, Token, tokens};
use super::{Enumeration, Kind, Member, Pattern, Shapes, Signature, Structure, Type};
use regex::Regex;
use std::collections::HashMap;

/// Why a text is no shapes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ParseError {
    /// From 1.
    pub line: usize,
    pub message: String,
}

impl Shapes {
    /// Reads the notation.
    ///
    /// # Errors
    /// With the line of the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let tokens = tokens(text).map_err(|(line, message)| ParseError { line, message })?;
        let mut parser = Parser { rest: &tokens, line: 0, names: names(&tokens)?, patterns: HashMap::new() };
        let mut shapes = Self::default();
        while !parser.rest.is_empty() {
            parser.definition(&mut shapes)?;
        }
        Ok(shapes)
    }
}

/// What a name stands for: its place in `Shapes`.
#[derive(Debug, Clone, Copy)]
enum Named {
    Structure(usize),
    Enum(usize),
}

/// The names that a text defines, before any is used. Structures of operations have places, too.
fn names(tokens: &[Placed]) -> Result<HashMap<String, Named>, ParseError> {
    let (mut names, mut structures, mut enums) = (HashMap::new(), 0, 0);
    for (at, first) in tokens.iter().enumerate().filter(|(_, token)| token.begins) {
        let Token::Name(word) = &first.token else { continue };
        let next = tokens.get(at + 1).map(|next| &next.token);
        let (name, named) = match (word.as_str(), next) {
            ("operation", Some(Token::Name(_))) => {
                structures += 2;
                continue;
            }
            ("enum", Some(Token::Name(name))) => {
                enums += 1;
                (name, Named::Enum(enums - 1))
            }
            _ => {
                structures += 1;
                (word, Named::Structure(structures - 1))
            }
        };
        if names.insert(name.clone(), named).is_some() {
            return Err(ParseError { line: first.line, message: format!("{name} is defined twice") });
        }
    }
    Ok(names)
}

struct Parser<'a> {
    rest: &'a [Placed],
    /// Of the word read last.
    line: usize,
    names: HashMap<String, Named>,
    patterns: HashMap<String, Regex>,
}

impl Parser<'_> {
    fn definition(&mut self, shapes: &mut Shapes) -> Result<(), ParseError> {
        if !self.rest.first().is_some_and(|first| first.begins) {
            self.next();
            return Err(self.wrong("a definition begins in the first column"));
        }
        let word = self.name("a definition")?;
        let name = matches!(self.peek(), Some(Token::Name(_)));
        match word.as_str() {
            "operation" if name => self.operation(shapes),
            "enum" if name => {
                let name = self.name("an enum")?;
                let values = self.values()?;
                shapes.enums.push(Enumeration { name, values });
                Ok(())
            }
            _ => {
                let members = self.members()?;
                shapes.structures.push(Structure { name: word, members });
                Ok(())
            }
        }
    }

    fn operation(&mut self, shapes: &mut Shapes) -> Result<(), ParseError> {
        let name = self.name("an operation")?;
        let input = Structure { name: format!("{name} input"), members: self.members()? };
        if self.next() != Some(Token::Arrow) {
            return Err(self.wrong("-> and what the operation gives are missing"));
        }
        let output = Structure { name: format!("{name} output"), members: self.members()? };
        let place = shapes.structures.len();
        shapes.structures.extend([input, output]);
        let [input, output] = [place, place + 1].map(|place| Type::plain(Kind::Structure(place)));
        match shapes.operations.insert(name.clone(), Signature { input, output }) {
            None => Ok(()),
            Some(_) => Err(self.wrong(format!("{name} is defined twice"))),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, ParseError> {
        let mut values = Vec::new();
        while self.rest.first().is_some_and(|next| !next.begins) {
            values.push(self.name("a value")?);
        }
        if values.is_empty() { Err(self.wrong("an enum without values")) } else { Ok(values) }
    }

    fn members(&mut self) -> Result<Vec<Member>, ParseError> {
        self.sign('{')?;
        let mut members: Vec<Member> = Vec::new();
        while !self.take('}') {
            if !members.is_empty() {
                self.sign(',')?;
            }
            let name = self.name("a member")?;
            let (required, newer) = (self.take('*'), self.take('?'));
            self.sign(':')?;
            let shape = self.shape()?;
            if members.iter().any(|member| member.name == name) {
                return Err(self.wrong(format!("{name} is there twice")));
            }
            members.push(Member { name, required, newer, shape });
        }
        Ok(members)
    }

    fn shape(&mut self) -> Result<Type, ParseError> {
        let secret = self.peek() == Some(&Token::Name("secret".to_owned()));
        if secret {
            self.next();
        }
        let kind = self.kind()?;
        let (mut min, mut max, mut pattern) = (None, None, None);
        if let Some(Token::Limits(from, to)) = self.peek() {
            (min, max) = (*from, *to);
            self.next();
        }
        if let Some(Token::Pattern(text)) = self.peek().cloned() {
            self.next();
            pattern = Some(self.pattern(text)?);
        }
        Ok(Type { kind, min, max, pattern, secret })
    }

    fn kind(&mut self) -> Result<Kind, ParseError> {
        if self.take('[') {
            let element = self.shape()?;
            self.sign(']')?;
            return Ok(Kind::List(Box::new(element)));
        }
        let name = self.name("a type")?;
        Ok(match name.as_str() {
            "str" => Kind::Str,
            "int" => Kind::Int,
            "long" => Kind::Long,
            "double" => Kind::Double,
            "bool" => Kind::Bool,
            "time" => Kind::Time,
            "blob" => Kind::Blob,
            "map" => {
                self.sign('<')?;
                let key = self.shape()?;
                self.sign(',')?;
                let value = self.shape()?;
                self.sign('>')?;
                Kind::Map(Box::new(key), Box::new(value))
            }
            _ => match self.names.get(&name) {
                Some(Named::Structure(place)) => Kind::Structure(*place),
                Some(Named::Enum(place)) => Kind::Enum(*place),
                None => return Err(self.wrong(format!("{name} is not defined"))),
            },
        })
    }

    fn pattern(&mut self, text: String) -> Result<Pattern, ParseError> {
        if let Some(regex) = self.patterns.get(&text) {
            return Ok(Pattern { regex: regex.clone(), text });
        }
        let regex = whole(&text).map_err(|error| self.wrong(format!("/{text}/: {error}")))?;
        self.patterns.insert(text.clone(), regex.clone());
        Ok(Pattern { text, regex })
    }

    fn peek(&self) -> Option<&Token> {
        self.rest.first().map(|next| &next.token)
    }

    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.rest.split_first()?;
        (self.rest, self.line) = (rest, first.line);
        Some(first.token.clone())
    }

    fn take(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        if found {
            self.next();
        }
        found
    }

    fn sign(&mut self, sign: char) -> Result<(), ParseError> {
        if self.take(sign) { Ok(()) } else { Err(self.missing(&sign.to_string())) }
    }

    fn name(&mut self, what: &str) -> Result<String, ParseError> {
        match self.peek() {
            Some(Token::Name(_)) => match self.next() {
                Some(Token::Name(name)) => Ok(name),
                _ => Err(self.missing(what)),
            },
            _ => Err(self.missing(what)),
        }
    }

    fn missing(&mut self, what: &str) -> ParseError {
        match self.next() {
            Some(found) => self.wrong(format!("{what} is missing before {found:?}")),
            None => self.wrong(format!("{what} is missing at the end")),
        }
    }

    fn wrong(&self, message: impl Into<String>) -> ParseError {
        ParseError { line: self.line, message: message.into() }
    }
}

/// A pattern of a service's model, for the whole text. The models mean Java's classes, which know only ASCII.
fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    let mut ascii = String::new();
    let mut rest = pattern.chars();
    while let Some(next) = rest.next() {
        let escaped = if next == '\\' { rest.next() } else { None };
        match escaped {
            Some('w') => ascii.push_str("[0-9A-Za-z_]"),
            Some('d') => ascii.push_str("[0-9]"),
            Some('s') => ascii.push_str(r"[\t\n\x0B\f\r ]"),
            Some(other) => ascii.extend(['\\', other]),
            None => ascii.push(next),
        }
    }
    Regex::new(&format!(r"\A(?:{ascii})\z"))
}

impl Type {
    fn plain(kind: Kind) -> Self {
        Self { kind, min: None, max: None, pattern: None, secret: false }
    }
}
