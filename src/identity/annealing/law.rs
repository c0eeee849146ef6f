//! The law of a Langevin chain, without drawing anything.
//!
//! Two modes ±(m, m) with covariance I are a mixture on the diagonal times N(0, 1) across it, and so
//! remain under isotropic noise. The coordinate u = (x₁ + x₂)/√2 of a chain is therefore a chain on
//! the line, which sees the score of the mixture on the diagonal alone. Its law obeys
//!
//! ```text
//! p′(u′) = ∫ p(u) N(u′; u + drift · ψ(u), noise²) du
//! ```
//!
//! an integral of analytic functions that decay: the trapezoid rule makes it a product with a
//! banded matrix, and errs by rounding only, if the nodes are fine enough.

use crate::{
    array::Array,
    density::{Density, Mixture, mixture::diagonal},
    identity::langevin_bias::tilt,
    matrix::{Matrix, noise::Generator},
    quadrature::Rule,
    sampler::{Level, Step},
};
use rand::RngExt;
use std::f64::consts::{PI, SQRT_2, TAU};

/// Chains start uniformly on [−8, 8]².
pub const START: f64 = 8.0;

/// Two Gaussians with covariance I at ±(m, m).
#[derive(Clone, Copy, Debug)]
pub struct TwoModes {
    /// m
    pub place: f64,
    /// The weight of the one at (m, m).
    pub weight: f64,
}

impl TwoModes {
    /// The example of the page: ±(5, 5), 0.8 and 0.2.
    pub const EXAMPLE: Self = Self { place: 5.0, weight: 0.8 };

    /// The mixture in the plane.
    pub fn plane(&self) -> Mixture {
        self.mixture(2, self.place)
    }

    /// The mixture of u = (x₁ + x₂)/√2.
    pub fn diagonal(&self) -> Mixture {
        self.mixture(1, self.half_distance())
    }

    /// Half the distance of the modes.
    fn half_distance(&self) -> f64 {
        SQRT_2 * self.place
    }

    fn mixture(&self, d: usize, place: f64) -> Mixture {
        let part = |weight, at| (weight, Matrix::from_fn(1, d, |_, _| at), diagonal(d, 1.0));
        Mixture::new([part(self.weight, place), part(1.0 - self.weight, -place)])
    }

    /// n points, uniformly from [−8, 8]².
    pub fn start(n: usize, rng: &mut Generator) -> Matrix {
        Matrix::from_fn(n, 2, |_, _| rng.random_range(-START..START))
    }

    /// The share of the points (n, 2) on the side of the heavier mode, x₁ + x₂ > 0.
    pub fn counted(x: &Matrix) -> f64 {
        let heavy = (0..x.rows()).filter(|&i| x.at(i, 0) + x.at(i, 1) > 0.0);
        heavy.count() as f64 / x.rows() as f64
    }
}

/// Pr(x₁ + x₂ > 0) after each level, of chains that start uniformly on [−8, 8]² and take
/// `steps_per_level` steps on every level of q_σ. Plain Langevin is one level at σ = 0.
///
/// `fineness` is the number of nodes for what one needs: 1, or 2 to see that 1 was enough.
///
/// # Panics
/// If there is no step to take.
#[track_caller]
pub fn heavy_side(
    modes: TwoModes,
    levels: &[Level],
    steps_per_level: usize,
    fineness: f64,
) -> Vec<f64> {
    assert!(steps_per_level > 0, "a level without steps");
    let reaches = levels.iter().zip(reaches(modes, levels, steps_per_level));
    let lines: Vec<Line> = reaches.map(|(l, reach)| Line::new(modes, l, reach, fineness)).collect();
    let data = modes.diagonal();
    let mut law = start(fineness);
    let mut shares = Vec::new();
    for (i, (level, line)) in levels.iter().zip(&lines).enumerate() {
        let smoothed = data.smoothed(level.sigma);
        let kernel = |law: &Rule, to| Kernel::new(&smoothed, level.step, &law.nodes, to);
        // Nodes must be fit for the noise of the step that follows, which may be less on the next
        // level: the last step of a level lands on the nodes of the next one.
        let next = lines.get(i + 1).unwrap_or(line);
        if steps_per_level > 1 {
            law = kernel(&law, line).push(&law);
            let inside = kernel(&law, line);
            for _ in 0..steps_per_level - 2 {
                law = inside.push(&law);
            }
        }
        law = kernel(&law, next).push(&law);
        // With n nodes to the noise's deviation a row sums to 1 only up to 2e^(−2π²n²): rounding for
        // n = 2, but 5·10⁻⁹ for n = 1, at every step.
        shares.push(next.share_above_zero(&law) / law.weights.data().iter().sum::<f64>());
    }
    shares
}

/// Pr(x₁ + x₂ > 0) under q_σ, which chains reach on a level if they are given the time.
pub fn equilibrium(modes: TwoModes, sigma: f64) -> f64 {
    let density = modes.diagonal().smoothed(sigma);
    let end = modes.half_distance() + 9.0 * sigma.hypot(1.0);
    let rule = Rule::gauss_legendre(0.0, end, 100);
    rule.integrate(&density.log_density(&rule.nodes).exp())
}

/// To first order in the step, how much more than [`equilibrium`] the stationary law of the chain
/// itself has on that side: by T36 it is q_σ (1 + (α/2) (g − 𝔼g)), with the g of [`tilt`].
pub fn first_order_bias(modes: TwoModes, level: &Level) -> f64 {
    let density = modes.diagonal().smoothed(level.sigma);
    let end = modes.half_distance() + 9.0 * level.sigma.hypot(1.0);
    let half = density.rule(&Rule::gauss_legendre(0.0, end, 100));
    let other = density.rule(&Rule::gauss_legendre(-end, 0.0, 100));
    let g = |x: &Matrix| tilt(&density.score(x), &density.hessian(x));
    let parts = [half, other].map(|rule| rule.integrate(&g(&rule.nodes)));
    level.step.drift * (parts[0] - equilibrium(modes, level.sigma) * (parts[0] + parts[1]))
}

/// How far from 0 a chain comes on each level: the drift alone leads towards the modes, and nine
/// deviations of what noise adds to that are enough for rounding. Beyond the modes the variance goes as
/// in v ← (1 − drift/s²)² v + noise², from what is left of the levels before to where it settles.
fn reaches(modes: TwoModes, levels: &[Level], steps: usize) -> impl Iterator<Item = f64> {
    let mut variance = 0.0_f64;
    levels.iter().map(move |level| {
        let kept = (1.0 - level.step.drift / (1.0 + level.sigma * level.sigma)).powi(2);
        let settled = level.step.noise * level.step.noise / (1.0 - kept);
        let widest = variance.max(settled);
        variance = settled + kept.powf(steps as f64) * (variance - settled);
        f64::max(START * SQRT_2, modes.half_distance()) + 9.0 * widest.sqrt()
    })
}

/// The law of (x₁ + x₂)/√2 for x uniform on the square: a triangle, in two pieces for its kink.
fn start(fineness: f64) -> Rule {
    // The score has poles at π/(2m) = 0.22 from the line; on pieces of length 11.3 the error falls
    // like e^(−0.078 n).
    let n = (450.0 * fineness) as usize;
    let end = START * SQRT_2;
    let pieces = [Rule::gauss_legendre(-end, 0.0, n), Rule::gauss_legendre(0.0, end, n)];
    let pick = |i: usize| &pieces[i / n];
    let nodes = Matrix::from_fn(2 * n, 1, |i, _| pick(i).nodes.at(i % n, 0));
    let density = |u: f64| (end - u.abs()) / (end * end);
    let weights = |i: usize, _| pick(i).weights.at(i % n, 0) * density(nodes.at(i, 0));
    Rule { weights: Matrix::from_fn(2 * n, 1, weights), nodes }
}

/// Equidistant nodes on the line, 0 among them.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// How many on each side of 0.
    half: usize,
    spacing: f64,
}

impl Line {
    fn new(modes: TwoModes, level: &Level, reach: f64, fineness: f64) -> Self {
        // The law is a Gaussian of the step's noise averaged: with two nodes to its deviation the
        // product with the kernel leaves e^(−4π²). And the score has its poles at π s²/(2m).
        let pole = PI * (1.0 + level.sigma * level.sigma) / (2.0 * modes.half_distance());
        let spacing = f64::min(level.step.noise / 2.0, TAU * pole / 36.0) / fineness;
        Self { half: (reach / spacing).ceil() as usize, spacing }
    }

    fn nodes(&self) -> Matrix {
        let first = -(self.half as f64);
        Matrix::from_fn(2 * self.half + 1, 1, |i, _| (first + i as f64) * self.spacing)
    }

    /// ∫₀^∞ p: half of the node at 0, and h²/12 p′(0) by Euler and Maclaurin, with p′ as a
    /// difference; what is left is of order h⁴ p‴(0).
    fn share_above_zero(&self, law: &Rule) -> f64 {
        let mass = |i: usize| law.weights.at(i, 0);
        let above: f64 = (self.half + 1..=2 * self.half).map(mass).sum();
        let slope = mass(self.half + 1) - mass(self.half - 1);
        above + 0.5 * mass(self.half) + slope / 24.0
    }
}

/// One step of the chain as a banded matrix: from masses at some nodes to masses on a line.
struct Kernel {
    nodes: Matrix,
    /// For every node of departure the first node of arrival, and the share of each.
    rows: Vec<(usize, Vec<f64>)>,
}

impl Kernel {
    fn new(density: &Mixture, step: Step, from: &Matrix, to: &Line) -> Self {
        let nodes = to.nodes();
        let score = density.score(from);
        let row = |i: usize| {
            let centre = from.at(i, 0) + step.drift * score.at(i, 0);
            let place = |u: f64| u / to.spacing + to.half as f64;
            let first = place(centre - 9.0 * step.noise).ceil().max(0.0) as usize;
            let end = place(centre + 9.0 * step.noise).max(0.0) as usize + 1;
            let (first, end) = (first.min(nodes.rows()), end.min(nodes.rows()));
            let share = |k: usize| {
                let z = (nodes.at(k, 0) - centre) / step.noise;
                to.spacing / step.noise / TAU.sqrt() * (-0.5 * z * z).exp()
            };
            (first, (first..end).map(share).collect())
        };
        Self { rows: (0..from.rows()).map(row).collect(), nodes }
    }

    fn push(&self, law: &Rule) -> Rule {
        let mut weights = Matrix::zeros(self.nodes.rows(), 1);
        let arrived = weights.data_mut();
        for (&mass, (first, row)) in law.weights.data().iter().zip(&self.rows) {
            for (target, share) in arrived[*first..].iter_mut().zip(row) {
                *target += mass * share;
            }
        }
        Rule { nodes: self.nodes.clone(), weights }
    }
}
