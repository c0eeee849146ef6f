//! `floor`: the loss of the perfect score against σ, with and without its control variate (T7, T14).

use super::prelude::*;
use crate::{
    corruption::corrupt,
    density::{Density, Mixture, shapes},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    objective::{denoising, denoising_with_control, noise_floor},
    quadrature::Rule,
};
use rand::SeedableRng;

/// Samples in a batch.
const BATCH: usize = 512;
/// Batches at each noise level.
const BATCHES: usize = 64;
/// From the smallest to the largest noise.
const SIGMAS: [f64; 2] = [0.01, 3.0];

/// Means of batches of one estimate at one σ.
struct Estimate {
    mean: f64,
    /// The standard deviation of the mean of one batch.
    deviation: f64,
}

impl Estimate {
    /// From one number a sample, batch after batch.
    fn new(values: &Matrix) -> Self {
        let of = |batch: &[f64]| batch.iter().sum::<f64>() / batch.len() as f64;
        let means: Vec<f64> = values.data().chunks(BATCH).map(of).collect();
        let mean = of(&means);
        let squares: Vec<f64> = means.iter().map(|m| (m - mean) * (m - mean)).collect();
        let variance = of(&squares) * means.len() as f64 / (means.len() - 1) as f64;
        Self { mean, deviation: variance.sqrt() }
    }

    /// The standard error of the mean of all batches.
    fn error(&self) -> f64 {
        self.deviation / (BATCHES as f64).sqrt()
    }
}

/// What the perfect score scores at one σ.
struct Level {
    sigma: f64,
    plain: Estimate,
    /// With its control variate; its mean is less by d/(2σ²).
    corrected: Estimate,
}

impl Level {
    fn measure(q: &Mixture, sigma: f64, rng: &mut Generator) -> Self {
        let (n, d) = (BATCH * BATCHES, q.dimension());
        let (x, z) = (q.sample(n, rng), standard_normal(n, d, rng));
        let smoothed = q.smoothed(sigma);
        let score = |x: &Matrix| smoothed.score(x);
        let plain = denoising(score, &x, &corrupt(&x, &z, sigma), sigma);
        let corrected = denoising_with_control(score, &x, &z, sigma);
        Self { sigma, plain: Estimate::new(&plain), corrected: Estimate::new(&corrected) }
    }

    /// d/(2σ²), the known part of the floor.
    fn known(&self, d: usize) -> f64 {
        noise_floor(d, self.sigma, 0.0)
    }
}

/// `count` noise levels at equal ratios.
fn sigmas(count: usize) -> impl Iterator<Item = f64> {
    let [low, high] = SIGMAS;
    (0..count).map(move |k| low * (high / low).powf(k as f64 / (count - 1) as f64))
}

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut rng = Generator::seed_from_u64(studio.seed);
    let q = shapes::pinwheel();
    let d = q.dimension();
    let floor = |sigma: f64| {
        let smoothed = q.smoothed(sigma);
        // The arms reach out to 3, and nothing is left beyond nine standard deviations.
        let reach = 3.0 + 9.0 * (0.5 + sigma * sigma).sqrt();
        let rule = smoothed.rule(&Rule::trapezoid(-reach, reach, 200).squared());
        noise_floor(d, sigma, smoothed.fisher_information(&rule))
    };
    let predicted: Vec<Point> = sigmas(41).map(|s| [s, floor(s)]).collect();
    let without_known: Vec<Point> =
        predicted.iter().map(|&[s, f]| [s, f - noise_floor(d, s, 0.0)]).collect();
    let levels: Vec<Level> = sigmas(21).map(|s| Level::measure(&q, s, &mut rng)).collect();

    let mut canvas = Canvas::new(900, 440);
    let x = Axis::log_around(SIGMAS);
    let y = Axis::log_around(predicted.iter().map(|p| p[1]));
    let plain: Vec<Point> = levels.iter().map(|l| [l.sigma, l.plain.mean]).collect();
    let corrected: Vec<Point> =
        levels.iter().map(|l| [l.sigma, l.corrected.mean + l.known(d)]).collect();
    Panel::new(&mut canvas, Rect::new(72.0, 64.0, 340.0, 320.0), x, y)
        .labels("The loss of the perfect score is not zero", "noise $σ$", "DSM of $∇$ log $q_σ$")
        .curve(&predicted, 1.2, GREY)
        .dots(&corrected, 2.6, NAVY)
        .circles(&plain, 4.6, RED)
        .label(predicted[10], [10.0, -12.0], Start, GREY, "predicted: $d/(2σ^2) - I(q_σ)/2$");

    let deepest = without_known.iter().map(|p| p[1]).fold(0.0, f64::min);
    let y = Axis::linear(1.9 * deepest, -0.9 * deepest);
    let mut panel = Panel::new(&mut canvas, Rect::new(500.0, 64.0, 340.0, 320.0), x, y);
    panel.labels("Less the part that is known, $d/(2σ^2)$", "noise $σ$", "DSM$ - d/(2σ^2)$");
    let series: [(fn(&Level) -> &Estimate, f64, Colour); 2] =
        [(|l| &l.plain, 1.0, RED), (|l| &l.corrected, 0.0, NAVY)];
    for (of, share, colour) in series {
        let edge = |sign: f64| -> Vec<Point> {
            let value = |l: &Level| of(l).mean - share * l.known(d) + sign * of(l).deviation;
            levels.iter().map(|l| [l.sigma, value(l)]).collect()
        };
        panel.band(&edge(-1.0), &edge(1.0), colour.alpha(0.25));
    }
    panel.curve(&without_known, 1.2, GREY);
    for (of, share, colour) in series {
        let means: Vec<Point> =
            levels.iter().map(|l| [l.sigma, of(l).mean - share * l.known(d)]).collect();
        let errors: Vec<f64> = levels.iter().map(|l| of(l).error()).collect();
        panel.error_bars(&means, &errors, colour).dots(&means, 2.2, colour);
    }
    panel
        .label([0.05, 0.7 * -deepest], [6.0, 0.0], Start, RED, "plain")
        .label([0.3, 1.25 * deepest], [0.0, 0.0], Start, NAVY, "with control variate")
        .label([0.3, 1.25 * deepest], [0.0, 16.0], Start, GREY, "curve: $-I(q_σ)/2$")
        .label([0.3, 1.25 * deepest], [0.0, 32.0], Start, GREY, "bands: ± one deviation")
        .label([0.3, 1.25 * deepest], [0.0, 47.0], Start, GREY, "of the mean of a batch");

    let first = &levels[0];
    let largest = levels
        .iter()
        .map(|l| ((l.corrected.mean + l.known(d) - floor(l.sigma)) / l.corrected.error()).abs())
        .fold(0.0, f64::max);
    let finding = format!(
        "at σ = {} the mean of {BATCH} samples deviates by {:.1} plain and by {:.2} with control \
         variate, around −½I(q_σ) = {:.2}; all corrected means lie within {largest:.1} standard \
         errors of the predicted floor",
        first.sigma, first.plain.deviation, first.corrected.deviation, without_known[0][1]
    );
    Ok(Picture { canvas, finding })
}
