//! Users, their access keys and policies: who may sign requests, and what they may do.
//!
//! Records are documents of the store; secrets lie in it sealed. Policies are decided by `buildyard-access`, signatures
//! verified by the doors. Changes are made one at a time, so that what is checked still holds when it is written, and
//! count at once: `holder` forgets what it remembers with each. Another coordinator on the same records hears of them
//! within [`REMEMBERED`].

mod holder;
mod keys;
mod names;
mod people;
mod policies;
mod record;
mod role;
#[cfg(test)]
mod tests;
mod usage;

pub use holder::REMEMBERED;
pub use keys::NewKey;

use buildyard_access::KeyHolder;
use std::sync::OnceLock;

/// What is held in memory about users.
#[derive(Debug, Default)]
pub(crate) struct Users {
    /// The key of the account's owner, and its id.
    root: OnceLock<(String, KeyHolder)>,
    remembered: holder::Remembered,
    usage: usage::Usage,
    /// Held while something is changed.
    changing: tokio::sync::Mutex<()>,
}
