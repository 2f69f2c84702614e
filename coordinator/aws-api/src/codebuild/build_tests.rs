//! Builds through the door, over the memory store: from StartBuild to BatchDeleteBuilds.

mod deleting;
mod ending;
mod limiting;
mod listing;
mod overriding;
mod retrying;
mod rig;
mod starting;
