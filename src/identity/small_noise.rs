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
//!
//! The page: `proofs/small_noise.md`.

use super::{
    Claim, Sides, Theorem, explicit_implicit::ScoreUnderMixture, magnitude, number,
    polynomial_score::PolynomialScore,
};
use crate::{
    array::{Array, Linear},
    autodiff::{Dual, second::along_axes},
    corruption,
    density::Density,
    grid::Exact,
    matrix::Matrix,
    model::Parameters,
    objective::{self, trace},
    quadrature::Rule,
};
use rand::RngExt;

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 15,
    statement: "ISM(q_σ) = ISM(q) + (σ²/2) 𝔼[‖J‖² + Σ ψᵢ Δψᵢ + Δ tr J] + O(σ⁴)",
    claims: &[
        Claim::one("what stands at σ²", CUBIC, || first_order(Rates::whole)),
        Claim::one("d/dσ² 𝔼_z f = ½ 𝔼_z Δf, in every power of σ", CUBIC, heat_equation),
        Claim::any("the heat flow", "random networks and mixtures on the line", |rng| {
            let (instance, sigma) =
                (ScoreUnderMixture::random(1, rng), rng.random_range(0.05..0.25));
            Sides::doubled(|k| heat_flow(&instance, sigma, 512 * k))
        }),
    ],
    false_statements: &[
        Claim::one("Kingma and LeCun's Σ (∂ψᵢ/∂xᵢ)² alone", CUBIC, || {
            first_order(|r| r.diagonal.clone())
        }),
        Claim::one("the same with the diagonal of J for J", CUBIC, || {
            first_order(|r| r.diagonal.clone() + &r.drift + &r.trace)
        }),
        Claim::one("the same with −Δ tr J", CUBIC, || {
            first_order(|r| r.squared_jacobian() + &r.drift - &r.trace)
        }),
        Claim::one("the same with σ² for σ²/2", CUBIC, || first_order(|r| r.whole() * 2.0)),
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
    /// From the pair (ψ, tr J), by any route of [`trace`], at x (n, d).
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

/// (3) for a random score and mixture: ISM(q_σ) − ISM(q), integrated as one difference, and
/// ½∫₀^σ² 𝔼_{q_√s} Δf ds. The first adds up terms of the size of f, however small the difference is.
///
/// Poles of ψ come to 0.4, as in T2, but Δ tr J multiplies what they leave by up to (2π/h)³ = 3·10⁶:
/// so there are twice as many steps h as there, which squares e^(−2π · 0.4/h) to 10⁻²⁵. In s the
/// integrand is analytic as far as the narrowest variance, −0.49, which is seven times σ² at least for σ
/// up to ¼: the error of n nodes falls as 33^(−2n).
pub fn heat_flow(instance: &ScoreUnderMixture, sigma: f64, steps: usize) -> Sides {
    let ScoreUnderMixture { psi, density: q, reach } = instance;
    let line = Rule::trapezoid(-reach, *reach, steps);
    let x = &line.nodes;
    let flow = Rule::gauss_legendre(0.0, sigma * sigma, 6);
    let mut between = Matrix::zeros(x.rows(), 1);
    for (s, w) in flow.nodes.data().iter().zip(flow.weights.data()) {
        between = between + q.smoothed(s.sqrt()).rule(&line).weights * (0.5 * w);
    }
    let f = objective::implicit(psi.score_and_trace(x));
    let lifted = psi.constants().constants();
    let rates = Rates::of(|x| lifted.score_and_trace(x), x);
    let smoothed = q.smoothed(sigma).rule(&line);
    let change = (smoothed.weights.clone() - &q.rule(&line).weights).inner(&f).sum();
    let flow = between.inner(&rates.whole()).sum();
    let size = smoothed.integrate(&magnitude(&f));
    Sides::integrals([vec![change], vec![flow]], number(size), x.rows())
}
