//! Products with at most three terms: a sum of few outer products.

use super::{SHORT, share};
use crate::matrix::{
    Real,
    buffer::Buffer,
    door::{Door, Instructions, Loop},
    pack::Lines,
};

/// z = Σₖ xₖ yₖᵀ with at most [`SHORT`] terms.
pub(in crate::matrix) fn short<T: Real>(
    door: Door,
    [x, y]: [Lines<T>; 2],
    k: usize,
    z: &mut [T],
    threads: usize,
) {
    // One row of z lies in memory as a column does. So it is handed over as a column, whose numbers the threads
    // can share; `Short` turns each piece back into a row.
    let lines = if x.count == 1 { [y, x] } else { [x, y] };
    share(lines, z, threads, &|[x, y], z| door.enter(Short { x, y, k, z }));
}

/// A sum of few outer products.
struct Short<'a, T: Real> {
    x: Lines<'a, T>,
    y: Lines<'a, T>,
    k: usize,
    z: &'a mut [T],
}

impl<T: Real> Loop for Short<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Instructions>(self) {
        // A column is computed as one long row: that is faster than many rows of one number.
        let [x, y] = if self.y.count == 1 { [self.y, self.x] } else { [self.x, self.y] };
        let (k, z, n) = (self.k, self.z, y.count);
        // The only copy here: yᵀ, so that all that follows runs along rows.
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
