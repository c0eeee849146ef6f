//! Score matching from scratch.
pub mod array;
pub mod autodiff;
pub mod corruption;
pub mod dataset;
pub mod experiment;
pub mod figure;
pub mod identity;
pub mod matrix;
pub mod model;
pub mod objective;
pub mod optimizer;
pub mod train;

pub use array::Array;
pub use autodiff::{Dual, Tape, Var};
pub use matrix::Matrix;
