//! Corruption: densities and scores of the noise, for data and noise of any size.

use super::{Ledger, PI, Wide, all_numbers, column, numbers, tiny, w};
use score_matching::{
    Matrix,
    corruption::{self, Kernel, NoiseScales},
    matrix::Real,
};

/// Clean and noisy points with noise of size σ: near each other and far apart, at every exponent. The
/// largest are such that the difference of two is a number.
pub fn pairs<T: Real>(sigma: f64) -> Vec<[f64; 2]> {
    let mut x = all_numbers::<T>(if size_of::<T>() == 8 { 40 } else { 8 });
    let near = numbers::<T>(-20, 10, 1).into_iter().map(|x| T::of(x * sigma).to_f64());
    x.extend(near.filter(|x| x.is_finite()));
    let largest = w(1.0).times_power(if size_of::<T>() == 8 { 1022 } else { 126 }).to_f64();
    let fits = |x: &f64| x.abs() < largest;
    let beside = |x: f64| T::of(x * (1.0 + 1e-6)).to_f64();
    let all =
        x.into_iter().filter(fits).flat_map(|x| [[0.0, x], [x, 0.0], [x, beside(x)], [1.5, x]]);
    all.chain([[0.0, f64::NAN], [f64::NAN, 0.0]]).collect()
}

/// Sizes of noise that a precision can divide by.
pub fn sigmas<T: Real>() -> Vec<f64> {
    let mut all = vec![1.0, 0.3, 7.7, 1e-21, 1e-5, 3e4, 1e19, 1e-37, 1e37];
    if size_of::<T>() == 8 {
        all.extend([1e-300, 1e-160, 1e155, 1e300]);
    }
    all
}

fn kernels<T: Real>(ledger: &mut Ledger) {
    let log_tau = PI.times_power(1).ln();
    let half = |x: Wide| x.times_power(-1);
    for s in sigmas::<T>() {
        let inputs = pairs::<T>(s);
        let [x, noisy] = [0, 1].map(|k| column::<T, 2>(&inputs, k));
        let wide = |&[x, noisy]: &[f64; 2]| (w(x), w(noisy));
        let sigma = w(s);
        let normal = |input: &[f64; 2]| {
            let (x, noisy) = wide(input);
            let square = half((noisy - x) * (noisy - x) / (sigma * sigma));
            (-square - sigma.ln() - half(log_tau), square + sigma.ln().abs() + half(log_tau))
        };
        let pull = |input: &[f64; 2]| {
            let (x, noisy) = wide(input);
            let pull = (x - noisy) / (sigma * sigma);
            (pull, pull.abs())
        };
        let corrupted = |input: &[f64; 2]| {
            let (x, z) = wide(input);
            (x + z * sigma, x.abs() + (z * sigma).abs())
        };
        let denoised = |input: &[f64; 2]| {
            let (x, psi) = wide(input);
            // what σψ has lost below the smallest numbers is multiplied by σ
            (x + psi * sigma * sigma, x.abs() + (psi * sigma * sigma).abs() + tiny::<T>() * sigma)
        };
        let corrupt = || corruption::corrupt(&x, &noisy, s);
        ledger.judge_each("corruption: corrupt", &inputs, corrupt, corrupted);
        let log = || corruption::log_density(&x, &noisy, s);
        ledger.judge_each("corruption: log density", &inputs, log, normal);
        let score = || corruption::score(&x, &noisy, s);
        ledger.judge_each("corruption: score", &inputs, score, pull);
        let denoise = || corruption::denoise(&x, noisy.clone(), s);
        ledger.judge_each("corruption: denoise", &inputs, denoise, denoised);

        let mut kernels = vec![Kernel::Isotropic { sigma: s }];
        if (1e-154..1e154).contains(&s) {
            kernels.push(Kernel::gaussian(&Matrix::from_rows([[s * s]])));
        }
        for kernel in kernels {
            let log = || kernel.log_density(&x, &noisy);
            ledger.judge_each("Kernel: log density", &inputs, log, normal);
            ledger.judge_each("Kernel: score", &inputs, || kernel.score(&x, &noisy), pull);
        }

        let kernel = Kernel::Logistic { scale: s };
        let logistic = |input: &[f64; 2]| {
            let (x, noisy) = wide(input);
            let t = (noisy - x).abs() / sigma;
            let rest = (-t).exp().ln_1p().times_power(1);
            (-t - rest - sigma.ln(), t + rest + sigma.ln().abs())
        };
        let pull = |input: &[f64; 2]| {
            let (x, noisy) = wide(input);
            let pull = half((x - noisy) / sigma).tanh() / sigma;
            (pull, pull.abs())
        };
        let log = || kernel.log_density(&x, &noisy);
        ledger.judge_each("Kernel: logistic log density", &inputs, log, logistic);
        let score = || kernel.score(&x, &noisy);
        ledger.judge_each("Kernel: logistic score", &inputs, score, pull);

        for (gain, slope) in [(1.0, 0.5), (0.7, 1e-3), (1.0, 0.0)] {
            let kernel = Kernel::SignalDependent { gain, floor: s, slope };
            let parts = |input: &[f64; 2]| {
                let (x, noisy) = wide(input);
                let variance = sigma * sigma + w(slope) * w(slope) * x * x;
                let (change, size) =
                    (noisy - w(gain) * x, noisy.abs() + (w(gain) * x).abs() + tiny::<T>());
                (change, size, variance)
            };
            let log = |input: &[f64; 2]| {
                let (change, size, v) = parts(input);
                let norm = half(v.ln() + log_tau);
                let size = size * change.abs() / v + half(v.ln().abs() + log_tau);
                (-half(change * change / v) - norm, size)
            };
            let pull = |input: &[f64; 2]| {
                let (change, size, v) = parts(input);
                (-change / v, size / v)
            };
            let found = || kernel.log_density(&x, &noisy);
            ledger.judge_each("Kernel: sensor log density", &inputs, found, log);
            let found = || kernel.score(&x, &noisy);
            ledger.judge_each("Kernel: sensor score", &inputs, found, pull);
        }
    }
}

#[test]
fn noise_of_any_size_meets_data_of_any_size() {
    let mut ledger = Ledger::default();
    kernels::<f64>(&mut ledger);
    kernels::<f32>(&mut ledger);
    ledger.settle();
}

#[test]
fn noise_scales_are_the_powers_of_one_ratio() {
    let mut ledger = Ledger::default();
    for (from, to) in [(8.0, 1.0), (1.0, 0.01), (1e200, 1e-200), (1e-300, 1e-307), (50.0, 49.9)] {
        let levels = NoiseScales::geometric(from, to, 11);
        let log_ratio = (w(to) / w(from)).ln();
        for (i, &sigma) in levels.sigmas().iter().enumerate() {
            let truth = w(from) * (log_ratio * w(i as f64) / w(10.0)).exp();
            let size = truth * (w(1.0) + w(from).ln().abs() + w(to).ln().abs());
            ledger.judge::<f64>("NoiseScales", sigma, (truth, size), &(from, to, i));
        }
    }
    ledger.settle();
}
