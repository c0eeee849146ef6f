//! The definition as a reading: a matrix that watches its own operations.
//!
//! What an operation may give follows from its inputs as they are, rounding errors of former
//! operations included. So no error has to be carried along, and the bound of a sum is as narrow at
//! the end of a formula as at its beginning.

use score_matching::{
    Array, Matrix,
    array::{Function, Linear, Product, Shape},
    autodiff::rules::Op,
    grid::{Grid, Number},
    matrix::Real,
};
use std::ops::{Add, Mul, Neg, Sub};

/// A number as the result of one operation on known ones: from `low` to `high`, −0 below +0, or NaN.
#[derive(Clone, Debug)]
struct Allowed<T> {
    low: T,
    high: T,
    nan: bool,
    /// A product of finite numbers that is too large: fused with a sum, it may come back.
    huge: bool,
}

impl<T: Real> Allowed<T> {
    fn only(x: T) -> Self {
        Self { low: x, high: x, nan: x.to_f64().is_nan(), huge: false }
    }

    fn contains(&self, x: T) -> bool {
        let [low, x, high] = [self.low, x, self.high].map(T::to_f64);
        if x.is_nan() { self.nan } else { low.total_cmp(&x).is_le() && x.total_cmp(&high).is_le() }
    }
}

/// The least and the largest of the positive numbers.
fn limits<T: Real>() -> (f64, f64) {
    if size_of::<T>() == 4 {
        (f32::from_bits(1).into(), f32::MAX.into())
    } else {
        (f64::from_bits(1), f64::MAX)
    }
}

impl<T: Real> Number for Allowed<T> {
    fn of(x: f64) -> Self {
        Self::only(T::of(x))
    }
    fn plus(self, y: &Self) -> Self {
        Self::only(self.low + y.low)
    }
    fn times(&self, y: &Self) -> Self {
        let product = self.low * y.low;
        let finite = [self.low, y.low].iter().all(|x| x.to_f64().is_finite());
        Self { huge: finite && product.to_f64().is_infinite(), ..Self::only(product) }
    }
    /// The kernel at this argument alone, which no place in a matrix may change. It is good to 2 ulp,
    /// that is 4 u, and what the library's functions make here to 5 u.
    fn apply(&self, f: Function) -> Self {
        let (x, kernel) = (self.low.to_f64(), Matrix::from_vec(1, 1, vec![self.low]).apply(f));
        let e = (-x.abs()).exp();
        let truth = match f {
            _ if x.is_nan() => x,
            Function::Sigmoid if x < 0.0 => e / (1.0 + e),
            Function::Sigmoid => 1.0 / (1.0 + e),
            Function::SigmoidSlope => e / (1.0 + e) / (1.0 + e),
            Function::Softplus => x.max(0.0) + e.ln_1p(),
            Function::Tanh => x.tanh(),
            Function::Exp => x.exp(),
            Function::Ln => x.ln(),
            Function::Reciprocal => 1.0 / x,
            Function::Relu if x > 0.0 => x,
            Function::Relu => 0.0,
            Function::Heaviside => f64::from(u8::from(x > 0.0)),
        };
        let (y, truth) = (kernel.item(), T::of(truth).to_f64());
        let near = 9.0 * T::UNIT_ROUNDOFF * truth.abs() + 4.0 * limits::<T>().0;
        let same = y == truth || (y - truth).abs() <= near;
        let sign = y.is_sign_negative() == truth.is_sign_negative();
        let right = same && sign || y.is_nan() && truth.is_nan();
        assert!(right, "{f:?}({x:e}) = {y:e} for {truth:e}");
        Self::only(kernel.data()[0])
    }

    /// In any order, fused or not, a sum of k terms is off by at most (k + 1) u Σ|terms| to first
    /// order, and by η for each product that is subnormal. As much again pays for the sum in f64
    /// here, its ends, and higher orders. What can overflow on the way in *some* order may be anything,
    /// but NaN only if ∞ and −∞ may meet; an infinite term stays, or becomes NaN.
    fn sum(terms: impl Iterator<Item = Self>) -> Self {
        let (tiny, largest) = limits::<T>();
        let (mut count, mut total, mut sides, mut infinite) = (0.0, 0.0, [0.0; 2], [false; 2]);
        for term in terms {
            let x = term.low.to_f64();
            count += 1.0;
            total += x;
            sides[usize::from(x < 0.0)] += x.abs();
            infinite[usize::from(x < 0.0)] |= x.is_infinite() && !term.huge;
            if x.is_nan() {
                infinite = [true; 2];
            }
        }
        let rounding = if count > 1.0 { (2.0 * count + 4.0) * T::UNIT_ROUNDOFF } else { 0.0 };
        let overflow = sides.map(|side| side * (1.0 + rounding) > largest);
        let slack = rounding * (sides[0] + sides[1]) + rounding.signum() * (count + 1.0) * tiny;
        let (low, high) = match (infinite, overflow) {
            ([true, true], _) => (f64::NAN, f64::NAN),
            ([true, false], _) => (f64::INFINITY, f64::INFINITY),
            ([false, true], _) => (f64::NEG_INFINITY, f64::NEG_INFINITY),
            (_, [false, false]) => (total - slack, total + slack),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        // Whether a sum begins at 0 decides the sign of a zero.
        let (low, high) =
            (if low == 0.0 { -0.0 } else { low }, if high == 0.0 { 0.0 } else { high });
        let nan = infinite == [true; 2] || overflow == [true; 2];
        Self { low: T::of(low), high: T::of(high), nan, huge: false }
    }
}

/// A matrix that compares each of its operations with the definition.
#[derive(Clone, Debug)]
pub struct Watched<T: Real>(pub Matrix<T>);

impl<T: Real> Watched<T> {
    fn step(self, op: Op, y: &Self) -> Self {
        let grid =
            |x: &Matrix<T>| Grid::from_fn(x.rows(), x.cols(), |i, j| Allowed::only(x.row(i)[j]));
        let found = op.value(self.0.clone(), &y.0);
        let allowed = op.value(grid(&self.0), &grid(&y.0));
        let what = || format!("{op:?} of {:?} and {:?}", self.0.shape(), y.0.shape());
        assert_eq!(found.shape(), allowed.shape(), "{}", what());
        for (e, (x, allowed)) in found.data().iter().zip(allowed.entries()).enumerate() {
            assert!(allowed.contains(*x), "{}, entry {e}: {x:?} for {allowed:?}", what());
        }
        Self(found)
    }

    /// An operation of one input.
    fn alone(self, op: Op) -> Self {
        self.step(op, &Self(Matrix::zeros(0, 0)))
    }
}

impl<T: Real> Array for Watched<T> {
    fn shape(&self) -> Shape {
        self.0.shape()
    }
    fn constant(&self, rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        Self(self.0.constant(rows, cols, f))
    }
    fn product(&self, form: Product, y: &Self) -> Self {
        self.clone().step(Op::Product(form), y)
    }
    fn add_row(self, row: &Self) -> Self {
        self.step(Op::AddRow, row)
    }
    fn apply(self, f: Function) -> Self {
        self.alone(Op::Apply(f))
    }
    fn linear(self, l: Linear) -> Self {
        self.alone(Op::Linear(l))
    }
}

macro_rules! operators {
    ($($Op:ident $op:ident $y:ident: $number:expr;)*) => { $(
        impl<T: Real> $Op<&Self> for Watched<T> {
            type Output = Self;
            fn $op(self, y: &Self) -> Self {
                self.step(Op::$Op, y)
            }
        }
        impl<T: Real> $Op for Watched<T> {
            type Output = Self;
            fn $op(self, y: Self) -> Self {
                self.step(Op::$Op, &y)
            }
        }
        impl<T: Real> $Op<f64> for Watched<T> {
            type Output = Self;
            fn $op(self, $y: f64) -> Self {
                self.alone($number)
            }
        }
    )* };
}
operators! {
    Add add a: Op::Shift(a);
    Sub sub a: Op::Shift(-a);
    Mul mul a: Op::Linear(Linear::Scale(a));
}
impl<T: Real> Neg for Watched<T> {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}
