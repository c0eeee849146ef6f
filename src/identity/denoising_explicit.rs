//! T7, T14, T18, T30: denoising is explicit score matching on the smoothed density (Vincent 2011).
//!
//! ```text
//! DSM_σ = ESM(q_σ) + d/(2σ²) − ½ I(q_σ)
//! ```
//!
//! The left side integrates over pairs of a clean point and its noise and never sees q_σ; the right
//! side integrates over corrupted points and never sees a clean one.

mod control_variate;
mod kernels;
mod polynomial;

pub use control_variate::{Corrupted, control_variate};
pub use kernels::{Convolution, other_kernel};

use super::polynomial_score::PolynomialScore;
use super::{Claim, Sides, Theorem, number};
use crate::{
    array::{Array, Function},
    corruption::corrupt,
    density::{Density, Mixture},
    matrix::{Matrix, noise::Generator},
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
                let i = Smoothing::any(rng);
                Sides::doubled(|fineness| explicit_on_the_smoothed(&i, fineness).sides())
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

/// A density on the line, its smoothing, and a model.
#[derive(Clone, Debug)]
pub struct Smoothing {
    /// q, in one dimension.
    pub q: Mixture,
    /// σ.
    pub sigma: f64,
    /// ψ.
    pub network: ScoreNetwork<Matrix>,
}

/// Where all of q and of its smoothing lies: means within ±2 and nine standard deviations of at
/// most √(1² + 1²) on both sides.
const REACH: f64 = 2.0 + 9.0 * std::f64::consts::SQRT_2;

impl Smoothing {
    /// Two Gaussians with means in ±2 and standard deviations from 0.4 to 1, a network of six
    /// hidden units with weights within ±2, σ from 0.2 to 1.
    ///
    /// The bounds are what lets a fixed number of nodes serve every instance: softplus(wx) is
    /// analytic up to π/|w| from the real line, and the trapezoid rule converges at that rate.
    pub fn any(rng: &mut impl Rng) -> Self {
        let component = |rng: &mut dyn Rng| {
            let deviation: f64 = rng.random_range(0.4..1.0);
            let mean = Matrix::from_rows([[rng.random_range(-2.0..2.0)]]);
            (rng.random_range(0.2..0.8), mean, Matrix::from_rows([[deviation * deviation]]))
        };
        let q = Mixture::new([component(rng), component(rng)]);
        Self { q, sigma: rng.random_range(0.2..1.0), network: network(1, rng) }
    }
}

/// A network [d, 6, d] with weights and biases within ±2.
fn network(d: usize, rng: &mut impl Rng) -> ScoreNetwork<Matrix> {
    let shape = ScoreNetwork::<Matrix>::random(&[d, 6, d], Function::Softplus, rng);
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

    /// All of them times λ.
    #[must_use]
    pub fn weighted(self, lambda: f64) -> Self {
        Self {
            denoising: lambda * self.denoising,
            explicit: lambda * self.explicit,
            kernel_information: lambda * self.kernel_information,
            fisher_information: lambda * self.fisher_information,
            nodes: self.nodes,
        }
    }
}

/// The law of standard Gaussian noise on the line, with `steps` steps over ±9.
pub fn gaussian_noise(steps: usize) -> Rule {
    Mixture::isotropic(1, 1.0).rule(&Rule::trapezoid(-9.0, 9.0, steps))
}

/// T7 on the line. `fineness` multiplies the numbers of nodes.
pub fn explicit_on_the_smoothed(instance: &Smoothing, fineness: usize) -> Terms {
    let Smoothing { q, sigma, network } = instance;
    let line = |steps: usize| Rule::trapezoid(-REACH, REACH, steps * fineness);
    // The components are entire functions and the network is tame (see `Smoothing::any`), but the
    // score of a mixture has poles close to the line, where the complex density is 0: hence the
    // many nodes on the right side, where a single integral can afford them.
    vincent(|x| network.score(x), q, *sigma, [&line(120), &line(1200)], 90 * fineness)
}

/// T7 on the line for any score: DSM_σ over the first rule, weighted by q, and the noise; ESM and I
/// over the second, weighted by q_σ.
pub fn vincent(
    score: impl Fn(&Matrix) -> Matrix,
    q: &Mixture,
    sigma: f64,
    [clean, corrupted]: [&Rule; 2],
    noise_steps: usize,
) -> Terms {
    let smoothed = q.smoothed(sigma);
    let (clean, corrupted) = (q.rule(clean), smoothed.rule(corrupted));
    let noise = gaussian_noise(noise_steps);
    let denoising = double(&clean, &noise, |x, z| {
        objective::denoising(&score, x, &corrupt(x, z, sigma), sigma)
    });
    let truth = smoothed.score(&corrupted.nodes);
    Terms {
        denoising,
        explicit: corrupted.integrate(&objective::explicit(score(&corrupted.nodes), &truth)),
        kernel_information: 1.0 / (sigma * sigma),
        fisher_information: smoothed.fisher_information(&corrupted),
        nodes: (clean.nodes.rows() * noise.nodes.rows()).max(corrupted.nodes.rows()),
    }
}

/// T18: the 1/a of ψ(x) = −ax that fits a target best, −Σ‖x‖²/Σ⟨x, t⟩ over a sample: the minimiser of
/// ESM if t = ∇ log q(x), and of DSM_σ if x is corrupted and t = (x − x̃)/σ².
pub fn fitted_variance(x: &Matrix, target: &Matrix) -> f64 {
    -x.squared_norm().sum().item() / x.inner(target).sum().item()
}

/// T18: 1/a at the minimiser of ISM = ½ a²‖x‖² − a d over a sample, the mean of ‖x‖²/d.
pub fn implicit_variance<A: Array>(x: &A) -> A {
    let (_, d) = x.shape();
    x.squared_norm().mean() * (1.0 / d as f64)
}

/// Every node of a rule as a point of a weighted sample: a measure that need not have a density.
pub fn points(locations: Matrix, rng: &mut Generator) -> Rule {
    let weights = Matrix::from_fn(locations.rows(), 1, |_, _| rng.random_range(0.2..1.0));
    let total = weights.clone().sum().item();
    Rule { nodes: locations, weights: weights * (1.0 / total) }
}
