//! Score matching from scratch.
pub mod array;
pub mod autodiff;
pub mod figure;
pub mod matrix;

pub use array::Array;

pub use matrix::Matrix;
