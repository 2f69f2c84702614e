//! What of a build's output a terminal may see: text and SGR colours. Everything else that a terminal would obey
//! (clipboard, titles, links, cursor, modes, device control, in seven- and eight-bit form) is taken out. Sequences
//! may be split over chunks anywhere. Pure; memory is bounded by a colour sequence's length.

mod utf8;

use utf8::Continuations;

/// A colour sequence longer than this is none that a program prints.
const LONGEST_SGR: usize = 64;
/// A control string that does not end by itself hides at most this much.
const LONGEST_STRING: usize = 64 * 1024;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CANCEL: [u8; 2] = [0x18, 0x1a];

/// The filter's state between chunks.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    state: State,
    /// Colours were set since the last reset.
    coloured: bool,
}

#[derive(Debug, Default)]
enum State {
    /// Plain text, with what is missing of a character.
    #[default]
    Text,
    /// In the middle of a character.
    Character(Continuations),
    /// 0xC2 was read: a control in UTF-8 form, or an ordinary character.
    C2,
    /// ESC was read.
    Escape,
    /// ESC and an intermediate byte were read: one final byte follows.
    Intermediate,
    /// A control sequence and what was read of it.
    Control { bytes: Vec<u8>, harmless: bool },
    /// A control string, thrown away until its end.
    String { operating_system: bool, length: usize, escaped: bool },
}

impl Filter {
    /// Appends to `out` what may be shown of `input`.
    pub(crate) fn push(&mut self, input: &[u8], out: &mut Vec<u8>) {
        out.reserve(input.len());
        for &byte in input {
            self.state = self.step(byte, out);
        }
    }

    /// What puts the terminal back as it was.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        self.state = State::Text;
        if std::mem::take(&mut self.coloured) {
            out.extend_from_slice(b"\x1b[0m");
        }
    }

    fn step(&mut self, byte: u8, out: &mut Vec<u8>) -> State {
        match std::mem::take(&mut self.state) {
            State::Text => text(byte, out),
            State::Character(rest) => match rest.take(byte) {
                Some(next) => {
                    out.push(byte);
                    next.map_or(State::Text, State::Character)
                }
                None => text(byte, out),
            },
            State::C2 => match byte {
                0x80..=0x9f => control_character(byte),
                0xa0..=0xbf => {
                    out.extend_from_slice(&[0xc2, byte]);
                    State::Text
                }
                _ => text(byte, out),
            },
            State::Escape => escape(byte, out),
            State::Intermediate => match byte {
                0x20..=0x2f => State::Intermediate,
                0x30..=0x7e => State::Text,
                _ => text(byte, out),
            },
            State::Control { bytes, harmless } => self.control(bytes, harmless, byte, out),
            State::String { operating_system, length, escaped } => string(operating_system, length, escaped, byte, out),
        }
    }

    fn control(&mut self, mut bytes: Vec<u8>, harmless: bool, byte: u8, out: &mut Vec<u8>) -> State {
        match byte {
            b'0'..=b'9' | b';' | b':' => {
                let harmless = harmless && bytes.len() < LONGEST_SGR;
                if harmless {
                    bytes.push(byte);
                }
                State::Control { bytes, harmless }
            }
            // Private parameters and intermediates turn even `m` into something else.
            0x20..=0x3f => State::Control { bytes, harmless: false },
            b'm' if harmless => {
                self.coloured = !resets(&bytes);
                out.extend_from_slice(b"\x1b[");
                out.extend_from_slice(&bytes);
                out.push(b'm');
                State::Text
            }
            0x40..=0x7e => State::Text,
            _ => text(byte, out),
        }
    }
}

/// Whether these parameters end in everything being as it was. A zero behind `8;` may be a colour's number
/// (`38;5;0`); taking a reset for a colour costs one more reset at the end, and nothing else.
fn resets(parameters: &[u8]) -> bool {
    parameters.rsplit(|byte| *byte == b';').next().is_some_and(|last| last.iter().all(|digit| *digit == b'0'))
        && !parameters.windows(2).any(|pair| pair == b"8;")
}

fn text(byte: u8, out: &mut Vec<u8>) -> State {
    match byte {
        ESC => State::Escape,
        b'\n' | b'\r' | b'\t' | 0x08 | 0x20..=0x7e => {
            out.push(byte);
            State::Text
        }
        0x80..=0x9f => control_character(byte),
        0xc2 => State::C2,
        lead => match Continuations::after(lead) {
            Some(rest) => {
                out.push(lead);
                State::Character(rest)
            }
            // Other controls, and bytes that no UTF-8 text has.
            None => State::Text,
        },
    }
}

/// A control of the upper half, the one-byte form of ESC and a letter.
fn control_character(byte: u8) -> State {
    match byte {
        0x9b => State::Control { bytes: Vec::new(), harmless: true },
        0x9d => State::String { operating_system: true, length: 0, escaped: false },
        0x90 | 0x98 | 0x9e | 0x9f => State::String { operating_system: false, length: 0, escaped: false },
        _ => State::Text,
    }
}

fn escape(byte: u8, out: &mut Vec<u8>) -> State {
    match byte {
        0x40..=0x5f => control_character(byte + 0x40),
        0x20..=0x2f => State::Intermediate,
        0x30..=0x7e => State::Text,
        _ => text(byte, out),
    }
}

fn string(operating_system: bool, length: usize, escaped: bool, byte: u8, out: &mut Vec<u8>) -> State {
    if escaped {
        // ESC \ ends the string; ESC and anything else ends it too and begins what it begins.
        return if byte == b'\\' { State::Text } else { escape(byte, out) };
    }
    let ends = CANCEL.contains(&byte) || byte == 0x9c || (operating_system && byte == BEL) || length >= LONGEST_STRING;
    match byte {
        _ if ends => State::Text,
        // No operating-system command spans lines: an unfinished one may not swallow the log.
        b'\n' if operating_system => text(byte, out),
        _ => State::String { operating_system, length: length + 1, escaped: byte == ESC },
    }
}

#[cfg(test)]
mod tests;
