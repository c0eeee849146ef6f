//! The runs behind the figures: what is trained, on what, and what is measured.

pub mod digits;
pub mod pinwheel;

pub use digits::DenoisedDigits;
pub use pinwheel::Pinwheel;
