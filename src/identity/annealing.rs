//! T23: annealed Langevin dynamics (Song and Ermon 2019), and what it does about far modes.
//!
//! ```text
//! αᵢ = ε σᵢ²/σ_L²,   x ← x + (αᵢ/2) ψ(x; σᵢ) + √αᵢ z
//!
//! scale        data X at level σ and step α, divided by σ, is data X/σ at level 1 and step α/σ²
//! ratio        𝔼‖drift‖²/𝔼‖noise‖² = αᵢ I(q_σᵢ)/(4d) = ε/(4σ_L²) · σᵢ² I(q_σᵢ)/d
//! N(0, s² I)   σ² I(q_σ)/d = σ²/(σ² + s²)
//! ```
//!
//! So with αᵢ ∝ σᵢ² every level is the same chain on another scale, but for the data, which shrink
//! to a point as σ grows. The mode weights that come of it are known without drawing anything: see
//! [`heavy_side`].
//!
//! The page: `proofs/annealed_langevin.md`.

mod law;

pub use law::{START, TwoModes, equilibrium, first_order_bias, heavy_side};

use super::{Claim, Sides, Theorem, langevin::for_all_steps};
use crate::{
    array::Array,
    density::{Density, KernelEstimate},
    grid::Exact,
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    sampler::{Sampler, Step, langevin},
};
use rand::{RngExt, SeedableRng};

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 23,
    statement: "with αᵢ = ε σᵢ²/σ_L² every level is the same chain on another scale",
    claims: &[
        Claim::one(
            "a step divided by σ does not depend on σ",
            "d = 2, every x, ψ, z, ε, σ",
            || for_all_steps(|epsilon| rescaled(proportional_to_the_variance, epsilon)),
        ),
        Claim::one(
            "𝔼‖drift‖² = α/(4v) 𝔼‖noise‖² on N(0, v)",
            "d = 2, every v, α",
            || for_all_steps(|alpha| drift_and_noise(alpha, 0.25)),
        ),
        Claim::any(
            "ten steps, bit for bit",
            "kernel estimates of 1 to 6 points, σ = 2 to 2¹²",
            scaled_chains,
        ),
    ],
    false_statements: &[
        Claim::one("the same with a step proportional to σ", "d = 2, ε = 1", || {
            Sides::proof(rescaled(proportional_to_the_deviation, 1.0))
        }),
        Claim::one("the same with the noise √ε at every level", "d = 2, ε = 1", || {
            Sides::proof(rescaled(noise_of_the_last_level, 1.0))
        }),
        Claim::one("drift to noise is α/v", "d = 2, α = 1", || {
            Sides::proof(drift_and_noise(1.0, 1.0))
        }),
    ],
}];

/// The step at noise level σ, when σ_L = 1: the rule of the theorem.
pub fn proportional_to_the_variance(sigma: f64, epsilon: f64) -> Step {
    Step::halved(epsilon * sigma * sigma)
}

/// A near miss: a step proportional to σ.
pub fn proportional_to_the_deviation(sigma: f64, epsilon: f64) -> Step {
    Step::halved(epsilon * sigma)
}

/// Another: the drift of the level, and the noise √ε at every level.
pub fn noise_of_the_last_level(sigma: f64, epsilon: f64) -> Step {
    Step { drift: proportional_to_the_variance(sigma, epsilon).drift, ..Step::halved(epsilon) }
}

/// A step on level σ, divided by σ, and that of level 1. By (2) of the page the score of X at σx is
/// that of X/σ at x, divided by σ: an indeterminate.
///
/// σ enters the left side, times σ, in the powers 0, 1 and 2: the levels 1, 2, 4 and 8 decide for
/// all.
fn rescaled(rule: fn(f64, f64) -> Step, epsilon: f64) -> [Vec<Exact>; 2] {
    let [x, score, z] = ["x", "ψ", "z"].map(|name| Exact::named(name, 1, 2));
    let at = |sigma: f64| {
        let score = score.clone() * (1.0 / sigma);
        rule(sigma, epsilon).take(&(x.clone() * sigma), score, z.clone()) * (1.0 / sigma)
    };
    [[1.0, 2.0, 4.0, 8.0].map(at).to_vec(), [(); 4].map(|()| at(1.0)).to_vec()]
}

/// 𝔼‖drift ψ‖² on N(0, v I), and a α/v 𝔼‖noise z‖²; the truth has a = ¼. A step from 0 without noise is
/// its drift, and one without a score its noise.
fn drift_and_noise(alpha: f64, a: f64) -> [Vec<Exact>; 2] {
    let [u, z] = ["u", "z"].map(|name| Exact::named(name, 1, 2));
    let (deviation, zero) = (Exact::named("s", 1, 1), z.clone() * 0.0);
    let score = -deviation.clone().reciprocal().nn(&u); // −x/v at x = s u, v = s²
    let step = Step::halved(alpha);
    let drift = step.take(&zero, score, zero.clone()).squared_norm().gaussian_mean(&u);
    let noise = step.take(&zero, zero.clone(), z.clone()).squared_norm().gaussian_mean(&z);
    let precision = (deviation.clone() * &deviation).reciprocal();
    [vec![drift], vec![noise * precision * (a * alpha)]]
}

/// Ten steps of chains on a kernel estimate at a level σ, a power of two, divided by σ; and those of
/// the last level, σ_L = 1, for points and starts divided by σ.
///
/// The two must agree bit for bit: a product with a power of two does not round, so every operation
/// of the one chain rounds as that of the other does, and the softmax has the same arguments.
///
/// # Panics
/// Never: each step goes at most half the way to a mean of the points, but for its noise.
pub fn scaled_chains(rng: &mut Generator) -> Sides {
    let (n, m, d) = (rng.random_range(1..=8), rng.random_range(1..=6), rng.random_range(1..=3));
    let (points, start) = (standard_normal(m, d, rng), standard_normal(n, d, rng));
    let (seed, epsilon): (u64, f64) = (rng.random(), rng.random_range(0.01..1.0));
    let run = |sigma: f64| {
        let q = KernelEstimate { points: points.clone() * sigma, sigma };
        let (mut rng, start) = (Generator::seed_from_u64(seed), start.clone() * sigma);
        let step = proportional_to_the_variance(sigma, epsilon);
        let last = langevin(|x: &Matrix| q.score(x), start, step, &mut rng).after(10);
        vec![last.expect("finite") * (1.0 / sigma)]
    };
    Sides::exact([run(2.0_f64.powi(rng.random_range(1..=12))), run(1.0)])
}
