//! T4 and T5: what integration by parts leaves behind at a boundary and at a jump.

use crate::{
    array::{Array, Function},
    autodiff::Dual,
    density::{Density, Univariate},
    identity::{Sides, magnitude, number},
    matrix::{Matrix, noise::standard_normal},
    model::{Parameters, ScoreNetwork},
    objective::{explicit, implicit, trace::of_score, weighted_implicit},
    quadrature::Rule,
};
use rand::{Rng, RngExt};

/// The step of the quadratures; every integral is taken again with half of it.
///
/// What limits it is the nearest singularity of an integrand beside the path of t: that of 1/x² when
/// the path begins at x = 10⁻⁶ is 0.25 away, an error of e^(−2π · 0.25 · 32) = 1e-22.
const STEP: f64 = 1.0 / 32.0;

/// The nodes between the ends, with `fineness` times as many as suffice.
pub fn nodes(ends: &[f64], fineness: usize) -> Rule {
    Rule::double_exponential(ends, STEP / fineness as f64)
}

/// The support of a density with more places at which to cut it.
pub fn pieces(density: Univariate, cuts: &[f64]) -> Vec<f64> {
    let (low, high) = density.support();
    let mut ends = cuts.to_vec();
    ends.extend([low, high]);
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    ends
}

/// The three parts of ESM = ISM + ½ I(q), as far as it holds.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// ½ 𝔼(ψ − (log q)′)²
    pub explicit: f64,
    /// 𝔼[½ψ² + ψ′] with the pointwise ψ′, as forward mode gives it.
    pub implicit: f64,
    /// ½ I(q) = ½ 𝔼 (log q)′²
    pub half_information: f64,
}

impl Parts {
    /// Of a score on the line, for nodes between whose ends it is smooth.
    pub fn of(
        density: Univariate,
        nodes: &Rule,
        score: impl Fn(&Dual<Matrix>) -> Dual<Matrix>,
    ) -> Self {
        let (law, x) = (density.rule(nodes), &nodes.nodes);
        let data = density.score(x);
        Self {
            explicit: law.integrate(&explicit(score(&Dual::constant(x)).value, &data)),
            implicit: law.integrate(&implicit(of_score(&score, x))),
            half_information: law.integrate(&(data.squared_norm() * 0.5)),
        }
    }
}

/// ESM against ISM + ½ I(q) + `left_behind`; the magnitude bounds the summed sizes of their terms.
fn compared(
    density: Univariate,
    ends: &[f64],
    score: impl Fn(&Dual<Matrix>) -> Dual<Matrix>,
    left_behind: f64,
    magnitude: f64,
) -> Sides {
    Sides::doubled(|fineness| {
        let nodes = nodes(ends, fineness);
        let parts = Parts::of(density, &nodes, &score);
        let right = parts.implicit + parts.half_information + left_behind;
        let sides = [number(parts.explicit), number(right)];
        Sides::integrals(sides, number(magnitude), nodes.nodes.rows())
    })
}

/// ψ(x) = Σⱼ uⱼ tanh(wⱼ x + bⱼ) + c on the line.
///
/// With 1 to 8 hidden units and |wⱼ| < 3: the poles of tanh are at least π/6 away from the line, far
/// enough for the quadrature.
fn network(rng: &mut impl Rng) -> ScoreNetwork<Matrix> {
    let hidden = rng.random_range(1..=8);
    let mut network = ScoreNetwork::random(&[1, hidden, 1], Function::Tanh, rng);
    for layer in &mut network.layers {
        layer.b = standard_normal(1, layer.w.rows(), rng);
    }
    network.layers[0].w = Matrix::from_fn(hidden, 1, |_, _| rng.random_range(-3.0..3.0));
    network
}

fn score<A: Array>(network: &ScoreNetwork<Matrix>, x: &A) -> A {
    network.clone().map(|p| p.lift(x)).score(x)
}

/// Σⱼ|uⱼ| + |c| ≥ |ψ| and Σⱼ|uⱼ wⱼ| ≥ |ψ′|, since |tanh| and |tanh′| are at most 1.
fn bounds(network: &ScoreNetwork<Matrix>) -> [f64; 2] {
    let absolute = network.clone().map(|p| magnitude(&p));
    let [first, second] = &absolute.layers[..] else { unreachable!("one hidden layer") };
    let u = &second.w;
    [u.clone().sum().item() + second.b.item(), u.nn(&first.w).item()]
}

/// T4: what the boundary adds to ESM − ISM − ½ I(q), that is −\[qψ\] between the ends of the support.
/// An end at infinity adds nothing.
pub fn boundary_term(density: Univariate, score: impl Fn(f64) -> f64) -> f64 {
    let at = |x: f64| {
        if x.is_finite() { density.log_density_at(x).exp() * score(x) } else { 0.0 }
    };
    let (low, high) = density.support();
    at(low) - at(high)
}

/// T4: ESM = ISM + ½ I(q) − \[qψ\] for a random network on a density that ends with a step.
pub fn boundary(rng: &mut impl Rng) -> Sides {
    let density = if rng.random() {
        Univariate::Uniform
    } else {
        Univariate::Exponential { rate: rng.random_range(0.5..2.0) }
    };
    let psi = network(rng);
    let [value, slope] = bounds(&psi);
    // q is at most 2 and its score at most 2 in size.
    let magnitude = 0.5 * (value + 2.0) * (value + 2.0) + slope + 4.0 * value;
    let edge = boundary_term(density, |x| score(&psi, &Matrix::from_rows([[x]])).item());
    compared(density, &pieces(density, &[]), |x| score(&psi, x), edge, magnitude)
}

/// 𝔼[½ wψ² + wψ′ + w′ψ], ISM weighted by w, for w and w′ given together.
///
/// The boundary term of its integration by parts is [q w ψ], gone if w vanishes where q does not.
/// What is minimised is then ½ 𝔼 w (ψ − (log q)′)², and its minimiser the truth again.
pub fn weighted(
    density: Univariate,
    weight: impl Fn(f64) -> [f64; 2],
    score: impl Fn(&Dual<Matrix>) -> Dual<Matrix>,
) -> f64 {
    let nodes = nodes(&pieces(density, &[]), 1);
    let x = &nodes.nodes;
    let [w, slope] = [0, 1].map(|k| Matrix::from_fn(x.rows(), 1, |i, _| weight(x.at(i, 0))[k]));
    density.rule(&nodes).integrate(&weighted_implicit(of_score(&score, x), &w, &slope))
}

/// x²(1 − x)² and its slope: the weight for a density that ends with steps at 0 and 1.
pub fn double_square(x: f64) -> [f64; 2] {
    let y = x * (1.0 - x);
    [y * y, 2.0 * y * (1.0 - 2.0 * x)]
}

/// Where a parabola is least, from its values at −1, 0 and 1.
pub fn minimiser(parabola: impl Fn(f64) -> f64) -> f64 {
    let [left, middle, right] = [-1.0, 0.0, 1.0].map(parabola);
    0.5 * (left - right) / (left + right - 2.0 * middle)
}

/// The same number everywhere: (n, 1).
pub fn constant<A: Array>(x: &A, value: f64) -> A {
    x.clone() * 0.0 + value
}

/// δ where x > c, else 0: (n, 1).
pub fn jump<A: Array>(x: &A, at: f64, height: f64) -> A {
    (x.clone() - at).apply(Function::Heaviside) * height
}

/// T5: a jump of ψ by δ at c is a boundary inside: ESM = ISM + ½ I(q) + q(c) δ, where ISM takes ψ′
/// pointwise. For a random network with a random jump, on Laplace or logistic data.
pub fn at_a_jump(rng: &mut impl Rng) -> Sides {
    let scale = rng.random_range(0.5..2.0);
    let laplace = rng.random();
    let density =
        if laplace { Univariate::Laplace { scale } } else { Univariate::Logistic { scale } };
    let (at, height) = (rng.random_range(-3.0..3.0), rng.random_range(-2.0..2.0_f64));
    let psi = network(rng);
    let ends = pieces(density, &[0.0, at]); // 0 is the kink of log q
    let [value, slope] = bounds(&psi);
    let size = value + height.abs() + 2.0; // the score of the data is at most 2, and q at most 1
    let magnitude = 0.5 * size * size + slope + height.abs();
    let edge = density.log_density_at(at).exp() * height;
    compared(density, &ends, |x| score(&psi, x) + jump(x, at, height), edge, magnitude)
}
