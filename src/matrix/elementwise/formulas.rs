//! The formulas of the table in [`elementwise`](super), one number at a time.

use super::{Elementary, Real};
use crate::matrix::door::Instructions;

/// eˣ = 2ᵏ (1 + p + p_lost), for |x| up to the limit.
struct Exponential<T> {
    /// r + r² E(r), rounded
    p: T,
    /// What this last rounding lost.
    p_lost: T,
    /// GRID[2] + k
    whole: T,
    /// GRID[1] + h, where h is k/2 rounded
    half: T,
}

impl<T: Elementary> Exponential<T> {
    #[inline(always)]
    fn of<I: Instructions>(x: T) -> Self {
        let whole = I::multiply_add(x, T::LOG2_E, T::GRID[2]);
        let k = whole - T::GRID[2];
        let half = I::multiply_add(k, T::of(0.5), T::GRID[1]);
        let r = I::multiply_add(k, -T::LN_2[1], I::multiply_add(k, -T::LN_2[0], x));
        let e = polynomial::<I, T>(T::EXP, r);
        let p = I::multiply_add(r * r, e, r);
        Self { p, p_lost: I::multiply_add(r * r, e, r - p), whole, half }
    }

    /// 2ᵏ, if it is an ordinary number.
    #[inline(always)]
    fn power(&self) -> T {
        T::power(self.whole, T::GRID[1])
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
pub(super) fn exp<I: Instructions, T: Elementary>(x: T) -> T {
    let e = Exponential::of::<I>(limited(x));
    let scale = e.first();
    I::multiply_add(scale, e.p, scale) * e.second()
}

/// σ(x) = 1 / (1 + e⁻ˣ)
#[inline(always)]
pub(super) fn sigmoid<I: Instructions, T: Elementary>(x: T) -> T {
    sigmoid_and_slope::<I, T>(x)[0]
}

/// σ′(x)
#[inline(always)]
pub(super) fn sigmoid_slope<I: Instructions, T: Elementary>(x: T) -> T {
    sigmoid_and_slope::<I, T>(x)[1]
}

/// σ(x), and σ′(x) = σ(x) σ(−x). If a caller uses only one, the compiler drops the work for the other.
///
/// Write e⁻ˣ = 2ᵏ (1 + p), s = 2⁻ʰ and t = 2ᵏ⁻ʰ. Then D = s (1 + e⁻ˣ) = s + t + t p does not overflow, and
/// σ(x) = s / D, σ(−x) = (t + t p) / D. σ(x) has so few roundings that it needs no correction. In the slope,
/// what four roundings lost is put back: those of the numerator t + t p, of D, of 1 / D and of σ(−x). Where
/// t + s is rounded to s, t is missing in D, which costs the slope at most one more ulp.
#[inline(always)]
pub(super) fn sigmoid_and_slope<I: Instructions, T: Elementary>(x: T) -> [T; 2] {
    let (one, quarter) = (T::of(1.0), T::of(0.25));
    let e = Exponential::of::<I>(limited(-x));
    let (s, t, p) = (e.inverse_of_first(), e.second(), e.p);
    // t + s is exact as long as both fit into one mantissa. Where they just do not, near x = −36.7
    // in f64, t + s + t p would be rounded twice and the sigmoid be wrong by up to 2.5 ulp.
    let sum = t + s;
    let rest = I::multiply_add(t, p, s - (sum - t));
    let denominator = sum + rest;
    let inverse = one / denominator;
    let numerator = I::multiply_add(t, p, t);
    let [y, other] = [s * inverse, numerator * inverse]; // σ(x) and σ(−x)
    let slope = y * other;

    let denominator_lost = rest - (denominator - sum);
    let numerator_lost = I::multiply_add(t, p, t - numerator);
    // inverse (denominator + denominator_lost) = 1 + excess
    let excess =
        I::multiply_add(inverse, denominator_lost, lost::<I, T>(inverse, denominator, one));
    // (numerator + numerator_lost) inverse = other + other_lost
    let other_lost =
        I::multiply_add(numerator_lost, inverse, lost::<I, T>(numerator, inverse, other));
    // σ′(x) = y (other + other_lost) / (1 + excess)², to first order
    let slope = slope + I::multiply_add(y, other_lost, -(excess + excess) * slope);
    [y, at_most(slope, quarter)] // σ′ ≤ ¼, and rounding must not exceed it
}

/// a b − product: what rounding the product lost. It is exact unless it is below the smallest normal number.
#[inline(always)]
fn lost<I: Instructions, T: Elementary>(a: T, b: T, product: T) -> T {
    if I::FUSED {
        return a.mul_add(b, -product);
    }
    // Dekker (1971): each factor in two halves, whose products are exact.
    let split = |x: T| {
        let large = T::SPLIT * x;
        let high = large - (large - x);
        [high, x - high]
    };
    let ([a_high, a_low], [b_high, b_low]) = (split(a), split(b));
    (a_high * b_high - product) + a_high * b_low + a_low * b_high + a_low * b_low
}

/// e^(−|x|) = u + lost with u ≤ 1: where u itself is the result it must be better than its own
/// rounding.
#[inline(always)]
fn decaying<I: Instructions, T: Elementary>(x: T) -> (T, T) {
    let e = Exponential::of::<I>(-at_most(x.abs(), T::LIMIT));
    let scale = e.first();
    let u = I::multiply_add(scale, e.p, scale);
    let lost = I::multiply_add(scale, e.p, scale - u);
    (u * e.second(), lost * e.second())
}

/// log(1 + eˣ) = max(x, 0) + log(1 + u) with u = e^(−|x|) ≤ 1, log(1 + u) = u − u² (½ − u L(u)).
///
/// All that is small is added up before u, which leaves one rounding at full size.
#[inline(always)]
pub(super) fn softplus<I: Instructions, T: Elementary>(x: T) -> T {
    let (u, lost) = decaying::<I, T>(x);
    let (zero, half, one) = (T::default(), T::of(0.5), T::of(1.0));
    let tail = I::multiply_add(-u, polynomial::<I, T>(T::LOG_1P, u - one), half);
    let positive = if x > zero { x } else { zero };
    u + I::multiply_add(-(u * u), tail, lost + positive)
}

/// tanh x = (1 − u) / (1 + u) with u = e^(−2 |x|) = t + t p, odd.
///
/// Near 0 we have t = 1, and the numerator is −p: nothing cancels. If rounding lost a of the numerator and b
/// of the denominator, the quotient q lacks (a − q b) / (1 + u), and 1 / (1 + u) = (1 + q) / 2. What the last
/// rounding of p lost belongs to a and to b. In b it is left out: there it is multiplied by q, and costs less
/// than 0.15 ulp. Where x is so large that 1 ± t is rounded too, that loss is not put back, and the error
/// still stays within 1.5 ulp.
#[inline(always)]
pub(super) fn tanh<I: Instructions, T: Elementary>(x: T) -> T {
    let (half, one) = (T::of(0.5), T::of(1.0));
    // tanh 30 is 1 in both precisions, and e⁻⁶⁰ an ordinary number.
    let e = Exponential::of::<I>(T::of(-2.0) * at_most(x.abs(), T::of(30.0)));
    let t = e.power();
    let (difference, sum) = (one - t, one + t);
    let numerator = I::multiply_add(-t, e.p, difference);
    let numerator_lost = I::multiply_add(-t, e.p, difference - numerator);
    let denominator = I::multiply_add(t, e.p, sum);
    let denominator_lost = I::multiply_add(t, e.p, sum - denominator);
    let q = numerator / denominator;
    let lost = I::multiply_add(-t, e.p_lost, numerator_lost);
    let lost = I::multiply_add(-q, denominator_lost, lost);
    I::multiply_add(lost, I::multiply_add(half, q, half), q).copysign(x)
}

/// x, but not above `high`, in one instruction. NaN passes, since every comparison with it is false.
#[inline(always)]
fn at_most<T: PartialOrd>(x: T, high: T) -> T {
    if high < x { high } else { x }
}

/// x, but not beyond the limit on either side. NaN passes.
#[inline(always)]
fn limited<T: Elementary>(x: T) -> T {
    let x = if -T::LIMIT > x { -T::LIMIT } else { x };
    at_most(x, T::LIMIT)
}

/// Σ cᵢ xⁱ, as Σ c₂ᵢ x²ⁱ + x Σ c₂ᵢ₊₁ x²ⁱ. Each step of Horner's rule waits for the one before; two
/// rules side by side wait half as long, and the processor fills the rest with other elements.
#[inline(always)]
pub(in crate::matrix) fn polynomial<I: Instructions, T: Real>(c: &[T], x: T) -> T {
    let square = x * x;
    let horner = |first: usize| {
        let mut terms = c[first..].iter().step_by(2).rev().copied();
        let last = terms.next().unwrap_or_default();
        terms.fold(last, |sum, c| I::multiply_add(sum, square, c))
    };
    I::multiply_add(horner(1), x, horner(0))
}
