//! Objectives on one number, with scores that are a number times x.

use super::{Ledger, Wide, column, noise, numbers, w};
use score_matching::{
    Array, Dual, Matrix,
    matrix::Real,
    objective::{
        Weight, contrastive_divergence, denoising, denoising_with_control, explicit, implicit,
        noise_conditional, noise_floor, reconstruction, regularised, sliced::sliced,
        weighted_implicit,
    },
};

/// Sizes and signs in all combinations.
fn triples<T: Real>() -> Vec<[f64; 3]> {
    let double = size_of::<T>() == 8;
    let reach = if double { 500 } else { 60 };
    let coarse = numbers::<T>(-reach, reach, if double { 167 } else { 20 });
    let fine = numbers::<T>(-3, 3, 1);
    let all = |x: &[f64], y: &[f64]| -> Vec<[f64; 3]> {
        let pairs = x.iter().flat_map(|&a| y.iter().map(move |&b| [a, b]));
        pairs.enumerate().map(|(i, [a, b])| [a, b, y[(7 * i + 3) % y.len()]]).collect()
    };
    [all(&coarse, &coarse), all(&fine, &fine), all(&fine, &coarse)].concat()
}

fn half(x: Wide) -> Wide {
    x.times_power(-1)
}

/// Twice ½(|a| + |b|)²: an error of a is one of a² twice over.
fn square(a: Wide, b: Wide) -> (Wide, Wide) {
    let size = a.abs() + b.abs();
    (half((a - b) * (a - b)), size * size)
}

fn without_noise<T: Real>(ledger: &mut Ledger) {
    let inputs = triples::<T>();
    let [x, y, z] = [0, 1, 2].map(|k| column::<T, 3>(&inputs, k));
    let wide = |input: &[f64; 3]| input.map(w);
    let sum = |terms: &[Wide]| (terms.iter().copied().sum(), terms.iter().map(|t| t.abs()).sum());
    ledger.judge_each(
        "explicit",
        &inputs,
        || explicit(x.clone(), &y),
        |input| {
            let [psi, s, _] = wide(input);
            square(psi, s)
        },
    );
    let pair = || (x.clone(), y.clone());
    ledger.judge_each(
        "implicit, weighted",
        &inputs,
        || implicit(pair()),
        |input| {
            let [psi, trace, _] = wide(input);
            sum(&[half(psi * psi), trace])
        },
    );
    // with w = 2^k, so that the terms do not leave the range before their sum does
    let weighted = || weighted_implicit(pair(), &(z.clone() * 0.0 + 0.25), &z);
    ledger.judge_each("implicit, weighted", &inputs, weighted, |input| {
        let [psi, trace, slope] = wide(input);
        sum(&[half(psi * psi) * w(0.25), trace * w(0.25), psi * slope])
    });
    let found = || regularised(x.clone(), &y, 0.3);
    ledger.judge_each("regularised, sliced", &inputs, found, |input| {
        let [psi, slope, _] = wide(input);
        sum(&[half(psi * psi), slope, slope * slope * w(0.3)])
    });
    // ψ = −4x, and v as it comes
    let found = || sliced(|x: &Dual<Matrix<T>>| x.clone() * -4.0, &x, &y);
    ledger.judge_each("regularised, sliced", &inputs, found, |input| {
        let [x, v, _] = wide(input);
        sum(&[x * v * x * v * w(8.0), v * v * w(-4.0)])
    });
    let found = || reconstruction(|x| x.clone() * 0.5, &x, &y);
    ledger.judge_each("reconstruction, CD", &inputs, found, |input| {
        let [x, noisy, _] = wide(input);
        let (truth, size) = square(half(noisy), x);
        (truth.times_power(1), size.times_power(1))
    });
    let found = || contrastive_divergence(|x| x.squared_norm() * 0.5, &x, &y);
    ledger.judge_each("reconstruction, CD", &inputs, found, |input| {
        let [x, negative, _] = wide(input);
        sum(&[half(x * x), -half(negative * negative)])
    });
}

fn with_noise<T: Real>(ledger: &mut Ledger) {
    for s in noise::sigmas::<T>() {
        // ψ(x) = −x 2^k, about as steep as the smoothed density can be
        let steep = w(1.0).times_power((w(-1.0) / (w(s) * w(s))).e).to_f64();
        if !(T::of(steep).to_f64() > 0.0 && T::of(steep).to_f64().is_finite()) {
            continue; // a programmer cannot write down this score
        }
        // Of what is ∞ less ∞ nothing can be said: the terms are to be numbers.
        let top = if size_of::<T>() == 8 { 510 } else { 62 };
        let fits = |[x, noisy]: &[f64; 2]| {
            let sizes = [w(*x), w(*noisy)].map(|x| x * w(steep));
            sizes.into_iter().all(|size| size.e < top)
        };
        let inputs: Vec<_> = noise::pairs::<T>(s).into_iter().filter(fits).collect();
        let [x, y] = [0, 1].map(|k| column::<T, 2>(&inputs, k));
        let standard = numbers::<T>(-40, 6, 1); // noise is not of any size
        let z = |i: usize| standard[i % standard.len()];
        let with_noise: Vec<_> =
            inputs.iter().enumerate().map(|(i, input)| [input[0], z(i)]).collect();
        let [clean, z] = [0, 1].map(|k| column::<T, 2>(&with_noise, k));
        let (sigma, slope) = (w(s), w(-steep));
        let psi = |x: &Matrix<T>| x.clone() * -steep;
        ledger.judge_each(
            "denoising",
            &inputs,
            || denoising(psi, &x, &y, s),
            |input| {
                let [x, noisy] = input.map(w);
                square(slope * noisy, (x - noisy) / (sigma * sigma))
            },
        );
        let found = || denoising_with_control(psi, &clean, &z, s);
        ledger.judge_each("with control", &with_noise, found, |input| {
            let [x, z] = input.map(w);
            let noisy = x + sigma * z;
            let [here, there] = [slope * x, slope * noisy];
            let reach = (slope * (x.abs() + (sigma * z).abs())).abs();
            let size = there.abs() * reach + (reach + here.abs() + there.abs()) * (z / sigma).abs();
            (half(there * there) + slope * z * z, size)
        });
        let column_of_sigma = Matrix::<T>::from_fn(inputs.len(), 1, |_, _| s);
        let held = w(T::of(s).to_f64());
        for (weight, lambda) in [(Weight::Variance, held * held), (Weight::One, w(1.0))] {
            let score = |x: &Matrix<T>, _: &Matrix<T>| psi(x);
            let found = || noise_conditional(score, &clean, &z, &column_of_sigma, weight);
            ledger.judge_each("noise-conditional", &with_noise, found, |input| {
                let [x, z] = input.map(w);
                let size = (slope * (x.abs() + (held * z).abs())).abs() + (z / held).abs();
                let residual = slope * (x + held * z) + z / held;
                (half(residual * residual * lambda), size * size * lambda)
            });
        }
    }
}

#[test]
fn objectives_on_one_number_are_what_the_papers_say() {
    let mut ledger = Ledger::default();
    without_noise::<f64>(&mut ledger);
    without_noise::<f32>(&mut ledger);
    with_noise::<f64>(&mut ledger);
    with_noise::<f32>(&mut ledger);
    for s in noise::sigmas::<f64>() {
        for (d, information) in [(1_u8, 0.0), (3, 0.5), (64, 1e10)] {
            let floor = w(d.into()) / (w(s) * w(s));
            let truth = (half(floor - w(information)), floor + w(information));
            let found = noise_floor(d.into(), s, information);
            ledger.judge::<f64>("noise floor", found, truth, &(d, s, information));
        }
    }
    ledger.settle();
}
