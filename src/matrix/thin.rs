//! Products with a dimension of next to nothing.
//!
//! With 2-dimensional data one of m, n and k is 2 all the time. Then packing an operand costs as
//! much as using it, and a tile of 8 × 32 would compute mostly zeros. Such products are limited by
//! memory, so each number is read once, where it lies, and three short loops suffice:
//!
//! | | example | loop |
//! |---|---|---|
//! | [`Short`]: k ≤ 3 | x Wᵀ, (1024, 2) · (2, 128) | each row of z is a sum of k rows |
//! | [`Few`]: m or n ≤ 4, long lines | h W, (1024, 128) · (128, 2) | inner products, in lanes |
//! | [`Few`]: m or n ≤ 4, lines side by side | aᵀ x, (128, 1024) · (1024, 2) | a tile that reads in place |
//!
//! They stay on one thread: a caller with many rows divides the rows among threads.

use super::{
    Real,
    buffer::Buffer,
    door::{Door, Instructions, Loop},
    pack::Lines,
    tile::{each_row, tile},
};

/// With at most this number of rows or columns of z, [`Few`] is faster than the blocks.
pub(super) const FEW: usize = 4;
/// With at most this number of terms, [`Short`] is faster than the blocks.
pub(super) const SHORT: usize = 3;

/// z = Σₖ xₖ yₖᵀ, a sum of few outer products.
pub(super) struct Short<'a, T: Real> {
    pub(super) x: Lines<'a, T>,
    pub(super) y: Lines<'a, T>,
    pub(super) k: usize,
    pub(super) z: &'a mut [T],
}

impl<T: Real> Loop for Short<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Instructions>(self) {
        // A column lies in memory as a row does, and one long row is better than many of one number.
        let [x, y] = if self.y.count == 1 { [self.y, self.x] } else { [self.x, self.y] };
        let (k, z, n) = (self.k, self.z, y.count);
        // The only copy: yᵀ, so that all that follows runs along rows.
        let mut rows = Buffer::scratch(k * n);
        for (l, row) in rows.as_mut_slice().chunks_exact_mut(n).enumerate() {
            row.iter_mut().enumerate().for_each(|(j, out)| *out = y.at(j, l));
        }
        let rows = rows.as_slice();
        const { assert!(SHORT == 3, "an arm for each k") };
        match k {
            1 => outer::<I, T, 1>(x, rows, z),
            2 => outer::<I, T, 2>(x, rows, z),
            _ => outer::<I, T, SHORT>(x, rows, z),
        }
    }
}

/// The sum of K outer products of columns of x with rows of y. Each number of z is written once,
/// when all its terms are in.
#[inline(always)]
fn outer<I: Instructions, T: Real, const K: usize>(x: Lines<T>, rows: &[T], z: &mut [T]) {
    let n = rows.len() / K;
    let rows: [&[T]; K] = std::array::from_fn(|l| &rows[l * n..][..n]);
    for (i, z) in z.chunks_exact_mut(n).enumerate() {
        let x: [T; K] = std::array::from_fn(|l| x.at(i, l));
        for (j, z) in z.iter_mut().enumerate() {
            *z = (1..K).fold(x[0] * rows[0][j], |z, l| I::multiply_add(x[l], rows[l][j], z));
        }
    }
}

/// z = x y where one of them has at most [`FEW`] lines. Which of the two does not matter to the
/// sums, only to where they are put, so the loops speak of the `few` lines and the `many`. How the
/// many lie in memory does matter: there is one loop for each layout.
pub(super) struct Few<'a, T: Real> {
    pub(super) x: Lines<'a, T>,
    pub(super) y: Lines<'a, T>,
    pub(super) k: usize,
    pub(super) z: &'a mut [T],
}

impl<T: Real> Few<'_, T> {
    /// R ≥ the number of the few lines, W the lanes of two vector registers.
    #[inline(always)]
    fn lines<I: Instructions, const R: usize, const W: usize>(self) {
        let Self { x, y, k, z } = self;
        let (few, many, [row, column]) = if y.count <= x.count {
            (y, x, [y.count, 1]) // z = many · fewᵀ
        } else {
            (x, y, [1, y.count]) // z = few · manyᵀ
        };
        let mut panel = Buffer::scratch(k * R);
        let panel = panel.as_mut_slice().as_chunks_mut::<R>().0;
        few.pack(panel.len(), panel);
        let put = |i: usize, sums: &[T; R]| {
            for (r, &sum) in sums.iter().take(few.count).enumerate() {
                z[i * row + r * column] = sum;
            }
        };
        if many.step == 1 {
            long_lines::<I, T, R, W>(panel, many, put);
        } else {
            side_by_side::<I, T, R, W>(panel, many, put);
        }
    }

    #[inline(always)]
    fn lanes<I: Instructions, const W: usize>(self) {
        match self.x.count.min(self.y.count) {
            1 => self.lines::<I, 1, W>(),
            2 => self.lines::<I, 2, W>(),
            _ => self.lines::<I, FEW, W>(),
        }
    }
}

/// Where each of the many lines lies by itself: its inner products with the few, which are turned
/// so that each of them lies by itself too. `put` takes those of line i.
#[inline(always)]
fn long_lines<I: Instructions, T: Real, const R: usize, const W: usize>(
    few: &[[T; R]],
    many: Lines<T>,
    mut put: impl FnMut(usize, &[T; R]),
) {
    let k = few.len();
    let mut lines = Buffer::scratch(k.next_multiple_of(W) * R);
    let lines = lines.as_mut_slice().as_chunks_mut::<W>().0.as_chunks_mut::<R>().0;
    lines.fill([[T::default(); W]; R]);
    for (l, few) in few.iter().enumerate() {
        for (line, &few) in lines[l / W].iter_mut().zip(few) {
            line[l % W] = few;
        }
    }
    for i in 0..many.count {
        put(i, &dots::<I, T, R, W>(many.row(i, k), lines));
    }
}

/// Where the many lines lie side by side: the same for W of them at once, in a tile that reads them
/// in place.
#[inline(always)]
fn side_by_side<I: Instructions, T: Real, const R: usize, const W: usize>(
    few: &[[T; R]],
    many: Lines<T>,
    mut put: impl FnMut(usize, &[T; R]),
) {
    let mut edge = Buffer::scratch(few.len() * W);
    let edge = edge.as_mut_slice().as_chunks_mut::<W>().0;
    for i in (0..many.count).step_by(W) {
        let many = many.from(i, 0);
        let sums = if many.count < W {
            many.pack(edge.len(), edge);
            tile::<I, T, R, W>(few.iter().zip(&*edge))
        } else {
            let rows = many.data.chunks(many.step).filter_map(<[T]>::first_chunk);
            tile::<I, T, R, W>(few.iter().zip(rows))
        };
        for j in 0..many.count.min(W) {
            put(i + j, &sums.map(|sums| sums[j]));
        }
    }
}

/// The inner products of one line with R others, cut into pieces of W and filled up with zeros.
/// Lane l sums the terms l, l + W, l + 2 W, …; at the end the lanes are added in halves.
#[inline(always)]
fn dots<I: Instructions, T: Real, const R: usize, const W: usize>(
    line: &[T],
    others: &[[[T; W]; R]],
) -> [T; R] {
    let mut sums = [[T::default(); W]; R];
    let (chunks, rest) = line.as_chunks::<W>();
    let mut last = [T::default(); W];
    last[..rest.len()].copy_from_slice(rest);
    let last = (!rest.is_empty()).then_some(&last);
    for (x, y) in chunks.iter().chain(last).zip(others) {
        each_row!(r < R: for l in 0..W {
            sums[r][l] = I::multiply_add(x[l], y[r][l], sums[r][l]);
        });
    }
    sums.map(|mut lanes| {
        let mut width = W;
        while width > 1 {
            width /= 2;
            let (low, high) = lanes.split_at_mut(width);
            low.iter_mut().zip(high).for_each(|(low, high)| *low += *high);
        }
        lanes[0]
    })
}

impl<T: Real> Loop for Few<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Instructions>(self) {
        match (I::DOOR, size_of::<T>()) {
            (Door::Portable, 4) => self.lanes::<I, 8>(),
            (Door::Portable, _) => self.lanes::<I, 4>(),
            (Door::Avx2, 4) => self.lanes::<I, 16>(),
            (Door::Avx2, _) => self.lanes::<I, 8>(),
            (Door::Avx512, 4) => self.lanes::<I, 32>(),
            (Door::Avx512, _) => self.lanes::<I, 16>(),
        }
    }
}
