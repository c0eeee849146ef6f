//! T22: ascent on log p, and two modes with a known way to each.

use super::for_all_steps;
use crate::{
    array::Array,
    density::{Density, Mixture, mixture::diagonal},
    grid::Exact,
    identity::{Claim, Sides, Theorem},
    matrix::{Matrix, cholesky::Cholesky, noise::Generator},
    sampler::{Escaped, Sampler, Step, langevin},
};
use rand::{RngExt, SeedableRng};

/// T22
pub(super) const THEOREM: Theorem = Theorem {
    number: 22,
    statement: "ascent on log p ends in a mode, and which one depends on the start",
    claims: &[
        Claim::one(
            "on N(0, v) a step gains α(1 − α/(2v))‖ψ‖²",
            "d = 2, every v, x, α",
            || for_all_steps(|alpha| gain(alpha, 0.5 * alpha)),
        ),
        Claim::any("the end is a maximum, on the side of the start", MODES, |rng| {
            let modes = Modes::random(rng);
            let is_mode_of_its_start = |side: f64| {
                let end = modes.end(side);
                let maximum = Cholesky::new(&-modes.density.hessian(&end)).is_ok();
                maximum && end.inner(&modes.centre).item() * side > 0.0
            };
            let both = [1.0, -1.0].map(|side| f64::from(u8::from(is_mode_of_its_start(side))));
            Sides::exact([vec![Matrix::from_rows([both])], vec![Matrix::from_rows([[1.0; 2]])]])
        }),
        Claim::any("there ∇ log p = 0", MODES, |rng| Modes::random(rng).at_rest()),
    ],
    false_statements: &[
        Claim::one("a step gains α‖ψ‖²", "d = 2, α = 1", || Sides::proof(gain(1.0, 0.0))),
        // The ends are within 1 % of ±m, so the larger entry of m has another sign.
        Claim::any("ascent ends in the highest mode, from any start", MODES, |rng| {
            let modes = Modes::random(rng);
            Sides::exact([vec![modes.end(-1.0)], vec![modes.end(1.0)]])
        }),
    ],
};

const MODES: &str = "two modes in the plane, six deviations apart or more";

/// log p(x + αψ) − log p(x) and α(1 − δ/v)‖ψ‖² on N(0, v I); the truth has δ = α/2.
fn gain(alpha: f64, delta: f64) -> [Vec<Exact>; 2] {
    let (x, precision) = (Exact::named("x", 1, 2), Exact::named("v", 1, 1).reciprocal());
    let log_density = |x: &Exact| x.squared_norm() * &precision * -0.5;
    let score = -precision.nn(&x);
    let next = Step::ascent(alpha).take(&x, score.clone(), x.clone() * 0.0);
    let factor = (precision.clone() * -delta + 1.0) * alpha;
    [vec![log_density(&next) - log_density(&x)], vec![score.squared_norm() * factor]]
}

/// Where ascent x ← x + α ∇ log p(x) ends after the given number of steps.
///
/// # Errors
/// If it leaves the finite numbers.
pub fn ascend(
    density: &(impl Density + Sync),
    start: Matrix,
    alpha: f64,
    steps: usize,
) -> Result<Matrix, Escaped> {
    let mut unused = Generator::seed_from_u64(0); // ascent draws no noise
    langevin(|x| density.score(x), start, Step::ascent(alpha), &mut unused).after(steps)
}

/// Two Gaussians with covariances v I and different weights at ±m, at least six standard deviations
/// apart.
struct Modes {
    density: Mixture,
    /// m, (1, 2)
    centre: Matrix,
    /// v
    variance: f64,
}

impl Modes {
    fn random(rng: &mut Generator) -> Self {
        let variance = rng.random_range(0.5..2.0_f64);
        let (sin, cos) = rng.random_range(0.0..6.3_f64).sin_cos();
        let centre =
            Matrix::from_rows([[cos, sin]]) * (rng.random_range(3.0..5.0) * variance.sqrt());
        let weight = rng.random_range(0.7..0.8);
        let component = |weight, side: f64| (weight, centre.clone() * side, diagonal(2, variance));
        let density = Mixture::new([component(weight, 1.0), component(1.0 - weight, -1.0)]);
        Self { density, centre, variance }
    }

    /// Where ascent from ½m (side 1) or −½m (side −1) ends.
    ///
    /// With α = v a step is x ← Σ ρₖ μₖ. There the other component has a ρ below 4 e^(−9), and at the
    /// mode below 4 e^(−18): the first step comes nearer by a factor of more than 500, the later
    /// ones by more than 10⁴.
    fn end(&self, side: f64) -> Matrix {
        ascend(&self.density, self.centre.clone() * (0.5 * side), self.variance, 10)
            .expect("a mean of two centres")
    }

    /// The score at both ends, and 0.
    ///
    /// The end is off by the rounding of x and of the last step, and the score has been computed from
    /// Σ⁻¹ (four roundings), x − μ, their product and ρ, which is 1 but for a rounding; of the other
    /// component e^(−18) is left. All of it relative to ‖m‖/v at most.
    fn at_rest(&self) -> Sides {
        let scores = [1.0, -1.0].map(|side| self.density.score(&self.end(side))).to_vec();
        let zeros = vec![Matrix::zeros(1, 2); 2];
        let largest = self.centre.squared_norm().item().sqrt() / self.variance;
        Sides::rounded([scores, zeros], vec![Matrix::from_rows([[largest; 2]]); 2], 10.0)
    }
}
