//! The five loops of the [product](super::product).
//!
//! There are three ways to read x. *Packed*: x is first copied into panels, in the order in which the tile wants
//! it. *In rows* and, where x is transposed, *in columns*: x is read in place, where it lies. The tile reads a panel
//! a little faster, but the copy costs as much as several uses, and each panel of y is one use. So packing pays if
//! y has many panels. All three ways sum in the same order, so they give the same bits.

use super::{
    Real,
    buffer::Buffer,
    door::{Door, Instructions, Loop},
    pack::{DEPTH, FAR, Lines},
    threads::join,
    tile::{InColumns, InRows, Left, Packed, Read, TALLEST, each_row},
};
use std::ops::Range;

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
pub(super) const MC: usize = 96;
/// Columns in a block: KC × NC numbers are 1 MiB (f32) or 2 MiB (f64), twice that in long sums, a
/// share of the third level.
const NC: usize = 1024;
/// x is read in place if a row of the piece of z has at most this number of bytes: y then has up to 8, 16 or
/// 32 panels, by the door. If x is transposed, half of it: each panel of y fetches a part of many cache lines
/// again. A quarter, if these are [`FAR`] from each other.
const SHORT_ROW: usize = 1024;

/// A block of z to be computed, with the lines of x and y it needs. In safe Rust a block of columns
/// of a row-major matrix is a list of pieces of rows, so that is what z is.
pub(super) struct Piece<'a, T: Real> {
    pub(super) x: Lines<'a, T>,
    pub(super) y: Lines<'a, T>,
    pub(super) k: usize,
    pub(super) z: Vec<&'a mut [T]>,
}

impl<T: Real> Piece<'_, T> {
    /// Cuts the columns in proportion to the threads on either hand, until each thread has a piece of
    /// its own, and computes each as a whole small product. Pieces that are nearly square pack little
    /// twice, and threads that share nothing never wait for each other.
    pub(super) fn share(self, door: Door, threads: usize) {
        let threads = threads.min(self.y.count); // no piece is empty
        if threads < 2 {
            let far = self.x.step * size_of::<T>() >= FAR;
            let columns = if far { SHORT_ROW / 4 } else { SHORT_ROW / 2 };
            let row = self.y.count * size_of::<T>();
            match self.x.step {
                1 if row <= SHORT_ROW => door.enter(Blocks(self, InRows)),
                // A tile must fit into a row of what lies in memory.
                TALLEST.. if row <= columns => door.enter(Blocks(self, InColumns)),
                _ => door.enter(Blocks(self, Packed)),
            }
            return;
        }
        let Self { x, y, k, z } = self;
        let left = threads / 2;
        let cut = y.count * left / threads;
        let (z, rest) = z.into_iter().map(|row| row.split_at_mut(cut)).unzip();
        join(
            || Piece { x, y: y.until(cut), k, z }.share(door, left),
            || Piece { x, y: y.from(cut, 0), k, z: rest }.share(door, threads - left),
        );
    }

    /// The five loops.
    #[inline(always)]
    fn blocks<I: Instructions, R: Read, const MR: usize, const NR: usize, const HALF: usize>(
        mut self,
    ) {
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
        let mut a = Buffer::scratch(if R::PACKED { mc * kc } else { 0 });
        let mut b = Buffer::scratch(nc * kc);
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
                    let x = x.from(i * mc, l).until(z.len());
                    if R::PACKED {
                        x.pack(depth, a);
                    }
                    // loop 2: panels of y, each used for all rows of x while it is near
                    for (jr, b) in b.chunks_exact(depth).take(columns.div_ceil(NR)).enumerate() {
                        let columns = j + jr * NR..(j + (jr + 1) * NR).min(j + columns);
                        let a = R::rows::<T, MR>(x, a, depth);
                        strip::<I, T, _, MR, NR, HALF>(a, b, z, columns, l > 0);
                    }
                }
            }
        }
    }
}

/// Loop 1: some columns of z, from a panel of y and rows of x, MR at a time. If at most half of the panel's
/// columns are wanted, the tile is half as wide. Columns beyond those wanted are thrown away.
#[inline(always)]
fn strip<
    I: Instructions,
    T: Real,
    A: Left<T, MR>,
    const MR: usize,
    const NR: usize,
    const HALF: usize,
>(
    a: impl Iterator<Item = A>,
    b: &[[T; NR]],
    z: &mut [&mut [T]],
    columns: Range<usize>,
    add: bool,
) {
    let half = columns.len() <= HALF;
    for (z, a) in z.chunks_mut(MR).zip(a) {
        // The sums take longer than z takes to come from memory; without this they would wait for it. With x in
        // place it costs more than it brings.
        if A::PACKED {
            for z in &*z {
                I::prefetch(&z[columns.clone()]);
            }
        }
        let before = a.before();
        if half {
            place::<T, MR, HALF>(&a.tile::<I, NR, HALF>(b), before, z, columns.clone(), add);
        } else {
            place::<T, MR, NR>(&a.tile::<I, NR, NR>(b), before, z, columns.clone(), add);
        }
    }
}

/// Writes the part of the tile that lies in z, without the rows `before` it: there are none if z has MR rows.
#[inline(always)]
fn place<T: Real, const MR: usize, const W: usize>(
    c: &[[T; W]; MR],
    before: usize,
    z: &mut [&mut [T]],
    columns: Range<usize>,
    add: bool,
) {
    if let (Some(z), true) = (z.first_chunk_mut::<MR>(), columns.len() == W) {
        debug_assert!(before == 0);
        // All sizes are constants here, so c goes from its registers into z.
        each_row!(i < MR: put::<T, W>(&mut z[i][columns.clone()], &c[i], add));
    } else {
        for (z, c) in z.iter_mut().zip(c.iter().skip(before)) {
            put(&mut z[columns.clone()], c, add);
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

/// The loops, with a way to read x.
struct Blocks<'a, T: Real, R>(Piece<'a, T>, R);

impl<T: Real, R: Read> Loop for Blocks<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn run<I: Instructions>(self) {
        match (I::DOOR, size_of::<T>()) {
            (Door::Portable, 4) => self.0.blocks::<I, R, 4, 8, 4>(),
            (Door::Portable, _) => self.0.blocks::<I, R, 4, 4, 2>(),
            (Door::Avx2, 4) => self.0.blocks::<I, R, 6, 16, 8>(),
            (Door::Avx2, _) => self.0.blocks::<I, R, 6, 8, 4>(),
            (Door::Avx512, 4) => self.0.blocks::<I, R, 8, 32, 16>(),
            (Door::Avx512, _) => self.0.blocks::<I, R, 8, 16, 8>(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Matrix,
        matrix::noise::{Generator, standard_normal},
    };
    use rand::SeedableRng;

    fn all_ways_agree<T: Real>() {
        let mut rng = Generator::seed_from_u64(1);
        for (m, n, k) in (1..=25)
            .flat_map(|m| [1, 5, 8, 13, 33, 70].map(|n| (m, n, 33 * m % 400 + 4)))
            .chain([(13, 40, 1030), (100, 9, 300)])
        {
            let [x, y] =
                [(m, k), (n, k)].map(|(rows, cols)| standard_normal::<T>(rows, cols, &mut rng));
            let [x, y] = [(&x, m), (&y, n)].map(|(of, count)| Lines {
                data: of.data(),
                count,
                line: k,
                step: 1,
                first: 0,
            });
            // The same lines side by side, with others to the left, and mostly to the right.
            let (width, left) = (m + 8, 8 - n % 4);
            let columns = Matrix::from_fn(k, width, |l, i| {
                if (left..left + m).contains(&i) { x.at(i - left, l).to_f64() } else { f64::NAN }
            });
            let columns =
                Lines { data: columns.data(), count: width, line: 1, step: width, first: 0 };
            let columns = columns.from(left, 0).until(m);
            let z = |x, enter: &dyn Fn(Piece<'_, T>)| {
                let mut z = vec![T::default(); m * n];
                enter(Piece { x, y, k, z: z.chunks_exact_mut(n).collect() });
                z
            };
            for door in Door::available() {
                let packed = z(x, &|piece| door.enter(Blocks(piece, Packed)));
                let in_rows = z(x, &|piece| door.enter(Blocks(piece, InRows)));
                let in_columns = z(columns, &|piece| door.enter(Blocks(piece, InColumns)));
                assert!(packed == in_rows, "{m} × {n}, {k} terms, {door:?}");
                assert!(packed == in_columns, "{m} × {n}, {k} terms, {door:?}");
            }
        }
    }

    #[test]
    fn all_ways_to_read_give_the_same_bits() {
        all_ways_agree::<f32>();
        all_ways_agree::<f64>();
    }
}
