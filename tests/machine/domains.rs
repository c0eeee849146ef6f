//! A number outside its domain is refused where it was written, with what was expected of it.

use crate::callers::complains;
use rand::SeedableRng;
use score_matching::{
    Matrix,
    array::Function,
    corruption::{self, Kernel, NoiseScales},
    matrix::noise::Generator,
    model::{Autoencoder, EnergyNetwork, NoiseConditionalNetwork, Parameters, ScoreNetwork},
    objective::{self, noise_floor},
    quadrature::{Rule, converged, expectation},
};

fn one() -> Matrix {
    Matrix::from_rows([[1.0]])
}

fn generator() -> Generator {
    Generator::seed_from_u64(1)
}

/// No width; of the last the reciprocal is ∞.
const BAD: [f64; 6] = [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, 1e-310];

#[test]
#[rustfmt::skip] // each on one line, for `line!()`
fn a_width_is_a_positive_number() {
    let autoencoder = Autoencoder::<Matrix>::random(1, 2, &mut generator());
    let network = ScoreNetwork::<Matrix>::random(&[1, 2, 1], Function::Tanh, &mut generator());
    let level_network = |s| NoiseConditionalNetwork::<Matrix>::random(&[1, 2, 1], Function::Tanh, s, &mut generator());
    let (x, psi) = (one(), |x: &Matrix| x.clone());
    for value in BAD {
        let message = |name: &str| format!("{name} = {value:?}: a positive number expected, it and its reciprocal finite");
        let (sigma, s) = (&*message("σ"), &*message("s"));
        complains!(corruption::score(&x, &x, value), sigma);
        complains!(corruption::log_density(&x, &x, value), sigma);
        complains!(corruption::denoise(&x, x.clone(), value), sigma);
        complains!(objective::denoising(psi, &x, &x, value), sigma);
        complains!(objective::denoising_with_control(psi, &x, &x, value), sigma);
        complains!(noise_floor(1, value, 0.0), sigma);
        complains!(autoencoder.score(&x, value), sigma);
        complains!(autoencoder.score_and_trace(&x, value), sigma);
        complains!(autoencoder.energy(&x, value), sigma);
        complains!(level_network(1.0).score_at(&x, value), sigma);
        complains!(NoiseConditionalNetwork { width: value, ..level_network(1.0) }.score(&x, &x), s);
        complains!(NoiseConditionalNetwork::<Matrix>::random(&[1, 1], Function::Tanh, value, &mut generator()), s);
        complains!(EnergyNetwork { network: network.clone(), width: value }.energy(&x), s);
        complains!(NoiseScales::geometric(value, 1.0, 2), &*message("σ₁"));
        complains!(NoiseScales::geometric(1.0, value, 2), &*message("σ_L"));
        let isotropic = Kernel::Isotropic { sigma: value };
        let logistic = Kernel::Logistic { scale: value };
        let sensor = Kernel::SignalDependent { gain: 1.0, floor: value, slope: 1.0 };
        for (kernel, message) in [(isotropic, sigma), (logistic, s), (sensor, s)] {
            complains!(kernel.score(&x, &x), message);
            complains!(kernel.log_density(&x, &x), message);
            complains!(kernel.corrupt(&x, &x), message);
            complains!(kernel.fisher_information(&x), message);
            complains!(objective::denoising_by(&kernel, psi, &x, &x), message);
        }
        complains!(Rule::trapezoid(-1.0, 1.0, 2).around(&x, value), &*message("scale"));
    }
    let sensor = Kernel::SignalDependent { gain: 1.0, floor: 1.0, slope: f64::NAN };
    complains!(sensor.score(&x, &x), "b = NaN: a finite number expected");
    // but without noise a point stays where it is
    assert_eq!(corruption::corrupt(&x, &x, 0.0), x);
}

#[test]
#[rustfmt::skip]
fn noise_scales_fall() {
    complains!(NoiseScales::geometric(1.0, 0.5, 1), "1 noise levels: two expected at least");
    complains!(NoiseScales::geometric(1.0, 1.0, 3), "noise scales from 1 to 1: falling ones expected");
    complains!(NoiseScales::geometric(0.5, 1.0, 3), "noise scales from 0.5 to 1: falling ones expected");
    let next = 1.0_f64.next_up();
    complains!(NoiseScales::geometric(next, 1.0, 3), "3 noise levels from 1.0000000000000002 to 1 coincide");
}

#[test]
#[rustfmt::skip]
fn a_rule_has_an_interval_and_nodes() {
    let (nan, infinity) = (f64::NAN, f64::INFINITY);
    let no_interval = [(1.0, 0.0), (1.0, 1.0), (nan, 1.0), (0.0, nan), (0.0, infinity), (-infinity, 0.0), (-1e308, 1e308)];
    for (low, high) in no_interval {
        let message = &*format!("from {low:?} to {high:?}: a finite interval expected");
        complains!(Rule::trapezoid(low, high, 10), message);
        complains!(Rule::gauss_legendre(low, high, 10), message);
        if low.is_finite() == high.is_finite() || low.is_nan() || high.is_nan() {
            complains!(Rule::double_exponential(&[low, high], 0.1), message);
        }
    }
    complains!(Rule::double_exponential(&[-infinity, infinity], 0.1), "from -inf to inf: a finite interval expected");
    complains!(Rule::double_exponential(&[infinity, 0.0], 0.1), "from inf to 0.0: a finite interval expected");
    complains!(Rule::double_exponential(&[0.0, 2.0, 1.0], 0.1), "from 2.0 to 1.0: a finite interval expected");
    complains!(Rule::double_exponential(&[], 0.1), "ends []: two expected at least");
    complains!(Rule::double_exponential(&[1.0], 0.1), "ends [1.0]: two expected at least");
    for step in [0.0, -0.1, nan, infinity, 1e-300, 5.0] {
        complains!(Rule::double_exponential(&[0.0, 1.0], step), &*format!("step = {step:?}: 1e-6 to 1 expected"));
    }
    complains!(Rule::trapezoid(0.0, 1.0, 0), "0 steps: 1 to 18446744073709551614 expected");
    complains!(Rule::trapezoid(0.0, 1.0, usize::MAX), "18446744073709551615 steps: 1 to 18446744073709551614 expected");
    complains!(Rule::gauss_legendre(0.0, 1.0, 0), "0 nodes: 1 to 1000 expected");
    complains!(Rule::gauss_legendre(0.0, 1.0, 1001), "1001 nodes: 1 to 1000 expected");
    complains!(Rule::gauss_hermite(0), "0 nodes: 1 to 500 expected");
    complains!(Rule::gauss_hermite(501), "501 nodes: 1 to 500 expected");
    let line = Rule::trapezoid(0.0, 1.0, 2);
    complains!(line.squared().squared(), "a plane is made of two lines, not of 2 dimensions");
    complains!(line.integrate(&one()), "x ∘ y: (3, 1) · (1, 1): the same shape expected");
    complains!(line.weighted(&one()), "x ∘ y: (3, 1) · (1, 1): the same shape expected");
    complains!(expectation(&line.weights, &one()), "x ∘ y: (1, 1) · (3, 1): the same shape expected");
}

#[test]
#[rustfmt::skip]
fn what_is_not_within_the_tolerance_has_not_converged() {
    assert_eq!(converged(1.0, 1.5, 0.5), 1.5);
    assert_eq!(converged(1.5, 1.0, 0.5), 1.0);
    let (nan, infinity) = (f64::NAN, f64::INFINITY);
    for (coarse, fine, tolerance) in [(1.0, 1.5, 0.49), (1.5, 1.0, 0.49), (nan, 1.0, 1.0), (1.0, nan, 1.0), (nan, nan, 1.0), (1.0, 1.0, nan), (infinity, infinity, 1.0), (1.0, infinity, 1e300)] {
        complains!(converged(coarse, fine, tolerance), &*format!("the quadrature has not converged: {coarse} against {fine}"));
    }
}

#[test]
#[rustfmt::skip]
fn a_model_has_units_and_layers() {
    let rng = &mut generator();
    complains!(Autoencoder::<Matrix>::random(0, 5, rng), "0 dimensions and 5 hidden units: one of each at least");
    complains!(Autoencoder::<Matrix>::random(5, 0, rng), "5 dimensions and 0 hidden units: one of each at least");
    let energy = "an energy of (2, 3): one number a row, (2, 1), expected";
    complains!(Autoencoder::random(3, 1, rng).score_of(|_, x| *x, &Matrix::<f64>::zeros(2, 3)), energy);
    complains!(ScoreNetwork::<Matrix>::random(&[2], Function::Tanh, rng), "widths [2]: an input and an output expected");
    complains!(ScoreNetwork::<Matrix>::random(&[0, 2], Function::Tanh, rng), "widths [0, 2]: one unit of each at least");
    complains!(ScoreNetwork::<Matrix>::random(&[2, 0, 2], Function::Tanh, rng), "widths [2, 0, 2]: one unit of each at least");
    complains!(NoiseConditionalNetwork::<Matrix>::random(&[], Function::Tanh, 1.0, rng), "widths []: an input and an output expected");
    let mut network = ScoreNetwork::<Matrix>::random(&[1, 1], Function::Tanh, rng);
    complains!(network.score_and_trace(&one()), "closed forms are for 1 or 2 hidden layers, not 0");
    complains!(network.score_and_trace_at_any_depth(&one()), "a hidden layer expected, in 1 layers");
    for kinked in [Function::Relu, Function::Heaviside] {
        let message = format!("the trace of a network with {kinked:?}: a smooth activation expected (T5)");
        for widths in [&[1, 2, 1][..], &[1, 2, 2, 1]] {
            let network = ScoreNetwork::<Matrix>::random(widths, kinked, rng);
            complains!(network.score_and_trace(&one()), message);
            complains!(network.score_and_trace_at_any_depth(&one()), message);
            assert!(network.score(&one()).is_finite(), "it has no need of a slope");
        }
    }
    let mut levels = NoiseConditionalNetwork::<Matrix>::random(&[1, 1], Function::Tanh, 1.0, rng);
    (network.layers, levels.network.layers) = (vec![], vec![]);
    complains!(network.score(&one()), "a network has a layer");
    complains!(levels.score(&one(), &one()), "a network has a layer");
    complains!(network.score_and_trace(&one()), "closed forms are for 1 or 2 hidden layers, not 0");
    complains!(network.score_and_trace_at_any_depth(&one()), "a hidden layer expected, in 0 layers");
}
