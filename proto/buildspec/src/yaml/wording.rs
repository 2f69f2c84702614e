//! The parser's complaints in the words of go-yaml, which CodeBuild's users know and search for (reference 1.7).

use super::builder::too_deep;
use crate::error::{Error, Position};
use crate::text;

const TABS: &str = "YAML is indented with spaces: replace the tabs";

/// The error of a syntax fault that the parser found.
pub(super) fn error(source: &str, info: &str, position: Position) -> Error {
    let said = |words: &str| Error::at(position, words);
    match info {
        "recursion limit exceeded" => too_deep(position),
        "while parsing node, found unknown anchor" => {
            said(&format!("unknown anchor '{}' referenced", alias_name(source, position)))
        }
        "while scanning a plain scalar, found a tab" => {
            Error::at(tab_after(source, position), "found a tab character that violates indentation").hint(TABS)
        }
        "tabs disallowed within this context (block indentation)"
        | "tabs disallowed in this context"
        | "tab cannot be used as indentation"
        | "'-' must be followed by a valid YAML whitespace" => {
            said("found character that cannot start any token").hint(TABS)
        }
        "a block scalar content cannot start with a tab" => {
            said("found a tab character where an indentation space is expected").hint(TABS)
        }
        info if info.starts_with("unexpected character") => {
            said("found character that cannot start any token").hint("put the text in quotes")
        }
        "mapping values are not allowed in this context" => said(info)
            .hint("a text with a colon and a space in it needs quotes, and keys of one map need the same indentation"),
        info => said(words(info)),
    }
}

/// What go-yaml says where our parser says `info`.
fn words(info: &str) -> &str {
    match info {
        "simple key expected" | "simple key expect ':'" | "comment intercepting the multiline text" => {
            "could not find expected ':'"
        }
        // The repair found no closing quote.
        "invalid indentation in quoted scalar" => "found unexpected end of stream",
        "misplaced bracket" => "did not find expected node content",
        "illegal placement of ':' indicator" | "while parsing a flow sequence, expected ',' or ']'" => {
            "did not find expected ',' or ']'"
        }
        "invalid trailing content after double-quoted scalar" => "did not find expected key",
        "\"-\" is only valid inside a block" => "block sequence entries are not allowed in this context",
        "invalid content after document end marker" => "did not find expected <document start>",
        "found unprintable character" => "control characters are not allowed",
        // go-yaml tells the fault, ours first tells what was being read.
        info if info.starts_with("while ") => info.split_once(", ").map_or(info, |(_, fault)| fault),
        info => info,
    }
}

/// The name behind the `*` at the position.
fn alias_name(source: &str, position: Position) -> String {
    let line = text::line(source, position.line).unwrap_or_default();
    let is_name = |c: &char| !c.is_whitespace() && !matches!(c, ',' | '[' | ']' | '{' | '}');
    line.chars().skip(position.column).take_while(is_name).take(80).collect()
}

/// The first line after the position that has a tab in its indentation.
fn tab_after(source: &str, position: Position) -> Position {
    let tab = |line: &str| line.chars().take_while(|c| c.is_whitespace()).position(|c| c == '\t');
    (position.line + 1..)
        .zip(text::lines(source).skip(position.line))
        .find_map(|(line, range)| tab(source.get(range)?).map(|at| Position { line, column: at + 1 }))
        .unwrap_or(position)
}
