//! T25: the Fisher divergence is the speed at which noise destroys the Kullback–Leibler divergence.
//!
//! Let q_t and p_t be the data q and the model p, both smoothed by N(0, tI). Then (Lyu 2009)
//!
//! ```text
//! d/dt KL(q_t‖p_t) = −½ F(q_t‖p_t),      F(q‖p) = 𝔼_q‖∇ log q − ∇ log p‖²
//! d/dt H(q_t)      =  ½ I(q_t),          de Bruijn
//! KL(q‖p) ≤ F(q‖p)/(2ρ)                  for p = N(0, I/ρ), log-Sobolev
//! ```
//!
//! There is no ½ in F; with the ½ of [`objective::explicit`](crate::objective::explicit) Lyu's
//! identity reads d/dt KL = −ESM.
//!
//! Polynomials prove it in two ways: *before* integration for all densities at once, since a density
//! enters through its first derivatives only, and *after* it for Gaussians. On mixtures the integrals
//! are sums over nodes. There the left side moves t in forward mode and never sees a score; the right
//! side moves x in reverse mode and never sees a later time.
//!
//! The page: `proofs/fisher_kl.md`.

mod averaged;
pub(super) mod gaussian;
mod pair;

pub use averaged::{Averaged, averaging, contraction, shrinking};
pub use pair::{Gaussian, Pair, Smoothed, density, log_density, mixture};

use super::{
    Claim, Evidence, Sides, Theorem, enclosed,
    jets::{BasePoint, scaled},
    maximum, number,
};
use crate::{
    array::Array, autodiff::Tape, grid::Exact, matrix::Matrix, model::Parameters, objective::trace,
    quadrature::Rule,
};
use rand::{Rng, RngExt};

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 25,
    statement: "d/dt KL(q_t‖p_t) = −½ F(q_t‖p_t); KL ≤ F/(2ρ) if p is Gaussian",
    claims: &[
        Claim::one("∂q_t/∂t = ½Δq_t", "every mixture of two Gaussians in the plane", || {
            Sides::proof(heat(&every_mixture()))
        }),
        Claim::one("before integration", EVERY_DENSITY, || {
            Sides::proof(before_integration([1.0, 0.5]))
        }),
        Claim::one("de Bruijn before integration", EVERY_DENSITY, || {
            Sides::proof(before_integration([0.0, 0.5]))
        }),
        Claim::one("for Gaussians", EVERY_GAUSSIAN, || Sides::proof(gaussian::lyu(1.0))),
        Claim::one("for Gaussians in closed form", EVERY_GAUSSIAN, || {
            Sides::proof(gaussian::closed_form())
        }),
        Claim::one(
            "KL = F/(2ρ) − ½Σ(v/s − 1 − log(v/s)), v = 1/ρ",
            EVERY_GAUSSIAN,
            || Sides::proof(gaussian::log_sobolev()),
        ),
        Claim::any("∂q_t/∂t = ½Δq_t as computed", "random mixtures in the plane", |rng| {
            let i = scattered(2, rng);
            Sides::rounding(heat(&i), heat(&enclosed(&i)))
        }),
        Claim::any("Lyu and de Bruijn", ON_THE_LINE, |rng| {
            let (pair, t) = (Pair::random(1, rng), rng.random_range(0.2..2.0));
            let at_nodes = |fineness| pair.smoothed(t, fineness);
            Sides::doubled_rounding(at_nodes, lyu, |i| lyu(&enclosed(i)))
        }),
        Claim::one("Lyu and de Bruijn", "two mixtures in the plane", || {
            let gaussian =
                |w, mean, variances, angle| Gaussian::new(w, mean, variances).turned(angle);
            let q = vec![
                gaussian(0.7, [-1.0, 0.5], [1.0, 0.75], 0.5),
                gaussian(0.3, [0.5, -0.5], [0.75, 1.25], 1.0),
            ];
            let p = vec![gaussian(1.0, [0.5, 0.0], [1.0, 1.5], 2.0)];
            let pair = Pair { q, p };
            let at_nodes = |fineness| pair.smoothed(1.0, fineness);
            Sides::doubled_rounding(at_nodes, lyu, |i| lyu(&enclosed(i)))
        }),
        Claim::one("KL = ½∫F dt over all noise", "two modes at ±6", || {
            Sides::doubled(|fineness| over_all_noise(&Pair::two_modes(6.0, 0.8), fineness))
        }),
        Claim::any("noise averages the score difference", ON_THE_LINE, |rng| {
            let (variance, t) = (rng.random_range(0.5..2.0), rng.random_range(0.2..2.0));
            let pair = Pair::random(1, rng).against_gaussian(1.0 / variance);
            let i = Averaged::new(&pair, t, scattered(1, rng).x);
            Sides::rounding(averaging(&i), averaging(&enclosed(&i)))
                .resting_on(Evidence::Quadrature)
        }),
        Claim::one("and so shrinks F", "two modes at ±1, p = N(0, 2), t = ½", || {
            let pair = Pair::two_modes(1.0, 0.8).against_gaussian(0.5);
            let at_nodes = |fineness| Averaged::at_nodes(&pair, 0.5, fineness);
            Sides::doubled_rounding(at_nodes, contraction, |i| contraction(&enclosed(i)))
        }),
    ],
    false_statements: &[
        Claim::one("a small F makes a small KL, whatever p is", "two modes at ±7", || {
            // KL tends to 0.193, and F to 0 like e^(−m²/2) = 2·10⁻¹¹.
            log_sobolev(&Pair::two_modes(7.0, 0.8).smoothed(0.0, 1), 1.0)
        }),
        Claim::one(
            "KL ≤ F/(2ρ) with a ρ that is larger by a millionth",
            "q = N(1, 1), p = N(0, 1)",
            || {
                let pair = Pair::two_modes(0.0, 0.5).against_gaussian(1.0);
                let q = vec![Gaussian::new(1.0, [1.0], [1.0])];
                log_sobolev(&Pair { q, ..pair }.smoothed(0.0, 1), 1.0 + 1e-6)
            },
        ),
        Claim::one("d/dt KL(q_t‖p_t) = ½ F(q_t‖p_t)", EVERY_GAUSSIAN, || {
            Sides::proof(gaussian::lyu(-1.0))
        }),
        Claim::one("d/dt KL(q_t‖p_t) = −F(q_t‖p_t)", EVERY_GAUSSIAN, || {
            Sides::proof(gaussian::lyu(2.0))
        }),
        Claim::one("the same with the ½ of ESM in F", EVERY_GAUSSIAN, || {
            Sides::proof(gaussian::lyu(0.5))
        }),
        Claim::one("the same with F divided by d", EVERY_GAUSSIAN, || {
            Sides::proof(gaussian::lyu(1.0 / 3.0))
        }),
        Claim::one("d/dt KL(q_t‖p_t) = −½ F(p_t‖q_t)", EVERY_GAUSSIAN, || {
            Sides::proof(gaussian::exchanged())
        }),
        Claim::one("the same if only q is smoothed", EVERY_DENSITY, || {
            Sides::proof(before_integration([1.0, 0.0]))
        }),
        Claim::one(
            "F(q_t‖p_t) = (v/(v + t))² F(q‖p)",
            "two modes at ±1, p = N(0, 2)",
            || {
                let pair = Pair::two_modes(1.0, 0.8).against_gaussian(0.5);
                let i = Averaged::at_nodes(&pair, 0.5, 1);
                Sides::rounding(shrinking(&i), shrinking(&enclosed(&i)))
                    .resting_on(Evidence::Quadrature)
            },
        ),
    ],
}];

const EVERY_DENSITY: &str = "d = 3, every log q and log p to second order, every x";
const EVERY_GAUSSIAN: &str = "d = 3, all means and variances";
const ON_THE_LINE: &str = "random mixtures on the line";

/// A random pair under noise, at two points, which are no nodes of a rule.
fn scattered(d: usize, rng: &mut impl Rng) -> Smoothed {
    let (pair, t) = (Pair::random(d, rng), rng.random_range(0.1..2.0));
    let x = Matrix::from_fn(2, d, |_, _| rng.random_range(-2.0..2.0));
    Smoothed { x, ..pair.smoothed(t, 1) }
}

/// Two Gaussians for q and for p, everything about them an indeterminate but the axes.
pub fn every_mixture() -> Smoothed<Exact> {
    let x = Exact::named("x", 1, 2);
    let gaussian = |of: &str, k: usize| {
        let named = |name: &str, cols| Exact::named(&format!("{name}{of}{k}"), 1, cols);
        Gaussian {
            weight: named("w", 1),
            mean: named("m", 2),
            variances: named("v", 2),
            axes: x.constant(2, 2, |i, j| f64::from(u8::from(i == j))),
        }
    };
    let [q, p] = ["q", "p"].map(|of| vec![gaussian(of, 1), gaussian(of, 2)]);
    // t is 0: all variances are indeterminates, those of later times among them.
    let zero = x.constant(1, 1, |_, _| 0.0);
    Smoothed { q, p, t: zero.clone(), weights: zero, x }
}

/// ∂q_t/∂t and ½Δq_t at every point, and the same of p.
pub fn heat<A: Array>(i: &Smoothed<A>) -> [Vec<A>; 2] {
    let later = i.moving();
    let left = [&later.q, &later.p]
        .map(|mixture| density(mixture, &later.t, &later.x).tangents_or_zero(1));
    let tape = Tape::new();
    let on = i.on(&tape);
    let right = [&on.q, &on.p].map(|mixture| {
        let (_, laplacian) = trace::of_energy_by_reverse(|x| -density(mixture, &on.t, x), &on.x);
        laplacian.value() * 0.5
    });
    [left.into(), right.into()]
}

/// Lyu's identity before integration, over q: with u = log q and w = log p
///
/// ```text
/// (1/q) ∂(q log(q/p))/∂t = u̇ (u − w + 1) − ẇ,              u̇ = ½(‖∇u‖² + Δu), and so ẇ
///                        = (1/q) div(q j) − ½‖∇u − ∇w‖²,    j = ½((u − w + 1)∇u − ∇w)
/// ```
///
/// A divergence integrates to 0. With w times `of_p` = 0, so p = 1, it is de Bruijn's identity. `noise`
/// is the ½ in ẇ.
pub fn before_integration([of_p, noise]: [f64; 2]) -> [Vec<Exact>; 2] {
    let tape = Tape::new();
    let at = BasePoint::origin(&tape, 3);
    let (u, w) = (at.every("u", 2), at.every("w", 2) * of_p);
    let (of_u, of_w, gap) = (at.gradient(u), at.gradient(w), u - w + 1.0);
    let speed = |score, noise| at.weighted_divergence(score, score) * noise;
    let left = speed(of_u, 0.5) * gap - speed(of_w, noise);
    let j = (scaled(of_u, gap) - of_w) * 0.5;
    let right = at.weighted_divergence(of_u, j) - (of_u - of_w).squared_norm() * 0.5;
    [left, right].map(|side| vec![side.value()])
}

/// d/dt KL(q_t‖p_t) and d/dt H(q_t) by moving t; −½ F(q_t‖p_t) and ½ I(q_t).
pub fn lyu<A: Array>(i: &Smoothed<A>) -> [Vec<A>; 2] {
    let slopes = i.moving().entropies().map(|f| f.tangents_or_zero(1));
    let [divergence, information] = i.fisher();
    [slopes.into(), vec![divergence * -0.5, information * 0.5]]
}

/// KL(q‖p) and F(q‖p)/(2ρ), which is at least as large if p = N(0, I/ρ): the sides are the larger of
/// both, and the second.
pub fn log_sobolev(i: &Smoothed, rho: f64) -> Sides {
    let (j, factor) = (enclosed(i), 0.5 / rho);
    let (bound, enclosed_bound) = (i.fisher_divergence() * factor, j.fisher_divergence() * factor);
    let larger = maximum(i.divergence(), &bound);
    let enclosed_larger = maximum(j.divergence(), &enclosed_bound);
    let within = [vec![enclosed_larger], vec![enclosed_bound]];
    Sides::rounding([vec![larger], vec![bound]], within).resting_on(Evidence::Quadrature)
}

/// ½ ∫₀^∞ F(q_t‖p_t) dt and KL(q‖p), which are equal since noise destroys all of it.
///
/// In s = log t the integrand t F decays like e^(−|s|) on both sides and is analytic for
/// |Im s| < π/2, where t has a positive real part; a step of π²/40 then leaves e^(−40).
pub fn over_all_noise(pair: &Pair, fineness: usize) -> Sides {
    let end = 160.0 * std::f64::consts::PI.powi(2) / 40.0;
    let times = Rule::trapezoid(-end, end, 320 * fineness);
    let steps = times.nodes.data().iter().zip(times.weights.data());
    let (mut speed, mut terms) = (0.0, 0.0);
    for (s, weight) in steps {
        let now = pair.smoothed(s.exp(), fineness);
        let [of_q, of_p] = now.scores();
        // What is subtracted in F is made of the squares of both.
        let squares = (of_q.squared_norm() + of_p.squared_norm()) * 2.0;
        speed += 0.5 * s.exp() * weight * now.mean(&(of_q - of_p).squared_norm()).item();
        terms += 0.5 * s.exp() * weight * now.mean(&squares).item();
    }
    let now = pair.smoothed(0.0, fineness);
    let sides = [speed, now.divergence().item()].map(number);
    Sides::integrals(sides, number(terms), times.nodes.rows() + now.x.rows())
}
