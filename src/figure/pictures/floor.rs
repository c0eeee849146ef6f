//! `floor`: the loss of the perfect score against σ, with and without its control variate (T7, T14).

use super::prelude::*;
use crate::{
    experiment::{
        PerfectLoss,
        perfect_score::{BATCH, floor},
    },
    objective::noise_floor,
    statistics::Scatter,
};

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let x = Axis::log(0.01, 3.0);
    let predicted = x.graph(40, floor);
    let sigmas: Vec<f64> = predicted.iter().step_by(2).map(|p| p[0]).collect();
    let levels = PerfectLoss::measure(&sigmas, studio.seed);
    let mut canvas = Canvas::new(900, 440);
    whole(&mut canvas, &levels, &predicted);
    let without_known: Vec<Point> =
        predicted.iter().map(|&[s, f]| [s, f - noise_floor(2, s, 0.0)]).collect();
    without(&mut canvas, &levels, &without_known);

    let first = &levels[0];
    let off = |l: &PerfectLoss| {
        ((l.corrected.mean + l.known - l.floor) / l.corrected.standard_error()).abs()
    };
    let largest = levels.iter().map(off).fold(0.0, f64::max);
    let finding = format!(
        "at σ = {} the mean of {BATCH} samples deviates by {:.1} plain and by {:.2} with control \
         variate, around −½I(q_σ) = {:.2}; all corrected means lie within {largest:.1} standard \
         errors of the predicted floor",
        first.sigma,
        first.plain.deviation(),
        first.corrected.deviation(),
        without_known[0][1]
    );
    Ok(Picture { canvas, finding })
}

/// (σ, a number of the level) for each level.
fn curve(levels: &[PerfectLoss], of: impl Fn(&PerfectLoss) -> f64) -> Vec<Point> {
    levels.iter().map(|level| [level.sigma, of(level)]).collect()
}

/// The whole loss, its known part put back where the control variate has taken it off.
pub(super) fn whole(canvas: &mut Canvas, levels: &[PerfectLoss], predicted: &[Point]) {
    let x = Axis::log_around(predicted.iter().map(|p| p[0]));
    let y = Axis::log_around(predicted.iter().map(|p| p[1]));
    let corner = [x.low(), y.low()];
    Panel::new(canvas, Rect::new(72.0, 64.0, 340.0, 320.0), x, y)
        .labels("The loss of the perfect score is not zero", "noise $σ$", "DSM of $∇$ log $q_σ$")
        .curve(predicted, 1.2, GREY)
        .circles(&curve(levels, |l| l.plain.mean), 4.6, RED)
        .dots(&curve(levels, |l| l.corrected.mean + l.known), 2.6, NAVY)
        .label(predicted[10], Start([10.0, -12.0]), GREY, "predicted: $d/(2σ^2) - ½I(q_σ)$")
        .label(corner, Start([8.0, -28.0]), NAVY, "dots: with control variate")
        .label(corner, Start([8.0, -12.0]), RED, "circles: plain");
}

/// The loss less its known part, with the deviation of a batch and the error of the mean.
pub(super) fn without(canvas: &mut Canvas, levels: &[PerfectLoss], predicted: &[Point]) {
    let x = Axis::log_around(predicted.iter().map(|p| p[0]));
    let deepest = predicted.iter().map(|p| p[1]).fold(0.0, f64::min);
    let y = Axis::linear(2.0 * deepest, -0.9 * deepest);
    let mut panel = Panel::new(canvas, Rect::new(500.0, 64.0, 340.0, 320.0), x, y);
    panel.labels("Less the part that is known, $d/(2σ^2)$", "noise $σ$", "DSM$ - d/(2σ^2)$");
    let series: [(fn(&PerfectLoss) -> Scatter, f64, Colour); 2] =
        [(|l| l.plain, 1.0, RED), (|l| l.corrected, 0.0, NAVY)];
    let mean = |of: fn(&PerfectLoss) -> Scatter, known: f64, deviations: f64| {
        curve(levels, |l| of(l).mean - known * l.known + deviations * of(l).deviation())
    };
    for (of, known, colour) in series {
        panel.band(&mean(of, known, -1.0), &mean(of, known, 1.0), colour.alpha(0.25));
    }
    panel.curve(predicted, 1.2, GREY);
    for (of, known, colour) in series {
        let errors: Vec<f64> = levels.iter().map(|l| of(l).standard_error()).collect();
        let means = mean(of, known, 0.0);
        panel.error_bars(&means, &errors, colour).dots(&means, 2.2, colour);
    }
    let [sigma, mean] = curve(levels, |l| l.plain.mean - l.known)[0];
    let mean = format!("{mean:.0}").replace('-', "−");
    let first = format!("plain; its mean at $σ$ = {sigma} is {mean}");
    let corner = [0.2, 1.25 * deepest];
    panel
        .label([x.high(), y.high()], End([-10.0, 14.0]), RED, &first)
        .label(corner, Start([0.0, 0.0]), NAVY, "with control variate")
        .label(corner, Start([0.0, 16.0]), GREY, "curve: $-½I(q_σ)$")
        .label(corner, Start([0.0, 32.0]), GREY, "bands: ± one deviation")
        .label(corner, Start([0.0, 47.0]), GREY, "of the mean of a batch")
        .label(corner, Start([0.0, 63.0]), GREY, "bars: ± one standard error");
}
