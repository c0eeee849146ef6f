//! T30: what a kernel claims of itself, and what happens with the target of another one.
//!
//! The data are a few weighted points, which have no density at all: the theorem asks for that of
//! K∗q alone.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    corruption::Kernel,
    density::{Density, Univariate},
    grid::Enclosed,
    identity::{
        Sides,
        denoising_explicit::{Convolution, other_kernel},
        number,
    },
    matrix::noise::{Generator, standard_normal},
    proof::near,
    quadrature::Rule,
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

/// T30's false neighbours: a target that is not the score of the noise.
#[test]
fn the_target_must_be_the_score_of_the_kernel_that_made_the_noise() {
    let full = Convolution::full(&mut generator(1));
    let sensor = Convolution::sensor();
    for (instance, target) in [
        (&full, Kernel::Isotropic { sigma: 0.8 }),
        (&Convolution::logistic(0.5), Kernel::Logistic { scale: 0.6 }),
        // a mean variance, and no gain
        (&sensor, Kernel::SignalDependent { gain: 0.8, floor: 0.75, slope: 0.0 }),
        (&sensor, Kernel::SignalDependent { gain: 1.0, floor: 0.5, slope: 0.5 }),
    ] {
        assert!(other_kernel(instance, &target, 1).sides().differ_clearly(), "{target:?}");
    }
}
