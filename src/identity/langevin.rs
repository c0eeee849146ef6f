//! T21, T22: what Langevin dynamics samples, and what it does not.
//!
//! ```text
//! T21  (ε/2, √ε) and (α, √(2α)) are one chain for α = ε/2
//!      𝔼_p[Δf + ⟨∇f, ∇ log p⟩] = 0               p is what the continuous dynamics keeps
//!      v ← (1 − ε/(2v₀))² v + ε                  the variance of the chain on N(0, v₀)
//!      p(x) k(x′|x) a(x′|x) = p(x′) k(x|x′) a(x|x′)   the Metropolis rule, for any ε
//!      so 𝔼f(x)g(x′) = 𝔼g(x)f(x′) for x ~ p; not for a plain step: 𝔼‖x′‖² = 𝔼‖x‖² + ε²I(p)/4
//! T22  ascent ends where ∇ log p = 0 and ∇² log p < 0, in the mode of its start
//! ```
//!
//! The second line is Stein's identity (T3) for ψ = ∇f. The third has the fixed point
//! v₀/(1 − ε/(4v₀)), not v₀: a fixed step is biased.
//!
//! The proofs read the sampler's own step and its own acceptance with polynomials.
//!
//! The page: `proofs/langevin.md`.

mod ascent;
mod exchangeability;
mod expanded;

pub use ascent::ascend;
pub use exchangeability::{FourStates, accepted, exchange};
pub(super) use expanded::for_all_steps;

use super::{Claim, Sides, Theorem, magnitude, number};
use crate::{
    array::Array,
    autodiff::second::along_axes,
    density::{Density, Mixture, mixture::diagonal},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    quadrature::Rule,
    sampler::{
        Step,
        metropolis::{Place, log_acceptance},
    },
};
use expanded::{
    acceptance_on_gaussians, balance, covariances, expansion, keeps_gaussians, kept_variance, steps,
};
use rand::RngExt;

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[
    Theorem {
        number: 21,
        statement: "Langevin keeps p but for ε: variance v/(1 − ε/(4v)); Metropolis keeps p",
        claims: &[
            Claim::one(
                "(ε/2, √ε) and (α, √(2α)), α = ε/2",
                "d = 2, every x, ψ, z, ε",
                || for_all_steps(steps),
            ),
            Claim::one(
                "𝔼f(x′) = f + (ε/2)(Δf + ⟨∇f, ψ⟩) + O(ε²)",
                "d = 2, every f of degree 4, every x, ψ",
                expansion,
            ),
            Claim::one(
                "𝔼_p[Δf + ⟨∇f, ∇ log p⟩] = 0",
                "d = 2, every Gaussian, every f of degree 6",
                keeps_gaussians,
            ),
            Claim::one(
                "S′ = (I − εP/2)ᵀ S (I − εP/2) + εI for ψ = −Px",
                "d = 2, every P, S, ε",
                || for_all_steps(|epsilon| covariances(Step::halved(epsilon), epsilon)),
            ),
            Claim::one(
                "v/(1 − ε/(4v)) is the variance that a step keeps",
                "d = 1, every v, ε",
                || for_all_steps(|epsilon| kept_variance(epsilon, 0.25 * epsilon)),
            ),
            Claim::one(
                "detailed balance of the Metropolis rule",
                "d = 2, every p, x, x′, ε",
                || for_all_steps(|epsilon| balance(epsilon, log_acceptance)),
            ),
            Claim::one(
                "on N(0, v) the rule is −ε(‖x′‖² − ‖x‖²)/(8v²)",
                "d = 2, every v, x, x′, ε",
                || for_all_steps(acceptance_on_gaussians),
            ),
            Claim::one(
                "𝔼‖x′‖² − 𝔼‖x‖² = ε²I(p)/4 for x ~ p and a plain step",
                "d = 2, every Gaussian, ε",
                || for_all_steps(exchangeability::longer),
            ),
            Claim::one(
                "𝔼x x′³ − 𝔼x³x′ = ¾ε²(1 − ε/(2v))",
                "d = 1, every v, ε",
                || for_all_steps(exchangeability::cubes),
            ),
            Claim::any(
                "both conventions, bit for bit: halving and doubling round nothing",
                "random x, ψ, z and ε from 0.05 to 2",
                |rng| {
                    let [x, score, z] = [(); 3].map(|()| standard_normal(3, 2, rng));
                    let epsilon = rng.random_range(0.05..2.0);
                    let both = [Step::halved(epsilon), Step::doubled(0.5 * epsilon)];
                    Sides::exact(both.map(|step| vec![step.take(&x, score.clone(), z.clone())]))
                },
            ),
            Claim::any(
                "the log ratio there is minus that back, bit for bit",
                "a mixture in 1 to 3 dimensions",
                |rng| {
                    let p = mixture(rng.random_range(1..=3), rng);
                    let [here, there] = [(); 2].map(|()| place(&p, &p.sample(1, rng)));
                    let epsilon = rng.random_range(0.05..2.0);
                    let forth = log_acceptance(&here, &there, epsilon);
                    Sides::exact([vec![forth], vec![-log_acceptance(&there, &here, epsilon)]])
                },
            ),
            Claim::any(
                "𝔼f(x)g(x′) = 𝔼g(x)f(x′) under the Metropolis rule, bit for bit",
                "four states, every p, proposal, f and g made of small dyadic numbers",
                exchangeability::four_states,
            ),
            Claim::any(
                "𝔼_p[Δf + ⟨∇f, ∇ log p⟩] = 0",
                "a mixture on the line, f = tanh",
                |rng| {
                    let p = mixture(1, rng);
                    Sides::doubled(|fineness| generator(&p, fineness))
                },
            ),
            Claim::one(
                "𝔼f(x)g(x′) = 𝔼g(x)f(x′) under the Metropolis rule: (x², 1), (x, x³)",
                "N(0, 1), ε = ½",
                || Sides::doubled(|fineness| accepted(log_acceptance, fineness)),
            ),
        ],
        false_statements: &[
            Claim::one(
                "the drift ε/2 and the noise √(2ε) belong together",
                "d = 2, ε = 2",
                || Sides::proof(covariances(swapped(2.0)[0], 2.0)),
            ),
            Claim::one("a fixed step keeps the variance v", "d = 1, ε = 1", || {
                Sides::proof(kept_variance(1.0, 0.0))
            }),
            Claim::one("min(1, p(x′)/p(x)) is in detailed balance", "d = 2, ε = 1", || {
                Sides::proof(balance(1.0, energies_alone))
            }),
            Claim::one(
                "𝔼f(x)g(x′) = 𝔼g(x)f(x′) under min(1, p(x′)/p(x))",
                "N(0, 1), ε = ½",
                || Sides::doubled(|fineness| accepted(energies_alone, fineness)),
            ),
            Claim::one(
                "the same without the ratio of the proposals",
                "four states",
                exchangeability::without_proposals,
            ),
            Claim::one(
                "a chain that keeps p has exchangeable pairs",
                "three states in a circle",
                exchangeability::one_way_round,
            ),
        ],
    },
    ascent::THEOREM,
];

/// log [p(x′)/p(x)]: the Metropolis rule without the ratio of the proposals, a mistake.
pub fn energies_alone<A: Array>(here: &Place<A>, there: &Place<A>, _: f64) -> A {
    here.energy.clone() - &there.energy
}

/// (ε/2, √(2ε)) and (ε, √ε): a number from each convention, and so temperature 2, or ½.
pub fn swapped(epsilon: f64) -> [Step; 2] {
    let (right, double) = (Step::halved(epsilon), Step::doubled(epsilon));
    [Step { noise: double.noise, ..right }, Step { drift: double.drift, ..right }]
}

/// Two or three Gaussians around means in [−1, 1]ᵈ with one covariance, whose eigenvalues are from ½
/// to 1.
pub fn mixture(d: usize, rng: &mut Generator) -> Mixture {
    let mut uniform = |d| Matrix::from_fn(1, d, |_, _| rng.random_range(-1.0..1.0));
    let (along, means) = (uniform(d), [(); 3].map(|()| uniform(d)));
    let covariance = along.tn(&along) * (0.5 / d as f64) + diagonal(d, 0.5);
    let count = rng.random_range(2..=3);
    let weights = [(); 3].map(|()| rng.random_range(1.0..3.0));
    let components = means.into_iter().zip(weights).take(count);
    Mixture::new(components.map(|(mean, weight)| (weight, mean, covariance.clone())))
}

/// T21 on the line for f = tanh: 𝔼_p f″ and −𝔼_p[f′ ∇ log p], p being a [`mixture`].
///
/// f has its poles π/2 from the real line. q has zeros, the poles of its score, only where the phases
/// of two components differ by π: at least π/(2 · 2√2) = 0.55 away, since ‖Σ⁻¹(μ − μ′)‖ ≤ 2 · 2√2.
/// With steps of 20/240 this leaves e^(−2π · 0.55 · 12) < 10⁻¹⁷. Beyond ±10 there is nothing of p: nine
/// deviations.
pub fn generator(p: &Mixture, fineness: usize) -> Sides {
    let rule = p.rule(&Rule::trapezoid(-10.0, 10.0, 240 * fineness));
    let [f] = along_axes(|x| [x.clone().tanh()], &rule.nodes);
    let drift = f.first.inner(&p.score(&rule.nodes));
    let terms = rule.integrate(&(magnitude(&f.second) + magnitude(&drift)));
    let sides = [number(rule.integrate(&f.second)), number(-rule.integrate(&drift))];
    Sides::integrals(sides, number(terms), rule.nodes.rows())
}

/// The variance after 1, 2, … steps of the chain on N(0, v) that starts in 0:
/// v′ = (1 − drift/v)² v′ + noise².
pub fn variances(step: Step, v: f64) -> impl Iterator<Item = f64> {
    let keep = 1.0 - step.drift / v;
    let next = move |variance: &f64| Some(keep * keep * variance + step.noise * step.noise);
    std::iter::successors(next(&0.0), next)
}

/// v/(1 − ε/(4v)): where the variance of the chain with step ε on N(0, v) settles, for ε < 4v.
pub fn biased_variance(v: f64, epsilon: f64) -> f64 {
    v / (1.0 - epsilon / (4.0 * v))
}

/// A point with E = −log p and ψ = ∇ log p.
pub fn place(density: &impl Density, x: &Matrix) -> Place<Matrix> {
    Place { x: x.clone(), energy: -density.log_density(x), score: density.score(x) }
}
