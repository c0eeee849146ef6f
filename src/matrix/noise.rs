//! Gaussian noise.
//!
//! Drawing noise is a real share of a denoising step, so it is drawn in parallel: the matrix is cut
//! into fixed chunks, the caller's generator draws one for each, and the chunks are filled in any
//! order. Within a chunk sixteen generators work side by side, in the lanes of vectors (`box_muller`).
//! The bits depend on the caller's generator alone, not on the number of threads nor on the door.
//!
//! A chunk's generator receives its *whole* state of 256 bits from the caller's, and a lane's from the
//! chunk's. A seed of 64 bits has 2⁶⁴ streams to choose from, and by the birthday problem two of a few
//! 10⁹ chunks would be the same noise. Here N lanes of L words meet, anywhere on the one cycle of
//! 2²⁵⁶ − 1 states, with a probability of about N² L / 2²⁵⁶: below 10⁻⁵⁴ for the lanes of 10⁹ chunks,
//! N = 1.6·10¹⁰ and L = 256. Nor are states counted up from a first one: a step equal to the increment
//! of the generator's own seeding would give neighbours three of their four words in common.

mod box_muller;

use super::{Matrix, Real, door::Door, threads::in_pieces};
use crate::array::elements;
pub(crate) use box_muller::fill;
use rand::{Rng, SeedableRng, rngs::Xoshiro256PlusPlus};

/// The generator used everywhere. It is named, because the `StdRng` of a future version of `rand`
/// may draw other numbers.
pub type Generator = Xoshiro256PlusPlus;

/// Elements of a chunk: one state is drawn from the caller's generator for each.
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
///
/// # Panics
/// If there are more elements than memory can hold.
#[track_caller]
pub fn standard_normal<T: Real>(rows: usize, cols: usize, rng: &mut impl Rng) -> Matrix<T> {
    let chunks = elements::<T>((rows, cols)).div_ceil(CHUNK);
    let streams: Vec<_> = (0..chunks).map(|_| Generator::from_rng(rng)).collect();
    let door = Door::current();
    Matrix::build(rows, cols, |out| {
        in_pieces(out, CHUNK, out.len() >= 2 * CHUNK, |start, out| {
            T::standard_normal(door, &mut streams[start / CHUNK].clone(), out);
        });
    })
}
