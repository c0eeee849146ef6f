//! T30: any smooth kernel corrupts as well as the isotropic Gaussian.

use super::{Terms, gaussian_noise, network, sensor};
use crate::{
    array::{Array, Linear},
    autodiff::Tape,
    corruption::Kernel,
    density::{Density, Univariate},
    grid::Exact,
    identity::{Claim, Sides, Theorem},
    matrix::{Matrix, noise::Generator},
    model::ScoreNetwork,
    objective,
    quadrature::{Rule, double},
};
use rand::{RngExt, SeedableRng};

pub(super) const THEOREM: Theorem = Theorem {
    number: 30,
    statement: "DSM_K = ESM(K∗q) + ½ 𝔼I(K) − ½ I(K∗q) for any smooth kernel K",
    claims: &[
        Claim::one("∇(K∗q) = Σ wᵢ K(x̃∣xᵢ) ∇log K(x̃∣xᵢ)", FOUR_KERNELS, || {
            Sides::proofs(kernels().map(|(kernel, d)| slope(&kernel, d)))
        }),
        Claim::one("so the square splits, at every x̃", ANY_KERNEL, || {
            let i = Conditional::every();
            Sides::proof([vec![i.loss(&i.psi)], vec![i.split()]])
        }),
        Claim::any("as integrals", "three points, logistic or signal-dependent noise", |rng| {
            let i = Convolution::any(rng);
            Sides::doubled(|fineness| other_kernel(&i, &i.kernel, fineness).sides())
        }),
        Claim::one(
            "and = ISM(K∗q) + ½ 𝔼I(K)",
            "x ~ N(0, 1), K = N(0.8x, ¼ + ¼x²), ψ = −⅔y + ⅕ sin y",
            || Sides::doubled(sensor::by_three_routes),
        ),
        Claim::any(
            "𝔼I(K) = ∫ e^(−s²λ)/√(1 + 2b²λ) dλ from 0 to ∞",
            "x ~ N(0, 1), K = N(ax, s² + b²x²), random s and b",
            sensor::mean_information,
        ),
    ],
    false_statements: &[
        // the standard deviation of logistic noise is πs/√3
        Claim::one("the same with the isotropic target of the same deviation", LOGISTIC, || {
            let i = Convolution::logistic();
            let sigma = 0.5 * std::f64::consts::PI / 3.0_f64.sqrt();
            other_kernel(&i, &Kernel::Isotropic { sigma }, 1).sides()
        }),
        Claim::one("the same with 1/𝔼v in the place of 𝔼I(K) = 𝔼[1/v]", SENSOR, || {
            let i = Convolution::sensor();
            let terms = other_kernel(&i, &i.kernel, 1);
            let variance = i.kernel.fisher_information(&i.points.nodes).reciprocal();
            let wrong = 1.0 / i.points.integrate(&variance);
            terms.against(Terms { kernel_information: wrong, ..terms }.floor() + terms.explicit)
        }),
        Claim::one("the same with the target (ax − x̃)/𝔼v", SENSOR, || {
            let i = Convolution::sensor();
            // 𝔼v = ¼ + ¼ · 5/4 = (¾)²
            let mean = Kernel::SignalDependent { gain: 0.8, floor: 0.75, slope: 0.0 };
            other_kernel(&i, &mean, 1).sides()
        }),
        Claim::one("the same minimiser with each loss times its variance", ANY_KERNEL, || {
            let i = Conditional::every();
            Sides::proof([vec![i.slope_at_the_mean(&Exact::named("v", 3, 1))], vec![i.psi * 0.0]])
        }),
    ],
};

const FOUR_KERNELS: &str = "three points, every weight, point and x̃, four kernels";
const ANY_KERNEL: &str = "three points in eight dimensions, every weight, value and score of K, ψ";
const LOGISTIC: &str = "three points, logistic noise of scale s = ½";
const SENSOR: &str = "−1, 0, 2 with weights ¼, ½, ¼, K = N(0.8x, ¼ + ¼x²)";

/// One kernel of each kind with its dimension, of numbers that are short.
fn kernels() -> [(Kernel, usize); 4] {
    // L = [[1, 0], [½, 1]], and C⁻¹ without rounding
    let covariance = Matrix::from_rows([[1.0, 0.5], [0.5, 1.25]]);
    [
        (Kernel::Isotropic { sigma: 0.5 }, 2),
        (Kernel::gaussian(&covariance), 2),
        (Kernel::Logistic { scale: 0.5 }, 2),
        (Kernel::SignalDependent { gain: 0.75, floor: 0.5, slope: 0.25 }, 2),
    ]
}

/// A weighted sample q, a kernel K, and a model, on the line. Nothing in the theorem asks q for a
/// density: three points will do, and then K∗q is a sum of three kernels.
#[derive(Clone, Debug)]
pub struct Convolution {
    /// The points of q and their weights, (3, 1).
    pub points: Rule,
    /// K.
    pub kernel: Kernel,
    /// ψ.
    pub network: ScoreNetwork<Matrix>,
}

impl Convolution {
    /// Three points within ±1, with logistic or signal-dependent noise.
    pub fn any(rng: &mut Generator) -> Self {
        let kernel = if rng.random() {
            Kernel::Logistic { scale: rng.random_range(0.3..0.6) }
        } else {
            let [gain, floor, slope] = [0.5..1.0, 0.4..0.6, 0.1..0.5].map(|r| rng.random_range(r));
            Kernel::SignalDependent { gain, floor, slope }
        };
        let nodes = Matrix::from_fn(3, 1, |_, _| rng.random_range(-1.0..1.0));
        let weights = Matrix::from_fn(3, 1, |_, _| rng.random_range(0.2..1.0));
        let total = weights.clone().sum().item();
        let points = Rule { nodes, weights: weights * (1.0 / total) };
        Self { points, kernel, network: network(rng) }
    }

    /// Logistic noise of scale s = ½, on a fixed sample.
    pub fn logistic() -> Self {
        let any = Self::any(&mut Generator::seed_from_u64(30));
        Self { kernel: Kernel::Logistic { scale: 0.5 }, ..any }
    }

    /// A sensor with the gain 0.8 and the noise ¼ + ¼x², at −1, 0 and 2 with weights ¼, ½, ¼. Its
    /// information 1/v is 2, 4 and 4/5: 27/10 in the mean.
    pub fn sensor() -> Self {
        let points = Rule {
            nodes: Matrix::from_rows([[-1.0], [0.0], [2.0]]),
            weights: Matrix::from_rows([[0.25], [0.5], [0.25]]),
        };
        let kernel = Kernel::SignalDependent { gain: 0.8, floor: 0.5, slope: 0.5 };
        Self { points, kernel, network: network(&mut Generator::seed_from_u64(30)) }
    }
}

/// (K∗q)(x̃) for points xᵢ with weights wᵢ and Σ wᵢ K(x̃|xᵢ) ∇log K(x̃|xᵢ), which is its gradient:
/// shapes (m, d), (m, 1), (n, d) → (n, 1), (n, d).
pub fn smoothed<A: Array>(kernel: &Kernel, [points, weights]: [&A; 2], noisy: &A) -> (A, A) {
    let ((m, _), (n, d)) = (points.shape(), noisy.shape());
    let (mut density, mut slope) = (noisy.constant(n, 1, |_, _| 0.0), noisy.clone() * 0.0);
    for i in 0..m {
        // n times the i-th row, which is a product with a row of zeros and a one
        let pick = noisy.constant(1, m, |_, j| f64::from(u8::from(i == j)));
        let [x, weight] = [points, weights].map(|of| pick.nn(of).linear(Linear::Tile(n)));
        let part = kernel.log_density(&x, noisy).exp() * weight;
        slope = slope + kernel.score(&x, noisy) * part.clone().linear(Linear::Spread(d));
        density = density + part;
    }
    (density, slope)
}

/// ∇(K∗q) by differentiating it, and by [`smoothed`].
fn slope(kernel: &Kernel, d: usize) -> [Vec<Exact>; 2] {
    let (x, w) = (Exact::named("x", 3, d), Exact::named("w", 3, 1));
    let tape = Tape::new();
    let [x, w, noisy] = [x, w, Exact::named("x̃", 1, d)].map(|letter| tape.var(&letter));
    let (density, slope) = smoothed(kernel, [&x, &w], &noisy);
    [density.gradient(&[noisy]), vec![slope.value()]]
}

/// What the proof needs to know at one x̃: the shares kᵢ = wᵢ K(x̃|xᵢ), of which Q = (K∗q)(x̃) is the
/// sum, and the targets lᵢ = ∇log K(x̃|xᵢ).
#[derive(Clone, Debug)]
pub struct Conditional {
    /// ψ(x̃), (1, 8), and any other vector.
    pub psi: Exact,
    /// k₁, k₂ and Q − k₁ − k₂, (3, 1).
    shares: Exact,
    targets: Exact,
    /// Q
    pub total: Exact,
}

impl Conditional {
    /// Three points in eight dimensions, everything an indeterminate.
    pub fn every() -> Self {
        let d = 8;
        let (free, total) = (Exact::named("k", 2, 1), Exact::named("Q", 1, 1));
        let last = total.clone() - free.clone().sum();
        let shares = Exact::from_fn(3, 1, |i, _| [&free, &last][i / 2].at(i % 2, 0).clone());
        Self { psi: Exact::named("ψ", 1, d), shares, targets: Exact::named("l", 3, d), total }
    }

    /// Σ kᵢ ½‖ψ − lᵢ‖²
    pub fn loss(&self, psi: &Exact) -> Exact {
        let losses = objective::explicit(psi.clone().linear(Linear::Tile(3)), &self.targets);
        self.shares.tn(&losses)
    }

    /// ∇log(K∗q)(x̃) = Σ kᵢlᵢ/Q, as the first claim has it
    pub fn score(&self) -> Exact {
        let (_, d) = self.psi.shape();
        let each = self.total.clone().reciprocal().linear(Linear::Spread(d));
        self.shares.tn(&self.targets) * each
    }

    /// Q ½‖ψ − ∇log(K∗q)‖² + ½ Σ kᵢ‖lᵢ‖² − ½ Q‖∇log(K∗q)‖²
    fn split(&self) -> Exact {
        let score = self.score();
        let excess = objective::explicit(self.psi.clone(), &score) * &self.total;
        let kernel = self.shares.tn(&self.targets.squared_norm()) * 0.5;
        excess + kernel - score.squared_norm() * &self.total * 0.5
    }

    /// The gradient of Σ kᵢ vᵢ ½‖ψ − lᵢ‖² by ψ, at ψ = ∇log(K∗q); 0 if all vᵢ are the same.
    fn slope_at_the_mean(&self, weights: &Exact) -> Exact {
        let tape = Tape::new();
        let psi = tape.var(&self.score());
        let [shares, targets] =
            [self.shares.clone() * weights, self.targets.clone()].map(|x| tape.var(&x));
        let losses = objective::explicit(psi.linear(Linear::Tile(3)), &targets);
        shares.tn(&losses).gradient(&[psi]).remove(0)
    }
}

/// T30 with the score of `target` for a target: the kernel itself, or, for the false statement,
/// another one.
pub fn other_kernel(instance: &Convolution, target: &Kernel, fineness: usize) -> Terms {
    let Convolution { points, kernel, network } = instance;
    corrupted_by([kernel, target], points, |x| network.score(x), fineness)
}

/// The same on the line for a weighted sample, or the rule of a density, and any score.
pub fn corrupted_by(
    [kernel, target]: [&Kernel; 2],
    points: &Rule,
    score: impl Fn(&Matrix) -> Matrix,
    fineness: usize,
) -> Terms {
    let noise = match kernel {
        // A logistic tail is e^(−|z|), a Gaussian one e^(−z²/2): below 10⁻¹⁶ beyond ±40 and ±9.
        Kernel::Logistic { .. } => {
            let line = Rule::trapezoid(-40.0, 40.0, 240 * fineness);
            Univariate::Logistic { scale: 1.0 }.rule(&line)
        }
        _ => gaussian_noise(fineness),
    };
    let denoising = double(points, &noise, |x, z| {
        objective::denoising_by(target, &score, x, &kernel.corrupt(x, z))
    });
    let over = corrupted_line(kernel, points, fineness);
    let (density, slope) = smoothed(kernel, [&points.nodes, &points.weights], &over.nodes);
    let corrupted = over.weighted(&density);
    let data_score = slope * density.reciprocal();
    let explicit = objective::explicit(score(&over.nodes), &data_score);
    Terms {
        denoising,
        explicit: corrupted.integrate(&explicit),
        kernel_information: points.integrate(&kernel.fisher_information(&points.nodes)),
        fisher_information: corrupted.integrate(&data_score.squared_norm()),
        nodes: (points.nodes.rows() * noise.nodes.rows()).max(over.nodes.rows()),
    }
}

/// Where x̃ may lie: as far as the noise goes from any point, in steps of 0.06 at most.
pub fn corrupted_line(kernel: &Kernel, points: &Rule, fineness: usize) -> Rule {
    let reach = if matches!(kernel, Kernel::Logistic { .. }) { 40.0 } else { 9.0 };
    let far = |z: f64| {
        let noisy = kernel.corrupt(&points.nodes, &(points.nodes.clone() * 0.0 + z));
        noisy.data().iter().fold(0.0, |far: f64, x| far.max(x.abs()))
    };
    let far = far(reach).max(far(-reach));
    Rule::trapezoid(-far, far, (800.0_f64.max(far / 0.03)) as usize * fineness)
}
