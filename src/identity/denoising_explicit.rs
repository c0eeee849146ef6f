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

pub use control_variate::{Corrupted, control_variate};
pub use kernels::{Convolution, other_kernel};

use super::{Evidence, OldCheck, OldTheorem};
use crate::{
    array::{Array, Function},
    corruption::{self, Kernel, corrupt},
    density::{Density, Mixture},
    matrix::{Matrix, noise::Generator},
    model::{Parameters, ScoreNetwork},
    objective,
    quadrature::{Rule, converged, double},
};
use rand::{Rng, RngExt, SeedableRng};

/// What two sides of a converged quadrature may differ by, relative to the summed magnitudes: they
/// are sums of at most 10⁵ terms, so rounding alone may add up to 10⁵ u ≈ 10⁻¹¹, and each term
/// carries a few roundings of its own. That the nodes are many enough is shown by doubling them.
pub const TOLERANCE: f64 = 1e-10;

/// The theorems of this page.
pub const THEOREMS: &[OldTheorem] = &[
    OldTheorem {
        number: 7,
        statement: "DSM_σ = ESM(q_σ) + d/(2σ²) − ½ I(q_σ)",
        check: |rng| explicit_on_the_smoothed(&Instance::any(rng), 1).check(),
        false_statement: "DSM_σ = ESM(q_σ): the loss goes to 0",
        // The floor is ½ (1/σ² − I(q_σ)) ≥ ½ v/(σ² (v + σ²)), v the least variance of a component.
        counterexample: |rng| {
            let terms = explicit_on_the_smoothed(&Instance::any(rng), 1);
            Terms { floor: 0.0, ..terms }.check()
        },
    },
    OldTheorem {
        number: 14,
        statement: "½‖ψ(x̃) + z/σ‖² − ⟨ψ(x), z⟩/σ − ‖z‖²/(2σ²) = ½‖ψ(x̃)‖² + ⟨ψ(x̃) − ψ(x), z⟩/σ",
        check: |rng| control_variate(&Corrupted::any(rng)).check(),
        false_statement: "the same without the two terms taken off, at σ = 0.01",
        counterexample: |_| {
            // A fixed instance: at a point where z happens to be −2σψ(x) the two would agree.
            let mut instance = Corrupted::any(&mut Generator::seed_from_u64(14));
            instance.sigma = 0.01;
            let mut sides = control_variate(&instance);
            sides.left = vec![instance.plain()];
            sides.check()
        },
    },
    OldTheorem {
        number: 18,
        statement: "in a family ψ = −ax denoising estimates q_σ: argmin DSM_σ = argmin ISM(q_σ)",
        check: |rng| {
            let instance = Instance::any(rng);
            precision_of(&instance.q.smoothed(instance.sigma), &instance)
        },
        false_statement: "it estimates q, at σ = 0.5",
        // 𝔼_q x² ≤ 2² + 1 and grows by σ² = ¼: the two differ by 1/21 at least.
        counterexample: |rng| {
            let instance = Instance { sigma: 0.5, ..Instance::any(rng) };
            precision_of(&instance.q, &instance)
        },
    },
    OldTheorem {
        number: 30,
        statement: "DSM_K = ESM(K∗q) + ½ I(K) − ½ I(K∗q) for any smooth kernel K",
        check: |rng| {
            let instance = Convolution::any(rng);
            other_kernel(&instance, &instance.kernel, 1).check()
        },
        false_statement: "the same with the isotropic target under logistic noise",
        counterexample: |_| {
            let target = Kernel::Isotropic { sigma: 0.5 };
            other_kernel(&Convolution::logistic(0.5), &target, 1).check()
        },
    },
];

/// A density on the line, its smoothing, and a model, on which the identities are evaluated.
#[derive(Clone, Debug)]
pub struct Instance {
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

impl Instance {
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

/// The terms of DSM_K = ESM(K∗q) + floor.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// DSM_K, over pairs of a clean point and its noise.
    pub denoising: f64,
    /// ESM(K∗q), over corrupted points.
    pub explicit: f64,
    /// ½ I(K) − ½ I(K∗q), what no model goes below.
    pub floor: f64,
    /// I(K∗q).
    pub fisher_information: f64,
}

impl Terms {
    /// Whether both sides agree, relative to Σ|terms|.
    pub fn check(&self) -> OldCheck {
        let Self { denoising, explicit, floor, fisher_information } = *self;
        let scale = denoising + explicit + floor + fisher_information;
        OldCheck::new(Evidence::Quadrature, denoising, explicit + floor, scale, TOLERANCE)
    }

    /// The evidence in full: the identity holds with few nodes and with more, and every integral had
    /// converged with the few.
    ///
    /// # Panics
    /// If not, naming the numbers.
    #[track_caller]
    pub fn assert_converged(coarse: Self, fine: Self) {
        assert!(coarse.check().holds() && fine.check().holds(), "{coarse:?} {fine:?}");
        let allowed = TOLERANCE * (fine.denoising + fine.explicit + fine.fisher_information);
        converged(coarse.denoising, fine.denoising, allowed);
        converged(coarse.explicit, fine.explicit, allowed);
        converged(coarse.fisher_information, fine.fisher_information, allowed);
    }
}

/// The law of standard Gaussian noise in d = 1 or 2 dimensions, with `steps` steps over ±9.
pub fn gaussian_noise(d: usize, steps: usize) -> Rule {
    let line = Rule::trapezoid(-9.0, 9.0, steps);
    let over = if d == 1 { line } else { line.squared() };
    Mixture::isotropic(d, 1.0).rule(&over)
}

/// T7 on the line. `fineness` multiplies the numbers of nodes.
pub fn explicit_on_the_smoothed(instance: &Instance, fineness: usize) -> Terms {
    let Instance { q, sigma, network } = instance;
    let line = |steps: usize| Rule::trapezoid(-REACH, REACH, steps * fineness);
    let smoothed = q.smoothed(*sigma);
    let score = |x: &Matrix| network.score(x);
    // The components are entire functions and the network is tame (see `Instance::any`), but the
    // score of a mixture has poles close to the line, where the complex density is 0: hence the
    // many nodes on the right side, where a single integral can afford them.
    vincent(
        score,
        *sigma,
        &q.rule(&line(120)),
        &smoothed,
        &smoothed.rule(&line(1200)),
        90 * fineness,
    )
}

/// T7 in d = 1 or 2 dimensions: DSM_σ over the nodes of q and of the noise, ESM and I over those of
/// q_σ.
pub fn vincent(
    score: impl Fn(&Matrix) -> Matrix,
    sigma: f64,
    clean: &Rule,
    smoothed: &Mixture,
    corrupted: &Rule,
    noise_steps: usize,
) -> Terms {
    let d = smoothed.dimension();
    let denoising = double(clean, &gaussian_noise(d, noise_steps), |x, z| {
        objective::denoising(&score, x, &corrupt(x, z, sigma), sigma)
    });
    let truth = smoothed.score(&corrupted.nodes);
    let fisher_information = smoothed.fisher_information(corrupted);
    Terms {
        denoising,
        explicit: corrupted.integrate(&objective::explicit(score(&corrupted.nodes), &truth)),
        floor: objective::noise_floor(d, sigma, fisher_information),
        fisher_information,
    }
}

/// T18: the a of ψ(x) = −ax that fits a target best, −Σ⟨x, t⟩/Σ‖x‖² over a sample: the minimiser of
/// ESM if t = ∇ log q(x), and of DSM_σ if x is corrupted and t = (x − x̃)/σ².
pub fn fitted_precision(x: &Matrix, target: &Matrix) -> f64 {
    -x.inner(target).sum().item() / x.squared_norm().sum().item()
}

/// T18: the minimiser of ISM = ½ a²‖x‖² − a d over a sample, d/(mean of ‖x‖²).
pub fn implicit_precision(x: &Matrix) -> f64 {
    let (n, d) = x.shape();
    (n * d) as f64 / x.squared_norm().sum().item()
}

/// T18: the minimiser of DSM_σ over ψ = −ax, and that of ISM over `density`, in the limit of
/// infinitely many samples.
fn precision_of(density: &Mixture, instance: &Instance) -> OldCheck {
    let Instance { q, sigma, .. } = instance;
    let line = Rule::trapezoid(-REACH, REACH, 120);
    let (clean, noise) = (q.rule(&line), gaussian_noise(1, 90));
    let over_pairs = |f: fn(&Matrix, &Matrix) -> Matrix| {
        double(&clean, &noise, |x, z| {
            let noisy = corrupt(x, z, *sigma);
            f(&noisy, &corruption::score(x, &noisy, *sigma))
        })
    };
    let square = over_pairs(|noisy, _| noisy.squared_norm());
    let left = -over_pairs(Array::inner) / square;
    let over_density = density.rule(&line);
    let right = 1.0 / over_density.integrate(&over_density.nodes.squared_norm());
    // 𝔼|⟨x̃, t⟩| ≤ √(𝔼‖x̃‖² 𝔼‖t‖²), and 𝔼‖t‖² = 1/σ².
    let scale = square.sqrt() / sigma / square + right;
    OldCheck::new(Evidence::Quadrature, left, right, scale, TOLERANCE)
}

/// Every node of a rule as a point of a weighted sample: a measure that need not have a density.
pub fn points(locations: Matrix, rng: &mut Generator) -> Rule {
    let weights = Matrix::from_fn(locations.rows(), 1, |_, _| rng.random_range(0.2..1.0));
    let total = weights.clone().sum().item();
    Rule { nodes: locations, weights: weights * (1.0 / total) }
}
