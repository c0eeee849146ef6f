//! Real data.
//!
//! | dataset | shape |
//! |---|---|
//! | [`digits`] | 1797 handwritten digits of 8×8 pixels, shipped with the crate |

pub mod digits;

pub use digits::Digits;
