//! What the plan is asked with.
