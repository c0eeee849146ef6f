//! The linear maps that only move, repeat or add elements.

use super::{
    Matrix, Real,
    buffer::Buffer,
    threads::{CHUNK, both, in_pieces},
};
use crate::array::Linear;

/// out ← L x, for every L but those that leave each element where it is.
pub(super) fn apply<T: Real>(l: Linear, matrix: &Matrix<T>, out: &mut [T]) {
    let (n, d, x) = (matrix.rows(), matrix.cols(), matrix.data());
    match l {
        _ if out.is_empty() => {}
        Linear::Tile(_) => by_units(out, n * d, n * d, |_, out| out.copy_from_slice(x)),
        Linear::Each(k) => by_units(out, d, d, |i, out| out.copy_from_slice(matrix.row(i / k))),
        Linear::Fold(_) => add_blocks(out, x),
        Linear::SumEach(k) => {
            by_units(out, d, k * d, |i, out| add_blocks(out, &x[i * k * d..][..k * d]));
        }
        Linear::Spread(k) => by_units(out, k, k, |i, out| out.fill(x[i])),
        Linear::RowSum(_) => by_units(out, 1, d, |i, out| add_blocks(out, matrix.row(i))),
        Linear::Transpose => by_units(out, n, n, |j, out| {
            out.iter_mut().enumerate().for_each(|(i, out)| *out = x[i * d + j]);
        }),
        Linear::Scale(_) => unreachable!("a scaling works in place"),
    }
}

/// Calls `f` for each unit of out, `unit` elements long, with the unit's index. The threads share the units.
/// `numbers` is how many numbers one unit reads or writes, whichever is more.
#[inline(always)]
fn by_units<T: Real>(
    out: &mut [T],
    unit: usize,
    numbers: usize,
    f: impl Fn(usize, &mut [T]) + Sync,
) {
    let units = (CHUNK / numbers.max(1)).max(1);
    let long = out.len() / unit * numbers >= PARALLEL;
    in_pieces(out, units * unit, long, |start, out| {
        out.chunks_exact_mut(unit).enumerate().for_each(|(i, out)| f(start / unit + i, out));
    });
}

/// The number of sums that run side by side, so that the loop can be vectorised.
const WIDTH: usize = 8;
/// The number of blocks that are added one after another.
const RUN: usize = 128;
/// From this count of numbers on it pays to wake another thread.
const PARALLEL: usize = 1 << 17;

/// out ← Σ of the blocks of x that are as long as `out`, as a tree: the sum of many blocks is the
/// sum of two sums of half as many.
///
/// No number passes through more than [`RUN`] + log₂ n additions on its way up, n the number of
/// blocks, so the error is at most (RUN + log₂ n) u Σ |x| to first order (Higham 2002, § 4.2). In a
/// single running sum it would be n u, and 2²⁴ + 1 = 2²⁴ in single precision. The shape alone fixes
/// the tree: threads cannot be seen in the bits, and a door, having nothing to fuse, neither.
#[inline(always)] // a row is short, and its one sum is better kept in a register
fn add_blocks<T: Real>(out: &mut [T], x: &[T]) {
    let d = out.len();
    if d >= WIDTH || x.len() < 2 * WIDTH {
        return add_halves(out, x);
    }
    // Narrow blocks side by side make a wide one, whose lanes are halved in the end.
    let mut lanes = [T::default(); WIDTH];
    let mut width = d << (WIDTH / d).ilog2();
    add_halves(&mut lanes[..width], x);
    while width > d {
        width /= 2;
        let (low, high) = lanes.split_at_mut(width);
        low.iter_mut().zip(high).for_each(|(low, high)| *low += *high);
    }
    out.copy_from_slice(&lanes[..d]);
}

/// The same by halves alone; the last block may be ragged.
#[inline(always)]
fn add_halves<T: Real>(out: &mut [T], x: &[T]) {
    fn two_halves<T: Real>(out: &mut [T], x: &[T]) {
        let blocks = x.len().div_ceil(out.len());
        let (first, second) = x.split_at(blocks.div_ceil(2) * out.len());
        let mut other = Buffer::scratch(out.len());
        let other = other.as_mut_slice();
        if x.len() < PARALLEL {
            add_halves(out, first);
            add_halves(other, second);
        } else {
            both(|| add_halves(out, first), || add_halves(&mut *other, second));
        }
        out.iter_mut().zip(other).for_each(|(out, other)| *out += *other);
    }
    if x.len() <= RUN * out.len() { add_in_order(out, x) } else { two_halves(out, x) }
}

/// The same one after another.
#[inline(always)]
fn add_in_order<T: Real>(out: &mut [T], x: &[T]) {
    if let Ok(out) = <&mut [T; WIDTH]>::try_from(&mut *out) {
        // The length is a constant here: whole vectors, in registers.
        let (chunks, rest) = x.as_chunks::<WIDTH>();
        let mut sums = [T::default(); WIDTH];
        for chunk in chunks {
            sums = std::array::from_fn(|j| sums[j] + chunk[j]);
        }
        sums.iter_mut().zip(rest).for_each(|(sum, &x)| *sum += x);
        *out = sums;
        return;
    }
    out.fill(T::default());
    for block in x.chunks(out.len()) {
        out.iter_mut().zip(block).for_each(|(out, &x)| *out += x);
    }
}
