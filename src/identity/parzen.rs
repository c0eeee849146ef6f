//! T17: a denoiser of unlimited capacity learns the Parzen estimate of its training sample.
//!
//! The objective itself, integrated around every training point, is compared with what its minimiser
//! predicts: the score of the kernel density estimate, which never appears in the objective.

use super::{Claim, Sides, Theorem, magnitude, number};
use crate::{
    array::{Array, Linear},
    corruption,
    density::{Density, KernelEstimate, Mixture},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    objective,
    quadrature::Rule,
};
use rand::{Rng, RngExt};

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 17,
    statement: "on n points DSM over all functions is least at the score of their Parzen estimate",
    claims: &[
        Claim::any("the first variation vanishes at every point", "n, d, m up to 8", |rng| {
            let (sample, noisy) = in_any_dimension(rng);
            pointwise(&sample, &noisy)
        }),
        Claim::any("between two points the best denoiser is a tanh", "n, d up to 8", |rng| {
            let (KernelEstimate { sigma, .. }, noisy) = in_any_dimension(rng);
            let [centre, half] = [(); 2].map(|()| standard_normal(1, noisy.cols(), rng));
            two_points(&centre, &half, &noisy, sigma)
        }),
        Claim::any(
            "DSM(ψ + ηδ) − DSM(ψ) = ½η²𝔼‖δ‖²",
            "up to four points, d up to 2",
            |rng| {
                let sample = sample(rng);
                let (_, d) = sample.points.shape();
                let (direction, eta) = (wave(d, rng), rng.random_range(-2.0..2.0));
                let optimum = |x: &Matrix| sample.score(x);
                Sides::doubled(|k| variation(&sample, optimum, &direction, eta, 36 * k))
            },
        ),
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
            variation(&sample, |x| blurred.score(x), towards, 1.0, 200)
        },
    )],
}];

/// Up to eight points in up to eight dimensions, and as many noisy ones.
fn in_any_dimension(rng: &mut Generator) -> (KernelEstimate, Matrix) {
    let [n, d, m] = [(); 3].map(|()| rng.random_range(1..=8));
    let (points, sigma) = (standard_normal(n, d, rng), rng.random_range(0.2..2.0));
    (KernelEstimate { points, sigma }, standard_normal(m, d, rng))
}

/// Up to four points on the line or in the plane with their σ, from ½ to 1.
///
/// The points lie within ±σ/2. Then Σᵢ e^(⟨Xᵢ,x⟩/σ²) has no zero, and the score no pole, within πσ
/// of the real axis: there the terms' arguments differ by less than π. So the trapezoid rule with
/// step σ/2 errs by about exp(−2π · π/½) = e^(−39).
fn sample(rng: &mut impl Rng) -> KernelEstimate {
    let (n, d) = (rng.random_range(1..=4), rng.random_range(1..=2));
    let sigma = rng.random_range(0.5..1.0);
    let points = Matrix::from_fn(n, d, |_, _| sigma * rng.random_range(-0.5..0.5));
    KernelEstimate { points, sigma }
}

/// x ↦ sin(W x + b), a random field that is analytic in the whole of ℂᵈ: a direction to perturb in,
/// slow enough for the same step.
pub fn wave(d: usize, rng: &mut Generator) -> impl Fn(&Matrix) -> Matrix + use<> {
    let mut uniform = |rows| Matrix::from_fn(rows, d, |_, _| rng.random_range(-1.0..1.0));
    let (w, b) = (uniform(d), uniform(1));
    move |x: &Matrix| {
        let mut phase = x.nt(&w).add_row(&b);
        phase.data_mut().iter_mut().for_each(|v| *v = v.sin());
        phase
    }
}

/// DSM_σ of any field on n points, without sampling: the mean over the points of the integral over
/// the noise, by the trapezoid rule with so many steps to ±9σ around each.
pub fn denoising_on(
    sample: &KernelEstimate,
    field: impl Fn(&Matrix) -> Matrix,
    steps: usize,
) -> f64 {
    let KernelEstimate { points, sigma } = sample;
    let (n, d) = points.shape();
    let line = Rule::trapezoid(-9.0, 9.0, steps);
    let line = line.weighted(&Mixture::isotropic(1, 1.0).log_density(&line.nodes).exp());
    let noise = if d == 1 { line } else { line.squared() };
    let m = noise.nodes.rows();
    let clean = points.clone().linear(Linear::Each(m));
    let noisy = corruption::corrupt(&clean, &noise.nodes.linear(Linear::Tile(n)), *sigma);
    let losses = objective::denoising(field, &clean, &noisy, *sigma);
    noise.weights.linear(Linear::Tile(n)).inner(&losses).mean().item() * m as f64
}

/// T17: DSM(ψ + ηδ) − DSM(ψ) and ½η²𝔼‖δ‖² over the Parzen estimate. They are equal for every η and
/// every direction δ exactly if ψ is the minimiser: the first variation vanishes, and there is no
/// third.
#[expect(clippy::cast_sign_loss, reason = "a number of steps is positive")]
pub fn variation(
    sample: &KernelEstimate,
    psi: impl Fn(&Matrix) -> Matrix,
    delta: impl Fn(&Matrix) -> Matrix,
    eta: f64,
    steps: usize,
) -> Sides {
    let (n, d) = sample.points.shape();
    let moved = denoising_on(sample, |x| psi(x) + delta(x) * eta, steps);
    let rest = denoising_on(sample, &psi, steps);
    // The right side integrates over one grid for all points, with the estimate as its density.
    let reach = sample.points.data().iter().fold(0.0, |r: f64, x| r.max(x.abs())) / sample.sigma;
    let ends = 9.0 + reach;
    let line = Rule::trapezoid(-ends, ends, (steps as f64 * ends / 9.0).ceil() as usize);
    let (plane, volume) = match d {
        1 => (line, sample.sigma),
        _ => (line.squared(), sample.sigma * sample.sigma),
    };
    let nodes = plane.nodes * sample.sigma;
    let rule = sample.rule(&Rule { nodes, weights: plane.weights * volume });
    let predicted = 0.5 * eta * eta * rule.integrate(&delta(&rule.nodes).squared_norm());
    // ½‖ψ + ηδ − t‖² ≤ 3/2 (‖ψ‖² + η²‖δ‖² + ‖t‖²), where the target t = (x − x̃)/σ² has mean square
    // d/σ², and ψ, which is a mean of targets, no more. That twice, and the right side.
    let terms = 6.0 * d as f64 / (sample.sigma * sample.sigma) + 4.0 * predicted;
    let sides = [number(moved - rest), number(predicted)];
    Sides::integrals(sides, number(terms), (steps + 1).pow(d as u32) * n)
}

/// T17 for two points m ± a: the best denoiser of x̃ (n, d), and m + a tanh(⟨a, x̃ − m⟩/σ²) for
/// centre m (1, d) and half the way a (1, d).
pub fn two_points(centre: &Matrix, half: &Matrix, noisy: &Matrix, sigma: f64) -> Sides {
    let (n, d) = noisy.shape();
    let ends = [centre.clone() - half, centre.clone() + half];
    let points = Matrix::from_fn(2, d, |i, j| ends[i].at(0, j));
    let sample = KernelEstimate { points, sigma };
    let along = noisy.clone().add_row(&-centre.clone()).nt(half) * (1.0 / (sigma * sigma));
    let all = |row: &Matrix| row.clone().linear(Linear::Tile(n));
    let tanh = along.tanh().linear(Linear::Spread(d));
    // tanh and softmax magnify no error of their arguments, which are sums of these terms.
    let size = |x: &Matrix| magnitude(x);
    let reach = size(centre) + size(half);
    let squares = (size(noisy) + all(&reach)).squared_norm() * (1.0 / (sigma * sigma));
    let sides = [vec![sample.posterior_mean(noisy)], vec![all(half) * tanh + all(centre)]];
    let terms = (squares + 1.0).linear(Linear::Spread(d)) * all(&reach);
    Sides::rounded(sides, vec![terms], 2.0 * d as f64 + 12.0)
}

/// T17 at each point: the mean over the sample of the optimum's distance ψ(x̃) − (Xᵢ − x̃)/σ² from
/// its targets, weighted by how likely each is, and 0. Shapes: x̃ (m, d).
///
/// This is the first variation before it is integrated: it vanishes against *any* direction, smooth
/// or not.
pub fn pointwise(sample: &KernelEstimate, noisy: &Matrix) -> Sides {
    let KernelEstimate { points, sigma } = sample;
    let ((n, d), m) = (points.shape(), noisy.rows());
    let copies = noisy.clone().linear(Linear::Each(n));
    let points = points.clone().linear(Linear::Tile(m));
    let log = corruption::log_density(&points, &copies, *sigma);
    let largest = |i: usize| log.data()[i * n..][..n].iter().copied().fold(f64::MIN, f64::max);
    let shift = Matrix::from_fn(m, 1, |i, _| largest(i)).linear(Linear::Each(n));
    let likelihood = (log - shift).exp();
    let total = likelihood.clone().linear(Linear::SumEach(n)).reciprocal().linear(Linear::Each(n));
    let weights = (likelihood * total).linear(Linear::Spread(d));
    let targets = corruption::score(&points, &copies, *sigma);
    let apart = sample.score(noisy).linear(Linear::Each(n)) - targets;
    // The exponents' own error: every term of ‖x̃ − X‖²/σ² and of what the estimate makes of it.
    let size = (magnitude(&copies) + magnitude(&points)) * (1.0 / sigma);
    let exponents = (size.squared_norm() * 4.0 + 1.0).linear(Linear::SumEach(n));
    let reach = (size * (1.0 / sigma)).linear(Linear::SumEach(n));
    let sides = [vec![(apart * weights).linear(Linear::SumEach(n))], vec![Matrix::zeros(m, d)]];
    Sides::rounded(sides, vec![reach * exponents.linear(Linear::Spread(d))], (n + d) as f64 + 16.0)
}
