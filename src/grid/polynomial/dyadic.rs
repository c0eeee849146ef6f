//! The coefficients: whole numbers over powers of two, which every f64 is.

/// c/2ˢ with c odd, or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dyadic {
    numerator: i128,
    shift: i32,
}

impl Dyadic {
    /// 0
    pub const ZERO: Self = Self::whole(0);

    /// c
    pub const fn whole(c: i128) -> Self {
        Self::new(c, 0)
    }

    /// c/2ˢ
    pub const fn new(c: i128, s: i32) -> Self {
        if c == 0 {
            return Self { numerator: 0, shift: 0 };
        }
        let twos = c.trailing_zeros();
        Self { numerator: c >> twos, shift: s - twos.cast_signed() }
    }

    /// The same number, from the bits that it consists of.
    ///
    /// # Panics
    /// If it is infinite or not a number.
    pub fn of(x: f64) -> Self {
        assert!(x.is_finite(), "{x} in a polynomial");
        let (bits, fraction) = (x.to_bits(), (1_i128 << 52) - 1);
        let (exponent, mantissa) = ((bits >> 52 & 0x7ff) as i32, i128::from(bits) & fraction);
        let mantissa = if exponent == 0 { mantissa } else { mantissa | 1 << 52 };
        Self::new(if x < 0.0 { -mantissa } else { mantissa }, 1075 - exponent.max(1))
    }

    /// The nearest f64: what a message shows.
    pub fn to_f64(self) -> f64 {
        // In two steps: 2⁻¹⁰⁷⁴ itself would be 1/∞.
        let half = -self.shift / 2;
        self.numerator as f64 * 2.0_f64.powi(half) * 2.0_f64.powi(-self.shift - half)
    }

    /// The sum.
    ///
    /// # Panics
    /// If it needs more than 127 bits, as the other operations do.
    #[must_use]
    pub fn plus(self, y: Self) -> Self {
        if self == Self::ZERO || y == Self::ZERO {
            return if self == Self::ZERO { y } else { self };
        }
        let shift = self.shift.max(y.shift);
        let over = |d: Self| {
            let factor = fits(2_i128.checked_pow((shift - d.shift).cast_unsigned()));
            fits(d.numerator.checked_mul(factor))
        };
        Self::new(fits(over(self).checked_add(over(y))), shift)
    }

    /// The product.
    #[must_use]
    pub fn times(self, y: Self) -> Self {
        Self::new(fits(self.numerator.checked_mul(y.numerator)), self.shift + y.shift)
    }

    /// Whether it is below 0.
    pub const fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// Whether it is ± a power of two, and so has a [`Dyadic::reciprocal`].
    pub const fn is_power_of_two(self) -> bool {
        self.numerator.unsigned_abs() == 1
    }

    /// 1/x
    ///
    /// # Panics
    /// If x is not ± a power of two.
    #[must_use]
    pub fn reciprocal(self) -> Self {
        assert!(self.is_power_of_two(), "1/x of {self:?}");
        Self { shift: -self.shift, ..self }
    }
}

/// An integer that has not overflowed.
#[track_caller]
fn fits(value: Option<i128>) -> i128 {
    value.expect("a coefficient fits 127 bits")
}
