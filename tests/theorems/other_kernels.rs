//! T30: denoising with noise of any smooth shape, and only with the target that belongs to it.
//!
//! The data are a few weighted points, which have no density at all: the theorem asks for that of
//! K∗q alone.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    autodiff::Tape,
    corruption::Kernel,
    density::{Density, Univariate},
    identity::denoising_explicit::{Convolution, TOLERANCE, Terms, other_kernel},
    matrix::noise::{Generator, standard_normal},
    proof::near,
    quadrature::Rule,
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

proptest! {
    #![proptest_config(crate::common::config(25))]

    /// T30, with logistic noise on the line and fully correlated noise in the plane.
    #[test]
    fn denoising_works_with_any_smooth_kernel(seed: u64) {
        let instance = Convolution::any(&mut generator(seed));
        let [coarse, fine] = [1, 2].map(|f| other_kernel(&instance, &instance.kernel, f));
        Terms::assert_converged(coarse, fine);
    }
}

/// The score of every kernel is the gradient of its log density, which integrates to 1, and its
/// Fisher information is the closed form.
#[test]
fn every_kernel_is_a_density_with_the_score_and_the_information_it_claims() {
    let covariance = Matrix::from_rows([[0.8, 0.3], [0.3, 0.5]]);
    let logistic = Univariate::Logistic { scale: 0.4 };
    for (kernel, d) in [
        (Kernel::Isotropic { sigma: 0.7 }, 2),
        (Kernel::gaussian(&covariance), 2),
        (Kernel::Logistic { scale: 0.4 }, 1),
    ] {
        let noisy: Matrix = standard_normal(9, d, &mut generator(3));
        let x: Matrix = standard_normal(9, d, &mut generator(4));
        let tape = Tape::new();
        let variable = tape.var(&noisy);
        let log = kernel.log_density(&tape.var(&x), &variable).sum();
        near(&log.gradient(&[variable])[0], &kernel.score(&x, &noisy), "∇ log K");

        let along = Rule::trapezoid(-16.0, 16.0, 320);
        let over = if d == 1 { along } else { along.squared() };
        let origin = Matrix::zeros(over.nodes.rows(), d);
        let law = over.weighted(&kernel.log_density(&origin, &over.nodes).exp());
        let information = law.integrate(&kernel.score(&origin, &law.nodes).squared_norm());
        assert!((law.weights.clone().sum().item() - 1.0).abs() < TOLERANCE);
        assert!((information / kernel.fisher_information(d) - 1.0).abs() < TOLERANCE);
        if d == 1 {
            near(
                &kernel.log_density(&Matrix::zeros(9, 1), &noisy),
                &logistic.log_density(&noisy),
                "",
            );
        }
    }
    // x̃ − x = Lz, and L Lᵀ = C
    let kernel = Kernel::gaussian(&covariance);
    let axes = Matrix::from_rows([[1.0, 0.0], [0.0, 1.0]]);
    let factor = kernel.corrupt(&Matrix::zeros(2, 2), &axes);
    near(&factor.tn(&factor), &covariance, "L Lᵀ = C");
}

/// T30's false neighbours: a target that is not the score of the noise.
#[test]
fn the_target_must_be_the_score_of_the_kernel_that_made_the_noise() {
    let full = Convolution::full(&mut generator(1));
    let logistic = Convolution::logistic(0.5);
    for (instance, target) in [
        (&full, Kernel::Isotropic { sigma: 0.8 }),
        (&logistic, Kernel::Isotropic { sigma: 0.5 }), // the scale taken for a deviation
        (&logistic, Kernel::Isotropic { sigma: 0.907 }), // the right deviation, πs/√3
        (&logistic, Kernel::Logistic { scale: 0.6 }),
    ] {
        let check = other_kernel(instance, &target, 1).check();
        println!("{target:?}: {check:?}");
        assert!(check.residual > 1e-3, "seven orders above the tolerance");
    }
}

/// A bug that shipped: the norm as a mean over the dimensions. The floor is that of the sum.
#[test]
fn a_mean_over_the_dimensions_is_not_the_norm() {
    let instance = Convolution::full(&mut generator(1));
    let terms = other_kernel(&instance, &instance.kernel, 1);
    let wrong = Terms { denoising: terms.denoising / 2.0, ..terms };
    assert!(terms.check().holds() && wrong.check().fails_by(1e6));
}
