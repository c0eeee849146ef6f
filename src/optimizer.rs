//! Descent: how a gradient changes the parameters.
//!
//! ```
//! use score_matching::{optimizer::{Moves, Quantity, Sgd}, prelude::*};
//!
//! let (mut theta, gradient) = (Matrix::from_rows([[1.0, 1.0]]), Matrix::from_rows([[2.0, 0.0]]));
//! let mut sgd = Sgd { rate: 0.25 };
//! Optimizer::<f64>::check(&sgd); // the rate is a number from 0
//! let moves = sgd.update(0, &mut theta, &gradient);
//! assert_eq!(theta, Matrix::from_rows([[0.5, 1.0]]));
//! assert_eq!(moves, Ok(Moves { numbers: 2, moved: 1, by_epsilon: 0 }));
//! assert_eq!(sgd.update(0, &mut theta, &(gradient * f64::NAN)), Err(Quantity::Gradient));
//! ```

mod adam;
pub use adam::Adam;

use crate::{
    array::Array,
    matrix::{Matrix, Real},
};
use std::{fmt, ops::Add};

/// A rule that turns gradients into new parameters.
pub trait Optimizer<T: Real> {
    /// One step of one parameter, in place unless its buffer has another owner. `slot` tells the
    /// parameters apart, counted from 0 in the same order at every step.
    ///
    /// # Errors
    /// What is not finite: the gradient, what the rule remembers of it, or the parameter after the
    /// step. Parameter and memory are of no use then.
    ///
    /// # Panics
    /// If shapes differ, a slot is not the one of an earlier step or the next new one, or as
    /// [`Optimizer::check`].
    #[track_caller]
    fn update(
        &mut self,
        slot: usize,
        parameter: &mut Matrix<T>,
        gradient: &Matrix<T>,
    ) -> Result<Moves, Quantity>;

    /// Looks at the constants. A training asks before its first step, so that they are refused where
    /// it was called.
    ///
    /// # Panics
    /// If a constant is outside its domain.
    #[track_caller]
    fn check(&self) {}
}

/// What has to stay finite in a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quantity {
    /// The loss of a batch.
    Loss,
    /// A gradient of a loss that is finite itself.
    Gradient,
    /// What the optimiser remembers of a gradient that is finite itself: (1 − β₂) g² is not, beyond
    /// some 10²⁰ in f32 and 10¹⁵⁵ in f64.
    Moment,
    /// A parameter after the step.
    Parameter,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loss => "the loss",
            Self::Gradient => "a gradient",
            Self::Moment => "the mean square of a gradient",
            Self::Parameter => "a parameter",
        })
    }
}

impl std::error::Error for Quantity {}

/// How many numbers a step has moved.
///
/// A step that moves none of them, or fewer than are meant to learn, has come to nothing: the rate is
/// below the rounding of the parameters, or the gradients are zero. What moves by the grace of ε alone
/// has a gradient so small that Adam takes steps of rate · g/ε and no longer of the rate: multiply the
/// loss, or choose a smaller ε.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// How many there are.
    pub numbers: usize,
    /// How many of them are another number than before.
    pub moved: usize,
    /// How many of those were divided by more of ε than of √v̂; none, if the rule has no ε.
    pub by_epsilon: usize,
}

impl Add for Moves {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            numbers: self.numbers + other.numbers,
            moved: self.moved + other.moved,
            by_epsilon: self.by_epsilon + other.by_epsilon,
        }
    }
}

/// θ ← θ − rate · g
#[derive(Clone, Debug)]
pub struct Sgd {
    /// The length of a step, at least 0.
    pub rate: f64,
}

impl<T: Real> Optimizer<T> for Sgd {
    fn update(
        &mut self,
        _slot: usize,
        parameter: &mut Matrix<T>,
        gradient: &Matrix<T>,
    ) -> Result<Moves, Quantity> {
        Optimizer::<T>::check(self);
        same_shape(parameter, gradient);
        let rate = T::of(self.rate);
        let mut moves = Moves { numbers: gradient.data().len(), ..Moves::default() };
        for (p, &g) in parameter.data_mut().iter_mut().zip(gradient.data()) {
            let next = *p - rate * g;
            moves.moved += usize::from(next != *p);
            *p = next;
        }
        if parameter.is_finite() { Ok(moves) } else { Err(culprit(gradient, None)) }
    }

    fn check(&self) {
        check_rate::<T>(self.rate);
    }
}

/// What was the first not to be finite on the way from the gradient to the parameter.
fn culprit<T: Real>(gradient: &Matrix<T>, moment: Option<&Matrix<T>>) -> Quantity {
    if !gradient.is_finite() {
        Quantity::Gradient
    } else if moment.is_some_and(|v| !v.is_finite()) {
        Quantity::Moment
    } else {
        Quantity::Parameter
    }
}

#[track_caller]
fn same_shape<T: Real>(parameter: &Matrix<T>, gradient: &Matrix<T>) {
    let (shape, other) = (parameter.shape(), gradient.shape());
    assert!(
        shape == other,
        "a parameter of {shape:?} · its gradient of {other:?}: the same shape expected"
    );
}

#[track_caller]
fn check_rate<T: Real>(rate: f64) {
    let fits = rate >= 0.0 && T::holds(rate);
    assert!(fits, "a rate of {rate:e}: a number from 0 that this precision has expected");
}
