//! First and second derivatives along every axis, by forward mode twice.
//!
//! Each sample stands d times, once for each axis, and moves along it twice over. So one evaluation
//! gives f, its d slopes and its d curvatures, of however many columns f has and whatever reading
//! is underneath; their sum over the axes is the Laplacian.

use super::Dual;
use crate::array::{Array, Linear};

/// f and its derivatives, (n·d, m) each: row i·d + j belongs to sample i and axis j.
///
/// See the example of [`along_axes`].
#[derive(Clone, Debug)]
pub struct AlongAxes<A> {
    /// f, the same in the d rows of a sample.
    pub value: A,
    /// ∂f/∂xⱼ
    pub first: A,
    /// ∂²f/∂xⱼ²
    pub second: A,
}

/// Several formulas of x (n, d), each (n, m), with their derivatives along the axes.
///
/// ```
/// use score_matching::{Array, Matrix, autodiff::second::along_axes};
///
/// let x = Matrix::from_rows([[1.0, 2.0]]);
/// let [cubes] = along_axes(|x| [(x.clone() * x * x).sum_over_dimensions()], &x);
/// assert_eq!(cubes.first, Matrix::from_rows([[3.0], [12.0]]));
/// assert_eq!(cubes.second, Matrix::from_rows([[6.0], [12.0]]));
/// ```
#[track_caller]
pub fn along_axes<A: Array, const N: usize>(
    f: impl Fn(&Dual<Dual<A>>) -> [Dual<Dual<A>>; N],
    x: &A,
) -> [AlongAxes<A>; N] {
    let (copies, axes) = one_axis_a_row(x);
    let inner = Dual::along(&copies, &axes);
    f(&Dual::along(&inner, &Dual::constant(&axes))).map(|y| {
        let value = y.value.value.clone();
        let slope = y.tangents_or_zero(1);
        AlongAxes { value, first: slope.value.clone(), second: slope.tangents_or_zero(1) }
    })
}

/// Every row of x (n, d) d times, and beside the copies the d axes: both (n·d, d).
///
/// ```
/// use score_matching::{Array, Matrix, autodiff::second::one_axis_a_row};
///
/// let (copies, axes) = one_axis_a_row(&Matrix::from_rows([[5.0, 7.0]]));
/// assert_eq!(copies, Matrix::from_rows([[5.0, 7.0], [5.0, 7.0]]));
/// assert_eq!(axes, Matrix::from_rows([[1.0, 0.0], [0.0, 1.0]]));
/// ```
pub fn one_axis_a_row<A: Array>(x: &A) -> (A, A) {
    let (n, d) = x.shape();
    let axes = x.constant(n * d, d, |r, j| f64::from(u8::from(r % d == j)));
    (x.clone().linear(Linear::Each(d)), axes)
}
