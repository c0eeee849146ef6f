//! Double-double numbers with an exponent of their own: 100 bits, and no square that overflows.
//!
//! So a formula can be evaluated as it stands on paper, whatever the size of its numbers. What is 0,
//! ±∞ or not a number behaves as in an f64.

use crate::elementwise::double_double::{Dd, LN_2, ONE, expm1, log1p, scale};
use std::{
    iter::Sum,
    ops::{Add, Div, Mul, Neg, Sub},
};

/// m 2ᵉ with 1 ≤ |m| < 2, or what m is if it is 0, ±∞ or not a number.
#[derive(Clone, Copy, Debug)]
pub struct Wide {
    m: Dd,
    pub e: i32,
}

/// Exponents from here on stand for more than any sum, root or product could bring back.
const FAR: i32 = 1 << 27;
pub const PI: Wide = Wide { m: Dd(std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17), e: 1 };
const EULER_GAMMA: Dd = Dd(0.577_215_664_901_532_9, -4.942_915_152_430_645e-18);

/// B₂, B₄, … as fractions.
#[rustfmt::skip]
const BERNOULLI: [(f64, f64); 12] = [
    (1.0, 6.0), (-1.0, 30.0), (1.0, 42.0), (-1.0, 30.0), (5.0, 66.0), (-691.0, 2730.0), (7.0, 6.0),
    (-3617.0, 510.0), (43867.0, 798.0), (-174_611.0, 330.0), (854_513.0, 138.0),
    (-236_364_091.0, 2730.0),
];

/// The number itself.
pub fn w(x: f64) -> Wide {
    if x.abs() < 1e-290 {
        Wide::new(Dd(x * 2f64.powi(200), 0.0), -200)
    } else {
        Wide::new(Dd(x, 0.0), 0)
    }
}

impl Wide {
    pub fn new(m: Dd, e: i32) -> Self {
        if m.0 == 0.0 || !m.0.is_finite() {
            return Self { m: Dd(m.0, 0.0), e: 0 };
        }
        let k = (m.0.to_bits() >> 52 & 0x7ff) as i32 - 1023;
        Self { m: Dd(scale(m.0, -k), scale(m.1, -k)), e: e + k }
    }

    /// 1, 0, −1 times something; ±∞; or not a number.
    pub const fn top(self) -> f64 {
        self.m.0
    }
    fn ordinary(self) -> bool {
        self.m.0 != 0.0 && self.m.0.is_finite()
    }
    /// As a double-double, if it is not too small or large for that.
    fn plain(self) -> Dd {
        Dd(scale(self.m.0, self.e), scale(self.m.1, self.e))
    }
    /// Times 2ᵏ.
    pub const fn times_power(self, k: i32) -> Self {
        Self { m: self.m, e: self.e + k }
    }
    /// The nearest f64.
    pub fn to_f64(self) -> f64 {
        if self.ordinary() { scale(self.m.0, self.e.clamp(-1200, 1200)) } else { self.m.0 }
    }
    pub fn abs(self) -> Self {
        if self.m.0 < 0.0 { -self } else { self }
    }
    pub fn is_less(self, other: Self) -> bool {
        (self - other).m.0 < 0.0
    }
    pub fn sqrt(self) -> Self {
        if !self.ordinary() || self.m.0 < 0.0 {
            return w(self.m.0.sqrt());
        }
        let odd = self.e.rem_euclid(2);
        let m = self.m * Dd(f64::from(1 + odd), 0.0);
        let root = Dd(m.0.sqrt(), 0.0);
        let rest = m + root * Dd(-root.0, 0.0);
        Self::new(root + rest / Dd(2.0 * root.0, 0.0), (self.e - odd) / 2)
    }
    pub fn exp(self) -> Self {
        if !self.ordinary() {
            return w(self.m.0.exp());
        }
        if self.e > 26 {
            return Self { m: ONE, e: if self.m.0 > 0.0 { FAR } else { -FAR } };
        }
        if self.e < -200 {
            return w(1.0) + self;
        }
        let x = self.plain();
        let k = (x.0 / LN_2.0).round();
        Self::new(expm1(x + LN_2 * Dd(-k, 0.0)) + ONE, k as i32)
    }
    /// eˣ − 1
    pub fn expm1(self) -> Self {
        match self.e {
            _ if !self.ordinary() || self.e >= -1 => self.exp() - w(1.0),
            -200.. => Self::new(expm1(self.plain()), 0),
            _ => self,
        }
    }
    pub fn ln(self) -> Self {
        if !self.ordinary() || self.m.0 < 0.0 {
            return w(self.m.0.ln());
        }
        let high = self.m.0 > std::f64::consts::SQRT_2; // so that near 1 nothing cancels
        let m = if high { self.m * Dd(0.5, 0.0) } else { self.m };
        let e = f64::from(self.e + i32::from(high));
        Self::new(log1p(m + Dd(-1.0, 0.0)) + LN_2 * Dd(e, 0.0), 0)
    }
    /// log(1 + x) for x ≥ −½
    pub fn ln_1p(self) -> Self {
        match self.e {
            _ if !self.ordinary() || self.e >= 0 => (w(1.0) + self).ln(),
            -110.. => Self::new(log1p(self.plain()), 0),
            _ => self - (self * self).times_power(-1),
        }
    }
    /// (e²ˣ − 1)/(e²ˣ + 1), for the sign on which it does not overflow.
    pub fn tanh(self) -> Self {
        let m = -self.abs().times_power(1);
        let rest = -m.expm1() / (m.exp() + w(1.0));
        if self.m.0 < 0.0 { -rest } else { rest }
    }
    /// 1/(1 + e⁻ˣ)
    pub fn sigmoid(self) -> Self {
        w(1.0) / ((-self).exp() + w(1.0))
    }
    /// 1/(4 cosh²(x/2)), the slope of sigmoid.
    pub fn sigmoid_slope(self) -> Self {
        let half = self.times_power(-1);
        let twice_cosh = half.exp() + (-half).exp();
        w(1.0) / (twice_cosh * twice_cosh)
    }
    /// log Γ by Γ(a) = Γ(a + n)/(a (a + 1) … (a + n − 1)) with a + n > 45 and Stirling's series to
    /// 10⁻³⁴; beside 1 and 2 by the series around them.
    pub fn ln_gamma(self) -> Self {
        for (at, shift) in [(1.0, false), (2.0, true)] {
            let z = self - w(at);
            if z.e < -20 || z.m.0 == 0.0 {
                let series = [
                    Self::new(EULER_GAMMA, 0) * w(-1.0),
                    PI * PI / w(12.0),
                    w(-1.202_056_903_159_594_3 / 3.0),
                    w(1.082_323_233_711_138_2 / 4.0),
                ];
                let sum = series.iter().rev().fold(w(0.0), |sum, &c| sum * z + c) * z;
                return if shift { sum + z.ln_1p() } else { sum };
            }
        }
        let (mut a, mut product) = (self, w(1.0));
        while a.is_less(w(45.0)) {
            (product, a) = (product * a, a + w(1.0));
        }
        let (p, mut series) = (w(1.0) / a, w(0.0));
        for (k, &(n, d)) in BERNOULLI.iter().enumerate().rev() {
            let k = 2.0 * k as f64 + 2.0;
            series = series * p * p + w(n) / w(d * k * (k - 1.0));
        }
        let half_log = (PI.times_power(1) / a).ln().times_power(-1);
        a * a.ln() - a + half_log + series * p - product.ln()
    }
}

impl Add for Wide {
    type Output = Self;
    fn add(self, y: Self) -> Self {
        let (big, small) = if self.e >= y.e { (self, y) } else { (y, self) };
        match (self.ordinary(), y.ordinary()) {
            (true, true) if big.e - small.e > 220 => big,
            (true, true) => {
                let part = Dd(scale(small.m.0, small.e - big.e), scale(small.m.1, small.e - big.e));
                Self::new(big.m + part, big.e)
            }
            (true, false) if y.m.0 == 0.0 => self,
            (false, true) if self.m.0 == 0.0 => y,
            _ => w(self.m.0 + y.m.0),
        }
    }
}

impl Neg for Wide {
    type Output = Self;
    fn neg(self) -> Self {
        Self { m: Dd(-self.m.0, -self.m.1), e: self.e }
    }
}

impl Sub for Wide {
    type Output = Self;
    fn sub(self, y: Self) -> Self {
        self + -y
    }
}

impl Mul for Wide {
    type Output = Self;
    fn mul(self, y: Self) -> Self {
        if self.ordinary() && y.ordinary() {
            Self::new(self.m * y.m, self.e + y.e)
        } else {
            w(self.m.0 * y.m.0)
        }
    }
}

impl Div for Wide {
    type Output = Self;
    fn div(self, y: Self) -> Self {
        if self.ordinary() && y.ordinary() {
            Self::new(self.m / y.m, self.e - y.e)
        } else {
            w(self.m.0 / y.m.0)
        }
    }
}

impl Sum for Wide {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(w(0.0), Add::add)
    }
}

/// The oracle on trial: identities that tie every operation to another, to 90 bits.
#[test]
fn wide_numbers_satisfy_the_identities() {
    let same = |name: &str, a: Wide, b: Wide, size: Wide| {
        let gap = a - b;
        let fine = gap.top() == 0.0 || gap.e < size.e - 90;
        assert!(fine, "{name}: {a:?} against {b:?}");
    };
    for i in 0..2000 {
        let x = w(f64::from(i) - 999.3) * w(f64::from(i % 89 - 44) * 1.37).exp();
        let a = x.abs();
        same("√x²", a.sqrt() * a.sqrt(), a, a);
        if x.e > 25 {
            continue; // past all ends
        }
        same("log eˣ", x.exp().ln(), x, x + w(1.0));
        same("e^(log x)", (a.ln() - w(3.0)).exp() * w(3.0).exp(), a, a * a.ln());
        same("1 + (eˣ − 1)", x.expm1() + w(1.0), x.exp(), x.exp() * a + w(1.0));
        same("log(1 + x)", a.ln_1p().expm1(), a, a * (a.ln().abs() + w(1.0)));
        let t = x.tanh();
        same("1 − tanh²", w(1.0) - t * t, x.times_power(1).sigmoid_slope() * w(4.0), w(1.0));
        same("σ − ½", x.sigmoid() - w(0.5), x.times_power(-1).tanh().times_power(-1), w(1.0));
        let (half, twice) = ((a + w(0.5)).ln_gamma(), a.times_power(1));
        let double = a.ln_gamma() + half + w(2.0).ln() * (twice - w(1.0)) - PI.ln() * w(0.5);
        let size = a.ln().abs() * (a + w(1.0)) + w(10.0);
        same("Γ(a) Γ(a + ½)", double, twice.ln_gamma(), size);
    }
    let z = w(2f64.powi(-20)); // the two ways of log Γ meet
    for at in [1.0, 2.0] {
        let inside = (w(at) + z * w(0.999_999)).ln_gamma() / (z * w(0.999_999));
        let outside = (w(at) + z * w(1.000_001)).ln_gamma() / (z * w(1.000_001));
        assert!((inside - outside).abs().is_less(w(4e-12)), "{at}: {inside:?} {outside:?}");
    }
}
