//! What the exact divergence costs by each route, and how far random directions are from it (T12,
//! T13, T28).

use super::stream;
use crate::{
    array::{Array, Function},
    autodiff::{Dual, Tape},
    matrix::{Matrix, noise::standard_normal},
    model::{Parameters, ScoreNetwork},
    objective::{
        implicit,
        sliced::{Probe, hutchinson, sliced},
        trace,
    },
};
use std::{hint::black_box, time::Instant};

/// Samples whose trace is computed at once, and hidden units.
pub const BATCH: usize = 64;
const HIDDEN: usize = 128;
/// Dimensions of the networks.
pub const DIMENSIONS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Each route is timed in several runs, and the best of them counts.
const RUNS: usize = 5;

/// Dimensions of the network whose trace is estimated.
const D: usize = 16;
/// Probes of the longest estimate, and how many estimates are made.
pub const PROBES: usize = 1 << 10;
const PATHS: usize = 12;

/// Milliseconds for a batch in d dimensions.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// d
    pub dimension: usize,
    /// Central differences.
    pub differences: f64,
    /// A reverse sweep for each dimension.
    pub reverse: f64,
    /// Forward mode, one axis after another.
    pub columns: f64,
    /// Forward mode, all axes at once.
    pub forward: f64,
    /// In closed form.
    pub closed: f64,
    /// The value ψ alone.
    pub value: f64,
}

impl Cost {
    /// Measured for a network with two hidden layers, in each of [`DIMENSIONS`].
    pub fn measure(seed: u64) -> Vec<Self> {
        DIMENSIONS.iter().map(|&d| Self::at(d, seed)).collect()
    }

    fn at(d: usize, seed: u64) -> Self {
        let mut rng = stream(seed, "traces: costs");
        let m = ScoreNetwork::random(&[d, HIDDEN, HIDDEN, d], Function::Softplus, &mut rng);
        let x: Matrix = standard_normal(BATCH, d, &mut rng);
        let dual = m.constants();
        Self {
            dimension: d,
            differences: milliseconds(|| trace::of_score_by_differences(|x| m.score(x), &x, 1e-3)),
            reverse: milliseconds(|| {
                let tape = Tape::new();
                let theta = m.on(&tape);
                trace::of_score_by_reverse(|x| theta.score(x), &tape.var(&x)).1.value()
            }),
            columns: milliseconds(|| trace::of_score_by_columns(|x| dual.score(x), &x)),
            forward: milliseconds(|| trace::of_score_in_chunks(|x| dual.score(x), &x)),
            closed: milliseconds(|| m.score_and_trace(&x)),
            value: milliseconds(|| m.score(&x)),
        }
    }
}

/// The best of a few runs.
fn milliseconds<R>(mut run: impl FnMut() -> R) -> f64 {
    let time = |_| {
        let start = Instant::now();
        black_box(run());
        1e3 * start.elapsed().as_secs_f64()
    };
    (0..RUNS).map(time).fold(f64::INFINITY, f64::min)
}

/// Estimates of ISM at one point by random signs.
#[derive(Clone, Debug)]
pub struct ProbeErrors {
    /// The predicted variance of one probe.
    pub variance: f64,
    /// For each of several streams of probes (k, error), the error of the mean of its first k.
    pub paths: Vec<Vec<[f64; 2]>>,
}

impl ProbeErrors {
    /// Sliced, and with the exact norm in the place of the sliced one.
    pub fn measure(seed: u64) -> [Self; 2] {
        let mut rng = stream(seed, "traces: errors");
        let m = ScoreNetwork::random(&[D, 64, 64, D], Function::Tanh, &mut rng);
        let x: Matrix = standard_normal(1, D, &mut rng);
        let dual = m.constants();
        let tangents = dual.score(&Dual::axes(&x));
        let (psi, jacobian) = (tangents.value.clone(), tangents.tangents_or_zero(D)); // (D, D)
        let exact = implicit(trace::of_score(|x| dual.score(x), &x)).item();
        let square = jacobian.clone() + psi.tn(&psi) * 0.5;

        let mut of = |matrix: &Matrix, estimate: &dyn Fn(&Matrix) -> f64| {
            let mut path = |_| {
                let v = Probe::Rademacher.draw::<f64>(PROBES, D, &mut rng);
                let error = |k: usize| estimate(&v.select(&(0..k).collect::<Vec<_>>())) - exact;
                let counts = (0..=PROBES.ilog2()).map(|power| 1 << power);
                counts.map(|k| [k as f64, error(k)]).collect()
            };
            let paths = (0..PATHS).map(&mut path).collect();
            Self { variance: Probe::Rademacher.variance(matrix).item(), paths }
        };
        let plain = of(&square, &|v| sliced(|x| dual.score(x), &x, v).item());
        // The norm is exact in the variance-reduced form, so its error is that of the trace.
        let reduced = |v: &Matrix| implicit(hutchinson(|x| dual.score(x), &x, v)).item();
        [plain, of(&jacobian, &reduced)]
    }

    /// The root mean square of all errors, each in units of its predicted deviation √(variance/k).
    pub fn spread(&self) -> f64 {
        let squares: Vec<f64> =
            self.paths.iter().flatten().map(|[k, e]| e * e * k / self.variance).collect();
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    }
}
