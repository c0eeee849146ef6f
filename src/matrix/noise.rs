//! Gaussian noise.
//!
//! Drawing noise is a real share of a denoising step, so it is drawn in parallel: the matrix is cut
//! into fixed chunks, the caller's generator draws a seed for each, and the chunks are filled in any
//! order. The bits depend on the caller's generator alone, not on the number of threads.
//!
//! The seeds are *drawn*. Counting them up from a first one looks as good and is not: a step equal
//! to the increment of the generator's own seeding would give neighbouring chunks three of their
//! four words of state in common.

use super::{Matrix, Real};
use rand::{Rng, RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// The generator used everywhere. It is named, because the `StdRng` of a future version of `rand`
/// may draw other numbers.
pub type Generator = Xoshiro256PlusPlus;

/// Elements drawn from one generator. Seeding costs about as much as four draws.
const CHUNK: usize = 1 << 12;

/// z ~ N(0, I) of shape (rows, cols).
///
/// ```
/// use rand::SeedableRng;
/// use score_matching::matrix::noise::{Generator, standard_normal};
///
/// let draw = |seed| standard_normal::<f64>(1000, 2, &mut Generator::seed_from_u64(seed));
/// assert_eq!(draw(1), draw(1));
/// assert_ne!(draw(1), draw(2));
/// ```
pub fn standard_normal<T: Real>(rows: usize, cols: usize, rng: &mut impl Rng) -> Matrix<T> {
    let chunks = (rows * cols).div_ceil(CHUNK);
    let seeds: Vec<u64> = (0..chunks).map(|_| rng.random()).collect();
    Matrix::build(rows, cols, |out| {
        out.par_chunks_mut(CHUNK).zip(seeds).for_each(|(out, seed)| {
            let mut rng = Generator::seed_from_u64(seed);
            out.fill_with(|| T::of(StandardNormal.sample(&mut rng)));
        });
    })
}
