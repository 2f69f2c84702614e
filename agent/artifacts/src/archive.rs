//! Bundles of files: packing, unpacking, copying a tree.

pub mod tree;
pub mod zip_read;
pub mod zip_write;
