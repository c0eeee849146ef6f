//! T17: a denoiser of unlimited capacity learns the Parzen estimate of its training sample.
//!
//! The objective itself, integrated around every training point, is compared with what its minimiser
//! predicts: the score of the kernel density estimate, which never appears in the objective.
//!
//! The page: `proofs/tweedie.md`.

use super::{Claim, Sides, Theorem, denoising_explicit::Conditional, number};
use crate::{
    array::Array,
    corruption::corrupt,
    density::{Density, KernelEstimate, Mixture},
    grid::Exact,
    matrix::{Matrix, noise::Generator},
    objective,
    quadrature::{Rule, double},
};
use rand::RngExt;

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 17,
    statement: "on n points DSM over all functions is least at the score of their Parzen estimate",
    claims: &[
        Claim::one(
            "DSM(ψ + δ) − DSM(ψ) = ½𝔼‖δ‖², at every x̃",
            "three points in eight dimensions, every weight and target, δ",
            || Sides::proof(parabola()),
        ),
        Claim::any("as integrals", "up to four points on the line", |rng| {
            let (sample, direction) = (sample(rng), wave(rng));
            let eta = rng.random_range(-2.0..2.0);
            let optimum = |x: &Matrix| sample.score(x);
            Sides::doubled(|k| variation(&sample, optimum, |x| direction(x) * eta, 36 * k))
        }),
    ],
    false_statements: &[Claim::one(
        "the same with the estimate at another bandwidth",
        "two points at ±1, σ = ½ and 1",
        || {
            let points = Matrix::from_rows([[-1.0], [1.0]]);
            let sample = KernelEstimate { points: points.clone(), sigma: 0.5 };
            let blurred = KernelEstimate { points, sigma: 1.0 };
            // Towards the true minimiser the objective falls: it cannot rise by ½η²𝔼‖δ‖².
            let towards = |x: &Matrix| sample.score(x) - blurred.score(x);
            variation(&sample, |x| blurred.score(x), towards, 200)
        },
    )],
}];

/// T17 at one x̃: how much the loss of ψ* + δ exceeds that of ψ*, and ½Q‖δ‖², Q being the density of
/// the estimate.
fn parabola() -> [Vec<Exact>; 2] {
    let i = Conditional::every();
    let (delta, optimum) = (i.psi.clone(), i.score());
    let left = i.loss(&(optimum.clone() + &delta)) - i.loss(&optimum);
    [vec![left], vec![delta.squared_norm() * &i.total * 0.5]]
}

/// Up to four points on the line with their σ, from ½ to 1.
///
/// The points lie within ±σ/2. Then Σᵢ e^(⟨Xᵢ,x⟩/σ²) has no zero, and the score no pole, within πσ
/// of the real axis: there the terms' arguments differ by less than π. So the trapezoid rule with
/// step σ/2 errs by about exp(−2π · π/½) = e^(−39).
fn sample(rng: &mut Generator) -> KernelEstimate {
    let (n, sigma) = (rng.random_range(1..=4), rng.random_range(0.5..1.0));
    let points = Matrix::from_fn(n, 1, |_, _| sigma * rng.random_range(-0.5..0.5));
    KernelEstimate { points, sigma }
}

/// x ↦ sin(wx + b) on the line: a direction that is analytic in the whole of ℂ, and slow enough for
/// the same step.
pub fn wave(rng: &mut Generator) -> impl Fn(&Matrix) -> Matrix + use<> {
    let [w, b] = [(); 2].map(|()| rng.random_range(-1.0..1.0));
    move |x: &Matrix| Matrix::from_fn(x.rows(), 1, |i, _| (w * x.at(i, 0) + b).sin())
}

/// DSM_σ of any field on n points of the line, without sampling: the mean over the points of the
/// integral over the noise, by the trapezoid rule with the given number of steps to ±9σ around each.
pub fn denoising_on(
    sample: &KernelEstimate,
    field: impl Fn(&Matrix) -> Matrix,
    steps: usize,
) -> f64 {
    let KernelEstimate { points, sigma } = sample;
    let n = points.rows();
    let noise = Mixture::isotropic(1, 1.0).rule(&Rule::trapezoid(-9.0, 9.0, steps));
    let clean = Rule { nodes: points.clone(), weights: Matrix::from_fn(n, 1, |_, _| 1.0) };
    let total = double(&clean, &noise, |x, z| {
        objective::denoising(&field, x, &corrupt(x, z, *sigma), *sigma)
    });
    total / n as f64
}

/// T17: DSM(ψ + δ) − DSM(ψ) and ½𝔼‖δ‖² over the Parzen estimate. They are equal for every direction
/// δ exactly if ψ is the minimiser: the first variation vanishes, and there is no third.
#[expect(clippy::cast_sign_loss, reason = "a number of steps is positive")]
pub fn variation(
    sample: &KernelEstimate,
    psi: impl Fn(&Matrix) -> Matrix,
    delta: impl Fn(&Matrix) -> Matrix,
    steps: usize,
) -> Sides {
    let KernelEstimate { points, sigma } = sample;
    let moved = denoising_on(sample, |x| psi(x) + delta(x), steps);
    let rest = denoising_on(sample, &psi, steps);
    // The right side integrates over one grid for all points, with the estimate as its density.
    let ends = 9.0 * sigma + points.data().iter().fold(0.0, |r: f64, x| r.max(x.abs()));
    let line = Rule::trapezoid(-ends, ends, (steps as f64 * ends / (9.0 * sigma)).ceil() as usize);
    let rule = sample.rule(&line);
    let predicted = 0.5 * rule.integrate(&delta(&rule.nodes).squared_norm());
    // ½‖ψ + δ − t‖² ≤ 3/2 (‖ψ‖² + ‖δ‖² + ‖t‖²), where the target t = (x − x̃)/σ² has mean square 1/σ²,
    // and ψ, which is a mean of targets, no more. That twice, and the right side.
    let terms = 6.0 / (sigma * sigma) + 4.0 * predicted;
    let nodes = (steps + 1) * points.rows();
    Sides::integrals([number(moved - rest), number(predicted)], number(terms), nodes)
}
