//! The oracle: exp, sigmoid, its slope, softplus and tanh in double-double arithmetic.
//!
//! A double-double is an unevaluated sum of two f64, the second below half a unit of the first: about
//! 106 bits (Dekker 1971). Only eˣ − 1 is a series; the rest follows by formulas.

use std::ops::{Add, Div, Mul};

#[derive(Clone, Copy, Debug)]
pub struct Dd(pub f64, pub f64);

/// value · 2^exponent, so that results far below the smallest f64 can be told apart.
type Scaled = (Dd, i32);

pub const ONE: Dd = Dd(1.0, 0.0);
pub const LN_2: Dd = Dd(std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);

/// a + b, exactly (Knuth).
fn two_sum(a: f64, b: f64) -> Dd {
    let sum = a + b;
    let b_seen = sum - a;
    Dd(sum, (a - (sum - b_seen)) + (b - b_seen))
}

impl From<f64> for Dd {
    fn from(x: f64) -> Self {
        Self(x, 0.0)
    }
}

impl Add for Dd {
    type Output = Self;
    fn add(self, y: Self) -> Self {
        let (high, low) = (two_sum(self.0, y.0), two_sum(self.1, y.1));
        let sum = two_sum(high.0, high.1 + low.0);
        two_sum(sum.0, sum.1 + low.1)
    }
}

impl Mul for Dd {
    type Output = Self;
    fn mul(self, y: Self) -> Self {
        let product = self.0 * y.0;
        let lost = self.0.mul_add(y.0, -product);
        two_sum(product, lost + (self.0 * y.1 + self.1 * y.0))
    }
}

impl Div for Dd {
    type Output = Self;
    /// Long division with two digits in base 2⁵³.
    fn div(self, y: Self) -> Self {
        let first = self.0 / y.0;
        let rest = self + y * (-first).into();
        two_sum(first, rest.0 / y.0)
    }
}

/// |y − truth| in units of the last place that the *truth* has in the given precision (bits of
/// the mantissa, exponent of the smallest number). ∞ counts as the number after the largest.
pub fn error_in_ulp(y: f64, (truth, k): Scaled, (bits, smallest): (i32, i32)) -> f64 {
    let leading = (truth.0.to_bits() >> 52 & 0x7ff) as i32 - 1023 + k;
    let top = 3 - bits - smallest; // 1024 or 128
    if truth.0 == 0.0 || leading >= top {
        let same = if truth.0 == 0.0 { y == 0.0 } else { y == f64::INFINITY };
        return if same { 0.0 } else { f64::INFINITY };
    }
    let ulp = (leading - bits + 1).max(smallest);
    let y = if y == f64::INFINITY { scale(1.0, top - ulp) } else { scale(y, -ulp) };
    let error = Dd::from(y) + Dd(-scale(truth.0, k - ulp), -scale(truth.1, k - ulp));
    (error.0 + error.1).abs()
}

/// x 2ⁿ, in two steps, since 2¹⁰⁷⁴ is not an f64.
pub fn scale(x: f64, n: i32) -> f64 {
    let power = |n: i32| f64::from_bits(((n.clamp(-1023, 1024) + 1023) as u64) << 52);
    x * power(n / 2) * power(n - n / 2)
}

/// The number itself.
fn plain((value, k): Scaled) -> Dd {
    Dd(scale(value.0, k), scale(value.1, k))
}

/// eˣ − 1 = x (1 + x/2 (1 + x/3 (1 + …))) for |x| < 1, from a sixteenth of x by e²ˣ − 1 = m (m + 2) with
/// m = eˣ − 1. From the 11th on an f64 holds the terms, as they are below 2⁻⁵⁴; the 18th is below 2⁻¹¹⁰.
pub fn expm1(x: Dd) -> Dd {
    if x.0.abs() < 1e-33 {
        return x; // the next term is beyond all digits
    }
    let part = x * Dd(0.0625, 0.0);
    let last = (11..18).rev().fold(1.0, |sum, k| 1.0 + part.0 / f64::from(k) * sum);
    let sum = (2..11).rev().fold(last.into(), |sum, k| ONE + part / f64::from(k).into() * sum);
    (0..4).fold(part * sum, |m, _| m * (m + Dd(2.0, 0.0)))
}

/// log(1 + u) for −½ ≤ u ≤ 1: one of Newton's steps for eʸ = 1 + u, which doubles the digits.
pub fn log1p(u: Dd) -> Dd {
    let y = u.0.ln_1p();
    let m = expm1((-y).into());
    Dd::from(y) + (m + u * (m + ONE))
}

/// eˣ. Beyond ±1100 every precision has 0 or ∞, and any number far outside does.
pub fn exp(x: f64) -> Scaled {
    if x.abs() > 1100.0 {
        return (ONE, if x > 0.0 { 1600 } else { -1600 });
    }
    let k = (x / LN_2.0).round();
    (expm1(Dd::from(x) + LN_2 * (-k).into()) + ONE, k as i32)
}

/// 1 / (1 + e⁻ˣ), or eˣ / (1 + eˣ), which is eˣ to 10⁻⁴³ below −100.
pub fn sigmoid(x: f64) -> Scaled {
    let u = plain(exp(-x.abs()));
    match x {
        ..-100.0 => exp(x),
        ..0.0 => (u / (u + ONE), 0),
        _ => (ONE / (u + ONE), 0),
    }
}

/// u / (1 + u)² with u = e^(−|x|), which is u to 10⁻⁴³ far out.
pub fn sigmoid_slope(x: f64) -> Scaled {
    let (u, k) = exp(-x.abs());
    if x.abs() > 100.0 {
        return (u, k);
    }
    let u = plain((u, k));
    (u / ((u + ONE) * (u + ONE)), 0)
}

/// max(x, 0) + log(1 + e^(−|x|)), which is eˣ to 10⁻⁴³ below −100.
pub fn softplus(x: f64) -> Scaled {
    if x < -100.0 { exp(x) } else { (Dd::from(x.max(0.0)) + log1p(plain(exp(-x.abs()))), 0) }
}

/// −m / (2 + m) with m = e^(−2|x|) − 1, odd.
pub fn tanh(x: f64) -> Scaled {
    let a = -2.0 * x.abs();
    let m = if a > -0.5 { expm1(a.into()) } else { plain(exp(a)) + Dd(-1.0, 0.0) };
    (m / (m + Dd(2.0, 0.0)) * Dd(-x.signum(), 0.0), 0)
}

/// Two numbers agree to 98 bits of the larger of the terms that they are made of.
fn assert_same(name: &str, a: Dd, b: Dd, size: f64) {
    let error = (a + b * Dd(-1.0, 0.0)).0.abs();
    assert!(error <= size * 2f64.powi(-98), "{name}: {a:?} against {b:?}, off by {error:e}");
}

#[test]
fn the_oracle_knows_thirty_digits() {
    let check = |name, a: Scaled, whole: f64, first: f64, next: f64| {
        let e15 = Dd::from(1e15); // whole + 0.(first 15 digits)(next 15 digits)
        let digits = Dd::from(whole) + (Dd::from(first) + Dd::from(next) / e15) / e15;
        assert_same(name, plain(a), digits, digits.0);
    };
    check("e", exp(1.0), 2.0, 718_281_828_459_045.0, 235_360_287_471_353.0);
    check("1/e", exp(-1.0), 0.0, 367_879_441_171_442.0, 321_595_523_770_161.0);
    check("sigmoid(1)", sigmoid(1.0), 0.0, 731_058_578_630_004.0, 879_251_159_241_822.0);
    check("sigmoid′(1)", sigmoid_slope(1.0), 0.0, 196_611_933_241_481.0, 852_537_424_733_586.0);
    check("log 2", softplus(0.0), 0.0, 693_147_180_559_945.0, 309_417_232_121_458.0);
    check("softplus(1)", softplus(1.0), 1.0, 313_261_687_518_222.0, 834_048_995_494_968.0);
    check("tanh(1)", tanh(1.0), 0.0, 761_594_155_955_764.0, 888_119_458_282_605.0);
}

#[test]
fn the_oracle_satisfies_the_identities() {
    for i in 1..2000 {
        let x = f64::from(i) * 0.345_678_9;
        // An error of one unit in the 106 bits of x is x of them in eˣ.
        assert_same("eˣ e⁻ˣ = 1", exp(x).0 * exp(-x).0, ONE, x.max(1.0));
        let sum = plain(sigmoid(x)) + plain(sigmoid(-x));
        assert_same("σ(x) + σ(−x) = 1", sum, ONE, 1.0);
        let slope = plain(sigmoid(x)) * plain(sigmoid(-x));
        assert_same("σ′(x) = σ(x) σ(−x)", plain(sigmoid_slope(x)), slope, slope.0);
        let gap = plain(softplus(x)) + plain(softplus(-x)) * Dd(-1.0, 0.0);
        assert_same("softplus(x) − softplus(−x) = x", gap, x.into(), x.max(1.0));
        let doubled = plain(sigmoid(2.0 * x)) * Dd(2.0, 0.0) + Dd(-1.0, 0.0);
        assert_same("tanh(x) = 2σ(2x) − 1", plain(tanh(x)), doubled, 1.0);
    }
}
