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
//! where E is a short polynomial. The core hands out p, what the last rounding of p lost, and 2ᵏ. It does
//! *not* form 1 + p, because rounding that sum would spend half an ulp that some functions need elsewhere.
//! Each function uses p where the error of p does the least harm:
//!
//! | function | as computed | why it stays within 2 ulp |
//! |---|---|---|
//! | exp x | 2ᵏ + 2ᵏ p | only one rounding on top of the error of p |
//! | sigmoid x | 1 / ((1 + 2ᵏ) + 2ᵏ p), core of −x | what 1 + 2ᵏ loses of the smaller term is put back where it counts, so 1 + e⁻ˣ is rounded once |
//! | sigmoid′ x | sigmoid x · (2ᵏ + 2ᵏ p) / (1 + 2ᵏ + 2ᵏ p), core of −x | what rounding the numerator, the denominator, its inverse and σ(−x) lost is put back |
//! | softplus x | max(x, 0) + u − u² (½ − u L(u)), u = e^(−abs x) | what rounding u lost is put back |
//! | tanh x | (1 − u) / (1 + u), u = e^(−2 abs x) | near 0 the numerator is −p, so nothing cancels; what rounding both lost is put back |
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
//!   are ordinary numbers. The last multiplication then rounds into the subnormal range once; overflow
//!   to ∞ and underflow to 0 come out of the same line.
//!
//! ## Implementation notes
//! The formulas are generic over the precision (`double` and `single` hold the constants) and over
//! the door. The portable door has no fused multiply-add, and the bound holds without: in the order
//! of the table the largest errors are 1.11, 1.79, 1.72, 1.86 and 1.62 ulp, found by trying every f32; f64
//! has the same formulas with polynomials that are as good. `ln` and 1/x are left to the standard
//! library: no training step takes a logarithm.

use super::{Real, door::Instructions};
use crate::array::Function;

mod double;
mod formulas;
mod loops;
mod single;
mod with_slope;
pub(super) use formulas::polynomial;
use formulas::{exp, sigmoid, sigmoid_slope, softplus, tanh};
pub(crate) use loops::{apply, times_slope};
pub(crate) use with_slope::sigmoid_and_slope;

/// What the [`formulas`] need to know about a precision.
pub(crate) trait Elementary: Real {
    /// `GRID[i]` = 1.5 · 2^(mantissa bits) + i · (exponent bias). Floats of this size are integers:
    /// adding `GRID[i]` rounds to an integer n, and `GRID[i]` + n shows n + i · bias in its lowest
    /// bits. The biases are there for [`Elementary::power`].
    const GRID: [Self; 3];
    /// Beyond ± this, eˣ is 0 or ∞. Small enough that 2ʰ and 2ᵏ⁻ʰ stay ordinary numbers.
    const LIMIT: Self;
    /// log₂ e
    const LOG2_E: Self;
    /// 1 + 2ⁿ, where n is half the number of bits of a mantissa, rounded up. Multiplying a float by it is
    /// the first step of cutting the float into two halves.
    const SPLIT: Self;
    /// ln 2 in two parts, the first with as many trailing zeros as k has bits.
    const LN_2: [Self; 2];
    /// E(r) = (eʳ − 1 − r) / r² for |r| ≤ ½ ln 2, lowest power first, like all of these.
    const EXP: &'static [Self];
    /// L(u) = (log(1 + u) − u + u²/2) / u³ for 0 ≤ u ≤ 1, in powers of u − 1: its rounding
    /// errors count most at u = 1, and there the powers vanish.
    const LOG_1P: &'static [Self];

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
