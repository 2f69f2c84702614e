//! Any bytes end in a buildspec or in an error that can be shown. Run with
//! `cargo +nightly fuzz run parse -- -max_len=65536 -timeout=1 -rss_limit_mb=512` in `proto/buildspec`, best with
//! `tests/sample.yml` in the corpus.

#![no_main]

use buildyard_buildspec::{parse_bytes, unknown_keys};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match parse_bytes(bytes) {
        Ok(_) => {
            let text = std::str::from_utf8(bytes).expect("what was read is UTF-8");
            assert!(unknown_keys(text).is_ok());
        }
        Err(error) => assert!(!error.diagnostic().is_empty()),
    }
});
