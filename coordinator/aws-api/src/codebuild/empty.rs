//! The answer of operations that answer nothing: `{}`.

use serde::Serialize;

/// No members.
#[derive(Debug, Serialize)]
pub(super) struct Empty {}
