//! Adam, the optimiser of every training here.

use super::{Moves, Optimizer, Quantity, check_rate, culprit, same_shape};
use crate::{
    array::Array,
    matrix::{
        Matrix, Real,
        door::{Door, Instructions, Loop},
        threads::both,
    },
};

/// Adam: every parameter moves by about `rate` a step, whatever the size of its gradient.
///
/// ```text
/// m ← β₁ m + (1 − β₁) g          running mean of g
/// v ← β₂ v + (1 − β₂) g²         running mean of g²
/// θ ← θ − rate · m̂ / (√v̂ + ε),   m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)
/// ```
///
/// D. Kingma and J. Ba (2015), Adam: a method for stochastic optimization, algorithm 1.
///
/// ```
/// use score_matching::{optimizer::Adam, prelude::*};
///
/// let (mut theta, gradient) = (Matrix::from_rows([[1.0]]), Matrix::from_rows([[70.0]]));
/// let mut adam = Adam::annealed(0.1, 2); // the rate falls to 0 in two steps: 0.1, then 0.05
/// for expected in [0.9, 0.85, 0.85] {
///     adam.update(0, &mut theta, &gradient).expect("finite");
///     assert!((theta.item() - expected).abs() < 1e-10); // however large the gradient is
/// }
/// assert_eq!(Adam::<f64>::new(0.1).horizon, None); // a rate that does not fall
/// ```
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

/// The constants of step t.
#[derive(Clone, Copy)]
struct Constants<T> {
    /// rate / (1 − β₁ᵗ), so that m needs no correction
    rate: T,
    /// 1 / √(1 − β₂ᵗ), by which √v becomes √v̂
    scale: T,
    /// ε
    epsilon: T,
    /// β₁, β₂ and what they leave to 1
    beta1: T,
    beta2: T,
    rest1: T,
    rest2: T,
}

/// One step of one parameter, in one pass over its four arrays: written with whole-array operations it
/// would be ten.
struct Step<'a, T> {
    constants: Constants<T>,
    p: &'a mut [T],
    g: &'a [T],
    m: &'a mut [T],
    v: &'a mut [T],
}

/// Steps of this length on are shared among the threads.
const PARALLEL: usize = 1 << 15;

impl<T: Real> Step<'_, T> {
    /// The step, on all threads if it is long: how many numbers moved, and whether all are finite.
    fn share(self, door: Door) -> (Moves, bool) {
        if self.p.len() < PARALLEL {
            return door.enter(self);
        }
        let Self { constants, p, g, m, v } = self;
        let half = p.len() / 2;
        let ([p0, p1], [m0, m1]) = (p.split_at_mut(half).into(), m.split_at_mut(half).into());
        let ([v0, v1], [g0, g1]) = (v.split_at_mut(half).into(), g.split_at(half).into());
        let ((left, left_finite), (right, right_finite)) = both(
            || Step { constants, p: p0, g: g0, m: m0, v: v0 }.share(door),
            || Step { constants, p: p1, g: g1, m: m1, v: v1 }.share(door),
        );
        (left + right, left_finite && right_finite)
    }
}

impl<T: Real> Loop for Step<'_, T> {
    type Output = (Moves, bool);

    #[inline(always)]
    fn run<I: Instructions>(self) -> (Moves, bool) {
        let Constants { rate, scale, epsilon, beta1, beta2, rest1, rest2 } = self.constants;
        let (zero, mut finite) = (T::default(), true);
        // As wide as an f32, for the vectors; a step of one thread is below 2¹⁵ numbers long.
        let (mut moved_in_all, mut by_epsilon) = (0_u32, 0_u32);
        let moments = self.m.iter_mut().zip(self.v);
        for ((p, &g), (m, v)) in self.p.iter_mut().zip(self.g).zip(moments) {
            *m = beta1 * *m + rest1 * g;
            *v = beta2 * *v + rest2 * g * g;
            let root = scale * v.sqrt();
            let next = *p - rate * (*m / (root + epsilon));
            let moved = next != *p;
            moved_in_all += u32::from(moved);
            by_epsilon += u32::from(moved && root < epsilon);
            // An infinite v would hold the parameter where it is for ever. 0 · x is 0, and NaN for
            // what is not finite.
            finite &= zero * next == zero * root;
            *p = next;
        }
        let [moved, by_epsilon] = [moved_in_all, by_epsilon].map(|count| count as usize);
        (Moves { numbers: self.g.len(), moved, by_epsilon }, finite)
    }
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

    /// With a rate that falls linearly to zero over the given number of steps.
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
        assert!(
            shape == m.shape(),
            "a parameter of {shape:?} in slot {slot}, which has been {:?}",
            m.shape()
        );
        *steps = steps.saturating_add(1);
        // The means start at zero; dividing by 1 − βᵗ undoes the bias.
        let unbiased = |beta: f64| 1.0 / (1.0 - beta.powi(*steps));
        let left = self.horizon.map_or(1.0, |h| (1.0 - f64::from(*steps - 1) / h as f64).max(0.0));
        let rate = T::of(self.rate * left * unbiased(self.beta1));
        // √v̂ as a product of roots: the first v̂ is g², which can overflow where v does not.
        let (scale, epsilon) = (T::of(unbiased(self.beta2).sqrt()), T::of(self.epsilon));
        let [beta1, beta2] = [self.beta1, self.beta2].map(T::of);
        let [rest1, rest2] = [1.0 - self.beta1, 1.0 - self.beta2].map(T::of);
        let step = Step {
            constants: Constants { rate, scale, epsilon, beta1, beta2, rest1, rest2 },
            p: parameter.data_mut(),
            g: gradient.data(),
            m: m.data_mut(),
            v: v.data_mut(),
        };
        let (moves, finite) = step.share(Door::current());
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
