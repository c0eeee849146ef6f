//! T22: ascent on log p, and two modes with a known way to each.

use crate::{
    array::Array,
    density::{Density, Mixture, mixture::diagonal},
    identity::{Evidence, OldCheck},
    matrix::{Matrix, Real, cholesky::Cholesky, noise::Generator},
    sampler::{Escaped, Sampler, Step, langevin},
};
use rand::{RngExt, SeedableRng};

/// Where ascent x ← x + α ∇ log p(x) ends after so many steps.
///
/// # Errors
/// If it leaves the finite numbers.
pub fn ascend(
    density: &impl Density,
    start: Matrix,
    alpha: f64,
    steps: usize,
) -> Result<Matrix, Escaped> {
    let mut unused = Generator::seed_from_u64(0); // ascent draws no noise
    langevin(|x| density.score(x), start, Step::ascent(alpha), &mut unused).after(steps)
}

/// Two Gaussians with covariances v I and different weights at ±m, at least six standard deviations
/// apart.
#[derive(Clone, Debug)]
pub struct TwoModes {
    /// p
    pub density: Mixture,
    /// m, (1, 2)
    pub centre: Matrix,
    /// v
    pub variance: f64,
}

impl TwoModes {
    /// The weights are between 0.7 and 0.8, and what is left.
    pub fn random(rng: &mut Generator) -> Self {
        let variance = rng.random_range(0.5..2.0_f64);
        let (sin, cos) = rng.random_range(0.0..6.3_f64).sin_cos();
        let far = rng.random_range(3.0..5.0) * variance.sqrt();
        let centre = Matrix::from_rows([[far * cos, far * sin]]);
        let weight = rng.random_range(0.7..0.8);
        let component = |weight, mean| (weight, mean, diagonal(2, variance));
        let density = Mixture::new([
            component(weight, centre.clone()),
            component(1.0 - weight, -centre.clone()),
        ]);
        Self { density, centre, variance }
    }

    /// Where ascent from ½m (side 1) or −½m (side −1) ends.
    ///
    /// With α = v a step is x ← Σ ρₖ μₖ. There the other component has a ρ below 4 e^(−9), and at the
    /// mode below 4 e^(−18): the first step comes nearer by a factor of more than 500, the later
    /// ones by more than 10⁴.
    ///
    /// # Panics
    /// Never: a mean of the two centres is finite.
    pub fn end(&self, side: f64) -> Matrix {
        ascend(&self.density, self.centre.clone() * (0.5 * side), self.variance, 10)
            .expect("a mean of two centres")
    }

    /// T22: there the score is 0, to the rounding of x itself, the Hessian is negative definite, and
    /// x is on the side where it began.
    pub fn climb(&self, side: f64) -> OldCheck {
        let end = self.end(side);
        let score = self.density.score(&end).squared_norm().item().sqrt();
        let mode = Cholesky::new(&-self.density.hessian(&end)).is_ok();
        let stayed = end.inner(&self.centre).item() * side > 0.0;
        let score = if mode && stayed { score } else { f64::NAN };
        let scale = 2.0 * self.centre.squared_norm().item().sqrt() / self.variance;
        // Σ⁻¹, x − μ and their product, times ρ, which is 1 but for the rounding of a softmax
        OldCheck::new(Evidence::Rounding, score, 0.0, scale, 2.0 * 32.0 * f64::UNIT_ROUNDOFF)
    }
}
