//! The oracle: exp, sigmoid, softplus and tanh in double-double arithmetic.
//!
//! A double-double is an unevaluated sum of two f64, hi + lo with |lo| ≤ ½ ulp(hi): about 106 bits
//! (Dekker 1971). Sums and products of two f64 are made exact by the classical error-free
//! transformations; series are then summed until the next term no longer counts. Slow and plain.

use std::{
    ops::{Add, Div, Mul, Neg, Sub},
    sync::LazyLock,
};

#[derive(Clone, Copy, Debug)]
pub struct Dd {
    hi: f64,
    lo: f64,
}

const fn dd(hi: f64, lo: f64) -> Dd {
    Dd { hi, lo }
}

const ZERO: Dd = dd(0.0, 0.0);
const ONE: Dd = dd(1.0, 0.0);

/// a + b = sum + error, exactly (Knuth).
fn two_sum(a: f64, b: f64) -> Dd {
    let sum = a + b;
    let b_seen = sum - a;
    dd(sum, (a - (sum - b_seen)) + (b - b_seen))
}

/// a b = product + error, exactly (Dekker, Veltkamp); no fused multiply-add needed.
fn two_product(a: f64, b: f64) -> Dd {
    let split = |x: f64| {
        let c = 134_217_729.0 * x; // 2²⁷ + 1
        let high = c - (c - x);
        (high, x - high)
    };
    let (product, (a1, a2), (b1, b2)) = (a * b, split(a), split(b));
    dd(product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)
}

impl From<f64> for Dd {
    fn from(x: f64) -> Self {
        dd(x, 0.0)
    }
}

impl Add for Dd {
    type Output = Self;
    fn add(self, y: Self) -> Self {
        let (high, low) = (two_sum(self.hi, y.hi), two_sum(self.lo, y.lo));
        let sum = two_sum(high.hi, high.lo + low.hi);
        two_sum(sum.hi, sum.lo + low.lo)
    }
}

impl Neg for Dd {
    type Output = Self;
    fn neg(self) -> Self {
        dd(-self.hi, -self.lo)
    }
}

impl Sub for Dd {
    type Output = Self;
    fn sub(self, y: Self) -> Self {
        self + -y
    }
}

impl Mul for Dd {
    type Output = Self;
    fn mul(self, y: Self) -> Self {
        let product = two_product(self.hi, y.hi);
        two_sum(product.hi, product.lo + (self.hi * y.lo + self.lo * y.hi))
    }
}

impl Div for Dd {
    type Output = Self;
    /// Long division with three digits in base 2⁵³.
    fn div(self, y: Self) -> Self {
        let first = self.hi / y.hi;
        let rest = self - y * first.into();
        let second = rest.hi / y.hi;
        let rest = rest - y * second.into();
        two_sum(first, second) + (rest.hi / y.hi).into()
    }
}

impl Div<f64> for Dd {
    type Output = Self;
    fn div(self, y: f64) -> Self {
        let first = self.hi / y;
        let rest = self - two_product(first, y);
        two_sum(first, rest.hi / y)
    }
}

/// value · 2^exponent, so that results far below the smallest f64 can be told apart.
#[derive(Clone, Copy, Debug)]
pub struct Scaled {
    value: Dd,
    exponent: i32,
}

impl Scaled {
    fn plain(value: Dd) -> Self {
        Self { value, exponent: 0 }
    }

    /// The number itself; for |exponent| < 1000.
    fn unscaled(self) -> Dd {
        let scale = 2f64.powi(self.exponent);
        dd(self.value.hi * scale, self.value.lo * scale)
    }

    /// |y − truth| in units of the last place that the *truth* has in the given precision (bits of
    /// the mantissa, exponent of the smallest number). ∞ counts as the number after the largest.
    pub fn error_in_ulp(self, y: f64, (bits, smallest): (i32, i32)) -> f64 {
        if self.value.hi == 0.0 {
            return if y == 0.0 { 0.0 } else { f64::INFINITY };
        }
        let top = if bits == 53 { 1024 } else { 128 };
        let leading = exponent(self.value.hi) + self.exponent;
        if leading >= top {
            return if y == f64::INFINITY { 0.0 } else { f64::INFINITY };
        }
        // both in units of the ulp; scaled in two steps, since 2¹⁰⁷⁴ is not an f64
        let ulp = (leading - bits + 1).max(smallest);
        let y = if y == f64::INFINITY { scale(1.0, top - ulp) } else { scale(y, -ulp) };
        let shift = self.exponent - ulp;
        let truth = dd(scale(self.value.hi, shift), scale(self.value.lo, shift));
        let error = Dd::from(y) - truth;
        (error.hi + error.lo).abs()
    }
}

/// e with 2ᵉ ≤ |x| < 2ᵉ⁺¹.
fn exponent(x: f64) -> i32 {
    let field = |x: f64| (x.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    if x.abs() < f64::MIN_POSITIVE { field(x * 2f64.powi(64)) - 64 } else { field(x) }
}

/// x 2ⁿ
fn scale(x: f64, n: i32) -> f64 {
    let half = n / 2;
    x * 2f64.powi(half) * 2f64.powi(n - half)
}

/// Σ terms, until they no longer count.
fn series(mut term: impl FnMut(i32) -> Dd) -> Dd {
    let mut sum = ZERO;
    for i in 0.. {
        let term = term(i);
        sum = sum + term;
        if term.hi.abs() <= 1e-34 * sum.hi.abs() {
            break;
        }
    }
    sum
}

/// eˣ − 1 = x + x²/2! + x³/3! + …
pub fn expm1_series(x: Dd) -> Dd {
    let mut power = ONE;
    series(|i| {
        power = power * x / f64::from(i + 1);
        power
    })
}

/// log(1 + u) = 2 (s + s³/3 + s⁵/5 + …), s = u / (2 + u).
pub fn log1p_series(u: Dd) -> Dd {
    let s = u / (u + 2.0.into());
    let (mut power, square) = (s + s, s * s);
    series(|i| {
        let term = power / f64::from(2 * i + 1);
        power = power * square;
        term
    })
}

/// eˣ. Beyond ±1100 every precision has 0 or ∞, and any number far outside does.
pub fn exp(x: f64) -> Scaled {
    static LN_2: LazyLock<Dd> = LazyLock::new(|| log1p_series(ONE));
    if x.abs() > 1100.0 {
        return Scaled { value: ONE, exponent: if x > 0.0 { 1600 } else { -1600 } };
    }
    let k = (x / std::f64::consts::LN_2).round();
    let r = Dd::from(x) - *LN_2 * k.into();
    Scaled { value: expm1_series(r) + ONE, exponent: k as i32 }
}

/// 1 / (1 + e⁻ˣ), and eˣ / (1 + eˣ) for x < 0.
pub fn sigmoid(x: f64) -> Scaled {
    let u = small_exp(-x.abs());
    let denominator = ONE + u.1;
    if x < 0.0 {
        Scaled { value: u.0.value / denominator, ..u.0 }
    } else {
        Scaled::plain(ONE / denominator)
    }
}

/// x + log(1 + e⁻ˣ), and log(1 + eˣ) for x < 0, which is eˣ (1 − eˣ/2) where eˣ is tiny.
pub fn softplus(x: f64) -> Scaled {
    let (scaled, u) = small_exp(-x.abs());
    if x >= 0.0 {
        Scaled::plain(Dd::from(x) + log1p_series(u))
    } else if x > -100.0 {
        Scaled::plain(log1p_series(u))
    } else {
        Scaled { value: scaled.value * (ONE - u * 0.5.into()), ..scaled }
    }
}

/// −m / (2 + m) with m = e^(−2|x|) − 1, odd.
pub fn tanh(x: f64) -> Scaled {
    let a = -2.0 * x.abs();
    let m = if a > -0.5 { expm1_series(a.into()) } else { small_exp(a).1 - ONE };
    let tanh = -m / (m + 2.0.into());
    Scaled::plain(if x < 0.0 { -tanh } else { tanh })
}

/// eˣ for x ≤ 0, scaled and (0 below e⁻⁶⁰⁰) as it is.
fn small_exp(x: f64) -> (Scaled, Dd) {
    let u = exp(x);
    (u, if x < -600.0 { ZERO } else { u.unscaled() })
}

/// whole + 0.(first 15 digits)(next 15 digits)
fn decimal(whole: f64, first: f64, next: f64) -> Dd {
    let e15 = Dd::from(1e15);
    Dd::from(whole) + (Dd::from(first) + Dd::from(next) / e15) / e15
}

fn assert_same(name: &str, a: Dd, b: Dd, tolerance: f64) {
    let error = ((a - b) / b).hi.abs();
    assert!(error <= tolerance, "{name}: {a:?} against {b:?}, relative error {error:e}");
}

#[test]
fn the_oracle_knows_thirty_digits() {
    let check = |name, a: Scaled, whole, first, next| {
        assert_same(name, a.unscaled(), decimal(whole, first, next), 2e-30);
    };
    check("e", exp(1.0), 2.0, 718_281_828_459_045.0, 235_360_287_471_353.0);
    check("1/e", exp(-1.0), 0.0, 367_879_441_171_442.0, 321_595_523_770_161.0);
    check("sigmoid(1)", sigmoid(1.0), 0.0, 731_058_578_630_004.0, 879_251_159_241_822.0);
    check("log 2", softplus(0.0), 0.0, 693_147_180_559_945.0, 309_417_232_121_458.0);
    check("softplus(1)", softplus(1.0), 1.0, 313_261_687_518_222.0, 834_048_995_494_968.0);
    check("tanh(1)", tanh(1.0), 0.0, 761_594_155_955_764.0, 888_119_458_282_605.0);
}

#[test]
fn the_oracle_satisfies_the_identities() {
    for i in 1..2000 {
        let x = f64::from(i) * 0.345_678_9;
        let product = exp(x).value * exp(-x).value;
        assert_same("e^x e^-x = 1", product, ONE, 1e-27);
        let (up, down) = (sigmoid(x), sigmoid(-x));
        if x < 500.0 {
            assert_same("σ(x) + σ(−x) = 1", up.unscaled() + down.unscaled(), ONE, 1e-30);
            let difference = softplus(x).unscaled() - softplus(-x).unscaled();
            assert_same("softplus(x) − softplus(−x) = x", difference, x.into(), 1e-29);
        }
        let small = Dd::from(x / 700.0);
        assert_same("log(1 + (e^x − 1)) = x", log1p_series(expm1_series(small)), small, 1e-29);
        // (2σ(2y) − 1) cancels, so y stays away from 0
        let y = 0.3 + x / 40.0;
        let other = sigmoid(2.0 * y).unscaled() * 2.0.into() - ONE;
        assert_same("tanh(y) = 2σ(2y) − 1", tanh(y).unscaled(), other, 1e-29);
    }
}
