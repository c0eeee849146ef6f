//! φ over slices: exp, sigmoid, softplus and tanh within 2 ulp, at the speed of vector instructions.
//!
//! A library's `exp` takes one number at a time, and for one number it is best to branch, to look
//! things up in tables and to return early. For a slice it is better to send every number down the
//! same straight line of multiplications and additions, because a compiler turns such a line into
//! vector instructions that take up to 16 numbers at once. So nothing here branches on a value:
//! where cases must be told apart, both sides are computed and one is selected.
//!
//! ## The idea
//! One core serves all five functions. Write x = k ln 2 + r with an integer k and |r| ≤ ½ ln 2. Then
//!
//! > eˣ = 2ᵏ (1 + p) with p = eʳ − 1 = r + r² E(r),
//!
//! where E is a short polynomial. The core hands out p and 2ᵏ and does *not* form 1 + p, because
//! rounding that sum would spend half an ulp that some functions need elsewhere. Each uses p where
//! its error does the least harm:
//!
//! | function | as computed | why it stays within 2 ulp |
//! |---|---|---|
//! | exp x | 2ᵏ + 2ᵏ p | only one rounding on top of the error of p |
//! | sigmoid x | 1 / ((1 + 2ᵏ) + 2ᵏ p), core of −x | 1 + 2ᵏ is exact, so 1 + e⁻ˣ is rounded once |
//! | sigmoid′ x | u / (1 + u)², u = e^(−abs x) | what rounding u and (1 + u)² lost is put back |
//! | softplus x | max(x, 0) + u − u² (½ − u L(u)), u = e^(−abs x) | what rounding u lost is put back |
//! | tanh x | x + x³ T(x²) near 0, else 1 − 2 sigmoid(−2x) | neither side cancels where it is used |
//!
//! Three details make the difference between 2 ulp and nonsense:
//!
//! * **k without a conversion.** Adding 1.5 · 2⁵² to x / ln 2 pushes everything behind the point
//!   out of the mantissa: the sum is rounded to k and shows k in its lowest bits. A shift moves these
//!   bits to where a float keeps its exponent, and there is 2ᵏ. (Vectors of f64 cannot be converted
//!   to integers before AVX-512.)
//! * **ln 2 in two parts.** The first ends in so many zeros that k times it is exact. So x − k ln 2
//!   loses nothing to cancellation, with or without a fused multiply-add.
//! * **2ᵏ in two factors**, 2ʰ 2ᵏ⁻ʰ with h ≈ k/2. No f64 holds 2⁻¹⁰⁷⁵ or 2¹⁰²⁴, but both halves
//!   are ordinary numbers. The last multiplication (or division) then rounds into the subnormal
//!   range once; overflow to ∞ and underflow to 0 come out of the same line.
//!
//! ## Implementation notes
//! The formulas are generic over the precision (`double` and `single` hold the constants) and over
//! the door. The portable door has no fused multiply-add, and the bound holds without: in the order
//! of the table the largest errors are 1.11, 1.79, 1.68, 1.87 and 1.38 ulp, found by trying every f32; f64
//! has the same formulas with polynomials that are as good. `ln` and 1/x are left to the standard
//! library: no training step takes a logarithm.

use super::{Real, door::Instructions};
use crate::array::Function;

mod double;
mod loops;
mod single;
pub(crate) use loops::{apply, times_slope};

/// What the formulas below need to know about a precision.
pub(crate) trait Elementary: Real {
    /// `GRID[i]` = 1.5 · 2^(mantissa bits) + i · (exponent bias). Floats of this size are integers:
    /// adding `GRID[i]` rounds to an integer n, and `GRID[i]` + n shows n + i · bias in its lowest
    /// bits. The biases are there for [`Elementary::power`].
    const GRID: [Self; 3];
    /// Beyond ± this, eˣ is 0 or ∞. Small enough that 2ʰ and 2ᵏ⁻ʰ stay ordinary numbers.
    const LIMIT: Self;
    /// log₂ e
    const LOG2_E: Self;
    /// ln 2 in two parts, the first with as many trailing zeros as k has bits.
    const LN_2: [Self; 2];
    /// E(r) = (eʳ − 1 − r) / r² for |r| ≤ ½ ln 2, lowest power first, like all of these.
    const EXP: &'static [Self];
    /// L(u) = (log(1 + u) − u + u²/2) / u³ for 0 ≤ u ≤ 1, in powers of u − 1: its rounding
    /// errors count most at u = 1, and there the powers vanish.
    const LOG_1P: &'static [Self];
    /// T(z) = (tanh(√z) / √z − 1) / z for 0 ≤ z ≤ 0.55².
    const TANH: &'static [Self];

    /// 2ⁿ, where n + bias is the difference of the lowest bits of a and b.
    fn power(a: Self, b: Self) -> Self;
    /// |x|
    fn abs(self) -> Self;
    /// |x| with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// log x
    fn ln(self) -> Self;
}

/// What is the same to the letter in both precisions, but is no method of a common trait.
macro_rules! operations {
    () => {
        #[inline(always)]
        fn power(a: Self, b: Self) -> Self {
            Self::from_bits(a.to_bits().wrapping_sub(b.to_bits()) << (Self::MANTISSA_DIGITS - 1))
        }
        #[inline(always)]
        fn abs(self) -> Self {
            self.abs()
        }
        #[inline(always)]
        fn copysign(self, sign: Self) -> Self {
            self.copysign(sign)
        }
        #[inline(always)]
        fn ln(self) -> Self {
            self.ln()
        }
    };
}
use operations;

/// φ(x)
#[inline(always)]
fn value<I: Instructions, T: Elementary>(f: Function, x: T) -> T {
    let (zero, one) = (T::default(), T::of(1.0));
    match f {
        Function::Sigmoid => sigmoid::<I, T>(x),
        Function::SigmoidSlope => sigmoid_slope::<I, T>(x),
        Function::Softplus => softplus::<I, T>(x),
        Function::Tanh => tanh::<I, T>(x),
        Function::Exp => exp::<I, T>(x),
        Function::Ln => x.ln(),
        Function::Reciprocal => one / x,
        // A comparison with NaN is false, so that the last `else` keeps it.
        Function::Relu => {
            if x <= zero {
                zero
            } else {
                x
            }
        }
        Function::Heaviside => match x {
            x if x > zero => one,
            x if x <= zero => zero,
            nan => nan,
        },
    }
}

/// eˣ = 2ᵏ (1 + p), with 2ᵏ in two factors.
struct Exponential<T> {
    p: T,
    /// GRID[2] + k
    whole: T,
    /// GRID[1] + h, where h is k/2 rounded
    half: T,
}

impl<T: Elementary> Exponential<T> {
    #[inline(always)]
    fn of<I: Instructions>(x: T) -> Self {
        let x = keep_nan_between(-T::LIMIT, x, T::LIMIT);
        let whole = I::multiply_add(x, T::LOG2_E, T::GRID[2]);
        let k = whole - T::GRID[2];
        let half = I::multiply_add(k, T::of(0.5), T::GRID[1]);
        let r = I::multiply_add(k, -T::LN_2[1], I::multiply_add(k, -T::LN_2[0], x));
        let p = I::multiply_add(r * r, polynomial::<I, T>(T::EXP, r), r);
        Self { p, whole, half }
    }

    /// 2ʰ
    #[inline(always)]
    fn first(&self) -> T {
        T::power(self.half, T::GRID[0])
    }

    /// 2ᵏ⁻ʰ
    #[inline(always)]
    fn second(&self) -> T {
        T::power(self.whole, self.half)
    }

    /// 2⁻ʰ
    #[inline(always)]
    fn inverse_of_first(&self) -> T {
        T::power(T::GRID[2], self.half)
    }
}

/// eˣ = (2ʰ + 2ʰ p) 2ᵏ⁻ʰ
#[inline(always)]
fn exp<I: Instructions, T: Elementary>(x: T) -> T {
    let e = Exponential::of::<I>(x);
    let scale = e.first();
    I::multiply_add(scale, e.p, scale) * e.second()
}

/// 1 / (1 + 2ᵏ + 2ᵏ p), expanded by s = 2⁻ʰ to s / (s + t + t p) with t = 2ᵏ⁻ʰ. So nothing overflows,
/// and a subnormal result is rounded once, by the division.
#[inline(always)]
fn sigmoid<I: Instructions, T: Elementary>(x: T) -> T {
    let e = Exponential::of::<I>(-x);
    let (s, t) = (e.inverse_of_first(), e.second());
    // t + s is exact as long as both fit into one mantissa. Where they just do not, near x = −36.7
    // in f64, t + s + t p would be rounded twice and the result be wrong by up to 2.5 ulp.
    let sum = t + s;
    let lost = s - (sum - t);
    s / (sum + I::multiply_add(t, e.p, lost))
}

/// e^(−|x|) = u + lost with u ≤ 1: where u itself is the result it must be better than its own
/// rounding.
#[inline(always)]
fn decaying<I: Instructions, T: Elementary>(x: T) -> (T, T) {
    let e = Exponential::of::<I>(-x.abs());
    let scale = e.first();
    let u = I::multiply_add(scale, e.p, scale);
    let lost = I::multiply_add(scale, e.p, scale - u);
    (u * e.second(), lost * e.second())
}

/// u / (1 + u)² with u = e^(−|x|), the same on both sides of 0. Numerator and denominator are rounded,
/// and what both have lost moves the quotient in the end. It is at most ¼, also after rounding.
#[inline(always)]
fn sigmoid_slope<I: Instructions, T: Elementary>(x: T) -> T {
    let (u, lost) = decaying::<I, T>(x);
    let (one, quarter) = (T::of(1.0), T::of(0.25));
    let linear = one + (u + u);
    let square = I::multiply_add(u, u, linear);
    let square_lost = (u + u) - (linear - one) + I::multiply_add(u, u, linear - square);
    let slope = u / square;
    let slope = slope + (lost - slope * square_lost) / square;
    if slope > quarter { quarter } else { slope }
}

/// log(1 + eˣ) = max(x, 0) + log(1 + u) with u = e^(−|x|) ≤ 1, log(1 + u) = u − u² (½ − u L(u)).
///
/// All that is small is added up before u, which leaves one rounding at full size.
#[inline(always)]
fn softplus<I: Instructions, T: Elementary>(x: T) -> T {
    let (u, lost) = decaying::<I, T>(x);
    let (zero, half, one) = (T::default(), T::of(0.5), T::of(1.0));
    let tail = I::multiply_add(-u, polynomial::<I, T>(T::LOG_1P, u - one), half);
    let positive = if x > zero { x } else { zero };
    u + I::multiply_add(-(u * u), tail, lost + positive)
}

/// tanh x = 1 − 2 sigmoid(−2x) for x > 0, odd. Near 0 that would cancel; there a polynomial.
#[inline(always)]
fn tanh<I: Instructions, T: Elementary>(x: T) -> T {
    let a = x.abs();
    let z = a * a;
    let near = I::multiply_add(a * z, polynomial::<I, T>(T::TANH, z), a);
    let far = I::multiply_add(T::of(-2.0), sigmoid::<I, T>(T::of(-2.0) * a), T::of(1.0));
    (if a < T::of(0.55) { near } else { far }).copysign(x)
}

/// x, but not below `low` or above `high`. The comparisons are written so that NaN passes, and each
/// is one instruction.
#[inline(always)]
fn keep_nan_between<T: PartialOrd>(low: T, x: T, high: T) -> T {
    let x = if low > x { low } else { x };
    if high < x { high } else { x }
}

/// Σ cᵢ xⁱ, as Σ c₂ᵢ x²ⁱ + x Σ c₂ᵢ₊₁ x²ⁱ. Each step of Horner's rule waits for the one before; two
/// rules side by side wait half as long, and the processor fills the rest with other elements.
#[inline(always)]
pub(super) fn polynomial<I: Instructions, T: Real>(c: &[T], x: T) -> T {
    let square = x * x;
    let horner = |first: usize| {
        let mut terms = c[first..].iter().step_by(2).rev().copied();
        let last = terms.next().unwrap_or_default();
        terms.fold(last, |sum, c| I::multiply_add(sum, square, c))
    };
    I::multiply_add(horner(1), x, horner(0))
}
