//! The matrix product.

use super::{Real, door::Door};
use crate::array::Product;

/// The definition, z = Σₖ x y, as a triple loop: what the fast product is tested against.
pub fn naive<T: Real>(
    form: Product,
    (m, n, k): (usize, usize, usize),
    x: &[T],
    y: &[T],
    z: &mut [T],
) {
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

pub(crate) fn multiply<T: Real>(
    _door: Door,
    form: Product,
    sizes: (usize, usize, usize),
    x: &[T],
    y: &[T],
    z: &mut [T],
) {
    naive(form, sizes, x, y, z);
}
