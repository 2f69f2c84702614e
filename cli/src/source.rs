//! What `--source` names: tells the forms apart, and sends a local folder to the coordinator's bucket.

pub(crate) mod folder;
pub(crate) mod form;
pub(crate) mod secondary;
pub(crate) mod upload;
