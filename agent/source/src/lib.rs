//! Fetches what a build is made from.
