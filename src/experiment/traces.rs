//! How far random directions are from the exact divergence ([T13](crate::identity::traces)).

use super::stream;
use crate::{
    array::{Array, Function},
    autodiff::Dual,
    matrix::{Matrix, noise::standard_normal},
    model::{Parameters, ScoreNetwork},
    objective::{
        implicit,
        sliced::{Probe, hutchinson, sliced},
        trace,
    },
    statistics::Scatter,
};

/// Dimensions of the network whose trace is estimated.
const D: usize = 16;
/// Probes of the longest estimate, and how many estimates are made.
pub const PROBES: usize = 1 << 10;
const PATHS: usize = 400;

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

    /// (k, √k × the root mean square of the errors with k probes, its standard error). The errors of one
    /// k are independent, and the root's error is that of the mean square over twice the root.
    pub fn scaled(&self) -> Vec<[f64; 3]> {
        let at = |i: usize| {
            let squares: Vec<f64> =
                self.paths.iter().map(|path| path[i][0] * path[i][1].powi(2)).collect();
            let square = Scatter::of(&squares);
            let root = square.mean.sqrt();
            [self.paths[0][i][0], root, square.standard_error() / (2.0 * root)]
        };
        (0..self.paths[0].len()).map(at).collect()
    }

    /// How many standard errors the farthest of [`ProbeErrors::scaled`] is from the predicted √variance.
    pub fn worst(&self) -> f64 {
        let level = self.variance.sqrt();
        let off = |[_, root, error]: [f64; 3]| (root - level).abs() / error;
        self.scaled().into_iter().map(off).fold(0.0, f64::max)
    }

    /// The root mean square of all errors, each in units of its predicted deviation √(variance/k).
    pub fn spread(&self) -> f64 {
        let squares: Vec<f64> =
            self.paths.iter().flatten().map(|[k, e]| e * e * k / self.variance).collect();
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    }
}
