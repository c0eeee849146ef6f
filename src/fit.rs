//! Fitting a density to numbers of one's own: from a file of text to a score.
//!
//! What stands here is for data that nobody has checked: every mistake in them is refused, with its place.

pub mod table;

pub use table::Table;
