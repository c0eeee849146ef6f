//! The loops over slices: φ(x), and g ∘ φ′(x) in one pass over memory.
//!
//! φ′ is a formula of the vocabulary ([`Function::derivative`]). Read with matrices, each of its
//! operations is a pass; read with one number in a register, all of them are one loop.

use super::{Elementary, value};
use crate::{
    array::{Array, Function, Linear, Product, Shape, operators},
    matrix::door::{Door, Instructions, Loop},
};
use std::marker::PhantomData;

/// The function is chosen once and not per element: each has a loop of its own.
macro_rules! for_each {
    ($f:ident => $loop:expr) => {
        for_each!($f => $loop;
            Sigmoid Softplus Tanh Exp Ln Reciprocal Relu Heaviside SigmoidSlope)
    };
    ($f:ident => $loop:expr; $($function:ident)*) => {
        match $f {
            $(Function::$function => {
                let $f = Function::$function;
                $loop
            })*
        }
    };
}

/// out ← φ(x), or φ(out) where there is no x, behind the given door.
pub(crate) fn apply<T: Elementary>(door: Door, f: Function, x: Option<&[T]>, out: &mut [T]) {
    door.enter(Apply { f, x, out });
}

struct Apply<'a, T> {
    f: Function,
    x: Option<&'a [T]>,
    out: &'a mut [T],
}

impl<T: Elementary> Apply<'_, T> {
    #[inline(always)]
    fn by<I: Instructions>(self, f: Function) {
        // Loops, since a closure of this length is not inlined.
        match self.x {
            None => {
                for out in self.out {
                    *out = value::<I, T>(f, *out);
                }
            }
            Some(x) => {
                for (out, &x) in self.out.iter_mut().zip(x) {
                    *out = value::<I, T>(f, x);
                }
            }
        }
    }
}

impl<T: Elementary> Loop for Apply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Instructions>(self) {
        let f = self.f;
        for_each!(f => self.by::<I>(f));
    }
}

/// g ← g ∘ φ′(x), given y = φ(x), behind the given door. x and y are at least as long as g.
pub(crate) fn times_slope<T: Elementary>(door: Door, f: Function, [x, y]: [&[T]; 2], g: &mut [T]) {
    debug_assert!(x.len() >= g.len() && y.len() >= g.len());
    door.enter(TimesSlope { f, x, y, g });
}

struct TimesSlope<'a, T> {
    f: Function,
    x: &'a [T],
    y: &'a [T],
    g: &'a mut [T],
}

impl<T: Elementary> TimesSlope<'_, T> {
    #[inline(always)]
    fn by<I: Instructions>(self, f: Function) {
        for ((g, &x), &y) in self.g.iter_mut().zip(self.x).zip(self.y) {
            let [x, y] = [x, y].map(Number::<I, T>::of);
            *g = *g * f.derivative(&x, &y).value;
        }
    }
}

impl<T: Elementary> Loop for TimesSlope<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Instructions>(self) {
        let f = self.f;
        for_each!(f => self.by::<I>(f));
    }
}

const BEYOND: &str = "a φ′ is made of +, −, ∘, a x and φ";

/// One number as an array of shape (1, 1), as far as a φ′ needs it.
struct Number<I, T> {
    value: T,
    door: PhantomData<I>,
}

impl<I, T: Elementary> Number<I, T> {
    #[inline(always)]
    const fn of(value: T) -> Self {
        Self { value, door: PhantomData }
    }
}

impl<I, T: Elementary> Clone for Number<I, T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Self::of(self.value)
    }
}

impl<I: Instructions, T: Elementary> Array for Number<I, T> {
    #[inline(always)]
    fn shape(&self) -> Shape {
        (1, 1)
    }
    fn constant(&self, _: usize, _: usize, _: impl Fn(usize, usize) -> f64) -> Self {
        unreachable!("{BEYOND}")
    }
    fn product(&self, _: Product, _: &Self) -> Self {
        unreachable!("{BEYOND}")
    }
    fn add_row(self, _: &Self) -> Self {
        unreachable!("{BEYOND}")
    }
    #[inline(always)]
    fn apply(self, f: Function) -> Self {
        Self::of(value::<I, T>(f, self.value))
    }
    #[inline(always)]
    fn linear(self, l: Linear) -> Self {
        let Linear::Scale(a) = l else { unreachable!("{BEYOND}") };
        Self::of(T::of(a) * self.value)
    }
}

operators!([I: Instructions, T: Elementary] Number<I, T> {
    add: |x, y| Self::of(x.value + y.value),
    sub: |x, y| Self::of(x.value - y.value),
    mul: |x, y| Self::of(x.value * y.value),
    shift: |x, a| Self::of(x.value + T::of(a)),
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;

    /// The same bits, or both not a number.
    fn same(x: &Matrix, y: &Matrix) -> bool {
        let equal = |(x, y): (&f64, &f64)| x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan();
        x.data().iter().zip(y.data()).all(equal)
    }

    /// Also where g has another owner, where threads share it, and beyond where φ is defined.
    #[test]
    fn one_pass_gives_the_numbers_of_a_pass_for_each_operation() {
        let far = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-310];
        let x = Matrix::from_fn(300, 300, |i, j| match far.get(j) {
            Some(&x) if i == 0 => x,
            _ => 40.0 * ((i * j) as f64).sin(),
        });
        let g = Matrix::from_fn(300, 300, |i, j| (i as f64 - j as f64) / 7.0);
        for door in Door::available() {
            door.within(|| {
                for f in Function::ALL {
                    let y = x.clone().apply(f);
                    let passes = g.clone() * f.derivative(&x, &y);
                    let shared = g.clone().times_slope(f, &x, &y);
                    let own = (g.clone() + 0.0).times_slope(f, &x, &y);
                    assert!(same(&shared, &passes) && same(&own, &passes), "{f:?} {door:?}");
                }
            });
        }
    }
}
