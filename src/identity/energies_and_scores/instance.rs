//! An energy on the line or in the plane, with a rule that integrates its density, and with bounds
//! of the rounding errors: what the theorems are evaluated on.

use crate::{
    array::Array,
    autodiff::Var,
    density::{Boltzmann, Density},
    identity::magnitude,
    matrix::{Matrix, noise::standard_normal},
    model::{Autoencoder, Parameters},
    quadrature::Rule,
};
use rand::{Rng, RngExt};

/// An energy E(x; θ)/σ² in one or two dimensions, and some points.
#[derive(Clone, Debug)]
pub struct Instance {
    /// θ = (W, b, c), every entry in [−1, 1].
    pub model: Autoencoder<Matrix>,
    /// σ, whose square is a temperature.
    pub sigma: f64,
    /// Points, (n, d).
    pub x: Matrix,
}

impl Instance {
    /// With up to three hidden units, on the line, and one time in eight in the plane: an integral
    /// costs a hundred times as much there.
    pub fn any(rng: &mut impl Rng) -> Self {
        let d = if rng.random_ratio(1, 8) { 2 } else { 1 };
        Self::random((d, rng.random_range(1..=3)), rng)
    }

    /// d dimensions and h hidden units, σ from ½ to 1, four points.
    pub fn random((d, h): (usize, usize), rng: &mut impl Rng) -> Self {
        let mut uniform =
            |rows, cols| Matrix::from_fn(rows, cols, |_, _| rng.random_range(-1.0..1.0));
        let model = Autoencoder { w: uniform(h, d), b: uniform(1, h), c: uniform(1, d), a: None };
        Self { model, sigma: rng.random_range(0.5..1.0), x: standard_normal(4, d, rng) }
    }

    /// A direction in the space of θ.
    pub fn direction(&self, rng: &mut impl Rng) -> Autoencoder<Matrix> {
        self.model.clone().map(|p| standard_normal(p.rows(), p.cols(), rng))
    }

    /// E(x; θ)/σ²: (n, d) → (n, 1), in any reading of x.
    pub fn energy<A: Array>(&self, x: &A) -> A {
        let constant = |p: Matrix| x.constant(p.rows(), p.cols(), |i, j| p.at(i, j));
        self.model.clone().map(constant).energy(x, self.sigma)
    }

    /// A trapezoid rule for p, with `refinement` times the nodes that suffice.
    ///
    /// The score is (r(x) − x)/σ² with |rᵢ(x)| ≤ R = |cᵢ| + Σⱼ|Wⱼᵢ|, so beyond R in any coordinate
    /// p falls at least like a Gaussian of standard deviation σ, and nine of them are enough. The
    /// singularities of softplus next to the real axis stand at ⟨Wⱼ, x⟩ + bⱼ = ±iπ, so along an axis
    /// e^(−E) is analytic for |Im x| < a = π/|Wⱼᵢ|; the Gaussian factor asks for a step below
    /// 0.7σ. An error e^(−2πa/h) below u wants h ≤ 2πa/37.
    pub fn rule(&self, refinement: usize) -> Rule {
        let absolute = self.model.clone().map(|p| magnitude(&p));
        let largest = |m: &Matrix| m.data().iter().copied().fold(0.0, f64::max);
        let reach =
            largest(&(absolute.w.clone().sum_over_samples() + &absolute.c)) + 9.0 * self.sigma;
        let strip = std::f64::consts::PI / largest(&absolute.w);
        let step = (std::f64::consts::TAU * strip / 37.0).min(0.6 * self.sigma);
        #[expect(clippy::cast_sign_loss, reason = "a positive number of steps")]
        let steps = (2.0 * reach / step).ceil() as usize * refinement;
        let line = Rule::trapezoid(-reach, reach, steps);
        if self.model.w.cols() == 1 { line } else { line.squared() }
    }

    /// p, with Z from the coarser rule.
    pub fn density(&self) -> Boltzmann<impl for<'t> Fn(&Var<'t>) -> Var<'t>> {
        let energy = self.clone();
        Boltzmann::new(move |x| energy.energy(x), self.rule(1))
    }

    /// Σ|terms| of E/σ²: what an error of the exponent is measured by, (n, 1).
    ///
    /// softplus(z) ≤ |z| + log 2, and its slope is at most 1, so z = ⟨Wⱼ, x⟩ + bⱼ counts twice:
    /// for its own error and for that of the function.
    pub(super) fn energy_terms(&self, x: &Matrix) -> Matrix {
        let absolute = self.model.clone().map(|p| magnitude(&p));
        let (x, h) = (magnitude(x), self.model.w.rows());
        let hidden = x.nt(&absolute.w).add_row(&absolute.b).sum_over_dimensions() * 2.0;
        let terms = x.nt(&absolute.c) + x.squared_norm() * 0.5 + hidden;
        (terms + h as f64 * std::f64::consts::LN_2) * (1.0 / (self.sigma * self.sigma))
    }

    /// K, the roundings of a term of E/σ²: a product and a sum over dimensions, softplus (2 ulp),
    /// the sum over hidden units, and a dozen single operations.
    pub(super) fn roundings(&self) -> f64 {
        let (h, d) = self.model.w.shape();
        (h + d + 16) as f64
    }

    /// A bound, in u, of the error of log Z: that of e^(−E) under p, and of a sum over the nodes.
    pub(super) fn log_partition_error(&self) -> f64 {
        let (p, rule) = (self.density(), self.rule(1));
        let of_energy = self.roundings() * p.rule(&rule).integrate(&self.energy_terms(&rule.nodes));
        of_energy + rule.nodes.rows() as f64 + p.log_partition().abs() + 8.0
    }

    /// A bound, in u, of the relative error of p at x (n, d): that of its exponent −E − log Z, (n, 1).
    pub(super) fn density_error(&self, x: &Matrix) -> Matrix {
        let of_exponent = self.density().log_partition().abs() + 8.0;
        self.energy_terms(x) * self.roundings() + (self.log_partition_error() + of_exponent)
    }
}
