//! Descent: how a gradient changes the parameters.

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

/// Adam: every parameter moves by about `rate` a step, whatever the size of its gradient.
///
/// ```text
/// m ← β₁ m + (1 − β₁) g          running mean of g
/// v ← β₂ v + (1 − β₂) g²         running mean of g²
/// θ ← θ − rate · m̂ / (√v̂ + ε),   m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)
/// ```
///
/// D. Kingma and J. Ba (2015), Adam: a method for stochastic optimization, algorithm 1.
#[derive(Clone, Debug)]
pub struct Adam<T: Real> {
    /// The length of a step, at least 0.
    pub rate: f64,
    /// β₁, how slowly m forgets: from 0, and below 1.
    pub beta1: f64,
    /// β₂, how slowly v forgets: from 0, and below 1.
    pub beta2: f64,
    /// ε, keeps a parameter at rest whose gradient is zero; without it (0) such a one is 0/0.
    pub epsilon: f64,
    /// The number of steps after which the rate has fallen to zero, linearly; `None` keeps it.
    /// A constant rate leaves the parameters trembling with the noise of the batches.
    pub horizon: Option<usize>,
    moments: Vec<Moments<T>>,
}

/// What Adam remembers of one parameter.
#[derive(Clone, Debug)]
struct Moments<T: Real> {
    m: Matrix<T>,
    v: Matrix<T>,
    steps: i32,
}

impl<T: Real> Adam<T> {
    /// At a constant rate, with the constants of the paper: β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
    ///
    /// # Panics
    /// If the rate is negative or not finite, or vanishes in this precision.
    #[track_caller]
    pub fn new(rate: f64) -> Self {
        check_rate::<T>(rate);
        let (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8);
        Self { rate, beta1, beta2, epsilon, horizon: None, moments: Vec::new() }
    }

    /// With a rate that falls linearly to zero over so many steps.
    ///
    /// # Panics
    /// If there are no steps, or as [`Adam::new`].
    #[track_caller]
    pub fn annealed(rate: f64, steps: usize) -> Self {
        let adam = Self { horizon: Some(steps), ..Self::new(rate) };
        adam.check();
        adam
    }
}

impl<T: Real> Optimizer<T> for Adam<T> {
    fn update(
        &mut self,
        slot: usize,
        parameter: &mut Matrix<T>,
        gradient: &Matrix<T>,
    ) -> Result<Moves, Quantity> {
        self.check();
        if slot == self.moments.len() {
            let zero = Matrix::zeros(gradient.rows(), gradient.cols());
            self.moments.push(Moments { m: zero.clone(), v: zero, steps: 0 });
        }
        assert!(slot < self.moments.len(), "slot {slot} after {} slots", self.moments.len());
        let Moments { m, v, steps } = &mut self.moments[slot];
        same_shape(parameter, gradient);
        let shape = parameter.shape();
        assert!(shape == m.shape(), "update: {shape:?}, but slot {slot} is {:?}", m.shape());
        *steps = steps.saturating_add(1);
        // The means start at zero; dividing by 1 − βᵗ undoes the bias.
        let unbiased = |beta: f64| 1.0 / (1.0 - beta.powi(*steps));
        let left = self.horizon.map_or(1.0, |h| (1.0 - f64::from(*steps - 1) / h as f64).max(0.0));
        let rate = T::of(self.rate * left * unbiased(self.beta1));
        // √v̂ as a product of roots: the first v̂ is g², which can overflow where v does not.
        let (scale, epsilon) = (T::of(unbiased(self.beta2).sqrt()), T::of(self.epsilon));
        let [beta1, beta2] = [self.beta1, self.beta2].map(T::of);
        let [rest1, rest2] = [1.0 - self.beta1, 1.0 - self.beta2].map(T::of);
        let mut moves = Moves { numbers: gradient.data().len(), ..Moves::default() };
        let (zero, mut finite) = (T::default(), true);
        // One pass over four arrays: written with whole-array operations it would be ten.
        let moments = m.data_mut().iter_mut().zip(v.data_mut());
        for ((p, &g), (m, v)) in parameter.data_mut().iter_mut().zip(gradient.data()).zip(moments) {
            *m = beta1 * *m + rest1 * g;
            *v = beta2 * *v + rest2 * g * g;
            let root = scale * v.sqrt();
            let next = *p - rate * (*m / (root + epsilon));
            let moved = next != *p;
            moves.moved += usize::from(moved);
            moves.by_epsilon += usize::from(moved && root < epsilon);
            // An infinite v would hold the parameter where it is for ever. 0 · x is 0, and NaN for
            // what is not finite.
            finite &= zero * next == zero * root;
            *p = next;
        }
        if finite { Ok(moves) } else { Err(culprit(gradient, Some(v))) }
    }

    fn check(&self) {
        check_rate::<T>(self.rate);
        for (name, beta) in [("β₁", self.beta1), ("β₂", self.beta2)] {
            assert!((0.0..1.0).contains(&beta), "{name} = {beta}: from 0, and below 1, expected");
        }
        let epsilon = self.epsilon;
        let fits = epsilon >= 0.0 && T::holds(epsilon);
        assert!(fits, "ε = {epsilon:e}: a number from 0 that this precision has expected");
        assert!(self.horizon != Some(0), "an annealing over 0 steps");
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
    let shape = parameter.shape();
    assert!(shape == gradient.shape(), "update: {shape:?} · {:?}", gradient.shape());
}

#[track_caller]
fn check_rate<T: Real>(rate: f64) {
    let fits = rate >= 0.0 && T::holds(rate);
    assert!(fits, "a rate of {rate:e}: a number from 0 that this precision has expected");
}
