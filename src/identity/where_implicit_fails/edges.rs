//! T4 and T5: what integration by parts leaves behind at a boundary and at a jump.

use crate::{
    array::{Array, Function},
    autodiff::Dual,
    density::{Density, Univariate},
    identity::{Evidence, OldCheck},
    matrix::{Matrix, Real, noise::standard_normal},
    model::{Parameters, ScoreNetwork, network::Layer},
    objective::{explicit, implicit, trace::of_score, weighted_implicit},
    quadrature::{Rule, converged},
};
use rand::{Rng, RngExt};

/// The step of the quadratures; every integral is taken again with half of it.
///
/// What limits it is the nearest singularity of an integrand beside the path of t: that of 1/x² when
/// the path begins at x = 10⁻⁶ is 0.25 away, an error of e^(−2π · 0.25 · 32) = 1e-22.
pub const STEP: f64 = 1.0 / 32.0;

/// What a sum over so many nodes may be off by, relative to its summed magnitudes: beside the sum
/// itself a node and its weight are rounded, at worst by the exponent that they come from, 45.
pub(super) fn tolerance(nodes: usize) -> f64 {
    2.0 * (nodes as f64 + 128.0) * f64::UNIT_ROUNDOFF
}

/// ∫ f q over the pieces between the ends, for a function f of the nodes with values (m, 1).
///
/// # Panics
/// If halving the step changes it by more than `allowed`.
#[track_caller]
pub fn mean(density: Univariate, ends: &[f64], allowed: f64, f: impl Fn(&Matrix) -> Matrix) -> f64 {
    let with = |step| {
        let rule = density.rule(&Rule::double_exponential(ends, step));
        rule.integrate(&f(&rule.nodes))
    };
    converged(with(STEP), with(0.5 * STEP), allowed)
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
    /// Of a score on the line, smooth on the pieces between the ends; `scale` bounds the summed
    /// magnitudes of their terms.
    #[track_caller]
    pub fn of(
        density: Univariate,
        ends: &[f64],
        scale: f64,
        score: impl Fn(&Dual<Matrix>) -> Dual<Matrix>,
    ) -> Self {
        let part = |f: &dyn Fn(&Matrix) -> Matrix| {
            let nodes = Rule::double_exponential(ends, STEP).nodes.rows();
            mean(density, ends, tolerance(nodes) * scale, f)
        };
        Self {
            explicit: part(&|x| explicit(score(&Dual::constant(x)).value, &density.score(x))),
            implicit: part(&|x| implicit(of_score(&score, x))),
            half_information: part(&|x| density.score(x).squared_norm() * 0.5),
        }
    }

    /// ESM against ISM + ½ I(q) + `left_behind`.
    fn check(self, left_behind: f64, ends: &[f64], scale: f64) -> OldCheck {
        let nodes = Rule::double_exponential(ends, 0.5 * STEP).nodes.rows();
        let right = self.implicit + self.half_information + left_behind;
        OldCheck::new(Evidence::Quadrature, self.explicit, right, scale, tolerance(nodes))
    }
}

/// ψ(x) = Σⱼ uⱼ tanh(wⱼ x + bⱼ) + c on the line.
#[derive(Clone, Debug)]
pub struct SmoothScore {
    network: ScoreNetwork<Matrix>,
}

impl SmoothScore {
    /// With 1 to 8 hidden units, |wⱼ| < 3 and everything else Gaussian.
    ///
    /// The poles of tanh are then at least π/6 away from the line, far enough for the quadrature.
    pub fn any(rng: &mut impl Rng) -> Self {
        let hidden = rng.random_range(1..=8);
        let mut network = ScoreNetwork::random(&[1, hidden, 1], Function::Tanh, rng);
        for layer in &mut network.layers {
            layer.b = standard_normal(1, layer.w.rows(), rng);
        }
        network.layers[0].w = Matrix::from_fn(hidden, 1, |_, _| rng.random_range(-3.0..3.0));
        Self { network }
    }

    /// ψ = 0.
    pub fn zero() -> Self {
        let layer = || Layer { w: Matrix::zeros(1, 1), b: Matrix::zeros(1, 1) };
        let layers = vec![layer(), layer()];
        Self { network: ScoreNetwork { layers, activation: Function::Tanh } }
    }

    /// ψ(x) in any reading.
    pub fn of<A: Array>(&self, x: &A) -> A {
        let lift = |p: Matrix| x.constant(p.rows(), p.cols(), |i, j| p.at(i, j));
        self.network.clone().map(lift).score(x)
    }

    /// Bounds on Σ|terms| of ψ, ψ′ and ψ″ on the whole line, the rounding of the pre-activation p
    /// included: Σⱼ |uⱼ wⱼᵏ| (2 + 4|bⱼ|), and |c| for ψ itself.
    ///
    /// p = wx + b is rounded by u(|wx| + |b|) ≤ u(|p| + 2|b|), which the next derivative of tanh
    /// multiplies. All of |φ|, |φ′|, |φ″| are at most 1, |φ′p|, |φ″p|, |φ‴p| as well, and |φ‴| is at
    /// most 2.
    pub(super) fn bounds(&self) -> [f64; 3] {
        let [first, second] = &self.network.layers[..] else { unreachable!("one hidden layer") };
        let hidden = 0..first.w.rows();
        let unit = |j: usize, power: i32| {
            let slope = first.w.at(j, 0).abs().powi(power);
            second.w.at(0, j).abs() * slope * (2.0 + 4.0 * first.b.at(0, j).abs())
        };
        let sum = |power| hidden.clone().map(|j| unit(j, power)).sum::<f64>();
        [sum(0) + second.b.item().abs(), sum(1), sum(2)]
    }
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
pub fn boundary(rng: &mut impl Rng) -> OldCheck {
    let density = if rng.random() {
        Univariate::Uniform
    } else {
        Univariate::Exponential { rate: rng.random_range(0.5..2.0) }
    };
    let psi = SmoothScore::any(rng);
    let number = |x: f64| psi.of(&Matrix::from_rows([[x]])).item();
    let (ends, [value, slope, _]) = (pieces(density, &[]), psi.bounds());
    // q is at most 2 and its score at most 2 in size.
    let scale = 0.5 * (value + 2.0) * (value + 2.0) + slope + 4.0 * value;
    let parts = Parts::of(density, &ends, scale, |x| psi.of(x));
    parts.check(boundary_term(density, number), &ends, scale)
}

/// The nearest false statement to T4, on the exponential density with ψ = −λ: it misses by λ, and
/// λ ≥ 1 here.
pub fn without_the_boundary(rng: &mut impl Rng) -> OldCheck {
    let lambda = rng.random_range(1.0..2.0);
    let density = Univariate::Exponential { rate: 1.0 };
    let ends = pieces(density, &[]);
    let scale = (lambda + 1.0) * (lambda + 1.0);
    Parts::of(density, &ends, scale, |x| constant(x, -lambda)).check(0.0, &ends, scale)
}

/// 𝔼[½ wψ² + wψ′ + w′ψ], ISM weighted by w (Hyvärinen 2007), for w and w′ given together.
///
/// The boundary term of its integration by parts is [q w ψ], gone if w vanishes where q does not.
/// What is minimised is then ½ 𝔼 w (ψ − (log q)′)², and its minimiser the truth again.
#[track_caller]
pub fn weighted(
    density: Univariate,
    scale: f64,
    weight: impl Fn(f64) -> [f64; 2],
    score: impl Fn(&Dual<Matrix>) -> Dual<Matrix>,
) -> f64 {
    let ends = pieces(density, &[]);
    let nodes = Rule::double_exponential(&ends, STEP).nodes.rows();
    mean(density, &ends, tolerance(nodes) * scale, |x| {
        let [w, slope] = [0, 1].map(|k| Matrix::from_fn(x.rows(), 1, |i, _| weight(x.at(i, 0))[k]));
        weighted_implicit(of_score(&score, x), &w, &slope)
    })
}

/// x² and its slope: the weight for a density that ends with a step at 0.
pub fn square(x: f64) -> [f64; 2] {
    [x * x, 2.0 * x]
}

/// x²(1 − x)² and its slope: the weight for a density that ends with steps at 0 and 1.
pub fn double_square(x: f64) -> [f64; 2] {
    let y = x * (1.0 - x);
    [y * y, 2.0 * y * (1.0 - 2.0 * x)]
}

/// Where a parabola is least, from its values at −1, 0 and 1: every objective here is a parabola in
/// the one parameter of its model.
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
pub fn at_a_jump(rng: &mut impl Rng) -> OldCheck {
    let scale = rng.random_range(0.5..2.0);
    let laplace = rng.random();
    let density =
        if laplace { Univariate::Laplace { scale } } else { Univariate::Logistic { scale } };
    let (at, height) = (rng.random_range(-3.0..3.0), rng.random_range(-2.0..2.0_f64));
    let psi = SmoothScore::any(rng);
    let ends = pieces(density, &[0.0, at]); // 0 is the kink of log q
    let [value, slope, _] = psi.bounds();
    let size = value + height.abs() + 2.0; // the score of the data is at most 2, and q at most 1
    let scale = 0.5 * size * size + slope + height.abs();
    let parts = Parts::of(density, &ends, scale, |x| psi.of(x) + jump(x, at, height));
    parts.check(density.log_density_at(at).exp() * height, &ends, scale)
}

/// The nearest false statement to T5: on Laplace data the score −λ sign x of a Laplace model has
/// ψ′ = 0 almost everywhere, and the pointwise trace leaves ESM − ISM − ½I(q) = −λ; λ ≥ 1 here.
pub fn with_the_pointwise_trace(rng: &mut impl Rng) -> OldCheck {
    let lambda = rng.random_range(1.0..2.0);
    let density = Univariate::Laplace { scale: 1.0 };
    let ends = pieces(density, &[0.0]);
    let scale = (lambda + 1.0) * (lambda + 1.0);
    let psi = |x: &Dual<Matrix>| jump(x, 0.0, -2.0 * lambda) + lambda;
    Parts::of(density, &ends, scale, psi).check(0.0, &ends, scale)
}
