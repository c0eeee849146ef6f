//! T7, T30: what a kernel claims of itself, and noise that is not drawn afresh.
//!
//! What denoising estimates, by proof and by quadrature, is in `identities.rs`.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    corruption::{Kernel, corrupt},
    density::{Density, Mixture, Univariate},
    grid::Enclosed,
    identity::{Sides, number},
    matrix::noise::{Generator, standard_normal},
    proof::near,
    quadrature::{Rule, double},
    train::Batches,
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// Every kernel is a density, and its Fisher information is the closed form. (That its score is the
/// gradient of its logarithm is proved in `identities.rs`.)
#[test]
fn every_kernel_is_a_density_with_the_information_it_claims() {
    let covariance = Matrix::from_rows([[0.8, 0.3], [0.3, 0.5]]);
    for (kernel, d) in [
        (Kernel::Isotropic { sigma: 0.7 }, 2),
        (Kernel::gaussian(&covariance), 2),
        (Kernel::Logistic { scale: 0.4 }, 1),
        (Kernel::SignalDependent { gain: 0.8, floor: 0.5, slope: 0.5 }, 1),
    ] {
        let point = |rows| Matrix::from_fn(rows, d, |_, _| 0.75);
        let claimed = kernel.fisher_information(&point(1)).item();
        // The tails beyond ±18 are below 10⁻¹⁶ of the whole: e^(−17/0.4) for the logistic one.
        let sides = |fineness: usize| {
            let along = Rule::trapezoid(-18.0, 18.0, 360 * fineness);
            let over = if d == 1 { along } else { along.squared() };
            let x = point(over.nodes.rows());
            let law = over.weighted(&kernel.log_density(&x, &over.nodes).exp());
            let mass = law.weights.clone().sum();
            let information = law.integrate(&kernel.score(&x, &law.nodes).squared_norm());
            let left = vec![mass, number(information).remove(0)];
            let right = [number(1.0), number(claimed)].concat();
            Sides::integrals([left, right.clone()], right, law.nodes.rows())
        };
        Sides::doubled(sides).agree().unwrap_or_else(|why| panic!("{kernel:?}: {why}"));
    }
}

/// Noise has the law of its kernel: x̃ is the x̃ of that z. For Gaussians the mean and the covariance
/// decide, and the logistic law is that of `Univariate`.
#[test]
fn every_kernel_makes_the_noise_that_it_claims() {
    let covariance = Matrix::from_rows([[0.8, 0.3], [0.3, 0.5]]);
    let kernel = Kernel::gaussian(&covariance);
    let axes = Matrix::from_rows([[1.0, 0.0], [0.0, 1.0]]);
    let factor = kernel.corrupt(&Matrix::zeros(2, 2), &axes);
    near(&factor.tn(&factor), &covariance, "L Lᵀ = C");

    let noisy: Matrix = standard_normal(9, 1, &mut generator(3));
    let log = Kernel::Logistic { scale: 0.4 }.log_density(&Matrix::zeros(9, 1), &noisy);
    near(&log, &Univariate::Logistic { scale: 0.4 }.log_density(&noisy), "logistic");

    // At x = 2 the mean is 1.6 and the variance ¼ + 1; 1/√v is ‖∇ log K‖ at z = 1.
    let sensor = Kernel::SignalDependent { gain: 0.8, floor: 0.5, slope: 0.5 };
    let x = Enclosed::exact(&Matrix::from_rows([[2.0], [2.0]]));
    let z = Enclosed::exact(&Matrix::from_rows([[0.0], [1.0]]));
    let noisy = sensor.corrupt(&x, &z);
    assert!(noisy.contains(&Matrix::from_rows([[1.6], [1.6 + 1.25_f64.sqrt()]])));
    let score = sensor.score(&x, &noisy);
    assert!(score.contains(&Matrix::from_rows([[0.0], [-1.0 / 1.25_f64.sqrt()]])));
}

/// A bug that shipped: the same noise at every step. Training then sees the law of one batch of
/// noise instead of N(0, I) and converges to another minimiser, whatever the number of steps.
///
/// For ψ = −ax the best a = 𝔼⟨x̃, z⟩/σ / 𝔼‖x̃‖², so that ⟨x̃, z⟩/σ − a‖x̃‖² has the mean 0. For the
/// noise of one batch its mean is another number, exactly: that over all pairs of a point and one of
/// these noises. Any sizes and any seed will do.
#[test]
fn noise_drawn_once_and_used_at_every_step_biases_the_minimiser() {
    let (sigma, size, steps) = (0.5, 16, 4000);
    let data = Mixture::isotropic(1, 1.25).sample(4096, &mut generator(5));
    let a = 1.0 / (data.squared_norm().mean().item() + sigma * sigma);
    let batches = || Batches::new(data.clone(), size, generator(6)).take(steps);
    let first = batches().next().expect("a batch").1;
    let repeated = batches().filter(|(_, z)| *z == first).count();
    assert_eq!(repeated, 1, "Batches draws fresh noise for every batch");

    let gap = |x: &Matrix, z: &Matrix| {
        let noisy = corrupt(x, z, sigma);
        noisy.inner(z) * (1.0 / sigma) - noisy.squared_norm() * a
    };
    let gaps = |noise: &dyn Fn(Matrix) -> Matrix| -> Vec<f64> {
        batches().flat_map(|(x, z)| gap(&x, &noise(z)).data().to_vec()).collect()
    };
    Sides::monte_carlo(&gaps(&|z| z), 0.0).agree().expect("fresh noise");

    let equal = |nodes: &Matrix| {
        let n = nodes.rows();
        Rule { nodes: nodes.clone(), weights: Matrix::from_fn(n, 1, |_, _| 1.0 / n as f64) }
    };
    let bias = double(&equal(&data), &equal(&first), gap);
    Sides::monte_carlo(&gaps(&|_| first.clone()), bias).agree().expect("the law of one batch");
    println!("the same noise at every step: {bias:.3} in the place of 0");
}
