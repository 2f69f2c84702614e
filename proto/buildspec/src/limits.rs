//! How much a buildspec may ask of its reader. With these limits no text takes more than 64 MiB or a fraction of a
//! second, while the largest buildspecs seen in public are far below every one of them.

/// The text, in bytes.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// Characters that mean something to YAML: `[ ] { } , : ? ! & * " '`. The parser holds a whole flow collection as
/// tokens before it hands out the first one, and each of these makes four tokens at most, of about 100 bytes each.
pub const MAX_INDICATORS: usize = 100_000;

/// Lists and maps inside one another.
pub const MAX_DEPTH: usize = 64;

/// Scalars, lists and maps, counted as if every alias were written out.
pub const MAX_NODES: u64 = 100_000;

/// Bytes of scalars, counted as if every alias were written out.
pub const MAX_EXPANDED_BYTES: u64 = 4 << 20;

/// Bytes that may be parsed again because of layouts which only our parser refuses.
pub(crate) const MAX_REPARSED_BYTES: usize = 4 << 20;
