//! T15: what a little noise does to implicit score matching, and Kingma and LeCun's regulariser.
//!
//! Smoothing q solves the heat equation: with s = σ², d/ds 𝔼_{q_σ} f = ½ 𝔼_{q_σ} Δf. For the
//! integrand f = ½‖ψ‖² + tr J of implicit score matching
//!
//! ```text
//! Δf = ‖J‖_F² + Σᵢ ψᵢ Δψᵢ + Δ tr J
//! ISM(q_σ) = ISM(q) + ½ ∫₀^σ² 𝔼_{q_√s} Δf ds = ISM(q) + ½σ² 𝔼_q Δf + O(σ⁴)
//! ```
//!
//! The regulariser Σᵢ (∂ψᵢ/∂xᵢ)² is one part of the first of the three terms.

use super::{Evidence, OldCheck, OldTheorem};
use crate::{
    array::{Array, Function, Linear},
    autodiff::{Dual, second::along_axes},
    density::{Density, Mixture},
    matrix::{Matrix, Real, noise::Generator, noise::standard_normal},
    model::{Parameters, ScoreNetwork},
    objective,
    quadrature::Rule,
};
use rand::{Rng, RngExt, SeedableRng};

/// The theorem of this page.
pub const THEOREMS: &[OldTheorem] = &[OldTheorem {
    number: 15,
    statement: "ISM(q_σ) = ISM(q) + (σ²/2) 𝔼[‖J‖² + Σ ψᵢ Δψᵢ + Δ tr J] + O(σ⁴)",
    check: |rng| heat_flow(&Instance::any(rng)).check(Rates::whole),
    false_statement: "the same with Kingma and LeCun's Σ (∂ψᵢ/∂xᵢ)² alone",
    counterexample: |_| heat_flow(&Instance::fixed()).check(|rates| rates.diagonal.clone()),
}];

/// The terms of Δ(½‖ψ‖² + tr J), one number a sample, (n, 1) each.
#[derive(Clone, Debug)]
pub struct Rates<A> {
    /// Σᵢ (∂ψᵢ/∂xᵢ)², all that the regulariser keeps.
    pub diagonal: A,
    /// Σᵢⱼ (∂ψᵢ/∂xⱼ)² for i ≠ j.
    pub off_diagonal: A,
    /// Σᵢ ψᵢ Δψᵢ
    pub drift: A,
    /// Δ tr J
    pub trace: A,
}

impl<A: Array> Rates<A> {
    /// From the pair (ψ, tr J), by any route of [`trace`](objective::trace), at x (n, d).
    #[track_caller]
    pub fn of(pair: impl Fn(&Dual<Dual<A>>) -> (Dual<Dual<A>>, Dual<Dual<A>>), x: &A) -> Self {
        let (n, d) = x.shape();
        let [psi, trace] = along_axes(|x| pair(x).into(), x);
        let axes = x.constant(n * d, d, |row, j| f64::from(u8::from(row % d == j)));
        let sum = |along_axes: A| along_axes.linear(Linear::SumEach(d));
        let diagonal = psi.first.clone() * &axes;
        let off_diagonal = psi.first * (-axes + 1.0);
        Self {
            diagonal: sum(diagonal.squared_norm()),
            off_diagonal: sum(off_diagonal.squared_norm()),
            drift: sum(psi.value.inner(&psi.second)),
            trace: sum(trace.second),
        }
    }

    /// ‖J‖_F² + Σᵢ ψᵢ Δψᵢ + Δ tr J
    pub fn whole(&self) -> A {
        self.diagonal.clone() + &self.off_diagonal + &self.drift + &self.trace
    }
}

/// A density, a model and a noise level.
#[derive(Clone, Debug)]
pub struct Instance {
    /// q, in one or two dimensions.
    pub density: Mixture,
    /// ψ, with two hidden layers.
    pub model: ScoreNetwork<Matrix>,
    /// σ
    pub sigma: f64,
}

impl Instance {
    /// In one or two dimensions, at random.
    pub fn any(rng: &mut impl Rng) -> Self {
        let d = rng.random_range(1..=2);
        Self::random(d, rng)
    }

    /// One instance in the plane, for what could be true of a random one by chance.
    pub fn fixed() -> Self {
        Self::random(2, &mut Generator::seed_from_u64(15))
    }

    /// Two Gaussians with means in [−1, 1]ᵈ and variances from ¼ to 1; σ from 0.05 to ¼. The weights
    /// of the hidden layers have norm 1 each, so that ψ is analytic up to |Im x| = π (the slope of
    /// softplus is at most 1 in modulus as far as |Im| = π/2, and its poles are at π): the
    /// quadrature needs that.
    pub fn random(d: usize, rng: &mut impl Rng) -> Self {
        let component = |rng: &mut _| -> (f64, Matrix, Matrix) {
            let mut between = |low: f64, high: f64| RngExt::random_range(rng, low..high);
            let weight = between(0.5, 1.0);
            let mean = Matrix::from_fn(1, d, |_, _| between(-1.0, 1.0));
            let variance = [between(0.25, 1.0), between(0.25, 1.0)];
            (weight, mean, Matrix::from_fn(d, d, |i, j| if i == j { variance[i] } else { 0.0 }))
        };
        let density = Mixture::new([component(rng), component(rng)]);
        let mut model = ScoreNetwork::random(&[d, 4, 4, d], Function::Softplus, rng);
        for layer in &mut model.layers {
            layer.b = standard_normal(1, layer.b.cols(), rng);
        }
        for layer in &mut model.layers[..2] {
            let norm = layer.w.squared_norm().sum().item().sqrt();
            layer.w = layer.w.clone() * (1.0 / norm);
        }
        Self { density, model, sigma: 0.05 * 5.0_f64.powf(rng.random()) }
    }

    /// Nodes `step` apart, over 8.5 standard deviations of the widest component, smoothed: what is
    /// left outside is below 1e-16.
    pub fn nodes(&self, step: f64) -> Rule {
        let end = 1.0 + 8.5 * (1.0 + self.sigma * self.sigma).sqrt();
        let line = Rule::trapezoid(-end, end, (2.0 * end / step).ceil() as usize);
        if self.density.dimension() == 1 { line } else { line.squared() }
    }

    /// ½‖ψ‖² + tr J and the terms of its Laplacian, at x.
    pub fn integrands(&self, x: &Matrix) -> (Matrix, Rates<Matrix>) {
        let f = objective::implicit(self.model.score_and_trace(x));
        let constants = self.model.clone().map(|p| Dual::constant(&Dual::constant(&p)));
        (f, Rates::of(|x| constants.score_and_trace(x), x))
    }
}

/// The step of [`Instance::nodes`] at which the quadrature has converged: with singularities at
/// π and the narrowest variance ¼, the error exp(−2πa/h) of the trapezoid rule is below
/// [`TRUNCATION`] from a = 1.7 on.
pub const STEP: f64 = 0.35;

/// What [`STEP`] leaves of an integral, relative to its summed magnitudes.
pub const TRUNCATION: f64 = 1e-13;

/// Both sides of ISM(q_σ) − ISM(q) = ½∫₀^σ² 𝔼_{q_√s} Δf ds.
#[derive(Clone, Debug)]
pub struct HeatFlow {
    /// q at the nodes, times their weights.
    pub clean: Rule,
    /// q_σ likewise.
    pub smoothed: Rule,
    /// ½∫₀^σ² q_√s ds likewise.
    pub between: Rule,
    /// ½‖ψ‖² + tr J at the nodes.
    pub integrand: Matrix,
    /// The terms of its Laplacian.
    pub rates: Rates<Matrix>,
}

/// The two sides with nodes [`STEP`] apart.
pub fn heat_flow(instance: &Instance) -> HeatFlow {
    HeatFlow::new(instance, STEP)
}

impl HeatFlow {
    /// With nodes `step` apart.
    pub fn new(instance: &Instance, step: f64) -> Self {
        let rule = instance.nodes(step);
        let (integrand, rates) = instance.integrands(&rule.nodes);
        let q = &instance.density;
        let variance = instance.sigma * instance.sigma;
        // In s the integrand is analytic as far as the narrowest variance, −¼, which is four times
        // σ² at least: then the error of n nodes falls as 18^(−2n).
        let flow = Rule::gauss_legendre(0.0, variance, 6);
        let mut between = Matrix::zeros(rule.nodes.rows(), 1);
        for (s, w) in flow.nodes.data().iter().zip(flow.weights.data()) {
            between = between + q.smoothed(s.sqrt()).rule(&rule).weights * (0.5 * w);
        }
        Self {
            clean: q.rule(&rule),
            smoothed: q.smoothed(instance.sigma).rule(&rule),
            between: Rule { nodes: rule.nodes, weights: between },
            integrand,
            rates,
        }
    }

    /// ISM(q_σ) − ISM(q), integrated as one difference: nothing cancels but what must.
    pub fn change(&self) -> f64 {
        let weights = self.smoothed.weights.clone() - &self.clean.weights;
        weights.inner(&self.integrand).sum().item()
    }

    /// ISM(q_σ) − ISM(q) − ½σ² 𝔼_q of what is claimed for Δf.
    pub fn remainder(&self, sigma: f64, claimed: &Matrix) -> f64 {
        self.change() - 0.5 * sigma * sigma * self.clean.integrate(claimed)
    }

    /// The two sides, with what is claimed for Δf, relative to 𝔼|f| (which is what the left side
    /// adds up).
    pub fn check(&self, claimed: impl Fn(&Rates<Matrix>) -> Matrix) -> OldCheck {
        let right = self.between.integrate(&claimed(&self.rates));
        let scale = self.smoothed.integrate(&super::magnitude(&self.integrand));
        // A rounding for each node and 64 inside a term, and what the steps leave on either side.
        let nodes = self.integrand.rows() as f64;
        let tolerance = 2.0 * (nodes + 64.0) * f64::UNIT_ROUNDOFF + 2.0 * TRUNCATION;
        OldCheck::new(Evidence::Quadrature, self.change(), right, scale, tolerance)
    }
}
