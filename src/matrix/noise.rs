//! Gaussian noise.
//!
//! Drawing noise is a real share of a denoising step, so it is drawn in parallel: the matrix is cut
//! into fixed chunks, one generator is seeded for each from the caller's generator, and the chunks
//! are filled in any order. The bits depend on the seed alone, not on the number of threads.

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
    let seed: u64 = rng.random();
    Matrix::build(rows, cols, |out| {
        out.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| {
            let mut rng = generator(seed, chunk);
            out.fill_with(|| T::of(StandardNormal.sample(&mut rng)));
        });
    })
}

/// The generator of one chunk.
fn generator(seed: u64, chunk: usize) -> Generator {
    // The golden-ratio step sends neighbouring chunks to distant seeds; seeding then mixes them.
    Generator::seed_from_u64(seed.wrapping_add((chunk as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}
