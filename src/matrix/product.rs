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
//! copies against m n k multiply-adds: little, unless a dimension is small. Those products, of which
//! 2-dimensional toy data has many, take other paths (`thin`), and of a few more columns the transpose is
//! computed. Where half of a panel's columns are left or fewer, the tile is half as wide.
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
    buffer::Buffer,
    door::{Door, Instructions, Loop},
    pack::{DEPTH, Lines},
    thin,
    threads::both,
    tile::{each_row, tile},
};
use crate::array::Product;
use std::ops::Range;

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

/// Terms in a block: a panel of y (KC × NR, 32 KiB) stays in the first-level cache, and each
/// element of z is fetched only once in KC terms. Half as many cost 15 % at n = 512.
const KC: usize = 256;
/// The same for sums of [`LONG`] terms and more. Their z is fetched again so often that halving this
/// is worth a panel of y that shares the first-level cache.
const LONG_KC: usize = 512;
/// From this number of terms on a sum is long.
const LONG: usize = 1024;
/// Rows in a block: MC × KC numbers are 96 KiB (f32) or 192 KiB (f64), twice that in long sums, which
/// any second-level cache of today holds beside what streams through it. 192 rows were no better.
const MC: usize = 96;
/// Columns in a block: KC × NC numbers are 1 MiB (f32) or 2 MiB (f64), twice that in long sums, a
/// share of the third level.
const NC: usize = 1024;
/// Up to this number of columns, if there are more rows, the transpose is computed: to pack the many
/// lines for the wide side of a tile takes half as long, and less of a tile is thrown away.
const NARROW: usize = 12;
/// Terms that are summed in one go; a longer sum is that of its two halves. A batch is shorter.
const RUN: usize = 4096;
/// Up to this number of multiply-adds the definition is done before the blocks are set up.
const TINY: usize = 256;
/// Rows that are computed at once, so that the list of their places stays below 16 KiB.
const BAND: usize = 1000;
/// From this number of multiply-adds on, 10 to 100 µs of a core, a second thread pays, even if it sleeps.
const PARALLEL: usize = 1 << 19;

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
    let x = Lines { data: x, count: m, line, step };
    let (line, step) = if form == Product::Nt { (k, 1) } else { (1, n) };
    let y = Lines { data: y, count: n, line, step };
    sum(door, x, y, k, z);
}

/// z = Σₖ x yᵀ over the lines of x and y.
///
/// The path is chosen here, for a sum of a given length, since another path has another order of
/// summation, and the order must not depend on how the work is shared.
fn sum<T: Real>(door: Door, x: Lines<T>, y: Lines<T>, k: usize, z: &mut [T]) {
    let many = x.count * y.count * k >= PARALLEL;
    let threads = if many { rayon::current_num_threads() } else { 1 };
    if k > RUN {
        let half = k.div_ceil(2);
        let mut rest = Buffer::scratch(z.len());
        let rest = rest.as_mut_slice();
        let first = |z| sum(door, x, y, half, z);
        let second = |z| sum(door, x.from(0, half), y.from(0, half), k - half, z);
        if many {
            both(|| first(&mut *z), || second(&mut *rest));
        } else {
            first(&mut *z);
            second(&mut *rest);
        }
        z.iter_mut().zip(rest).for_each(|(z, rest)| *z += *rest);
    } else if k <= thin::SHORT {
        door.enter(thin::Short { x, y, k, z });
    } else if x.count.min(y.count) <= thin::FEW {
        thin::few(door, [x, y], k, z, threads);
    } else {
        bands(door, [x, y], k, z, threads);
    }
}

/// Cuts z into bands of rows, until it is no longer than wide for its threads, or has none to share
/// with; and into short ones.
fn bands<T: Real>(door: Door, [x, y]: [Lines<T>; 2], k: usize, z: &mut [T], threads: usize) {
    if x.count <= BAND && (threads < 2 || x.count < y.count) {
        let piece = |[x, y]: [Lines<T>; 2], z: &mut [T]| {
            Piece { x, y, k, z: z.chunks_exact_mut(y.count).collect() }.share(door, threads);
        };
        if y.count <= NARROW && y.count < x.count && k >= DEPTH {
            return thin::by_transpose(y.count, z, |z| piece([y, x], z));
        }
        return piece([x, y], z);
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
        rayon::join(first, second);
    }
}

/// A block of z to be computed, with the lines of x and y it needs. In safe Rust a block of columns
/// of a row-major matrix is a list of pieces of rows, so that is what z is.
struct Piece<'a, T: Real> {
    x: Lines<'a, T>,
    y: Lines<'a, T>,
    k: usize,
    z: Vec<&'a mut [T]>,
}

impl<T: Real> Piece<'_, T> {
    /// Cuts the columns in proportion to the threads on either hand, until each thread has a piece of
    /// its own, and computes each as a whole small product. Pieces that are nearly square pack little
    /// twice, and threads that share nothing never wait for each other.
    fn share(self, door: Door, threads: usize) {
        if threads < 2 {
            return door.enter(self);
        }
        let Self { x, y, k, z } = self;
        let left = threads / 2;
        let cut = y.count * left / threads;
        let (z, rest) = z.into_iter().map(|row| row.split_at_mut(cut)).unzip();
        rayon::join(
            || Piece { x, y: y.until(cut), k, z }.share(door, left),
            || Piece { x, y: y.from(cut, 0), k, z: rest }.share(door, threads - left),
        );
    }

    /// The five loops of the [module](self).
    #[inline(always)]
    fn blocks<I: Instructions, const MR: usize, const NR: usize, const HALF: usize>(mut self) {
        const {
            assert!(NR == 2 * HALF, "half a tile");
            assert!(
                MC.is_multiple_of(MR) && NC.is_multiple_of(NR),
                "only the last tile of a block may be ragged"
            );
        }
        let (x, y, k) = (self.x, self.y, self.k);
        let (m, n) = (x.count.next_multiple_of(MR), y.count.next_multiple_of(NR));
        let (mc, nc) = (m.min(MC), n.min(NC));
        // Blocks of k as equal as can be: k = 260 makes two of about 130, not 256 and 4.
        let most = if k < LONG { KC } else { LONG_KC };
        let kc = k.div_ceil(k.div_ceil(most)).next_multiple_of(DEPTH).min(k);
        let (mut a, mut b) = (Buffer::scratch(mc * kc), Buffer::scratch(nc * kc));
        let a = a.as_mut_slice().as_chunks_mut::<MR>().0;
        let b = b.as_mut_slice().as_chunks_mut::<NR>().0;

        // loop 5: columns of z
        for j in (0..y.count).step_by(nc) {
            let columns = nc.min(y.count - j);
            // loop 4: terms of the sums
            for l in (0..k).step_by(kc) {
                let depth = kc.min(k - l);
                y.from(j, l).until(columns).pack(depth, b);
                // loop 3: rows of z
                for (i, z) in self.z.chunks_mut(mc).enumerate() {
                    x.from(i * mc, l).until(z.len()).pack(depth, a);
                    // loop 2: panels of y, each used for all panels of x while it is near
                    for (jr, b) in b.chunks_exact(depth).take(columns.div_ceil(NR)).enumerate() {
                        let columns = j + jr * NR..(j + (jr + 1) * NR).min(j + columns);
                        let a = a.chunks_exact(depth);
                        if columns.len() <= HALF {
                            // The other half of the panel is made up.
                            let b = b.iter().map(|b| &b.as_chunks().0[0]);
                            strip::<I, T, MR, HALF>(a, &b, z, columns, l > 0);
                        } else {
                            strip::<I, T, MR, NR>(a, &b.iter(), z, columns, l > 0);
                        }
                    }
                }
            }
        }
    }
}

/// Loop 1: some columns of z, from a panel of y (or half of it) and each panel of x in turn.
#[inline(always)]
fn strip<'a, I: Instructions, T: Real, const MR: usize, const W: usize>(
    a: impl Iterator<Item = &'a [[T; MR]]>,
    b: &(impl Iterator<Item = &'a [T; W]> + Clone),
    z: &mut [&mut [T]],
    columns: Range<usize>,
    add: bool,
) {
    for (z, a) in z.chunks_mut(MR).zip(a) {
        // The sums take longer than z takes to come from memory; without this they would wait for it.
        for z in &*z {
            I::prefetch(&z[columns.clone()]);
        }
        let c = tile::<I, T, MR, W>(a.iter().zip(b.clone()));
        if let (Some(z), true) = (z.first_chunk_mut::<MR>(), columns.len() == W) {
            // All sizes are constants here, so c goes from its registers into z.
            each_row!(i < MR: put::<T, W>(&mut z[i][columns.clone()], &c[i], add));
        } else {
            for (z, c) in z.iter_mut().zip(&c) {
                put(&mut z[columns.clone()], c, add);
            }
        }
    }
}

/// z ← c, or z ← z + c after the first block of terms; so what was in z before does not matter.
#[inline(always)]
fn put<T: Real, const W: usize>(z: &mut [T], c: &[T; W], add: bool) {
    if let Some(z) = z.first_chunk_mut::<W>() {
        // The length is a constant here: nearly every tile, in whole vectors.
        let old = if add { *z } else { [T::default(); W] };
        *z = std::array::from_fn(|j| old[j] + c[j]);
    } else {
        for (z, &c) in z.iter_mut().zip(c) {
            *z = if add { *z + c } else { c };
        }
    }
}

impl<T: Real> Loop for Piece<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Instructions>(self) {
        match (I::DOOR, size_of::<T>()) {
            (Door::Portable, 4) => self.blocks::<I, 4, 8, 4>(),
            (Door::Portable, _) => self.blocks::<I, 4, 4, 2>(),
            (Door::Avx2, 4) => self.blocks::<I, 6, 16, 8>(),
            (Door::Avx2, _) => self.blocks::<I, 6, 8, 4>(),
            (Door::Avx512, 4) => self.blocks::<I, 8, 32, 16>(),
            (Door::Avx512, _) => self.blocks::<I, 8, 16, 8>(),
        }
    }
}
