//! T30: any smooth kernel corrupts as well as the isotropic Gaussian.

use super::{Terms, gaussian_noise, network, points};
use crate::{
    array::{Array, Linear},
    corruption::Kernel,
    density::{Density, Univariate},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    model::ScoreNetwork,
    objective,
    quadrature::{Rule, double},
};
use rand::{Rng, RngExt, SeedableRng};

/// A weighted sample q, a kernel K, and a model. Nothing in the theorem asks q for a density: three
/// points will do, and then K∗q is a sum of three kernels, on the line or in the plane.
#[derive(Clone, Debug)]
pub struct Convolution {
    /// q: points and their weights.
    pub clean: Rule,
    /// K.
    pub kernel: Kernel,
    /// ψ.
    pub network: ScoreNetwork<Matrix>,
}

impl Convolution {
    /// Three points within ±1, with a random one of the two kernels.
    pub fn any(rng: &mut Generator) -> Self {
        if rng.random() {
            Self::logistic_with(rng.random_range(0.3..0.6), rng)
        } else {
            Self::full(rng)
        }
    }

    /// Logistic noise of scale s on the line, on a fixed sample.
    pub fn logistic(scale: f64) -> Self {
        Self::logistic_with(scale, &mut Generator::seed_from_u64(30))
    }

    fn logistic_with(scale: f64, rng: &mut Generator) -> Self {
        let kernel = Kernel::Logistic { scale };
        Self { clean: points(uniform(3, 1, rng), rng), kernel, network: network(1, rng) }
    }

    /// Gaussian noise with a full covariance in the plane, its eigenvalues from ½ to 1.
    pub fn full(rng: &mut Generator) -> Self {
        // ½ (I + u uᵀ) for a random unit vector u, and a random length of the second term.
        let u: Matrix = standard_normal(1, 2, rng);
        let length = rng.random_range(0.1..0.5) / u.squared_norm().item();
        let covariance = u.tn(&u) * length + Matrix::from_rows([[0.5, 0.0], [0.0, 0.5]]);
        let kernel = Kernel::gaussian(&covariance);
        Self { clean: points(uniform(3, 2, rng), rng), kernel, network: network(2, rng) }
    }

    /// log (K∗q)(x̃) and ∇ log (K∗q)(x̃): shapes (m, d) → (m, 1), (m, d).
    pub fn smoothed(&self, noisy: &Matrix) -> (Matrix, Matrix) {
        let (m, d) = noisy.shape();
        let mut density = Matrix::zeros(m, 1);
        let mut slope = Matrix::zeros(m, d);
        for i in 0..self.clean.nodes.rows() {
            let x = self.clean.nodes.select(&[i]).linear(Linear::Tile(m));
            let part = self.kernel.log_density(&x, noisy).exp() * self.clean.weights.at(i, 0);
            slope = slope + self.kernel.score(&x, noisy) * part.clone().linear(Linear::Spread(d));
            density = density + part;
        }
        (density.clone(), slope * density.reciprocal().linear(Linear::Spread(d)))
    }
}

/// (n, d) within ±1.
fn uniform(n: usize, d: usize, rng: &mut impl Rng) -> Matrix {
    Matrix::from_fn(n, d, |_, _| rng.random_range(-1.0..1.0))
}

/// T30 with the score of `target` for a target: the kernel itself, or, for the false statement,
/// another one.
pub fn other_kernel(instance: &Convolution, target: &Kernel, fineness: usize) -> Terms {
    let Convolution { clean, kernel, network } = instance;
    let d = clean.nodes.cols();
    // A logistic tail is e^(−|z|), a Gaussian one e^(−z²/2): below 10⁻¹⁶ beyond ±40 and ±9. The
    // poles of log K∗q are at least ½ away from the real plane and the rule converges at that rate.
    let (noise, over) = match kernel {
        Kernel::Logistic { scale } => {
            let noise = Univariate::Logistic { scale: 1.0 };
            let line = |reach: f64, steps: usize| Rule::trapezoid(-reach, reach, steps * fineness);
            (noise.rule(&line(40.0, 240)), line(1.0 + 40.0 * scale, 600))
        }
        _ if d == 1 => {
            (gaussian_noise(1, 90 * fineness), Rule::trapezoid(-10.0, 10.0, 200 * fineness))
        }
        _ => {
            let plane = Rule::trapezoid(-10.0, 10.0, 160 * fineness).squared();
            (gaussian_noise(2, 72 * fineness), plane)
        }
    };
    let denoising = double(clean, &noise, |x, z| {
        objective::denoising_by(target, |x| network.score(x), x, &kernel.corrupt(x, z))
    });
    let (density, score) = instance.smoothed(&over.nodes);
    let corrupted = over.weighted(&density);
    let explicit = objective::explicit(network.score(&over.nodes), &score);
    let fisher_information = corrupted.integrate(&score.squared_norm());
    Terms {
        denoising,
        explicit: corrupted.integrate(&explicit),
        floor: 0.5 * (kernel.fisher_information(d) - fisher_information),
        fisher_information,
    }
}
