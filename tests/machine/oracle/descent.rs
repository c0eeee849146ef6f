//! One step: of descent, of Langevin dynamics, of its acceptance; for gradients of any size.

use super::{Ledger, Wide, all_numbers, column, numbers, tiny, w};
use score_matching::{
    Matrix,
    matrix::Real,
    optimizer::{Adam, Optimizer, Sgd},
    sampler::{
        Step,
        metropolis::{Place, log_acceptance},
    },
};

fn steps<T: Real>(ledger: &mut Ledger) {
    let one = |x: f64| Matrix::<T>::from_fn(1, 1, |_, _| x);
    let all = all_numbers::<T>(if size_of::<T>() == 8 { 3 } else { 1 });
    for rate in [1e-3, 0.37, 1e-12] {
        let held = w(T::of(rate).to_f64());
        for (i, &g) in all.iter().enumerate() {
            for theta in [0.0, 1.3, all[(5 * i + 1) % all.len()]] {
                let mut found = one(theta);
                let mut descent = Sgd { rate };
                if descent.update(0, &mut found, &one(g)).is_ok() {
                    let (theta, step) = (w(T::of(theta).to_f64()), held * w(g));
                    let truth = (theta - step, theta.abs() + step.abs());
                    ledger.judge::<T>("Sgd", found.item(), truth, &(rate, theta.to_f64(), g));
                }
            }
            // from 0, so that what is seen is the steps alone: gradients g, ½g, −g
            let (mut adam, mut found) = (Adam::<T>::new(rate), one(0.0));
            let (mut m, mut v, mut theta, mut size) = (w(0.0), w(0.0), w(0.0), w(0.0));
            let (mut decay1, mut decay2) = (w(1.0), w(1.0));
            let [beta1, beta2, epsilon] = [adam.beta1, adam.beta2, adam.epsilon].map(w);
            for factor in [1.0, 0.5, -1.0] {
                let g = w(T::of(factor * g).to_f64());
                let outcome = adam.update(0, &mut found, &one(g.to_f64()));
                m = beta1 * m + (w(1.0) - beta1) * g;
                v = beta2 * v + (w(1.0) - beta2) * g * g;
                (decay1, decay2) = (decay1 * beta1, decay2 * beta2);
                let root = (v / (w(1.0) - decay2)).sqrt();
                let by = w(rate) / (w(1.0) - decay1) / (root + epsilon);
                theta = theta - m * by;
                size = size + (m.abs() + g.abs() + tiny::<T>()) * by;
                if outcome.is_err() {
                    // allowed only where a square is near the end of the range
                    let late = (g * g).e >= if size_of::<T>() == 8 { 1022 } else { 126 };
                    ledger.enter::<T>("Adam", if late { 0.0 } else { f64::INFINITY }, || {
                        format!("gradient {g:?}: {outcome:?}")
                    });
                    break;
                }
                let input = (rate, g.to_f64(), factor);
                ledger.judge::<T>("Adam", found.item(), (theta, size), &input);
            }
        }
    }
}

fn moves<T: Real>(ledger: &mut Ledger) {
    let (double, single) = (numbers::<T>(-400, 400, 61), numbers::<T>(-50, 50, 9));
    let sizes = if size_of::<T>() == 8 { double } else { single };
    let k = sizes.len();
    let inputs: Vec<[f64; 3]> =
        (0..k * k).map(|i| [sizes[i % k], sizes[i / k], sizes[(11 * i + 5) % k]]).collect();
    let [x, y, z] = [0, 1, 2].map(|k| column::<T, 3>(&inputs, k));
    for epsilon in [1e-3, 1.0, 1e-12, 4e6] {
        let step = Step::halved(epsilon);
        let [drift, root] = [w(epsilon).times_power(-1), w(epsilon).sqrt()];
        let take = || step.take(&x, y.clone(), z.clone());
        ledger.judge_each("Langevin step", &inputs, take, |input| {
            let [x, psi, z] = input.map(w);
            let terms = [x, drift * psi, root * z];
            (terms.into_iter().sum(), terms.into_iter().map(Wide::abs).sum())
        });
        // E and ψ as they come: log [e^(−E′) k(x|x′)/(e^(−E) k(x′|x))]
        let place = |x: &Matrix<T>, energy: &Matrix<T>, score: &Matrix<T>| Place {
            x: x.clone(),
            energy: energy.clone(),
            score: score.clone(),
        };
        let found = || log_acceptance(&place(&x, &y, &z), &place(&y, &z, &x), epsilon);
        ledger.judge_each("log acceptance", &inputs, found, |input| {
            let [x, y, z] = input.map(w); // here (x, E = y, ψ = z), there (y, E = z, ψ = x)
            // ‖to − from − (ε/2)ψ‖²/(2ε) multiplied out, for 1/ε would drown all else
            let square = |sign: Wide, psi: Wide| {
                [sign * (x - y) * psi.times_power(-1), drift * psi * psi.times_power(-2)]
            };
            let terms = [square(w(1.0), z), square(w(-1.0), x).map(|t| -t)].concat();
            let size = [y, z, x * z, y * z, x * y, x * x].into_iter().map(Wide::abs).sum::<Wide>();
            let truth = y - z + terms.iter().copied().sum();
            (truth, size + drift * (x.abs() + z.abs()) * (x.abs() + z.abs()))
        });
    }
}

#[test]
fn steps_are_right_for_gradients_of_any_size() {
    let mut ledger = Ledger::default();
    steps::<f64>(&mut ledger);
    steps::<f32>(&mut ledger);
    moves::<f64>(&mut ledger);
    moves::<f32>(&mut ledger);
    ledger.settle();
}
