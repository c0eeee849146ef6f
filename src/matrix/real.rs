//! The two precisions: f64 for proofs, f32 for speed.
//!
//! Formulas never mention a precision. What differs between the two is gathered here: conversions
//! and the hot kernels, which are instantiated in this crate (and therefore optimised with it)
//! rather than in whichever crate happens to call them.

use super::{
    arithmetic::{self, Change},
    buffer::{self, Pool, Pools},
    door::Door,
    elementwise,
    noise::{self, Generator},
    product,
};
use crate::array::{Function, Product};
use std::{
    cell::RefCell,
    fmt::{Debug, Display},
    ops::{Add, AddAssign, Div, Mul, Neg, Sub},
    sync::Mutex,
};

/// A floating-point precision: `f64` or `f32`.
pub trait Real:
    Copy
    + Debug
    + Default
    + Display
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Div<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + Sub<Output = Self>
    + 'static
{
    /// Half the distance between 1 and the next number: the largest relative error of one rounding.
    const UNIT_ROUNDOFF: f64;

    /// The nearest number of this precision.
    fn of(x: f64) -> Self;
    /// Whether the nearest number of this precision is finite, and 0 only if x is.
    fn holds(x: f64) -> bool {
        let near = Self::of(x).to_f64();
        near.is_finite() && (near == 0.0) == (x == 0.0)
    }
    /// The same number as f64; exact.
    fn to_f64(self) -> f64;
    /// a b + c in one rounding. Slow where the processor has no such instruction.
    #[must_use]
    fn mul_add(self, b: Self, c: Self) -> Self;

    /// √x
    #[must_use]
    fn sqrt(self) -> Self;

    /// z = x y, x yᵀ or xᵀ y behind the given door, on row-major slices; `sizes` is (m, n, k) of [`Product::sizes`].
    fn multiply(
        door: Door,
        form: Product,
        sizes: (usize, usize, usize),
        factors: [&[Self]; 2],
        z: &mut [Self],
    );
    /// out ← φ(x), or φ(out) where there is no x, behind the given door.
    fn apply(door: Door, f: Function, x: Option<&[Self]>, out: &mut [Self]);
    /// y ← σ(x) and slope ← σ′(x), behind the given door.
    fn sigmoid_and_slope(door: Door, x: &[Self], out: [&mut [Self]; 2]);
    /// g ← g ∘ φ′(x), given x and y = φ(x), behind the given door.
    fn times_slope(door: Door, f: Function, at: [&[Self]; 2], g: &mut [Self]);
    /// out ← x changed by an operation of the vocabulary, or out itself changed where there is no x,
    /// behind the given door.
    fn change(door: Door, change: Change<'_, Self>, x: Option<&[Self]>, out: &mut [Self]);
    /// Independent draws from N(0, 1), behind the given door.
    fn standard_normal(door: Door, rng: &mut Generator, out: &mut [Self]);
    /// Where this precision's buffers wait to be used again.
    fn pools() -> Pools<Self>;
}

macro_rules! real {
    ($($t:ident)*) => { $(impl Real for $t {
        const UNIT_ROUNDOFF: f64 = $t::EPSILON as f64 / 2.0;

        #[inline]
        fn of(x: f64) -> Self {
            x as $t
        }
        #[inline]
        fn to_f64(self) -> f64 {
            f64::from(self)
        }
        #[inline(always)]
        fn mul_add(self, b: Self, c: Self) -> Self {
            $t::mul_add(self, b, c)
        }
        #[inline]
        fn sqrt(self) -> Self {
            $t::sqrt(self)
        }
        fn multiply(door: Door, form: Product, sizes: (usize, usize, usize), factors: [&[Self]; 2], z: &mut [Self]) {
            product::multiply(door, form, sizes, factors, z);
        }
        fn apply(door: Door, f: Function, x: Option<&[Self]>, out: &mut [Self]) {
            elementwise::apply(door, f, x, out);
        }
        fn sigmoid_and_slope(door: Door, x: &[Self], out: [&mut [Self]; 2]) {
            elementwise::sigmoid_and_slope(door, x, out);
        }
        fn times_slope(door: Door, f: Function, at: [&[Self]; 2], g: &mut [Self]) {
            elementwise::times_slope(door, f, at, g);
        }
        fn change(door: Door, change: Change<'_, Self>, x: Option<&[Self]>, out: &mut [Self]) {
            arithmetic::change(door, change, x, out);
        }
        fn standard_normal(door: Door, rng: &mut Generator, out: &mut [Self]) {
            noise::fill(door, rng, out);
        }
        #[inline]
        fn pools() -> Pools<Self> {
            thread_local!(static SMALL: RefCell<Pool<$t>> = const { buffer::small() });
            static LARGE: Mutex<Pool<$t>> = buffer::large();
            Pools { small: &SMALL, large: &LARGE }
        }
    })* };
}
real!(f32 f64);
