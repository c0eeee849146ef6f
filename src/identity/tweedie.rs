//! T16: the best denoiser knows the score (Tweedie).
//!
//! Two routes to the law of x given x̃: its moments by quadrature of Bayes' formula, which sees only
//! q and the noise, and Tweedie's formulas, which see only q_σ.
//!
//! The page: `proofs/tweedie.md`.

use super::{Claim, Sides, Theorem, magnitude, number};
use crate::{
    array::{Array, Linear},
    corruption,
    density::{Density, Mixture, mixture::diagonal},
    grid::Exact,
    matrix::{Matrix, noise::standard_normal},
    quadrature::Rule,
};
use rand::{Rng, RngExt};

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 16,
    statement: "𝔼[x∣x̃] = x̃ + σ²∇log q_σ(x̃), Cov[x∣x̃] = σ²(I + σ²∇²log q_σ(x̃))",
    claims: &[
        Claim::one("for q = N(m, s²)", "every x, x̃, m, s, σ", || {
            Sides::proof(bayes(|[_, sigma2]| sigma2))
        }),
        Claim::one(
            "𝔼[(r(x̃) − x)x̃ᵀ] = G(Σ + σ²I) − Σ, 0 for Wiener's G",
            AFFINE,
            || Sides::proofs([0.5, 1.0, 2.0].map(orthogonality)),
        ),
        Claim::any("by quadrature of Bayes' formula", MIXTURES, |rng| {
            let Denoised { density, noisy, sigma } = Denoised::any(rng);
            Sides::doubled(|fineness| tweedie(&density, &noisy, sigma, 60 * fineness))
        }),
    ],
    false_statements: &[
        Claim::one("for q = N(m, s²) with s²∇log q_σ", "every x, x̃, m, s, σ", || {
            Sides::proof(bayes(|[s2, _]| s2))
        }),
        Claim::any("the optimal score is (x − x̃)/σ², for each pair", MIXTURES, |rng| {
            per_pair(&Denoised::any(rng))
        }),
    ],
}];

const MIXTURES: &str = "random mixtures on the line and in the plane, σ from 0.4 to 1";

const AFFINE: &str = "four points in the plane, every r(x̃) = μ + G(x̃ − μ), σ";

/// T16 for q = N(m, s²). By Bayes' formula q(x) q_σ(x̃∣x) = q(x∣x̃) q_σ(x̃); as exponents, times
/// −2s²σ²(s² + σ²), with q_σ = N(m, s² + σ²) and the law of x given x̃ as (1) has it:
/// its mean is x̃ − `gain` (x̃ − m)/(s² + σ²), where `gain` is σ², of [s², σ²], and its variance
/// σ²(1 − σ²/(s² + σ²)) = s²σ²/(s² + σ²). A Gaussian is known by its exponent.
fn bayes(gain: fn([Exact; 2]) -> Exact) -> [Vec<Exact>; 2] {
    let named = |name| Exact::named(name, 1, 1);
    let [x, noisy, mean, s, sigma] = ["x", "x̃", "m", "s", "σ"].map(named);
    let [s2, sigma2] = [s, sigma].map(|deviation| deviation.squared_norm());
    let total = s2.clone() + &sigma2;
    let prior = (x.clone() - &mean).squared_norm() * &sigma2;
    let kernel = (noisy.clone() - &x).squared_norm() * &s2;
    let centred = noisy.clone() - &mean;
    let gain = gain([s2.clone(), sigma2.clone()]);
    let posterior_mean = noisy * &total - gain * &centred; // times s² + σ²
    let posterior = (x * &total - posterior_mean).squared_norm();
    let smoothed = centred.squared_norm() * s2 * sigma2;
    [vec![(prior + kernel) * total], vec![posterior + smoothed]]
}

/// The Gaussian case of T16 without a Gaussian, with μ and Σ those of the points: of the affine
/// denoiser r(x̃) = μ + G(x̃ − μ) the moments 𝔼[(r(x̃) − x)x̃ᵀ] and 𝔼[r(x̃) − x], and G(Σ + σ²I) − Σ
/// and 0. Wiener's G = Σ(Σ + σ²I)⁻¹ makes the errors uncorrelated with what it sees. Rows: x̃ − μ
/// times Gᵀ.
fn orthogonality(sigma: f64) -> [Vec<Exact>; 2] {
    let (n, d) = (4, 2);
    let [x, z, gain] =
        [("x", n), ("z", 1), ("G", d)].map(|(name, rows)| Exact::named(name, rows, d));
    let mean = x.clone().sum_over_samples() * 0.25;
    let centred = x.clone().add_row(&-mean.clone());
    let noisy = corruption::corrupt(&x, &z.clone().linear(Linear::Tile(n)), sigma);
    let error = noisy.clone().add_row(&-mean.clone()).nt(&gain).add_row(&mean) - &x;
    let moments = [error.tn(&noisy) * 0.25, error.sum_over_samples() * 0.25];
    let covariance = centred.tn(&centred) * 0.25;
    let right = gain.nn(&covariance) + gain * (sigma * sigma) - covariance;
    [moments.map(|moment| moment.gaussian_mean(&z)).to_vec(), vec![right, mean * 0.0]]
}

/// A density, a corrupted point and the noise that corrupted it.
#[derive(Clone, Debug)]
pub struct Denoised {
    /// q
    pub density: Mixture,
    /// x̃, (1, d).
    pub noisy: Matrix,
    /// σ
    pub sigma: f64,
}

impl Denoised {
    /// Up to three Gaussians on the line or in the plane, σ from 0.4 to 1.
    ///
    /// The components are at least ½ wide in every direction. Given x̃, each is then Gaussian with
    /// standard deviations of at least σ/√(1 + (σ/½)²) > 0.44 σ, and the trapezoid rule with step
    /// h = 0.3 σ errs by 2 exp(−2π²(0.44/0.3)²) < 10⁻¹⁸. And x̃ is at most 1 from a mean in each
    /// coordinate, where q_σ is not so small that what lies beyond ±9σ could matter: e^(−40.5)
    /// against e^(−2.5).
    pub fn any(rng: &mut impl Rng) -> Self {
        let d = rng.random_range(1..=2);
        let components: Vec<_> = (0..rng.random_range(1..=3))
            .map(|_| {
                let factor: Matrix = standard_normal(d, d, rng) * 0.5;
                let covariance = factor.nt(&factor) + diagonal(d, 0.25);
                let weight = rng.random_range(0.5..1.5);
                (weight, Matrix::from_fn(1, d, |_, _| rng.random_range(-2.0..2.0)), covariance)
            })
            .collect();
        let mean = components[0].1.clone();
        let noisy = Matrix::from_fn(1, d, |_, _| rng.random_range(-1.0..1.0)) + mean;
        Self { density: Mixture::new(components), noisy, sigma: rng.random_range(0.4..1.0) }
    }
}

/// x and its probabilities given x̃, at the nodes of a trapezoid rule with the given number of steps from
/// x̃ − 9σ to x̃ + 9σ in each of one or two dimensions; and the logarithms they come from.
///
/// By Bayes' formula q(x∣x̃) ∝ q(x) q_σ(x̃∣x): nothing here knows q_σ(x̃) or its score.
fn posterior(q: &impl Density, noisy: &Matrix, sigma: f64, steps: usize) -> (Rule, Matrix) {
    let line = Rule::trapezoid(-9.0, 9.0, steps);
    let rule = if q.dimension() == 1 { line } else { line.squared() }.around(noisy, sigma);
    let copies = noisy.clone().linear(Linear::Tile(rule.nodes.rows()));
    let log = q.log_density(&rule.nodes) + corruption::log_density(&rule.nodes, &copies, sigma);
    let likelihood = rule.weighted(&log.clone().exp());
    let total = likelihood.weights.clone().sum().item(); // q_σ(x̃)
    (Rule { weights: likelihood.weights * (1.0 / total), ..rule }, log)
}

/// 𝔼[x∣x̃] (1, d) and Cov[x∣x̃] (d, d) by quadrature of Bayes' formula.
pub fn posterior_moments(
    q: &impl Density,
    noisy: &Matrix,
    sigma: f64,
    steps: usize,
) -> (Matrix, Matrix) {
    moments(&posterior(q, noisy, sigma, steps).0)
}

/// 𝔼[x] and Cov[x] of a rule whose weights are probabilities.
fn moments(law: &Rule) -> (Matrix, Matrix) {
    let mean = law.weights.tn(&law.nodes);
    let centred = law.nodes.clone().add_row(&-mean.clone());
    let weights = law.weights.clone().linear(Linear::Spread(centred.cols()));
    (mean, (centred.clone() * weights).tn(&centred))
}

/// 𝔼[x∣x̃] = x̃ + σ²∇log q_σ(x̃) (1, d) and Cov[x∣x̃] = σ²(I + σ²∇²log q_σ(x̃)) (d, d), from the
/// smoothed density alone.
pub fn tweedie_moments(smoothed: &Mixture, noisy: &Matrix, sigma: f64) -> (Matrix, Matrix) {
    let variance = sigma * sigma;
    let mean = smoothed.score(noisy) * variance + noisy;
    let identity = diagonal(noisy.cols(), 1.0);
    (mean, (smoothed.hessian(noisy) * variance + identity) * variance)
}

/// T16: mean and covariance of x given x̃ (1, d), by quadrature and from q_σ.
pub fn tweedie(q: &Mixture, noisy: &Matrix, sigma: f64, steps: usize) -> Sides {
    let (posterior, log) = posterior(q, noisy, sigma, steps);
    let (mean, covariance) = moments(&posterior);
    let (from_score, from_hessian) = tweedie_moments(&q.smoothed(sigma), noisy, sigma);
    // A probability e^ℓ with ℓ off by |ℓ|u is itself off by |ℓ|u relatively. So on the left stand
    // sums of |x| and |x − x̃||x − x̃|ᵀ with weights 1 + |ℓ|. They bound the terms on the right as
    // well: by Tweedie for each component σ²sₖ is a mean of x − x̃, and a mean is smaller than the
    // mean of magnitudes.
    let weights = posterior.weights * (magnitude(&log) + 1.0);
    let apart = magnitude(&posterior.nodes.clone().add_row(&-noisy.clone()));
    let spread = weights.clone().linear(Linear::Spread(apart.cols()));
    let squares = (apart.clone() * spread).tn(&apart) * 2.0;
    let first = weights.tn(&apart) + magnitude(noisy);
    let magnitudes = vec![first, squares + diagonal(noisy.cols(), sigma * sigma)];
    // The sums over the nodes, and some sixty operations in densities, factors and inverses.
    let sides = [vec![mean, covariance], vec![from_score, from_hessian]];
    Sides::integrals(sides, magnitudes, log.rows())
}

/// If the optimal score were (x − x̃)/σ² for each pair, then given x̃ that would not vary with x.
/// But its variance is tr Cov[x∣x̃]/σ⁴, relative to the noise's d/σ² at least ¼/(¼ + σ²) ≥ ⅕ for
/// components whose variances are ¼ or more.
fn per_pair(Denoised { density, noisy, sigma }: &Denoised) -> Sides {
    let (_, covariance) = posterior_moments(density, noisy, *sigma, 60);
    let d = noisy.cols();
    let trace: f64 = (0..d).map(|i| covariance.at(i, i)).sum();
    let scale = d as f64 * sigma * sigma;
    Sides::integrals([number(trace), number(0.0)], number(scale), 61_usize.pow(d as u32))
}
