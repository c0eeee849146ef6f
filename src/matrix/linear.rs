//! The linear maps that only move, repeat or add elements.

use super::{Matrix, Real};
use crate::array::Linear;

/// out ← L x, for every L but a scaling.
pub(super) fn apply<T: Real>(l: Linear, matrix: &Matrix<T>, out: &mut [T]) {
    let (n, d, x) = (matrix.rows(), matrix.cols(), matrix.data());
    match l {
        _ if out.is_empty() => {}
        Linear::Tile(_) => out.chunks_exact_mut(n * d).for_each(|out| out.copy_from_slice(x)),
        Linear::Each(k) => {
            for (i, out) in out.chunks_exact_mut(d).enumerate() {
                out.copy_from_slice(matrix.row(i / k));
            }
        }
        Linear::Fold(_) => add_blocks(out, x),
        Linear::SumEach(k) => {
            for (i, out) in out.chunks_exact_mut(d).enumerate() {
                add_blocks(out, &x[i * k * d..][..k * d]);
            }
        }
        Linear::Spread(k) => out.chunks_exact_mut(k).zip(x).for_each(|(out, &x)| out.fill(x)),
        Linear::RowSum(_) => {
            out.iter_mut().enumerate().for_each(|(i, out)| *out = sum(matrix.row(i)));
        }
        Linear::Transpose => {
            for (j, out) in out.chunks_exact_mut(n).enumerate() {
                out.iter_mut().enumerate().for_each(|(i, out)| *out = x[i * d + j]);
            }
        }
        Linear::Scale(_) => unreachable!("a scaling works in place"),
    }
}

/// out ← Σ of the blocks of x that are as long as `out`.
fn add_blocks<T: Real>(out: &mut [T], x: &[T]) {
    out.fill(T::default());
    for block in x.chunks_exact(out.len()) {
        for (out, &x) in out.iter_mut().zip(block) {
            *out += x;
        }
    }
}

/// Σ x in eight interleaved partial sums, so that the loop can be vectorised. The order is fixed,
/// so the bits are always the same.
fn sum<T: Real>(x: &[T]) -> T {
    let mut lanes = [T::default(); 8];
    let chunks = x.chunks_exact(lanes.len());
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += x;
        }
    }
    let mut total = T::default();
    for &x in lanes.iter().chain(rest) {
        total += x;
    }
    total
}
