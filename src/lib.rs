//! Score matching from scratch.
pub mod figure;
