//! Tests of the whole verification: AWS's suite, our own rules, a foreign signer, and mutations.

mod differential;
mod errors;
mod mutation;
mod rules;
mod sample;
mod suite;
