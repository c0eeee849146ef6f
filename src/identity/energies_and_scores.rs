//! T1, T29: p = e^(−E)/Z, what its score does not need, and what its likelihood does.
//!
//! The partition function Z(θ) = ∫ e^(−E(x; θ)) dx stands between an energy and its density. The
//! score −∇ₓE is free of it; the gradient in θ is not, and that is why likelihood is hard.
//!
//! What is said of Z holds for sums as it does for integrals, so it is *proved*, with Z a sum over
//! any nodes with any weights. That a sum over nodes is the integral is shown by quadrature, against
//! the cases in which Z has a closed form; no second quadrature is needed there.
//!
//! The page: `proofs/energies_and_scores.md`.

mod softplus_energy;

pub use softplus_energy::SoftplusEnergy;

use super::{Claim, Evidence, Sides, Theorem, enclosed, magnitude};
use crate::{
    array::{Array, Linear},
    autodiff::Tape,
    density::softplus_mixture::Expansion,
    grid::Exact,
    model::Parameters,
    objective::{implicit, trace},
};
use rand::{Rng, RngExt};

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[
    Theorem {
        number: 1,
        statement: "p = e^(−E)/Z is a density, and ∇ₓ log p = −∇ₓE is free of Z",
        claims: &[
            Claim::one("∇ₓ log p = (r(x) − x)/σ²", EVERY, || Sides::proof(score(&every()))),
            Claim::any("∇ₓ log p as computed", LINE, |rng| {
                let i = SoftplusEnergy::any(rng);
                Sides::rounding(score(&i), score(&enclosed(&i)))
            }),
            Claim::any("Z is finite, and a finite sum for σ² = 1/k", LINE, |rng| {
                let (i, k) = with_a_closed_form(rng);
                Sides::rounding(partition(&i, k), partition(&enclosed(&i), k))
                    .resting_on(Evidence::Quadrature)
            }),
        ],
        false_statements: &[Claim::one("∇_θ log p = −∇_θE", EVERY, || {
            let [left, _] = parameter_score(&every());
            Sides::proof([left, slope_of_unnormalised(&every())])
        })],
    },
    Theorem {
        number: 29,
        statement: "∇_θ log Z = 𝔼_p[−∇_θE], so 𝔼_p[∇_θ log p] = 0; T = σ² is a temperature",
        claims: &[
            Claim::one("∇_θ log Z = 𝔼_p[−∇_θE] by W, b, c", NODES, || {
                Sides::proof(partition_slope(&every()))
            }),
            Claim::one("∇_θ log p = −∇_θE + 𝔼_p[∇_θE] by W, b, c", NODES, || {
                Sides::proof(parameter_score(&every()))
            }),
            Claim::one("ISM and its gradients do not see ‖θ‖² added to E", EVERY, || {
                Sides::proof(implicit_without_partition(&every()))
            }),
            Claim::any("p^(1/T), normalised again, has the energy E₁/(Tσ²)", LINE, |rng| {
                let (i, t) = (SoftplusEnergy::any(rng), rng.random_range(0.5..2.0_f64));
                let s = t.sqrt();
                Sides::rounding(tempered(&i, t, s), tempered(&enclosed(&i), t, s))
            }),
            Claim::any(
                "𝔼_p[−∇_θE] is the slope of the sum that log Z is for σ² = 1/k",
                LINE,
                |rng| {
                    let (i, k) = with_a_closed_form(rng);
                    Sides::rounding(mean_slope(&i, k), mean_slope(&enclosed(&i), k))
                        .resting_on(Evidence::Quadrature)
                },
            ),
        ],
        false_statements: &[
            Claim::one("𝔼_p[∇_θ log p̃] = 0 for p̃ = e^(−E), without Z", NODES, || {
                let [_, right] = partition_slope(&every());
                let zero = right.iter().map(|r| r.clone() * 0.0).collect();
                Sides::proof([right, zero])
            }),
            Claim::one("σ is a temperature", "W = 1, b = c = 0, σ = ½, T = 2", || {
                let i = SoftplusEnergy::example();
                Sides::rounding(tempered(&i, 2.0, 2.0), tempered(&enclosed(&i), 2.0, 2.0))
            }),
        ],
    },
];

const EVERY: &str = "n = 2, d, h = 3, σ = ½, every θ and x, whatever Z is";
const NODES: &str =
    "n = 2, d, h = 3, σ = ½, every θ, Z a sum over any three nodes with any weights";
const LINE: &str = "random θ in [−1, 1], h up to 3, on the line";

/// Everything an indeterminate. σ only divides the energy: it is no more than a unit.
fn every() -> SoftplusEnergy<Exact> {
    SoftplusEnergy::every((2, 3, 3), 0.5)
}

/// A random energy with σ² = 1/k for k up to 4, and k.
pub fn with_a_closed_form(rng: &mut impl Rng) -> (SoftplusEnergy, usize) {
    let (i, k) = (SoftplusEnergy::any(rng), rng.random_range(1..=4));
    (SoftplusEnergy::new(i.model, (k as f64).recip().sqrt(), i.x), k)
}

/// T1: ∇ₓ log p(x), by differentiating the logarithm of the normalised density e^(−E) · (1/Z), and
/// (r(x) − x)/σ², which has never heard of Z.
pub fn score<A: Array>(i: &SoftplusEnergy<A>) -> [Vec<A>; 2] {
    let tape = Tape::new();
    let on = i.on(&tape);
    let log_density = on.probability(&on.x).ln().sum();
    [log_density.gradient(&[on.x]), vec![i.model.score(&i.x, i.sigma)]]
}

/// T1: log Z by the nodes and, for σ² = 1/k, as a sum of (k + 1)ʰ terms:
///
/// ```text
/// e^(−E) = e^(k⟨c, x⟩ − k‖x‖²/2) Πⱼ (1 + e^(zⱼ))ᵏ,    z = Wx + b
/// Z = (2π/k)^(d/2) Σₘ Πⱼ C(k, mⱼ) e^(⟨m, b⟩ + ‖kc + Wᵀm‖²/(2k)),    0 ≤ mⱼ ≤ k
/// ```
///
/// By the binomial theorem e^(−E) is a sum of Gaussians, each with a known integral (T33).
pub fn partition<A: Array>(i: &SoftplusEnergy<A>, k: usize) -> [Vec<A>; 2] {
    [vec![i.partition().ln()], vec![closed_form(i, k)]]
}

/// The finite sum that log Z is for σ² = 1/k: (1, 1).
pub fn closed_form<A: Array>(i: &SoftplusEnergy<A>, k: usize) -> A {
    Expansion::whole(&i.model, k).log_partition(k as f64)
}

/// T29: 𝔼_p[−∇_θE] over the nodes, and the slopes of the finite sum.
pub fn mean_slope<A: Array>(i: &SoftplusEnergy<A>, k: usize) -> [Vec<A>; 2] {
    let tape = Tape::new();
    let on = i.on(&tape);
    let [_, mean] = partition_slope(i);
    [mean, closed_form(&on, k).gradient(&on.model.into_list())]
}

/// T29: ∇_θ log Z for θ = W, b, c by differentiating the sum Z, and 𝔼_p[−∇_θE] over the nodes.
pub fn partition_slope<A: Array>(i: &SoftplusEnergy<A>) -> [Vec<A>; 2] {
    let tape = Tape::new();
    let on = i.on(&tape);
    let p = tape.var(&(i.probability(&i.nodes) * &i.weights));
    let (log_z, mean) = (on.partition().ln(), (-on.energy(&on.nodes)).inner(&p).sum());
    let theta = on.model.into_list();
    [log_z.gradient(&theta), mean.gradient(&theta)]
}

/// T29: the mean of ∇_θ log p over the points, by differentiating log(e^(−E) · (1/Z)), and
/// −∇_θE + 𝔼_p[∇_θE]. Z makes the difference.
pub fn parameter_score<A: Array>(i: &SoftplusEnergy<A>) -> [Vec<A>; 2] {
    let tape = Tape::new();
    let on = i.on(&tape);
    let left = on.probability(&on.x).ln().mean().gradient(&on.model.into_list());
    let [_, slope_of_z] = partition_slope(i);
    let both = slope_of_unnormalised(i).into_iter().zip(slope_of_z);
    [left, both.map(|(slope, of_z)| slope - &of_z).collect()]
}

/// The mean of ∇_θ log p̃ = −∇_θE over the points: what is left of a likelihood without Z.
pub fn slope_of_unnormalised<A: Array>(i: &SoftplusEnergy<A>) -> Vec<A> {
    let tape = Tape::new();
    let on = i.on(&tape);
    (-on.energy(&on.x)).mean().gradient(&on.model.into_list())
}

/// T29: log p at σ times `factor`, and (log p)/T less its own log partition function, that is
/// p^(1/T) normalised again. They agree for the factor √T.
pub fn tempered<A: Array>(i: &SoftplusEnergy<A>, t: f64, factor: f64) -> [Vec<A>; 2] {
    let warm = SoftplusEnergy { sigma: i.sigma * factor, ..i.clone() };
    let (n, _) = i.x.shape();
    let normalised = |log: A, log_z: A| log - log_z.linear(Linear::Tile(n));
    let log_p = |x: &A| {
        let (m, _) = x.shape();
        -i.energy(x) - i.partition().ln().linear(Linear::Tile(m))
    };
    let power = |x: &A| log_p(x) * (1.0 / t);
    let log_z = power(&i.nodes).exp().inner(&i.weights).sum().ln();
    [
        vec![normalised(-warm.energy(&i.x), warm.partition().ln())],
        vec![normalised(power(&i.x), log_z)],
    ]
}

/// T29: implicit score matching at the points and its gradients by W, b, c, with the energy E and
/// with E + ‖θ‖². That changes Z by the factor e^(−‖θ‖²), and nothing here.
pub fn implicit_without_partition<A: Array>(i: &SoftplusEnergy<A>) -> [Vec<A>; 2] {
    [0.0, 1.0].map(|shift| {
        let tape = Tape::new();
        let on = i.on(&tape);
        let theta = on.model.clone().into_list();
        let energy = |x: &_| {
            let rows = Linear::Tile(i.x.shape().0);
            let energy = on.energy(x);
            theta.iter().fold(energy, |sum, p| sum + p.squared_norm().sum().linear(rows) * shift)
        };
        implicit(trace::of_energy_by_reverse(energy, &on.x)).mean().with_gradient(&theta)
    })
}
