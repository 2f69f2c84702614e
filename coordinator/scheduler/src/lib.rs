//! Build lifecycle, queue order and placement, as pure functions.
