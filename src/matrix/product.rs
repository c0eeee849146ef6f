//! The matrix product: x y, x yᵀ and xᵀ y, at the speed of the multiply-add units.
//!
//! The definition is three loops and stands below as `naive`. Its trouble is memory: each number
//! is fetched again for each of its n uses, while the processor could begin thousands of
//! multiply-adds in the time that one number takes to come from main memory. The remedy is to cut
//! the three loops into blocks, so that what is fetched once is used many times before it must
//! make room. In pseudo-code, with the place where each thing lives meanwhile:
//!
//! ```text
//! loop 5   for each NC columns of z
//! loop 4       for each KC of the k terms:     pack y (KC × NC) into panels b   third-level cache
//! loop 3           for each MC rows of z:      pack x (MC × KC) into panels a   second level
//! loop 2               for each panel of b (NR columns)                         first level
//! loop 1                   for each panel of a (MR rows)
//!                              z[MR × NR] += Σₖ a[k] b[k]ᵀ                      registers
//! ```
//!
//! The last line is the `tile`, the only place where arithmetic happens. Packing costs m k + k n
//! copies against m n k multiply-adds: little, unless a dimension is small. Where z has few columns, the tile
//! reads x where it lies, unpacked (`blocks`). With next to nothing of a dimension, as with 2-dimensional toy
//! data, there are other paths (`thin`). At a narrow edge the tile is half as wide.
//!
//! ## The same bits on any number of threads
//! Each element is Σ over blocks of KC of (Σ within the block, in order), and beyond `RUN` terms
//! the sum of two halves; in `thin` it is a sum in order, or of lanes, whose number depends on the door,
//! the precision and whether there is one line. Blocks and halves of k depend on k alone, half a tile
//! sums in the order of a whole one, and what is made up at edges is thrown away. So
//! neither the other block sizes nor the threads can be seen in the result; within one door, whose
//! multiply-add rounds in its own way, it is always the same bits (but for the sign of a NaN, where
//! NaNs of both signs meet: no language promises that).
//!
//! ## Error
//! Each element is a sum of k products in *some* order, so every term passes through at most
//! k roundings: |z − Σ x y| ≤ γₖ Σ |x| |y| with γₖ = k u / (1 − k u), the classical bound
//! (Higham 2002, § 3.1). It holds for `naive` as well. From there on the halves hold it back: with
//! r = `RUN` = 4096, k in the bound is at most r + log₂ (k/r) + 2, however long the sum (§ 4.2).
//!
//! ## References
//! Goto and van de Geijn (2008), *Anatomy of high-performance matrix multiplication*; Van Zee and
//! van de Geijn (2015), *BLIS*, whose loops these are. Theirs are in C with a tile in assembly.

use super::{
    Real,
    blocks::{MC, Piece},
    buffer::Buffer,
    door::Door,
    pack::Lines,
    thin,
    threads::{both, join, threads_to_use},
};
use crate::array::Product;

/// The definition, z = Σₖ x y, as a triple loop: all that a tiny product needs.
fn naive<T: Real>(form: Product, (m, n, k): (usize, usize, usize), x: &[T], y: &[T], z: &mut [T]) {
    for i in 0..m {
        for j in 0..n {
            let mut sum = T::default();
            for l in 0..k {
                sum += match form {
                    Product::Nn => x[i * k + l] * y[l * n + j],
                    Product::Nt => x[i * k + l] * y[j * k + l],
                    Product::Tn => x[l * m + i] * y[l * n + j],
                };
            }
            z[i * n + j] = sum;
        }
    }
}

/// Terms that are summed in one go; a longer sum is that of its two halves. A batch is shorter.
const RUN: usize = 4096;
/// Up to this number of multiply-adds the definition is done before the blocks are set up.
const TINY: usize = 256;
/// Rows that are computed at once, so that the list of their places stays below 16 KiB.
const BAND: usize = 1000;
/// The share of one thread, in multiply-adds, 3 to 50 µs of a core: from two shares on a second thread is woken.
const SHARE: usize = 1 << 18;

/// z = x y, x yᵀ or xᵀ y on row-major slices, compiled for `door`.
pub(crate) fn multiply<T: Real>(
    door: Door,
    form: Product,
    (m, n, k): (usize, usize, usize),
    [x, y]: [&[T]; 2],
    z: &mut [T],
) {
    if m * n * k <= TINY {
        return naive(form, (m, n, k), x, y, z);
    }
    // The forms differ in strides alone: this is all there is to a transpose.
    let (line, step) = if form == Product::Tn { (1, m) } else { (k, 1) };
    let x = Lines { data: x, count: m, line, step, first: 0 };
    let (line, step) = if form == Product::Nt { (k, 1) } else { (1, n) };
    let y = Lines { data: y, count: n, line, step, first: 0 };
    sum(door, x, y, k, z);
}

/// z = Σₖ x yᵀ over the lines of x and y.
///
/// The path is chosen here, for a sum of a given length, since another path has another order of
/// summation, and the order must not depend on how the work is shared.
fn sum<T: Real>(door: Door, x: Lines<T>, y: Lines<T>, k: usize, z: &mut [T]) {
    let thin = k <= thin::SHORT || x.count.min(y.count) <= thin::FEW;
    let threads = if thin {
        threads_for(z.len().max(x.count.max(y.count) * k), thin::SHARE)
    } else {
        threads_for(x.count * y.count * k, SHARE)
    };
    if k > RUN {
        let half = k.div_ceil(2);
        let mut rest = Buffer::scratch(z.len());
        let rest = rest.as_mut_slice();
        let first = |z| sum(door, x, y, half, z);
        let second = |z| sum(door, x.from(0, half), y.from(0, half), k - half, z);
        if threads > 1 {
            both(|| first(&mut *z), || second(&mut *rest));
        } else {
            first(&mut *z);
            second(&mut *rest);
        }
        z.iter_mut().zip(rest).for_each(|(z, rest)| *z += *rest);
    } else if k <= thin::SHORT {
        thin::short(door, [x, y], k, z, threads);
    } else if thin {
        thin::few(door, [x, y], k, z, threads);
    } else {
        bands(door, [x, y], k, z, threads);
    }
}

/// As many threads as there are whole shares of the work, but no more than may be used.
fn threads_for(work: usize, share: usize) -> usize {
    match work / share {
        0 | 1 => 1, // the pool is not asked, so that it need not be there
        shares => threads_to_use().min(shares),
    }
}

/// Cuts z into bands of rows, until it is no longer than wide for its threads, or has none to share
/// with; and into short ones.
fn bands<T: Real>(door: Door, [x, y]: [Lines<T>; 2], k: usize, z: &mut [T], threads: usize) {
    if x.count <= BAND && (threads < 2 || x.count < y.count) {
        let z = z.chunks_exact_mut(y.count).collect();
        return Piece { x, y, k, z }.share(door, threads);
    }
    let left = threads / 2;
    let cut =
        if threads < 2 { (x.count / 2).next_multiple_of(MC) } else { x.count * left / threads };
    let (above, below) = z.split_at_mut(cut * y.count);
    let mut first = || bands(door, [x.until(cut), y], k, above, left.max(1));
    let mut second = || bands(door, [x.from(cut, 0), y], k, below, threads - left);
    if threads < 2 {
        first();
        second();
    } else {
        join(first, second);
    }
}

#[cfg(test)]
mod tests {
    use super::{both, threads_for, threads_to_use};
    use crate::{
        Array, Matrix,
        matrix::noise::{Generator, standard_normal},
    };
    use rand::SeedableRng;

    /// The work is enough for 77 threads, and there are 71 columns.
    #[test]
    fn more_threads_than_columns_give_the_same_bits() {
        let mut rng = Generator::seed_from_u64(1);
        let [x, y]: [Matrix; 2] = [70, 71].map(|rows| standard_normal(rows, 4096, &mut rng));
        let by = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads").install(|| x.nt(&y))
        };
        assert!(by(80) == by(1));
    }

    #[test]
    fn a_product_in_a_half_has_the_threads_of_its_half() {
        let all = threads_to_use();
        let (a, b) = both(|| threads_for(2 * all, 1), || threads_for(2 * all, 1));
        assert_eq!(a + b, all.max(2));
    }
}
