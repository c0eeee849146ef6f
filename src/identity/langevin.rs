//! T21, T22: what Langevin dynamics samples, and what it does not.
//!
//! ```text
//! T21  (ε/2, √ε) and (α, √(2α)) are one chain for α = ε/2
//!      𝔼_p[Δf + ⟨∇f, ∇ log p⟩] = 0               p is what the continuous dynamics keeps
//!      v ← (1 − ε/(2v₀))² v + ε                  the variance of the chain on N(0, v₀)
//!      p(x) k(x′|x) a(x′|x) = p(x′) k(x|x′) a(x|x′)   the Metropolis rule, for any ε
//! T22  ascent ends where ∇ log p = 0 and ∇² log p < 0, in the mode of its start
//! ```
//!
//! The second line is Stein's identity (T3) for ψ = ∇f. The third has the fixed point
//! v₀/(1 − ε/(4v₀)), not v₀: a fixed step is biased.
//!
//! The proofs read the sampler's own step and its own acceptance with polynomials.

mod ascent;
mod expanded;

pub use ascent::{UnequalModes, ascend};
pub(super) use expanded::for_all_steps;

use super::{Claim, Sides, Theorem, magnitude, number};
use crate::{
    array::{Array, Linear},
    autodiff::{Dual, second::along_axes},
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
                || {
                    for_all_steps(|epsilon| {
                        steps(Step::halved(epsilon), Step::doubled(0.5 * epsilon))
                    })
                },
            ),
            Claim::one(
                "𝔼f(x′) = f + (ε/2)(Δf + ⟨∇f, ψ⟩) + O(ε²)",
                "d = 2, every f of degree 4, every x, ψ",
                expansion,
            ),
            Claim::one(
                "𝔼_p[Δf + ⟨∇f, ∇ log p⟩] = 0",
                "d = 2, every Gaussian, every f of degree 6",
                || keeps_gaussians(1.0),
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
            Claim::any(
                "both conventions, bit for bit",
                "random x, ψ, z and ε from 0.05 to 2",
                |rng| {
                    let [x, score, z] = [(); 3].map(|()| standard_normal(3, 2, rng));
                    conventions(&x, &score, &z, rng.random_range(0.05..2.0))
                },
            ),
            Claim::any("detailed balance, as computed", "a mixture in 1 to 3 dimensions", |rng| {
                let p = mixture(rng.random_range(1..=3), rng);
                let pair = [(); 2].map(|()| p.sample(1, rng));
                detailed_balance(&p, &pair, rng.random_range(0.05..2.0))
            }),
            Claim::any(
                "𝔼_p[Δf + ⟨∇f, ∇ log p⟩] = 0",
                "a mixture and a smooth f on the line",
                |rng| {
                    let (p, f) = (mixture(1, rng), Smooth::random(1, rng));
                    Sides::doubled(|fineness| generator(&p, &f, fineness))
                },
            ),
        ],
        false_statements: &[
            Claim::one("the same with α = ε", "d = 2, ε = 1", || {
                Sides::proof(steps(Step::halved(1.0), Step::doubled(1.0)))
            }),
            Claim::one(
                "the drift ε/2 and the noise √(2ε) belong together",
                "d = 2, ε = 2",
                || Sides::proof(covariances(swapped(2.0)[0], 2.0)),
            ),
            Claim::one("the drift ε and the noise √ε belong together", "d = 2, ε = 4", || {
                Sides::proof(covariances(swapped(4.0)[1], 4.0))
            }),
            Claim::one("a fixed step keeps the variance v", "d = 1, ε = 1", || {
                Sides::proof(kept_variance(1.0, 0.0))
            }),
            Claim::one("half the drift keeps p", "d = 2, every Gaussian", || keeps_gaussians(0.5)),
            Claim::one("min(1, p(x′)/p(x)) is in detailed balance", "d = 2, ε = 1", || {
                Sides::proof(balance(1.0, |here, there, _| here.energy.clone() - &there.energy))
            }),
        ],
    },
    ascent::THEOREM,
];

/// T21: one step from x by (ε/2, √ε), and by (α, √(2α)) with α = ε/2, from the same noise. Halving
/// and doubling round nothing.
pub fn conventions(x: &Matrix, score: &Matrix, z: &Matrix, epsilon: f64) -> Sides {
    let take = |step: Step| vec![step.take(x, score.clone(), z.clone())];
    Sides::exact([take(Step::halved(epsilon)), take(Step::doubled(0.5 * epsilon))])
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

/// A smooth function of x, f(x) = Σ tanh(⟨w, x⟩ + b) + a ‖x‖².
#[derive(Clone, Debug)]
pub struct Smooth {
    /// The columns are w: (d, h).
    w: Matrix,
    b: Matrix,
    a: f64,
}

impl Smooth {
    /// With every number uniform in [−1, 1]: along an axis the poles of f are π/2 from the real line,
    /// or further.
    pub fn random(d: usize, rng: &mut Generator) -> Self {
        const HIDDEN: usize = 4;
        let mut uniform =
            |rows, cols| Matrix::from_fn(rows, cols, |_, _| rng.random_range(-1.0..1.0));
        let (w, b) = (uniform(d, HIDDEN), uniform(1, HIDDEN));
        Self { w, b, a: rng.random_range(-1.0..1.0) }
    }

    /// f(x): (n, d) → (n, 1).
    pub fn value<A: Array>(&self, x: &A) -> A {
        let waves = x.nn(&self.w.lift(x)).add_row(&self.b.lift(x)).tanh();
        waves.sum_over_dimensions() + x.squared_norm() * self.a
    }

    /// ∇f (n, d) and Δf (n, 1).
    pub fn derivatives(&self, x: &Matrix) -> (Matrix, Matrix) {
        let (n, d) = x.shape();
        let [f] = along_axes(|x: &Dual<Dual<Matrix>>| [self.value(x)], x);
        let gradient = Matrix::from_fn(n, d, |i, j| f.first.at(i * d + j, 0));
        (gradient, f.second.linear(Linear::SumEach(d)))
    }
}

/// T21 on the line or in the plane: 𝔼_p Δf and −𝔼_p⟨∇f, ∇ log p⟩, p being a [`mixture`].
///
/// q has zeros, the poles of its score, only where the phases of two components differ by π: at least
/// π/(2 · 2√2) = 0.55 from the real line, since ‖Σ⁻¹(μ − μ′)‖ ≤ 2 · 2√2. With steps of 20/240 this
/// leaves e^(−2π · 0.55 · 12) < 10⁻¹⁷. Beyond ±10 there is nothing of p: nine deviations.
pub fn generator(p: &Mixture, f: &Smooth, fineness: usize) -> Sides {
    let line = Rule::trapezoid(-10.0, 10.0, 240 * fineness);
    let rule = p.rule(&if p.dimension() == 1 { line } else { line.squared() });
    let (gradient, laplacian) = f.derivatives(&rule.nodes);
    let drift = gradient.inner(&p.score(&rule.nodes));
    let terms = rule.integrate(&(magnitude(&laplacian) + magnitude(&drift)));
    let sides = [number(rule.integrate(&laplacian)), number(-rule.integrate(&drift))];
    Sides::integrals(sides, number(terms), rule.nodes.rows())
}

/// The variance after 1, 2, … steps of the chain on N(0, v) that starts in 0:
/// v′ = (1 − drift/v)² v′ + noise².
pub fn variances(step: Step, v: f64) -> impl Iterator<Item = f64> {
    let keep = 1.0 - step.drift / v;
    let next = move |variance: &f64| Some(keep * keep * variance + step.noise * step.noise);
    std::iter::successors(next(&0.0), next)
}

/// The variance that such a chain settles at, noise²/(1 − (1 − drift/v)²), if it does.
///
/// For (ε/2, √ε) it is v/(1 − ε/(4v)) ([`biased_variance`]); any other pair of constants has its own.
pub fn stationary_variance(step: Step, v: f64) -> Option<f64> {
    let keep = 1.0 - step.drift / v;
    (keep.abs() < 1.0).then(|| step.noise * step.noise / (1.0 - keep * keep))
}

/// v/(1 − ε/(4v)): where the variance of the chain with step ε on N(0, v) settles, for ε < 4v.
pub fn biased_variance(v: f64, epsilon: f64) -> f64 {
    v / (1.0 - epsilon / (4.0 * v))
}

/// A point with E = −log p and ψ = ∇ log p.
pub fn place(density: &impl Density, x: &Matrix) -> Place<Matrix> {
    Place { x: x.clone(), energy: -density.log_density(x), score: density.score(x) }
}

/// T21: log [p(x) k(x′|x) a(x′|x)], with a = min(1, e^ratio), and the same with x and x′ exchanged.
///
/// The kernel is a Gaussian of its own here, [`Mixture::gaussian`]; the sampler has only the ratio.
pub fn detailed_balance(p: &Mixture, pair: &[Matrix; 2], epsilon: f64) -> Sides {
    let [here, there] = [0, 1].map(|i| place(p, &pair[i]));
    let flow = |from: &Place<Matrix>, to: &Place<Matrix>| {
        let centre = from.score.clone() * (0.5 * epsilon) + &from.x;
        let kernel = Mixture::gaussian(centre, diagonal(from.x.cols(), epsilon));
        let ratio = log_acceptance(from, to, epsilon).item();
        vec![kernel.log_density(&to.x) - &from.energy + ratio.min(0.0)]
    };
    // ‖x′ − x − (ε/2)ψ‖²/(2ε) is the square of a sum of three.
    let way =
        |place: &Place<Matrix>| magnitude(&place.x) + magnitude(&place.score) * (0.5 * epsilon);
    let quadratic = (way(&here) + way(&there)).squared_norm() * (1.0 / epsilon);
    let (_, d) = here.x.shape();
    let log_norm = 0.5 * d as f64 * ((std::f64::consts::TAU * epsilon).ln().abs() + 1.0);
    let terms = quadratic * 2.0 + magnitude(&here.energy) + magnitude(&there.energy) + log_norm;
    // a difference of three, its square, the precision, the sum over d, and the three terms
    Sides::rounded([flow(&here, &there), flow(&there, &here)], vec![terms], 2.0 * d as f64 + 20.0)
}

/// 𝔼 f(x) after so many steps from x = `start` on the line, by quadrature over every step: Gaussian
/// kernels, which the rule has to resolve. f is given by its values at the nodes.
pub fn expectation_after(
    p: &impl Density,
    (start, step): (f64, Step),
    steps: usize,
    rule: &Rule,
    values: &Matrix,
) -> f64 {
    let variance = step.noise * step.noise;
    let moved = |x: &Matrix| p.score(x) * step.drift + x;
    // k(xⱼ|y) for every y (m, 1) and node: (m, nodes)
    let kernel = |y: &Matrix| {
        let log_norm = 0.5 * (std::f64::consts::TAU * variance).ln();
        Matrix::from_fn(y.rows(), rule.nodes.rows(), |i, j| {
            let way = rule.nodes.at(j, 0) - y.at(i, 0);
            (-0.5 * way * way / variance - log_norm).exp()
        })
    };
    let onward = kernel(&moved(&rule.nodes));
    // backwards, f ← 𝔼[f(x′) | x], and the step from the start at the end
    let f = (1..steps).fold(values.clone(), |f, _| onward.nn(&(f * &rule.weights)));
    kernel(&moved(&Matrix::from_rows([[start]]))).nn(&(f * &rule.weights)).item()
}
