//! Encryption of what must not lie in clear in the records: AES-256-GCM under one key, which lies in a file beside them.
//!
//! A sealed text is bound to its place (what it is and whose): put elsewhere it cannot be opened. Losing the key file
//! loses the secrets; a copy of the records alone gives none away.

mod key;
mod sealed;

pub use key::KeyError;
pub use sealed::{Vault, VaultError};
