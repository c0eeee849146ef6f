//! Numbers that a programmer chooses, refused at the caller's line where they make no sense.

/// A standard deviation, a width, a scale: anything that divides.
///
/// # Panics
/// If it or its reciprocal is not a positive finite number.
#[track_caller]
pub(crate) fn positive(name: &str, value: f64) -> f64 {
    let fits = |number: f64| number > 0.0 && number.is_finite();
    assert!(
        fits(value) && fits(1.0 / value),
        "{name} = {value:?}: a positive number expected, it and its reciprocal finite"
    );
    value
}

/// A standard deviation that only multiplies, or is added to another variance: it may be 0.
///
/// # Panics
/// If it is negative or not finite.
#[track_caller]
pub(crate) fn from_zero(name: &str, value: f64) -> f64 {
    assert!(value >= 0.0 && value.is_finite(), "{name} = {value:?}: a number from 0 on expected");
    value
}
