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

use super::{Claim, Sides, Theorem, magnitude, number, polynomial_score::PolynomialScore};
use crate::{
    array::{Array, Function, Linear},
    autodiff::{Dual, second::along_axes},
    corruption,
    density::{Density, Mixture},
    grid::Exact,
    matrix::{Matrix, noise::standard_normal},
    model::{Parameters, ScoreNetwork},
    objective::{self, trace},
    quadrature::Rule,
};
use rand::{Rng, RngExt};

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 15,
    statement: "ISM(q_σ) = ISM(q) + (σ²/2) 𝔼[‖J‖² + Σ ψᵢ Δψᵢ + Δ tr J] + O(σ⁴)",
    claims: &[
        Claim::one("what stands at σ²", CUBIC, || first_order(Rates::whole)),
        Claim::one("d/dσ² 𝔼_z f = ½ 𝔼_z Δf, in every power of σ", CUBIC, heat_equation),
        Claim::any("the heat flow", "random networks and mixtures on the line", |rng| {
            let instance = NoisyMixture::random(1, rng);
            Sides::doubled(|k| HeatFlow::new(&instance, STEP / k as f64).sides())
        }),
    ],
    false_statements: &[
        Claim::one("Kingma and LeCun's Σ (∂ψᵢ/∂xᵢ)² alone", CUBIC, || {
            first_order(|r| r.diagonal.clone())
        }),
        Claim::one("the same with the diagonal of J for J", CUBIC, || {
            first_order(|r| r.diagonal.clone() + &r.drift + &r.trace)
        }),
        Claim::one("the same without Σ ψᵢ Δψᵢ", CUBIC, || {
            first_order(|r| r.squared_jacobian() + &r.trace)
        }),
        Claim::one("the same without Δ tr J", CUBIC, || {
            first_order(|r| r.squared_jacobian() + &r.drift)
        }),
        Claim::one("the same with −Δ tr J", CUBIC, || {
            first_order(|r| r.squared_jacobian() + &r.drift - &r.trace)
        }),
        Claim::one("the same with σ² for σ²/2", CUBIC, || first_order(|r| r.whole() * 2.0)),
        Claim::one(
            "the same with (𝔼 ψ′)² for 𝔼 ψ′²",
            "every cubic on the line, N(0, 1)",
            squared_outside_the_expectation,
        ),
    ],
}];

const CUBIC: &str = "every cubic field on the line and in the plane, every x";

/// f = ½‖ψ‖² + tr J and the terms of Δf, for every polynomial ψ.
fn integrands(psi: &PolynomialScore<Exact>, x: &Exact) -> (Exact, Rates<Exact>) {
    let once = psi.constants();
    let f = objective::implicit(trace::of_score(|x: &Dual<Exact>| once.score(x), x));
    let thrice = once.constants().constants();
    (f, Rates::of(|x| trace::of_score(|x| thrice.score(x), x), x))
}

/// The two fields of the proofs with x + σz for every x and σ, and z.
fn cubic_fields() -> [(PolynomialScore<Exact>, [Exact; 4]); 2] {
    [1, 2].map(|d| {
        let [x, z] = ["x", "z"].map(|name| Exact::named(name, 1, d));
        let sigma = Exact::named("σ", 1, 1);
        let noisy = corruption::corrupt_each(&x, &z, &sigma);
        (PolynomialScore::every(d, 3), [x, z, sigma, noisy])
    })
}

/// The coefficient of σ² in 𝔼_z f(x + σz), which needs no derivative but tr J, and half of what is
/// claimed for Δf(x).
fn first_order(claimed: fn(&Rates<Exact>) -> Exact) -> Sides {
    let sides = cubic_fields().map(|(psi, [x, z, sigma, noisy])| {
        let (f, _) = integrands(&psi, &noisy);
        let (_, rates) = integrands(&psi, &x);
        [f.gaussian_mean(&z).coefficient(&sigma, 2), claimed(&rates) * 0.5]
    });
    both(&sides)
}

/// [`first_order`] in the mean over x ~ N(0, 1), with the square taken after the mean.
fn squared_outside_the_expectation() -> Sides {
    let [(psi, [x, z, sigma, noisy]), _] = cubic_fields();
    let (f, _) = integrands(&psi, &noisy);
    let (_, rates) = integrands(&psi, &x);
    let (_, slope) = trace::of_score(|x: &Dual<Exact>| psi.constants().score(x), &x);
    let outside = slope.gaussian_mean(&x).squared_norm();
    let claimed = (rates.drift + &rates.trace).gaussian_mean(&x) + outside;
    both(&[[f.gaussian_mean(&z).gaussian_mean(&x).coefficient(&sigma, 2), claimed * 0.5]])
}

/// The coefficients of 𝔼_z f(x + σz) at σᵏ, times k/2, and of ½ 𝔼_z Δf(x + σz) at σᵏ⁻², for k from 1 to
/// 8; f is of degree 6, so there are no others.
fn heat_equation() -> Sides {
    let sides = cubic_fields().map(|(psi, [_, z, sigma, noisy])| {
        let (f, rates) = integrands(&psi, &noisy);
        let (f, heat) = (f.gaussian_mean(&z), rates.whole().gaussian_mean(&z) * 0.5);
        let left = |k| f.coefficient(&sigma, k) * (0.5 * f64::from(k));
        (1..=8).map(|k| [left(k), heat.coefficient(&sigma, k - 2)]).collect::<Vec<_>>()
    });
    both(&sides.concat())
}

fn both(sides: &[[Exact; 2]]) -> Sides {
    Sides::proof([0, 1].map(|k| sides.iter().map(|s| s[k].clone()).collect()))
}

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

    /// ‖J‖_F²
    pub fn squared_jacobian(&self) -> A {
        self.diagonal.clone() + &self.off_diagonal
    }

    /// ‖J‖_F² + Σᵢ ψᵢ Δψᵢ + Δ tr J
    pub fn whole(&self) -> A {
        self.squared_jacobian() + &self.drift + &self.trace
    }
}

/// A density, a model and a noise level.
#[derive(Clone, Debug)]
pub struct NoisyMixture {
    /// q, in one or two dimensions.
    pub density: Mixture,
    /// ψ, with two hidden layers.
    pub model: ScoreNetwork<Matrix>,
    /// σ
    pub sigma: f64,
}

impl NoisyMixture {
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
}

/// The coarser step of the quadrature. With singularities at π and the narrowest variance ¼, ψ and q
/// allow a = 1.7, where q has grown by e^(2 · 1.7²) = 320: the error 320 e^(−2πa/h) is 10⁻¹⁶ at ¼.
pub const STEP: f64 = 0.25;

/// Both sides of ISM(q_σ) − ISM(q) = ½∫₀^σ² 𝔼_{q_√s} Δf ds.
#[derive(Clone, Debug)]
pub struct HeatFlow {
    /// The nodes, with q as weights.
    pub clean: Rule,
    /// With q_σ.
    pub smoothed: Rule,
    /// With ½∫₀^σ² q_√s ds.
    pub between: Rule,
    /// f = ½‖ψ‖² + tr J at the nodes.
    pub integrand: Matrix,
    /// The terms of its Laplacian.
    pub rates: Rates<Matrix>,
}

impl HeatFlow {
    /// With nodes `step` apart along each axis.
    pub fn new(instance: &NoisyMixture, step: f64) -> Self {
        let NoisyMixture { density: q, model, sigma } = instance;
        let rule = instance.nodes(step);
        // In s the integrand is analytic as far as the narrowest variance, −¼, which is four times
        // σ² at least: then the error of n nodes falls as 18^(−2n).
        let flow = Rule::gauss_legendre(0.0, sigma * sigma, 6);
        let mut between = Matrix::zeros(rule.nodes.rows(), 1);
        for (s, w) in flow.nodes.data().iter().zip(flow.weights.data()) {
            between = between + q.smoothed(s.sqrt()).rule(&rule).weights * (0.5 * w);
        }
        let constants = model.constants().constants();
        Self {
            clean: q.rule(&rule),
            smoothed: q.smoothed(*sigma).rule(&rule),
            integrand: objective::implicit(model.score_and_trace(&rule.nodes)),
            rates: Rates::of(|x| constants.score_and_trace(x), &rule.nodes),
            between: Rule { nodes: rule.nodes, weights: between },
        }
    }

    /// ISM(q_σ) − ISM(q), integrated as one difference, and the integral of the heat flow. The first
    /// adds up terms of the size of f, however small the difference is.
    pub fn sides(&self) -> Sides {
        let weights = self.smoothed.weights.clone() - &self.clean.weights;
        let change = weights.inner(&self.integrand).sum().item();
        let flow = self.between.integrate(&self.rates.whole());
        let size = self.smoothed.integrate(&magnitude(&self.integrand));
        Sides::integrals([number(change), number(flow)], number(size), self.integrand.rows())
    }
}
