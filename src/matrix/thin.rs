//! Products with a dimension of next to nothing.
//!
//! With 2-dimensional data one of m, n and k is 2 all the time. Then packing an operand costs as
//! much as using it, and a tile of 8 × 32 would compute mostly zeros. Such products are limited by
//! memory, so each number of the larger operand is read once, where it lies. If there is much to do, the threads
//! share the rows of z; its columns, if there is one row, or if [`Few`] makes more columns than rows. Three
//! short loops suffice:
//!
//! | | example | loop |
//! |---|---|---|
//! | [`short()`]: k ≤ 3 | x Wᵀ, (1024, 2) · (2, 128) | each row of z is a sum of k rows |
//! | [`Few`]: m or n ≤ 4, long lines | h W, (1024, 128) · (128, 2) | inner products, in lanes |
//! | [`Few`]: m or n ≤ 4, lines side by side | aᵀ x, (128, 1024) · (1024, 2) | rows of x, as they lie, are added to many sums |

mod short;
pub(super) use short::short;

use super::{
    Real,
    buffer::Buffer,
    door::{Door, Instructions, Loop},
    pack::Lines,
    threads::join,
    tile::{Left, each_row},
};

/// With at most this number of rows or columns of z, [`Few`] is faster than the blocks.
pub(super) const FEW: usize = 4;
/// With at most this number of terms, [`short()`] is faster than the blocks.
pub(super) const SHORT: usize = 3;
/// The share of one thread, in numbers of the largest of the three matrices: from two shares on a second thread
/// is woken.
pub(super) const SHARE: usize = 1 << 15;
/// Lines whose sums stay in the first- or second-level cache together: they take 4 to 32 KiB.
const PIECE: usize = 1024;
/// Lines whose lanes are added at once.
const TOGETHER: usize = 16;
/// Rows of z that are filled from a transpose while their cache lines are near.
const BLOCK: usize = 16;
/// Rows that are added at once, so that the sums are seldom fetched.
const ROWS: usize = 4;

/// Calls `f` for pieces of the lines of x and of the rows of z, one for each thread.
fn share<T: Real>(
    [x, y]: [Lines<T>; 2],
    z: &mut [T],
    threads: usize,
    f: &(impl Fn([Lines<T>; 2], &mut [T]) + Sync),
) {
    let threads = threads.min(x.count); // no piece is empty
    if threads < 2 {
        return f([x, y], z);
    }
    let left = threads / 2;
    let cut = x.count * left / threads;
    let (above, below) = z.split_at_mut(cut * y.count);
    join(
        || share([x.until(cut), y], above, left, f),
        || share([x.from(cut, 0), y], below, threads - left, f),
    );
}

/// z = Σₖ xₖ yₖᵀ where one of them has at most [`FEW`] lines.
pub(super) fn few<T: Real>(
    door: Door,
    [x, y]: [Lines<T>; 2],
    k: usize,
    z: &mut [T],
    threads: usize,
) {
    let columns = |[x, y]: [Lines<T>; 2], z: &mut [T]| {
        share([x, y], z, threads, &|[x, y], z| door.enter(Few { x, y, k, z }));
    };
    if y.count <= x.count {
        columns([x, y], z);
    } else if x.count == 1 {
        columns([y, x], z); // a row lies in memory as a column does
    } else {
        by_transpose(y.count, z, |z| columns([y, x], z));
    }
}

/// z (m, n), from its transpose (n, m), which `compute` makes.
fn by_transpose<T: Real>(n: usize, z: &mut [T], compute: impl FnOnce(&mut [T])) {
    let mut transpose = Buffer::scratch(z.len());
    let transpose = transpose.as_mut_slice();
    compute(transpose);
    let columns = transpose.chunks_exact(z.len() / n);
    for (block, z) in z.chunks_mut(BLOCK * n).enumerate() {
        for (j, column) in columns.clone().enumerate() {
            let column = &column[block * BLOCK..];
            z[j..].iter_mut().step_by(n).zip(column).for_each(|(z, &number)| *z = number);
        }
    }
}

/// z = Σₖ xₖ yₖᵀ where y has at most [`FEW`] lines. How those of x, the many, lie in memory matters: there is
/// one loop for each layout.
struct Few<'a, T: Real> {
    x: Lines<'a, T>,
    y: Lines<'a, T>,
    k: usize,
    z: &'a mut [T],
}

impl<T: Real> Few<'_, T> {
    /// R ≥ the number of the few lines, W the lanes of two vector registers, of four where there is one line.
    #[inline(always)]
    fn lines<I: Instructions, const R: usize, const W: usize>(self) {
        let Self { x: many, y: few, k, z } = self;
        let mut panel = Buffer::scratch(k * R);
        let panel = panel.as_mut_slice().as_chunks_mut::<R>().0;
        few.pack(panel.len(), panel);
        let put = |i: usize, sums: &[T; R]| {
            for (r, &sum) in sums.iter().take(few.count).enumerate() {
                z[i * few.count + r] = sum;
            }
        };
        if many.step == 1 {
            long_lines::<I, T, R, W>(panel, many, put);
        } else {
            side_by_side::<I, T, R, W>(panel, many, put);
        }
    }

    #[inline(always)]
    fn lanes<I: Instructions, const W: usize, const TWICE: usize>(self) {
        match self.y.count {
            // With two registers of sums the units would idle: a sum waits four cycles for itself.
            1 => self.lines::<I, 1, TWICE>(),
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
    // First the lanes of some lines, then their sums: in one loop the compiler sees the last halves, of two
    // numbers, and takes vectors of two for everything.
    let mut lanes = Buffer::scratch(TOGETHER * W * R);
    let lanes = lanes.as_mut_slice().as_chunks_mut::<W>().0.as_chunks_mut::<R>().0;
    for first in (0..many.count).step_by(TOGETHER) {
        let lanes = &mut lanes[..TOGETHER.min(many.count - first)];
        for (i, lanes) in lanes.iter_mut().enumerate() {
            *lanes = dots::<I, T, R, W>(many.row(first + i, k), lines);
        }
        for (i, lanes) in lanes.iter().enumerate() {
            put(first + i, &lanes.map(added_in_halves));
        }
    }
}

/// Where the many lines lie side by side, so do their numbers for one k. These rows are read as they lie
/// in memory, and added to the sums of a [`PIECE`] of the lines.
#[inline(always)]
fn side_by_side<I: Instructions, T: Real, const R: usize, const W: usize>(
    few: &[[T; R]],
    many: Lines<T>,
    mut put: impl FnMut(usize, &[T; R]),
) {
    let piece = PIECE.min(many.count).next_multiple_of(W);
    let mut sums = Buffer::scratch(piece * R);
    let sums = sums.as_mut_slice().as_chunks_mut::<W>().0.as_chunks_mut::<R>().0;
    let mut edge = Buffer::scratch(few.len() * W);
    let edge = edge.as_mut_slice().as_chunks_mut::<W>().0;
    for i in (0..many.count).step_by(piece) {
        let many = many.from(i, 0);
        let many = many.until(piece.min(many.count));
        let (whole, rest) = sums[..many.count.div_ceil(W)].split_at_mut(many.count / W);
        whole.fill([[T::default(); W]; R]);
        let (rows, last) = few.as_chunks();
        for (l, few) in rows.iter().enumerate() {
            add_rows::<I, T, R, W, ROWS>(few, many.from(0, l * ROWS), whole);
        }
        for (l, &few) in last.iter().enumerate() {
            add_rows::<I, T, R, W, 1>(&[few], many.from(0, rows.len() * ROWS + l), whole);
        }
        if let Some(rest) = rest.first_mut() {
            many.from(whole.len() * W, 0).pack(edge.len(), edge);
            *rest = few.tile::<I, W, W>(edge);
        }
        for j in 0..many.count {
            put(i + j, &sums[j / W].map(|sums| sums[j % W]));
        }
    }
}

/// The next G terms of all sums: each is fetched once for all of them.
#[inline(always)]
fn add_rows<I: Instructions, T: Real, const R: usize, const W: usize, const G: usize>(
    few: &[[T; R]; G],
    many: Lines<T>,
    sums: &mut [[[T; W]; R]],
) {
    let rows: [&[[T; W]]; G] = std::array::from_fn(|g| many.across(g)[..many.count].as_chunks().0);
    for (j, sums) in sums.iter_mut().enumerate() {
        let mut c = *sums;
        for (few, row) in few.iter().zip(rows) {
            each_row!(r < R: for l in 0..W {
                c[r][l] = I::multiply_add(few[r], row[j][l], c[r][l]);
            });
        }
        *sums = c;
    }
}

/// The inner products of one line with R others, which are cut into pieces of W and filled up with
/// zeros, lane by lane: lane l sums the terms l, l + W, l + 2 W, …. The lanes are not yet added.
#[inline(always)]
fn dots<I: Instructions, T: Real, const R: usize, const W: usize>(
    line: &[T],
    others: &[[[T; W]; R]],
) -> [[T; W]; R] {
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
    sums
}

/// The sum of all lanes, in halves.
#[inline(always)]
fn added_in_halves<T: Real, const W: usize>(mut lanes: [T; W]) -> T {
    let mut width = W;
    while width > 1 {
        width /= 2;
        let (low, high) = lanes.split_at_mut(width);
        low.iter_mut().zip(high).for_each(|(low, high)| *low += *high);
    }
    lanes[0]
}

impl<T: Real> Loop for Few<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Instructions>(self) {
        match (I::DOOR, size_of::<T>()) {
            (Door::Portable, 4) => self.lanes::<I, 8, 16>(),
            (Door::Portable, _) => self.lanes::<I, 4, 8>(),
            (Door::Avx2, 4) => self.lanes::<I, 16, 32>(),
            (Door::Avx2, _) => self.lanes::<I, 8, 16>(),
            (Door::Avx512, 4) => self.lanes::<I, 32, 64>(),
            (Door::Avx512, _) => self.lanes::<I, 16, 32>(),
        }
    }
}
