//! What nearly every program uses: one `use score_matching::prelude::*;`.
//!
//! It holds the readings, the noise, and the traits whose methods are called on other things. Models,
//! objectives, optimisers and samplers are named where they are used.
//!
//! ```
//! use score_matching::prelude::*;
//!
//! let x: Matrix = standard_normal(3, 2, &mut Generator::seed_from_u64(1));
//! assert_eq!(x.sum_over_samples().shape(), (1, 2));
//! ```

pub use crate::{
    array::{Array, Function, Linear},
    autodiff::{Dual, Tape, Var},
    density::Density,
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    model::Parameters,
    optimizer::Optimizer,
    sampler::Sampler,
};
pub use rand::SeedableRng;
