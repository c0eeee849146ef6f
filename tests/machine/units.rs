//! A formula does not care in which units its data come: 10⁻²¹ in single precision is a number whose
//! square is none, and so is 10¹⁶⁰ in double.

use rand::SeedableRng;
use score_matching::{
    Matrix,
    array::Function,
    corruption::{self, Kernel, NoiseScales},
    matrix::{Real, door::Door, noise::Generator},
    model::{Autoencoder, EnergyNetwork, NoiseConditionalNetwork, ScoreNetwork, network::Layer},
    objective::{Weight, denoising, noise_conditional, noise_floor},
};
use std::f64::consts::TAU;

fn one<T: Real>(x: f64) -> Matrix<T> {
    Matrix::from_fn(1, 1, |_, _| x)
}

/// Some ten roundings, and log s to as many units of its own last place.
#[track_caller]
fn close<T: Real>(found: &Matrix<T>, right: f64, size: f64) {
    let found = found.item();
    let error = (found - right).abs();
    assert!(error <= 32.0 * T::UNIT_ROUNDOFF * size.abs(), "{found:e}, not {right:e}");
}

/// Everything of size s, from x = 0 and x̃ = s.
fn in_units_of<T: Real>(s: f64) {
    let [zero, x] = [0.0, s].map(one::<T>);
    let normal = -0.5 - 0.5 * TAU.ln() - s.ln();
    let logs = 1.0 + s.ln().abs();
    close(&corruption::score(&zero, &x, s), -1.0 / s, 1.0 / s);
    close(&corruption::log_density(&zero, &x, s), normal, logs);
    close(&corruption::denoise(&x, one(1.0 / s), s), 2.0 * s, s);

    let sensor = Kernel::SignalDependent { gain: 1.0, floor: s, slope: 0.5 };
    let mut kernels = vec![Kernel::Isotropic { sigma: s }, sensor.clone()];
    if s * s > f64::MIN_POSITIVE && s * s < f64::MAX {
        kernels.push(Kernel::gaussian(&one(s * s))); // whose covariance is a number
    }
    for kernel in kernels {
        close(&kernel.score(&zero, &x), -1.0 / s, 1.0 / s);
        close(&kernel.log_density(&zero, &x), normal, logs);
        close(&kernel.corrupt(&x, &one(1.0)), s + s * kernel_growth(&kernel), s);
    }
    close(&sensor.score(&one::<T>(2.0 * s), &one(3.0 * s)), -0.5 / s, 1.0 / s);
    let logistic = Kernel::Logistic { scale: s };
    close(&logistic.score(&zero, &x), -0.5_f64.tanh() / s, 1.0 / s);
    let log = -1.0 - 2.0 * (-1.0_f64).exp().ln_1p() - s.ln();
    close(&logistic.log_density(&zero, &x), log, logs);

    let mut rng = Generator::seed_from_u64(1);
    let widths = [1, 4, 1];
    let mut network =
        NoiseConditionalNetwork::<Matrix<T>>::random(&widths, Function::Softplus, s, &mut rng);
    close(&network.score_at(&x, s), -0.5 / s, 1.0 / s);
    let sigma = one::<T>(s);
    let psi = |x: &Matrix<T>, sigma: &Matrix<T>| network.score(x, sigma);
    let loss = noise_conditional(psi, &zero, &one(1.0), &sigma, Weight::Variance);
    close(&loss, 0.125, 1.0); // ½(1 − ½)²
    let nothing = |x: &Matrix<T>, _: &Matrix<T>| x.clone() * 0.0;
    let loss = noise_conditional(nothing, &zero, &one(1.0), &sigma, Weight::Variance);
    close(&loss, 0.5, 1.0);
    network.network.layers[1].b = one(1.0); // f = 1: s/(σR) = 1/(√2 s) is added
    close(&network.score_at(&x, s), (0.5_f64.sqrt() - 0.5) / s, 1.0 / s);

    let (w, b) = (Matrix::zeros(2, 1), Matrix::zeros(1, 2));
    let model = Autoencoder { w, b, c: one(0.25 * s), a: Some(Matrix::zeros(1, 2)) };
    close(&model.score(&x, s), -0.75 / s, 1.0 / s);
    close(&model.score_and_trace(&x, s).0, -0.75 / s, 1.0 / s);
    close(&model.energy(&x, s), 0.25, 1.0);

    let layers = vec![Layer { w: zero.clone(), b: zero }];
    let network = ScoreNetwork { layers, activation: Function::Softplus };
    close(&EnergyNetwork { network, width: s }.energy(&x), 0.5, 1.0);
}

/// The noise at x = s in units of that at 0.
fn kernel_growth(kernel: &Kernel) -> f64 {
    if matches!(kernel, Kernel::SignalDependent { .. }) { 1.25_f64.sqrt() } else { 1.0 }
}

#[test]
fn scores_energies_and_losses_hold_in_any_units() {
    for door in Door::available() {
        door.within(|| {
            for s in [1e-37, 1e-30, 1e-21, 1e-19, 1e-15, 1e-3, 1.0, 1e15, 1e19, 1e21, 1e30, 1e37] {
                in_units_of::<f32>(s);
            }
            for s in [1e-300, 1e-160, 1e-154, 1e-21, 1.0, 1e21, 1e150, 1e160, 1e300] {
                in_units_of::<f64>(s);
            }
        });
    }
}

#[test]
fn a_loss_that_is_a_number_is_found() {
    // σ = 1e-15 in single precision: (x − x̃)/σ² is 1e15, and half its square 5e29
    let loss = denoising(|x| x.clone() * 0.0, &one::<f32>(0.0), &one(1e-15), 1e-15);
    close(&loss, 5e29, 5e29);
    let none = noise_conditional(
        |x, _| x.clone() * 0.0,
        &one::<f32>(0.0),
        &one(1.0),
        &one(1e-15),
        Weight::One,
    );
    close(&none, 5e29, 5e29);
    assert_eq!(noise_floor(2, 0.5, 1.0), 3.5);
    assert!((noise_floor(1, 1e-154, 0.0) / 5e307 - 1.0).abs() < 1e-15);
    assert_eq!(noise_floor(1, 1e200, 0.0), 0.0); // 5e-401
}

/// Noise that is 10³⁰ times the data, or a 10⁻³⁰th of them, in single precision; 10²⁰⁰ in double.
#[test]
fn a_network_for_all_levels_knows_the_ends_of_its_scale() {
    fn at<T: Real>(ratio: f64) {
        let mut rng = Generator::seed_from_u64(1);
        let mut model =
            NoiseConditionalNetwork::<Matrix<T>>::random(&[1, 4, 1], Function::Tanh, 1.0, &mut rng);
        model.network.layers[1].b = one(1.0);
        // far above s: −x/σ² + s/σ² at x = σ, and the second is nothing
        let size = 40.0 + 2.0 * ratio.ln(); // a logarithm is off by as many units
        close(&model.score_at(&one(ratio), ratio), -1.0 / ratio, size / ratio);
        // far below: −x/s² + 1/σ at x = 1
        close(&model.score_at(&one(1.0), 1.0 / ratio), ratio - 1.0, size * ratio);
    }
    for door in Door::available() {
        door.within(|| {
            at::<f32>(1e30);
            at::<f64>(1e200);
        });
    }
}

/// √(s² + b²x²) where bx is far from s.
#[test]
fn the_noise_of_a_sensor_grows_with_its_signal_without_end() {
    fn far<T: Real>(sensor: &Kernel, x: f64) {
        let [at, twice] = [x, 2.0 * x].map(one::<T>);
        close(&sensor.score(&at, &twice), -1.0 / x, 1.0 / x);
        close(&sensor.corrupt(&at, &one(-1.0)), x - x.abs(), x);
        let log = -0.5 - 0.5 * TAU.ln() - x.abs().ln();
        close(&sensor.log_density(&at, &twice), log, log);
    }
    let sensor = Kernel::SignalDependent { gain: 1.0, floor: 1.0, slope: 1.0 };
    for x in [1e20, -1e20, 1e30, -1e37] {
        far::<f32>(&sensor, x);
    }
    for x in [1e160, -1e300] {
        far::<f64>(&sensor, x);
    }
    let information = sensor.fisher_information(&one::<f64>(1e150));
    close(&information, 1e-300, 1e-300);
}

#[test]
fn noise_scales_span_what_their_quotient_cannot() {
    let scales = NoiseScales::geometric(1e200, 1e-200, 5);
    for (sigma, right) in scales.sigmas().iter().zip([1e200, 1e100, 1.0, 1e-100, 1e-200]) {
        assert!((sigma / right - 1.0).abs() < 1e-12, "{sigma:e}, not {right:e}");
    }
}

#[test]
fn nan_stays_nan() {
    fn all<T: Real>() {
        let (nan, x) = (one::<T>(f64::NAN), one::<T>(1.0));
        let kernels = [
            Kernel::Isotropic { sigma: 1.0 },
            Kernel::gaussian(&one(1.0)),
            Kernel::Logistic { scale: 1.0 },
            Kernel::SignalDependent { gain: 1.0, floor: 1.0, slope: 1.0 },
        ];
        for (x, noisy) in [(&nan, &x), (&x, &nan)] {
            for kernel in &kernels {
                for found in [kernel.score(x, noisy), kernel.log_density(x, noisy)] {
                    assert!(found.item().is_nan(), "{kernel:?}");
                }
            }
        }
        let mut rng = Generator::seed_from_u64(1);
        let model =
            NoiseConditionalNetwork::<Matrix<T>>::random(&[1, 4, 1], Function::Tanh, 1.0, &mut rng);
        for (x, sigma) in [(&nan, &x), (&x, &nan), (&x, &one(-1.0)), (&x, &one(0.0))] {
            assert!(!model.score(x, sigma).is_finite(), "{x:?} {sigma:?}");
        }
    }
    for door in Door::available() {
        door.within(all::<f32>);
        door.within(all::<f64>);
    }
}
