//! The verdict: what the network knows of rows that it has not seen, beside what a Gaussian knows.
//!
//! | question | answer |
//! |---|---|
//! | does it denoise? | σ² DSM at three noise levels, beside the best affine denoiser's |
//! | is it a score? | implicit score matching of the noisy test rows, at the smallest level |
//! | are its samples like rows? | the distance of two laws (MMD), and how far the nearest test row is |
//! | or copies of rows? | the share that is nearer to a training row than 99 % of the test rows are |
//!
//! The best affine denoiser is the exact score of the Gaussian of maximum likelihood
//! ([`Wiener`](crate::model::Wiener)). To be better, and below the floor, is to know more than means and
//! covariances: above the floor a Gaussian with a better covariance may explain the gain.

use super::{
    Model, Rows,
    learning::{MOST_PAIRS, first},
};
use crate::{
    array::Array,
    corruption::corrupt,
    density::{Density, Mixture, mixture::diagonal},
    discrepancy::{maximum_mean_discrepancy, median_distance, nearest},
    experiment::stream,
    matrix::{Matrix, noise::standard_normal},
    objective::{denoising, implicit},
    statistics::Scatter,
};
use std::fmt;

/// Noise is drawn this number of times for each test row, at each level.
const DRAWS: usize = 8;
/// The widest noise that judges, in deviations.
const WIDEST: f64 = 0.75;
/// A difference of this number of standard errors is clear: chance alone shows it once in 16 000
/// times if there are many test rows, once in 500 if they are 12.
pub(crate) const CLEAR: f64 = 4.0;

/// What one noise level says.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NoiseVerdict {
    /// σ, in deviations of a column.
    pub sigma: f64,
    /// The network's loss on the test rows.
    pub network: Scatter,
    /// The Gaussian's.
    pub gaussian: Scatter,
    /// How much smaller the network's is, row by row.
    pub gain: Scatter,
    /// The least mean loss that any score could have, if the rows were of that Gaussian.
    pub floor: f64,
}

impl NoiseVerdict {
    /// The gain in its standard errors.
    pub fn errors(&self) -> f64 {
        self.gain.mean / self.gain.standard_error()
    }
}

/// What points show when they are compared with the test rows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Likeness {
    /// The maximum mean discrepancy to the test rows.
    pub discrepancy: f64,
    /// The median distance to the nearest test row.
    pub nearest: f64,
    /// The share that is as near to a training row as only 1 % of the test rows are.
    pub copies: f64,
}

/// All that is said.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verdict {
    /// σ² DSM, from the largest noise to the smallest.
    pub levels: [NoiseVerdict; 3],
    /// Implicit score matching at the smallest level, on noisy test rows.
    pub implicit: NoiseVerdict,
    /// Of the network's samples, of the Gaussian's, and of the training rows.
    pub likeness: [Likeness; 3],
}

impl Verdict {
    /// Judges by the test rows, or the first thousands of them. `samples` are standardised.
    ///
    /// # Panics
    /// If the rows are not those of the model.
    #[track_caller]
    pub fn of(rows: &Rows, model: &Model, samples: &Matrix, seed: u64) -> Self {
        let [training, _, test] = rows.divided();
        let test = first(&test, MOST_PAIRS);
        let smallest = model.scales.smallest();
        let sigmas = [WIDEST, (WIDEST * smallest).sqrt(), smallest];
        let mut rng = stream(seed, "fit verdict");
        let twins = twins(&test);
        let x = test.select(&(0..test.rows() * DRAWS).map(|i| i / DRAWS).collect::<Vec<_>>());
        let (n, d) = x.shape();
        let judged = sigmas.map(|sigma| {
            let noisy = corrupt(&x, &standard_normal(n, d, &mut rng), sigma);
            let gaussian = model.gaussian().smoothed(sigma);
            let dsm = |score: &dyn Fn(&Matrix) -> Matrix| {
                denoising(score, &x, &noisy, sigma) * (sigma * sigma)
            };
            let losses = [dsm(&|x| model.score(x, sigma)), dsm(&|x| gaussian.score(x))];
            // The floor of DSM (T7), d/(2σ²) − ½ I(q_σ): of a Gaussian I is −tr ∂ψ/∂x.
            let floor = 0.5 * (d as f64 + sigma * sigma * divergence(&gaussian));
            (NoiseVerdict::of(sigma, losses, &twins, floor), noisy)
        });
        let [.., (_, noisy)] = &judged;
        let gaussian = model.gaussian().smoothed(smallest);
        let divergence = divergence(&gaussian);
        let constant = Matrix::from_fn(n, 1, |_, _| divergence);
        let losses =
            [implicit(model.field(noisy, smallest)), implicit((gaussian.score(noisy), constant))];
        // Of that Gaussian 𝔼‖ψ‖² = −tr ∂ψ/∂x, and half of the trace is left.
        let implicit = NoiseVerdict::of(smallest, losses, &twins, 0.5 * divergence);

        let drawn = model.gaussian().sample(samples.rows(), &mut rng);
        let yardstick = Yardstick::of(training.clone(), test);
        let likeness = [samples, &drawn, &training].map(|x| yardstick.likeness(x));
        Self { levels: judged.map(|(level, _)| level), implicit, likeness }
    }

    /// The table in a sentence.
    pub fn sentence(&self) -> String {
        let at = |clear: fn(&NoiseVerdict) -> bool| {
            let levels = self.levels.iter().filter(|level| clear(level));
            levels.map(|level| format!("{:.2}", level.sigma)).collect::<Vec<_>>()
        };
        let better = at(|level| level.errors() >= CLEAR && level.network.mean < level.floor);
        let worse = at(|level| level.errors() <= -CLEAR);
        let gains = at(|level| level.errors() >= CLEAR);
        let least =
            self.levels.iter().map(NoiseVerdict::errors).fold(f64::INFINITY, f64::min).floor();
        match (better.len(), worse.len()) {
            (3, _) => format!(
                "The network knows more of these rows than their means and covariances: at all \
                 three noise levels it denoises rows that it has not seen better than the \
                 Gaussian, by {least:.0} standard errors or more."
            ),
            (0, 0) if gains.is_empty() => {
                "There is no clear difference between the network and the Gaussian at any noise \
                 level. Use the means and covariances: they are simpler."
                    .to_owned()
            }
            (0, 0) => format!(
                "At noise {} the network denoises unseen rows better than the Gaussian, but its loss is \
                 not below the floor: perhaps the covariances are only known from too few rows. This \
                 shows no more than means and covariances.",
                gains.join(" and ")
            ),
            (0, _) => format!(
                "The Gaussian is better: at noise {} it denoises unseen rows better than the network, \
                 and nowhere clearly worse. Use the means and covariances.",
                worse.join(" and ")
            ),
            (_, 0) => format!(
                "The network knows something more than means and covariances: at noise {} it \
                 denoises unseen rows better than the Gaussian; elsewhere this is not clear.",
                better.join(" and ")
            ),
            _ => format!(
                "It depends: at noise {} the network denoises unseen rows better, at noise {} the Gaussian.",
                better.join(" and "),
                worse.join(" and ")
            ),
        }
    }
}

impl NoiseVerdict {
    /// `losses` are the network's and the Gaussian's, with [`DRAWS`] rows of noise for each test row.
    fn of(sigma: f64, losses: [Matrix; 2], twins: &[usize], floor: f64) -> Self {
        let [network, gaussian] = losses.map(|losses| {
            let draws = losses.data().chunks_exact(DRAWS);
            draws.map(|draws| draws.iter().sum::<f64>() / DRAWS as f64).collect::<Vec<_>>()
        });
        let gain: Vec<f64> = gaussian.iter().zip(&network).map(|(g, n)| g - n).collect();
        let [network, gaussian, gain] = [network, gaussian, gain].map(|v| by_twins(&v, twins));
        Self { sigma, network, gaussian, gain, floor }
    }
}

/// How many rows there are of each kind: rows that are the same follow each other.
fn twins(x: &Matrix) -> Vec<usize> {
    let rows: Vec<&[f64]> = (0..x.rows()).map(|i| x.row(i)).collect();
    rows.chunk_by(|a, b| a == b).map(<[_]>::len).collect()
}

/// Mean and standard error of values that are independent but for twins. Each set of twins counts as one
/// value, m + (Σ (v − m)) G/n for G sets of n rows with mean m: so the mean stays m.
fn by_twins(values: &[f64], twins: &[usize]) -> Scatter {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let mut rest = values;
    let mut sets = vec![];
    for size in twins {
        let (set, others) = rest.split_at(*size);
        let excess: f64 = set.iter().map(|v| v - mean).sum();
        sets.push(mean + excess * (twins.len() as f64 / n));
        rest = others;
    }
    Scatter::of(&sets)
}

/// tr ∂ψ/∂x of a Gaussian with mean 0, whose score is linear.
fn divergence(gaussian: &Mixture) -> f64 {
    let jacobian = gaussian.score(&diagonal(gaussian.dimension(), 1.0));
    (0..jacobian.rows()).map(|i| jacobian.at(i, i)).sum()
}

/// What is usual between test rows and training rows.
struct Yardstick {
    training: Matrix,
    test: Matrix,
    bandwidth: f64,
    close: f64,
}

impl Yardstick {
    fn of(training: Matrix, test: Matrix) -> Self {
        let apart = sorted_distances(&test, &training);
        Self { bandwidth: median_distance(&test), close: apart[apart.len() / 100], training, test }
    }

    fn likeness(&self, x: &Matrix) -> Likeness {
        let x = first(x, MOST_PAIRS);
        let apart = sorted_distances(&x, &self.test);
        let to_training = sorted_distances(&x, &self.training);
        let copies = to_training.partition_point(|distance| *distance < self.close);
        Likeness {
            discrepancy: maximum_mean_discrepancy(&x, &self.test, self.bandwidth),
            nearest: apart[apart.len() / 2],
            copies: copies as f64 / x.rows() as f64,
        }
    }
}

/// From each row of x to the nearest of `points`, in order.
fn sorted_distances(x: &Matrix, points: &Matrix) -> Vec<f64> {
    let mut distances: Vec<f64> = nearest(x, points).iter().map(|n| n.distance).collect();
    distances.sort_by(f64::total_cmp);
    distances
}

impl fmt::Display for Verdict {
    /// The table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = ["loss on test rows", "noise", "network", "Gaussian", "gain", "floor"];
        let [loss, noise, network, gaussian, gain, floor] = titles;
        writeln!(f, "{loss:18} {noise:>5} {network:>16} {gaussian:>16} {gain:>16} {floor:>8}")?;
        let names = ["σ² DSM", "σ² DSM", "σ² DSM", "implicit (ISM)"];
        for (name, level) in names.iter().zip(self.levels.iter().chain([&self.implicit])) {
            let NoiseVerdict { sigma, network, gaussian, gain, floor } = level;
            let [network, gaussian, gain] = [network, gaussian, gain]
                .map(|loss| format!("{:.3} ± {:.3}", loss.mean, loss.standard_error()));
            writeln!(
                f,
                "{name:18} {sigma:5.2} {network:>16} {gaussian:>16} {gain:>16} {floor:8.3}"
            )?;
        }
        writeln!(f, "\n{:36} {:>9} {:>12} {:>14}", "", "samples", "Gaussian's", "training rows")?;
        let lines: [(&str, fn(&Likeness) -> f64); 3] = [
            ("MMD to the test rows", |points| points.discrepancy),
            ("median distance to nearest test row", |points| points.nearest),
            ("share of copies of training rows", |points| points.copies),
        ];
        for (name, of) in lines {
            let [samples, gaussian, training] = self.likeness.each_ref().map(of);
            writeln!(f, "{name:36} {samples:9.3} {gaussian:12.3} {training:14.3}")?;
        }
        writeln!(
            f,
            "\nThe noise is in standard deviations of a column. σ² DSM is half the squared error of the \
             denoised\nrow, over σ²: less is better, ± its standard error. The floor is the least loss, if \
             the rows were\nGaussian. A copy is as near to a training row as 1 % of the test rows (at \
             least one) are."
        )
    }
}

#[cfg(test)]
mod tests;
