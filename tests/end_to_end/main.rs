//! Real processes, real containers, real storage, driven as a user would.

mod artifacts;
mod builds;
mod crashes;
mod images;
mod refusals;
mod stops;
