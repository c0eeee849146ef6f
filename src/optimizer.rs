//! Descent: how a gradient changes the parameters.

use crate::{
    array::Array,
    matrix::{Matrix, Real},
};

/// A rule that turns gradients into new parameters.
pub trait Optimizer<T: Real> {
    /// One step of one parameter. `slot` tells the parameters apart, counted from 0 in the same
    /// order at every step; a parameter that is the last owner of its buffer is updated in place.
    ///
    /// # Panics
    /// If shapes differ, or a slot is not the one of an earlier step or the next new one.
    #[track_caller]
    fn update(&mut self, slot: usize, parameter: Matrix<T>, gradient: &Matrix<T>) -> Matrix<T>;
}

/// θ ← θ − rate · g
#[derive(Clone, Debug)]
pub struct Sgd {
    /// The length of a step.
    pub rate: f64,
}

impl<T: Real> Optimizer<T> for Sgd {
    fn update(&mut self, _slot: usize, parameter: Matrix<T>, gradient: &Matrix<T>) -> Matrix<T> {
        parameter - gradient.clone() * self.rate
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
    /// The length of a step.
    pub rate: f64,
    /// β₁, how slowly m forgets.
    pub beta1: f64,
    /// β₂, how slowly v forgets.
    pub beta2: f64,
    /// ε, keeps a parameter at rest whose gradient is zero.
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
    pub const fn new(rate: f64) -> Self {
        let (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8);
        Self { rate, beta1, beta2, epsilon, horizon: None, moments: Vec::new() }
    }

    /// With a rate that falls linearly to zero over so many steps.
    pub const fn annealed(rate: f64, steps: usize) -> Self {
        let mut adam = Self::new(rate);
        adam.horizon = Some(steps);
        adam
    }
}

impl<T: Real> Optimizer<T> for Adam<T> {
    fn update(&mut self, slot: usize, mut parameter: Matrix<T>, gradient: &Matrix<T>) -> Matrix<T> {
        if slot == self.moments.len() {
            let zero = Matrix::zeros(gradient.rows(), gradient.cols());
            self.moments.push(Moments { m: zero.clone(), v: zero, steps: 0 });
        }
        assert!(slot < self.moments.len(), "slot {slot} after {} slots", self.moments.len());
        let Moments { m, v, steps } = &mut self.moments[slot];
        let shape = parameter.shape();
        assert!(shape == gradient.shape(), "update: {shape:?} · {:?}", gradient.shape());
        assert!(shape == m.shape(), "update: {shape:?}, but slot {slot} is {:?}", m.shape());
        *steps += 1;
        // The means start at zero; dividing by 1 − βᵗ undoes the bias.
        let unbiased = |beta: f64| 1.0 / (1.0 - beta.powi(*steps));
        let left = self.horizon.map_or(1.0, |h| (1.0 - f64::from(*steps - 1) / h as f64).max(0.0));
        let rate = T::of(self.rate * left * unbiased(self.beta1));
        let (scale, epsilon) = (T::of(unbiased(self.beta2)), T::of(self.epsilon));
        let [beta1, beta2] = [self.beta1, self.beta2].map(T::of);
        let [rest1, rest2] = [1.0 - self.beta1, 1.0 - self.beta2].map(T::of);
        // One pass over four arrays: written with whole-array operations it would be ten.
        let moments = m.data_mut().iter_mut().zip(v.data_mut());
        for ((p, &g), (m, v)) in parameter.data_mut().iter_mut().zip(gradient.data()).zip(moments) {
            *m = beta1 * *m + rest1 * g;
            *v = beta2 * *v + rest2 * g * g;
            *p = *p - rate * *m / ((scale * *v).sqrt() + epsilon);
        }
        parameter
    }
}
