//! `level_losses`: what each noise level contributes, and what is learned on it, for λ = σ² and
//! λ = 1 (T24).

use super::{
    Error, Picture, Studio,
    axis::Axis,
    canvas::Canvas,
    palette::{Colour, GREY, INK, NAVY, RED},
    panel::Panel,
    raster::{Point, Rect},
    studio::Shape,
    text::Anchor,
};
use crate::{
    density::Density,
    experiment::{LearnedShape, sampled_shapes::LevelFit},
    identity::noise_conditional::{sample_gradients, total_variance},
    matrix::noise::{Generator, standard_normal},
    model::Parameters,
};
use rand::SeedableRng;

/// Samples on each level from which the variance of the gradient is estimated, in so many parts:
/// their scatter is its standard error.
const SAMPLES: usize = 240;
const PARTS: usize = 8;
const D: usize = 2;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let (weighted, _) = studio.shape(Shape::Pinwheel)?;
    let plain = studio.unweighted_pinwheel()?;
    let [weighted_fits, plain_fits] = [weighted, plain].map(LearnedShape::fits);
    let variances = gradient_variances(weighted, studio.seed);
    let mut canvas = Canvas::new(1180, 420);
    let frame = |place: usize| Rect::new(62.0 + 392.0 * place as f64, 64.0, 312.0, 290.0);

    losses(&mut canvas, frame(0), &weighted_fits, &plain_fits);
    let smallest = shares(&mut canvas, frame(1), &variances);
    excess(&mut canvas, frame(2), &weighted_fits, &plain_fits);

    let ends = |fits: &[LevelFit]| {
        let [largest, smallest] = [&fits[0], &fits[fits.len() - 1]].map(|f| 100.0 * f.share());
        format!("{largest:.3} % on the largest level, {smallest:.1} % on the smallest")
    };
    let total = |fits: &[LevelFit]| fits.iter().map(|f| f.excess).sum::<f64>() / fits.len() as f64;
    let finding = format!(
        "the smallest level has {:.0} % of the gradient's variance for λ = 1 and {:.0} % for λ = σ²; \
         ESM as a share of ½I(q_σ): {} for λ = 1, {} for λ = σ²; the mean of σ²ESM over the levels \
         is {:.4} and {:.4}",
        100.0 * smallest[1],
        100.0 * smallest[0],
        ends(&plain_fits),
        ends(&weighted_fits),
        total(&plain_fits),
        total(&weighted_fits),
    );
    Ok(Picture { canvas, finding })
}

/// The loss σ² DSM_σ on each level: its least value and what the two networks reach.
fn losses(canvas: &mut Canvas, frame: Rect, weighted: &[LevelFit], plain: &[LevelFit]) {
    let least: Vec<Point> = weighted.iter().map(|f| [f.sigma, f.least(D)]).collect();
    let loss = |fits: &[LevelFit]| -> Vec<Point> {
        fits.iter().map(|f| [f.sigma, f.least(D) + f.excess]).collect()
    };
    let most = 0.5 * D as f64;
    let mut panel = Panel::new(canvas, frame, sigmas(weighted), Axis::linear(0.0, 1.18 * most));
    panel
        .labels("The loss is mostly floor", "noise $σ$", "$σ^2$DSM$_σ$")
        .horizontal(most, "")
        .curve(&least, 1.4, GREY)
        .circles(&loss(plain), 4.6, RED)
        .dots(&loss(weighted), 2.8, NAVY)
        .label([weighted[0].sigma, most], [0.0, -11.0], Anchor::End, GREY, "$d/2$");
    let low = [weighted[weighted.len() - 1].sigma, 0.42 * most];
    panel
        .label(low, [0.0, 0.0], Anchor::Start, GREY, "line: least value $½(d - σ^2I(q_σ))$")
        .label(low, [0.0, 18.0], Anchor::Start, NAVY, "dots: trained with $λ = σ^2$")
        .label(low, [0.0, 36.0], Anchor::Start, RED, "circles: trained with $λ = 1$");
}

/// The total variance of the gradient of one sample at λ = 1, on each level: by part of the sample.
fn gradient_variances(learned: &LearnedShape, seed: u64) -> Vec<(f64, Vec<f64>)> {
    let mut rng = Generator::seed_from_u64(seed);
    let model = learned.model.clone().map(|p| p.cast());
    let mut at = |sigma: f64| {
        let mut part = || {
            let n = SAMPLES / PARTS;
            let (x, z) = (learned.density.sample(n, &mut rng), standard_normal(n, D, &mut rng));
            total_variance(&sample_gradients(&model, &x, &z, sigma))
        };
        (sigma, (0..PARTS).map(|_| part()).collect())
    };
    learned.scales.sigmas().iter().map(|&sigma| at(sigma)).collect()
}

/// Which share of the gradient's variance each level has; those of the smallest, for λ = σ² and 1.
fn shares(canvas: &mut Canvas, frame: Rect, variances: &[(f64, Vec<f64>)]) -> [f64; 2] {
    let weights: [fn(f64) -> f64; 2] = [|sigma| sigma * sigma * (sigma * sigma), |_| 1.0]; // λ²
    let x = Axis::log_around(variances.iter().map(|v| v.0));
    let mut panel = Panel::new(canvas, frame, x, Axis::linear(0.0, 1.0));
    panel.labels(
        "Whose noise is in the gradient",
        "noise $σ$",
        "share of the variance of $∇_θ$, trained network",
    );
    let alike = 1.0 / variances.len() as f64;
    panel.horizontal(alike, "");
    panel.label([x.high(), alike], [-8.0, -11.0], Anchor::End, GREY, "all alike: $1/L$");
    let ends = weights.map(|weight| {
        let part = |k: usize| -> Vec<f64> {
            let terms: Vec<f64> = variances.iter().map(|(s, v)| weight(*s) * v[k]).collect();
            let total: f64 = terms.iter().sum();
            terms.iter().map(|t| t / total).collect()
        };
        let parts: Vec<Vec<f64>> = (0..PARTS).map(part).collect();
        let mean = |i: usize| parts.iter().map(|p| p[i]).sum::<f64>() / PARTS as f64;
        let error = |i: usize| {
            let squares = parts.iter().map(|p| (p[i] - mean(i)).powi(2)).sum::<f64>();
            (squares / (PARTS * (PARTS - 1)) as f64).sqrt()
        };
        let points: Vec<Point> =
            variances.iter().enumerate().map(|(i, (s, _))| [*s, mean(i)]).collect();
        let errors: Vec<f64> = (0..variances.len()).map(error).collect();
        (points, errors)
    });
    for ((points, errors), colour) in ends.iter().zip([NAVY, RED]) {
        series(&mut panel, points, colour);
        panel.error_bars(points, errors, colour);
    }
    let [first, second] = [&ends[0].0, &ends[1].0];
    let last = second.len() - 1;
    panel.label(second[last], [12.0, 2.0], Anchor::Start, RED, "$λ = 1$").label(
        first[4],
        [0.0, -24.0],
        Anchor::Middle,
        NAVY,
        "$λ = σ^2$",
    );
    [first[last][1], second[last][1]]
}

/// How far the learned scores are off on each level, as a share of what knowing nothing costs.
fn excess(canvas: &mut Canvas, frame: Rect, weighted: &[LevelFit], plain: &[LevelFit]) {
    let percent = |fits: &[LevelFit]| -> Vec<Point> {
        fits.iter().map(|f| [f.sigma, 100.0 * f.share()]).collect()
    };
    let [navy, red] = [weighted, plain].map(percent);
    let y = Axis::log_around(navy.iter().chain(&red).map(|p| p[1]));
    let mut panel = Panel::new(canvas, frame, sigmas(weighted), y);
    panel.labels("What is learned", "noise $σ$", "ESM$(q_σ)$ in % of $½I(q_σ)$");
    series(&mut panel, &navy, NAVY);
    series(&mut panel, &red, RED);
    panel
        .label(navy[3], [-12.0, 6.0], Anchor::End, NAVY, "$λ = σ^2$")
        .label(red[1], [8.0, -16.0], Anchor::Start, RED, "$λ = 1$")
        .label(
            [navy[navy.len() - 1][0], y.low()],
            [2.0, -12.0],
            Anchor::Start,
            INK,
            "less is better",
        );
}

fn series(panel: &mut Panel, points: &[Point], colour: Colour) {
    panel.curve(points, 1.4, colour).dots(points, 2.8, colour);
}

fn sigmas(fits: &[LevelFit]) -> Axis {
    Axis::log_around(fits.iter().map(|f| f.sigma))
}
