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

mod ascent;

pub use ascent::{TwoModes, ascend};

use super::{
    Evidence, OldCheck, OldSides, OldTheorem,
    explicit_implicit::{Balance, Instance, doubled},
    magnitude,
};
use crate::{
    array::Array,
    autodiff::{Dual, second::along_axes},
    density::{Density, Mixture, mixture::diagonal},
    matrix::{
        Matrix, Real,
        noise::{Generator, standard_normal},
    },
    quadrature::Rule,
    sampler::{
        Step,
        metropolis::{Place, log_acceptance},
    },
};
use rand::RngExt;

/// The theorems of this page.
pub const THEOREMS: &[OldTheorem] = &[
    OldTheorem {
        number: 21,
        statement: "Langevin keeps p but for ε: variance v/(1 − ε/(4v)); Metropolis keeps p",
        check: |rng| {
            let [x, score, z] = [(); 3].map(|()| standard_normal(3, 2, rng));
            let epsilon = rng.random_range(0.05..2.0);
            let (step, v) = dyadic(rng);
            let instance = Instance::random(1, rng);
            let f = Smooth::random(1, rng);
            let generator = doubled(|steps| generator(&instance, &f, steps), 512);
            let pair = [(); 2].map(|()| instance.density.sample(1, rng));
            conventions(&x, &score, &z, epsilon)
                .check()
                .worse(enumerated(step, v, 5))
                .worse(generator)
                .worse(detailed_balance(&instance.density, &pair, epsilon).check())
        },
        false_statement: "with a fixed step the chain on N(0, v) has the variance v",
        counterexample: |rng| {
            let (v, share) = (rng.random_range(0.2..5.0), rng.random_range(0.1..3.9));
            let found = variances(Step::halved(share * v), v).nth(2000).expect("without end");
            // each step rounds by 8 u and keeps keep² of what was off; the start is forgotten
            let keep: f64 = 1.0 - 0.5 * share;
            let allowed = 16.0 * f64::UNIT_ROUNDOFF / (1.0 - keep * keep) + keep.powi(4000);
            OldCheck::new(Evidence::Rounding, found, v, v, allowed)
        },
    },
    OldTheorem {
        number: 22,
        statement: "ascent on log p ends in a mode, and which one depends on the start",
        check: |rng| {
            let modes = TwoModes::random(rng);
            modes.climb(1.0).worse(modes.climb(-1.0))
        },
        false_statement: "ascent ends in the highest mode",
        counterexample: |rng| {
            let modes = TwoModes::random(rng);
            let ends = [1.0, -1.0].map(|side| modes.end(side));
            let [a, b] = ends.map(|end| modes.density.log_density(&end).item());
            // each log p is off by 24 u of its terms, which are |log p| and constants below 12
            let terms = a.abs() + b.abs() + 24.0;
            let allowed = 2.0 * 24.0 * f64::UNIT_ROUNDOFF;
            OldCheck::new(Evidence::Rounding, a.min(b), a.max(b), terms, allowed)
        },
    },
];

/// T21: one step from x by (ε/2, √ε), and by (α, √(2α)) with α = ε/2, from the same noise.
pub fn conventions(x: &Matrix, score: &Matrix, z: &Matrix, epsilon: f64) -> OldSides {
    let take = |step: Step| vec![step.take(x, score.clone(), z.clone())];
    OldSides {
        left: take(Step::halved(epsilon)),
        right: take(Step::doubled(0.5 * epsilon)),
        magnitude: vec![magnitude(x)],
        roundings: 0.0, // halving and doubling round nothing
    }
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
    /// With every number uniform in [−1, 1], so that the poles of f stay away from the real axis.
    pub fn random(d: usize, rng: &mut Generator) -> Self {
        const HIDDEN: usize = 4;
        let mut uniform =
            |rows, cols| Matrix::from_fn(rows, cols, |_, _| rng.random_range(-1.0..1.0));
        let (w, b) = (uniform(d, HIDDEN), uniform(1, HIDDEN));
        Self { w, b, a: rng.random_range(-1.0..1.0) }
    }

    /// ‖x‖², whose Δf = 2d is nowhere near 0.
    pub fn square(d: usize) -> Self {
        Self { w: Matrix::zeros(d, 1), b: Matrix::zeros(1, 1), a: 1.0 }
    }

    /// f(x): (n, d) → (n, 1).
    pub fn value<A: Array>(&self, x: &A) -> A {
        let constant = |m: &Matrix| x.constant(m.rows(), m.cols(), |i, j| m.at(i, j));
        let waves = x.nn(&constant(&self.w)).add_row(&constant(&self.b)).tanh();
        waves.sum_over_dimensions() + x.squared_norm() * self.a
    }

    /// ∇f (n, d) and Δf (n, 1).
    pub fn derivatives(&self, x: &Matrix) -> (Matrix, Matrix) {
        let (n, d) = x.shape();
        let [f] = along_axes(|x: &Dual<Dual<Matrix>>| [self.value(x)], x);
        let gradient = Matrix::from_fn(n, d, |i, j| f.first.at(i * d + j, 0));
        let curvature = Matrix::from_fn(n, d, |i, j| f.second.at(i * d + j, 0));
        (gradient, curvature.sum_over_dimensions())
    }
}

/// T21: the mean of Δf under p and −𝔼_p⟨∇f, ∇ log p⟩, so that the generator ½(Δ + ⟨∇ log p, ∇⟩) of the continuous
/// dynamics has the mean 0 under p.
pub fn generator(instance: &Instance, f: &Smooth, steps: usize) -> Balance {
    let rule = instance.rule(steps);
    let (gradient, laplacian) = f.derivatives(&rule.nodes);
    let drift = gradient.inner(&instance.density.score(&rule.nodes));
    Balance {
        left: rule.integrate(&laplacian),
        right: -rule.integrate(&drift),
        scale: rule.integrate(&(magnitude(&laplacian) + magnitude(&drift))),
        nodes: rule.nodes.rows(),
    }
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

/// A step and a variance on which [`enumerated`] rounds nothing: ε = ¼, 1, 4, 16, v = ½, 1, 2, 4.
pub fn dyadic(rng: &mut Generator) -> (Step, f64) {
    let step = Step::halved(4.0_f64.powi(rng.random_range(-1..=2)));
    (step, 2.0_f64.powi(rng.random_range(-1..=2)))
}

/// T21: the mean of x² after so many steps from 0 with signs for noise, as a mean over all 2ᵀ sequences of
/// signs, each a chain of the sampler's own [`Step::take`]; and the recursion of [`variances`].
///
/// A second moment asks of the noise its first two moments alone, and signs have those of N(0, 1).
/// With the constants of [`dyadic`] and 5 steps nothing rounds: x/√ε is a sum of 5 powers of
/// 1 − ε/(2v), which is either a multiple of 1/32 in [−1, 1] or a whole number not below −15. So x
/// has at most 23 bits, x² 46, and the sum over 32 chains 51. That nothing rounds is also asserted:
/// the same sum in whole numbers must fit in a double, and be the one that was found.
///
/// # Panics
/// If there are no steps, or the constants are not those of [`dyadic`] and something rounds.
pub fn enumerated(step: Step, v: f64, steps: usize) -> OldCheck {
    let chains = 1 << steps;
    let sign = |chain: usize, k: usize| if chain >> k & 1 == 0 { 1.0 } else { -1.0 };
    let last = (0..steps).fold(Matrix::zeros(chains, 1), |x: Matrix, k| {
        let z = Matrix::from_fn(chains, 1, |i, _| sign(i, k));
        step.take(&x, x.clone() * (-1.0 / v), z)
    });
    let left = last.squared_norm().mean().item();
    // y = 32ᵀ x/√ε is whole, y ← 32 (1 − ε/(2v)) y + 32ᵀ z. Shifts by powers of 2 round nothing.
    let whole = |x: f64| {
        assert!(x.fract() == 0.0 && x.abs() < 2.0_f64.powi(53), "{x} has too many bits");
        x as i128
    };
    let (unit, keep) = (32_i128.pow(steps as u32), whole(32.0 * (1.0 - step.drift / v)));
    let witness = |chain: usize| {
        (0..steps).fold(0, |y, k| (keep * y).div_euclid(32) + whole(sign(chain, k)) * unit)
    };
    let places: Vec<i128> = (0..chains).map(witness).collect();
    let scale = unit as f64 / step.noise;
    let found = last.data().iter().map(|x| whole(x * scale));
    assert!(found.eq(places.iter().copied()), "a place was rounded");
    // Every partial sum is a multiple of the square of the power of 2 that all y have in common.
    let common = places.iter().map(|y| y.trailing_zeros()).min().expect("a chain");
    let squares: i128 = places.iter().map(|y| (y >> common) * (y >> common)).sum();
    assert!(squares < 1 << 53, "the sum has too many bits");
    let unit = f64::from(1 << common) / scale;
    let mean = squares as f64 / (chains as f64) * unit * unit;
    assert!(mean.to_bits() == left.to_bits(), "the sum was rounded");
    let right = variances(step, v).nth(steps - 1).expect("without end");
    OldCheck::new(Evidence::Exact, left, right, 1.0, 0.0)
}

/// A point with E = −log p and ψ = ∇ log p.
pub fn place(density: &impl Density, x: &Matrix) -> Place<Matrix> {
    Place { x: x.clone(), energy: -density.log_density(x), score: density.score(x) }
}

/// T21: log [p(x) k(x′|x) a(x′|x)], with a = min(1, e^ratio), and the same with x and x′ exchanged.
///
/// The kernel is a Gaussian of its own here, [`Mixture::gaussian`]; the sampler has only the ratio.
pub fn detailed_balance(p: &Mixture, pair: &[Matrix; 2], epsilon: f64) -> OldSides {
    let [here, there] = [0, 1].map(|i| place(p, &pair[i]));
    let flow = |from: &Place<Matrix>, to: &Place<Matrix>| {
        let centre = from.score.clone() * (0.5 * epsilon) + &from.x;
        let kernel = Mixture::gaussian(centre, diagonal(from.x.cols(), epsilon));
        let ratio = log_acceptance(from, to, epsilon).item();
        kernel.log_density(&to.x) - &from.energy + ratio.min(0.0)
    };
    // ‖x′ − x − (ε/2)ψ‖²/(2ε) is the square of a sum of three.
    let way =
        |place: &Place<Matrix>| magnitude(&place.x) + magnitude(&place.score) * (0.5 * epsilon);
    let quadratic = (way(&here) + way(&there)).squared_norm() * (1.0 / epsilon);
    let (_, d) = here.x.shape();
    let log_norm = 0.5 * d as f64 * ((std::f64::consts::TAU * epsilon).ln().abs() + 1.0);
    OldSides {
        left: vec![flow(&here, &there)],
        right: vec![flow(&there, &here)],
        magnitude: vec![
            quadratic * 2.0 + magnitude(&here.energy) + magnitude(&there.energy) + log_norm,
        ],
        // a difference of three, its square, the precision, the sum over d, and the three terms
        roundings: 2.0 * d as f64 + 20.0,
    }
}

/// 𝔼 f(x) after so many steps from x = `start` on the line, by quadrature over every step: Gaussian
/// kernels, which the rule has to resolve. f is given by its values at the nodes.
pub fn expectation_after(
    p: &impl Density,
    start: f64,
    step: Step,
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
