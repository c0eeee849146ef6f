//! Models with one input and one hidden unit, and the two that are fitted by a formula.

use super::{Ledger, Wide, column, noise, w};
use score_matching::{
    Matrix,
    matrix::Real,
    model::{Autoencoder, ExponentialFamily, Monomials, Wiener},
};

/// r(x) = w σ(wx + b) + c.
fn autoencoders<T: Real>(ledger: &mut Ledger) {
    let one = |x: f64| Matrix::<T>::from_fn(1, 1, |_, _| x);
    let top = if size_of::<T>() == 8 { 500 } else { 55 };
    for s in noise::sigmas::<T>() {
        // The squares of x/σ and 1/σ are to be numbers.
        let fits = |[x, _]: &[f64; 2]| w(*x).e < top && (w(*x) / w(s)).e < top;
        let inputs: Vec<_> = noise::pairs::<T>(s).into_iter().filter(fits).collect();
        let x = column::<T, 2>(&inputs, 0);
        for [weight, b, c] in [[1.0, 0.0, 0.0], [-0.75, 2.5, s], [32.0, -40.0, 0.5 * s]] {
            let model = Autoencoder { w: one(weight), b: one(b), c: one(c), a: None };
            let [weight, b, c, square] = [w(weight), w(b), w(T::of(c).to_f64()), w(s) * w(s)];
            // wx + b, and what its terms amount to
            let inside = |x: Wide| (weight * x + b, (weight * x).abs() + b.abs());
            ledger.judge_each(
                "model: score",
                &inputs,
                || model.score(&x, s),
                |&[x, _]| {
                    let (t, terms) = inside(w(x));
                    let hidden = weight.abs() * (t.sigmoid() + t.sigmoid_slope() * terms);
                    let size = (hidden + c.abs() + w(x).abs()) / square;
                    ((weight * t.sigmoid() + c - w(x)) / square, size)
                },
            );
            let trace = || model.score_and_trace(&x, s).1;
            ledger.judge_each("model: trace", &inputs, trace, |&[x, _]| {
                let (t, terms) = inside(w(x));
                let hidden = weight * weight * t.sigmoid_slope();
                let size = hidden * (w(1.0) + terms) + w(1.0);
                ((hidden - w(1.0)) / square, size / square)
            });
            ledger.judge_each(
                "model: energy",
                &inputs,
                || model.energy(&x, s),
                |&[x, _]| {
                    let (x, (t, terms)) = (w(x), inside(w(x)));
                    let positive = if t.top() > 0.0 { t } else { w(0.0) };
                    let hidden = positive + (-t.abs()).exp().ln_1p();
                    let terms = [x * x * w(0.5), -(c * x), -hidden, t.sigmoid() * terms];
                    let size = terms.into_iter().map(Wide::abs).sum::<Wide>() / square;
                    (terms[..3].iter().copied().sum::<Wide>() / square, size)
                },
            );
        }
    }
}

#[test]
fn models_of_one_number_are_their_formulas() {
    let mut ledger = Ledger::default();
    autoencoders::<f64>(&mut ledger);
    autoencoders::<f32>(&mut ledger);
    ledger.settle();
}

/// Of samples with a known mean m and variance v: the gain v/(v + σ²), and for the Gaussian family
/// θ = (m/v, −1/(2v)), whose A = (1, 2m; 2m, 4(v + m²)) has a determinant of 4v.
#[test]
fn fits_of_a_line_are_in_closed_form() {
    let mut ledger = Ledger::default();
    for k in -30..=30 {
        let size = w(1.37).times_power(5 * k).to_f64();
        for offset in [0.0, 1.0, -30.0] {
            let v: Vec<f64> = [0.3, -1.1, 2.4, 0.7, -0.9].map(|v| (v + offset) * size).to_vec();
            let x = Matrix::from_vec(5, 1, v.clone());
            let mean = v.iter().map(|&v| w(v)).sum::<Wide>() / w(5.0);
            let square = |&v: &f64| (w(v) - mean) * (w(v) - mean);
            let variance = v.iter().map(square).sum::<Wide>() / w(5.0);
            let spread = w(1.0) + mean * mean / variance;
            for sigma in [0.1 * size, size, 1e3 * size] {
                let fit = Wiener::fit(&x, sigma).expect("it is not singular");
                let gain = variance / (variance + w(sigma) * w(sigma));
                let input = (size, offset, sigma);
                ledger.judge::<f64>("Wiener", fit.gain.item(), (gain, gain), &input);
                let found = fit.reconstruct(&Matrix::from_rows([[3.0 * size]])).item();
                let change = w(3.0 * size) - mean;
                let truth = (mean + gain * change, mean.abs() + w(3.0 * size));
                ledger.judge::<f64>("Wiener", found, truth, &input);
            }
            let family = ExponentialFamily::of_sample(&Monomials::gaussian(1), &x);
            let theta = family.estimate().expect("it is not singular");
            let truths = [mean / variance, w(-0.5) / variance];
            let deviation = variance.sqrt();
            let sizes = [mean.abs() + deviation, w(0.5)].map(|size| size / variance * spread);
            for i in 0..2 {
                let truth = (truths[i], sizes[i]);
                ledger.judge::<f64>("exponential family", theta.at(i, 0), truth, &(size, offset));
            }
        }
    }
    ledger.settle();
}
