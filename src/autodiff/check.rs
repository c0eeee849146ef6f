//! Differences: the independent witness for every derivative.
//!
//! A derivative rule and the formula it belongs to can be wrong in the same way; a difference
//! quotient only evaluates the formula.
//!
//! ```
//! use score_matching::autodiff::check::{Quotient, difference};
//!
//! let quotient: Quotient = difference(|h| (1.0 + h).powi(3)); // (x³)′ = 3x² at x = 1
//! assert!((quotient.value - 3.0).abs() < 1e-12);
//! assert!(quotient.truncation < 1e-12 && quotient.kink < 1e-12);
//! assert_eq!(difference(f64::abs).kink, 4.0); // |h|: its slope jumps by 2, seen twice
//! assert_eq!(Quotient::MAGNIFICATION * Quotient::STEP, 1.5); // an error of f becomes 1536 times itself
//! ```

/// A difference quotient, with an estimate of its own error.
#[derive(Clone, Copy, Debug)]
pub struct Quotient {
    /// D(h), close to the derivative.
    pub value: f64,
    /// |D(2h) − D(h)|, about fifteen times the error of D(h): its order is h⁴, and 2⁴ − 1 = 15.
    ///
    /// It comes from values of the function alone, so no wrong rule can loosen it.
    pub truncation: f64,
    /// |S(2h) − 4 S(h)|/h, where S(h) = f(h) + f(−h) − 2 f(0).
    ///
    /// Small, about h³ f⁽⁴⁾, where f is smooth, and as large as the jump of f′ if there is a kink in
    /// between, even one that lies in the middle and so escapes `truncation`.
    pub kink: f64,
}

impl Quotient {
    /// The step h: small enough for the next order of the error, h⁶, to be lost in rounding.
    pub const STEP: f64 = 1.0 / 1024.0;
    /// By how much D(h) magnifies an error of f: the sum (8 + 8 + 1 + 1)/(12 h) of its weights.
    pub const MAGNIFICATION: f64 = 1.5 / Self::STEP;
}

/// f′(0) by the five-point quotient D(h) = (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / (12 h), whose
/// truncation error is h⁴ f⁽⁵⁾/30.
pub fn difference(f: impl Fn(f64) -> f64) -> Quotient {
    let h = Quotient::STEP;
    let pairs = [1.0, 2.0, 4.0].map(|k| (f(k * h), f(-k * h)));
    let odd = pairs.map(|(right, left)| right - left);
    let value = (8.0 * odd[0] - odd[1]) / (12.0 * h);
    let coarse = (8.0 * odd[1] - odd[2]) / (24.0 * h);
    let middle = f(0.0);
    let even = pairs.map(|(right, left)| (right - middle) + (left - middle));
    let kink = (even[1] - 4.0 * even[0]).abs() / h;
    Quotient { value, truncation: (coarse - value).abs(), kink }
}
