//! T7, T14, T18, T30: denoising is explicit score matching on the smoothed density (Vincent 2011).
//!
//! ```text
//! DSM_σ = ESM(q_σ) + d/(2σ²) − ½ I(q_σ)
//! ```
//!
//! The left side integrates over pairs of a clean point and its noise and never sees q_σ; the right
//! side integrates over corrupted points and never sees a clean one.
//!
//! The page: `proofs/denoising_explicit.md`.

mod control_variate;
mod kernels;
mod polynomial;
mod sensor;

pub use control_variate::{Corrupted, control_variate};
pub use kernels::{Conditional, Convolution, corrupted_by, corrupted_line, other_kernel, smoothed};
pub use sensor::{standard_normal_law, wavy_score};

use super::polynomial_score::PolynomialScore;
use super::{Claim, Sides, Theorem, number};
use crate::{
    array::{Array, Function},
    corruption::corrupt,
    density::{Density, Mixture},
    matrix::Matrix,
    model::{Parameters, ScoreNetwork},
    objective,
    quadrature::{Rule, double},
};
use polynomial::GaussianData;
use rand::{Rng, RngExt};

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[
    Theorem {
        number: 7,
        statement: "DSM_σ = ESM(q_σ) + d/(2σ²) − ½ I(q_σ)",
        claims: &[
            Claim::one("for a Gaussian q", POLYNOMIALS, || {
                polynomial::for_every_gaussian(|data| {
                    let explicit = data.explicit_on_the_smoothed();
                    [vec![data.denoising()], vec![explicit + data.floor()]]
                })
            }),
            Claim::any("as integrals", MIXTURES, |rng| {
                let (q, network, sigma) = (mixture(rng), network(rng), rng.random_range(0.2..1.0));
                let score = |x: &Matrix| network.score(x);
                Sides::doubled(|fineness| vincent(score, &q, sigma, fineness).sides())
            }),
        ],
        false_statements: &[
            Claim::one("DSM_σ = ESM(q_σ): the loss goes to 0", ONE_GAUSSIAN, || {
                let data = GaussianData::new(PolynomialScore::every(1, 3), 0.5, 1);
                let explicit = data.explicit_on_the_smoothed();
                Sides::proof([vec![data.denoising()], vec![explicit]])
            }),
            Claim::one("the same with ESM(q)", ONE_GAUSSIAN, || {
                let data = GaussianData::new(PolynomialScore::every(1, 3), 0.5, 1);
                let explicit = data.explicit_on_the_data();
                Sides::proof([vec![data.denoising()], vec![explicit + data.floor()]])
            }),
        ],
    },
    control_variate::THEOREM,
    Theorem {
        number: 18,
        statement: "denoising estimates q_σ, not q: argmin DSM_σ = argmin ISM(q_σ) in any family",
        claims: &[
            Claim::one(
                "DSM_σ = ISM(q_σ) + d/(2σ²), so for every law q",
                AT_EVERY_POINT,
                || {
                    polynomial::at_every_point(|psi, pair, sigma| {
                        let [x, z] = pair;
                        polynomial::implicit_at(psi, pair, sigma, &corrupt(x, z, sigma))
                    })
                },
            ),
            Claim::one(
                "n Var(1/â) = (𝔼x⁴ − (𝔼x²)²)/d for ISM",
                "ψ = −ax, d = 2, n = 1, 2, 4, 8",
                || {
                    let sides = [1, 2, 4, 8].map(polynomial::variance_of_the_estimate);
                    Sides::proofs(sides.map(|sides| sides.map(|side| vec![side])))
                },
            ),
            Claim::one(
                "the sandwich of DSM: n Var(1/â) → (v + σ²)² v/σ²",
                "ψ = −ax on the line, q = N(0, v), every v, σ",
                || {
                    let sides = polynomial::SIGMAS.map(polynomial::sandwich_of_denoising);
                    Sides::proofs(sides.map(|sides| sides.map(|side| vec![side])))
                },
            ),
        ],
        false_statements: &[Claim::one("it estimates q", AT_EVERY_POINT, || {
            polynomial::at_every_point(|psi, pair, sigma| {
                polynomial::implicit_at(psi, pair, sigma, &pair[0])
            })
        })],
    },
    kernels::THEOREM,
];

const POLYNOMIALS: &str =
    "every cubic ψ on the line and quadratic ψ in the plane, q = N(0, vI), every v, σ";
const MIXTURES: &str = "random mixtures and networks on the line, σ from 0.2 to 1";
const ONE_GAUSSIAN: &str = "every cubic ψ on the line, q = N(0, ¼), σ = ½";
const AT_EVERY_POINT: &str = "every cubic ψ on the line and quadratic ψ in the plane, every x, σ";

/// Two Gaussians on the line with means within ±1 and standard deviations from 0.8 to 1.
///
/// The bounds let fixed numbers of nodes serve every instance. The trapezoid rule with step h errs by
/// about exp(−2πa/h) if there is no pole within a of the real line. The score of q_σ has them where
/// two components cancel, at π (0.8² + σ²)/2 > 1 or further.
pub fn mixture(rng: &mut impl Rng) -> Mixture {
    let component = |rng: &mut dyn Rng| {
        let deviation: f64 = rng.random_range(0.8..1.0);
        let mean = Matrix::from_rows([[rng.random_range(-1.0..1.0)]]);
        (rng.random_range(0.2..0.8), mean, Matrix::from_rows([[deviation * deviation]]))
    };
    Mixture::new([component(rng), component(rng)])
}

/// The law of x for a [`mixture`]: h = 5/24, so that the error is about e^(−30) = 10⁻¹³ where the score
/// of q_σ is in the integral. (Rounding may reach 10⁻¹² with this many pairs.)
pub fn law(q: &Mixture, fineness: usize) -> Rule {
    q.rule(&Rule::trapezoid(-10.0, 10.0, 96 * fineness))
}

/// The law of its x̃, by nine standard deviations on both sides.
pub fn smoothed_law(smoothed: &Mixture, sigma: f64, fineness: usize) -> Rule {
    let reach = 1.0 + 9.0 * sigma.hypot(1.0);
    smoothed.rule(&Rule::trapezoid(-reach, reach, SMOOTHED_STEPS * fineness))
}

/// The number of its steps.
pub const SMOOTHED_STEPS: usize = 400;

/// The law of standard Gaussian noise on the line: h = 0.3, for poles of f(x + σz) at 1.57 or further.
pub fn gaussian_noise(fineness: usize) -> Rule {
    Mixture::isotropic(1, 1.0).rule(&Rule::trapezoid(-9.0, 9.0, 60 * fineness))
}

/// A network [1, 6, 1] with weights and biases within ±2: softplus(wx) is analytic up to
/// π/|w| > 1.57 from the real line.
fn network(rng: &mut impl Rng) -> ScoreNetwork<Matrix> {
    let shape = ScoreNetwork::<Matrix>::random(&[1, 6, 1], Function::Softplus, rng);
    shape.map(|p| Matrix::from_fn(p.rows(), p.cols(), |_, _| rng.random_range(-2.0..2.0)))
}

/// The terms of DSM_K = ESM(K∗q) + ½ 𝔼I(K) − ½ I(K∗q), by quadrature.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// DSM_K, over pairs of a clean point and its noise.
    pub denoising: f64,
    /// ESM(K∗q), over corrupted points.
    pub explicit: f64,
    /// 𝔼I(K(·|x)), d/σ² for Gaussian noise.
    pub kernel_information: f64,
    /// I(K∗q).
    pub fisher_information: f64,
    /// The number of nodes of the largest integral.
    pub nodes: usize,
}

impl Terms {
    /// ½ 𝔼I(K) − ½ I(K∗q), what no model goes below.
    pub fn floor(&self) -> f64 {
        0.5 * (self.kernel_information - self.fisher_information)
    }

    /// Both sides, and Σ|terms|.
    pub fn sides(&self) -> Sides {
        self.against(self.explicit + self.floor())
    }

    /// DSM_K and something that it should be, as exact as integrals of these sizes are.
    pub fn against(&self, claim: f64) -> Sides {
        let information = 0.5 * (self.kernel_information + self.fisher_information);
        let magnitude = self.denoising + self.explicit + information;
        let sides = [number(self.denoising), number(claim)];
        Sides::integrals(sides, number(magnitude), self.nodes)
    }
}

/// T7 on the line for a [`mixture`] and any score. `fineness` multiplies the numbers of nodes.
pub fn vincent(
    score: impl Fn(&Matrix) -> Matrix,
    q: &Mixture,
    sigma: f64,
    fineness: usize,
) -> Terms {
    let smoothed = q.smoothed(sigma);
    let (clean, noise) = (law(q, fineness), gaussian_noise(fineness));
    let corrupted = smoothed_law(&smoothed, sigma, fineness);
    let denoising = double(&clean, &noise, |x, z| {
        objective::denoising(&score, x, &corrupt(x, z, sigma), sigma)
    });
    let truth = smoothed.score(&corrupted.nodes);
    Terms {
        denoising,
        explicit: corrupted.integrate(&objective::explicit(score(&corrupted.nodes), &truth)),
        kernel_information: 1.0 / (sigma * sigma),
        fisher_information: smoothed.fisher_information(&corrupted),
        nodes: clean.nodes.rows() * noise.nodes.rows(),
    }
}

/// T18: 1/a at the minimiser of ISM = ½ a²‖x‖² − a d over a sample, the mean of ‖x‖²/d.
pub fn implicit_variance<A: Array>(x: &A) -> A {
    let (_, d) = x.shape();
    x.squared_norm().mean() * (1.0 / d as f64)
}
