//! A build's log on its way to the reader: where we are in it, and what of it a terminal may see.

pub(crate) mod ansi;
pub(crate) mod cursor;
