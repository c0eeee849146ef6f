//! `training`: the loss curve, by two code paths.

use super::prelude::*;
use crate::experiment::digits::{CurvePoint, Loss};

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let run = studio.digits()?;
    // The axis is logarithmic: epoch 0 is left out.
    let curve = &run.curve[1..];
    let last = curve[curve.len() - 1];
    let mut canvas = Canvas::new(560, 356);
    losses(&mut canvas, curve, run.linear, run.floor);

    let gap = |loss: &Loss| (loss.denoising / loss.reconstruction - 1.0).abs();
    let largest =
        run.curve.iter().flat_map(|p| [gap(&p.training), gap(&p.held_out)]).fold(0.0, f64::max);
    let finding = format!(
        "DSM {:.1} in training, {:.1} held out, {:.1} for the best linear denoiser; noise floor of \
         the training sample {:.1}; DSM and DAE/(2σ⁴) differ by at most {largest:.1e} relatively",
        last.training.denoising, last.held_out.denoising, run.linear, run.floor
    );
    Ok(Picture { canvas, finding })
}

/// Down to this loss, a round number below all that is reached: near the end there are then ticks.
const BOTTOM: f64 = 100.0;

/// Both losses against the epochs, on both sets.
pub(super) fn losses(canvas: &mut Canvas, curve: &[CurvePoint], linear: f64, floor: f64) {
    let points = |of: fn(&CurvePoint) -> f64| -> Vec<Point> {
        curve.iter().map(|point| [point.epoch, of(point)]).collect()
    };
    let training = points(|p| p.training.denoising);
    let held_out = points(|p| p.held_out.denoising);
    let every_third =
        |points: Vec<Point>| -> Vec<Point> { points.into_iter().step_by(3).collect() };
    let training_dae = every_third(points(|p| p.training.reconstruction));
    let held_out_dae = every_third(points(|p| p.held_out.reconstruction));
    let last = curve[curve.len() - 1];

    let frame = Rect::new(62.0, 64.0, 400.0, 236.0);
    let x = Axis::log_around(curve.iter().map(|p| p.epoch));
    let y =
        Axis::log_around(training.iter().chain(&held_out).map(|p| p[1]).chain([linear, BOTTOM]));
    let floor = format!("noise floor in training: {floor:.0}, far below");
    let [held_out_end, training_end] = [("held out", last.held_out), ("training", last.training)]
        .map(|(name, loss)| format!("{name} {:.0}", loss.denoising));
    let top = y.high() * 0.8;
    Panel::new(canvas, frame, x, y)
        .labels("Two code paths, one loss", "epoch", "loss")
        .horizontal(linear, &format!("best linear denoiser, on the held-out digits: {linear:.0}"))
        .curve(&held_out, 1.6, RED)
        .curve(&training, 1.6, NAVY)
        .circles(&held_out_dae, 4.4, RED)
        .circles(&training_dae, 2.8, NAVY)
        .label([4.0, top], Start([0.0, 4.0]), INK, "lines: DSM, from the energy")
        .label(
            [4.0, top],
            Start([0.0, 22.0]),
            INK,
            "circles: DAE$/(2σ^4)$, from the reconstruction",
        )
        .label([4.0, top], Start([0.0, 40.0]), INK, &floor)
        .label([last.epoch, last.held_out.denoising], Start([24.0, -5.0]), RED, &held_out_end)
        .label([last.epoch, last.training.denoising], Start([24.0, 6.0]), NAVY, &training_end);
}
