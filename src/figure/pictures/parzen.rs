//! `parzen`: what an unlimited model learns from thirty points, at three noise levels (T17).

use super::prelude::*;
use crate::{
    array::Array,
    density::{Density, KernelEstimate, Mixture, shapes},
    matrix::Matrix,
    quadrature::Rule,
};

/// The size of the sample, and the noise levels with what happens there.
const POINTS: usize = 30;
pub(super) const LEVELS: [(f64, &str); 3] =
    [(0.12, "memory"), (0.4, "a compromise"), (1.2, "blur")];
/// Half the width of the plane that is shown, and the width of a panel in pixels.
const LIMIT: f64 = 3.4;
const SIDE: f64 = 290.0;
/// Arrows a side.
const ARROWS: usize = 17;
/// Contours, as shares of the highest density.
const CONTOURS: [f64; 4] = [0.08, 0.3, 0.55, 0.8];

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let q = shapes::two_moons();
    let sample = q.sample(POINTS, &mut studio.generator());
    let mut canvas = Canvas::new(1060, 424);
    panels(&mut canvas, &sample);
    let found = LEVELS.map(|(sigma, _)| {
        let share = apart(&q, &KernelEstimate { points: sample.clone(), sigma });
        format!("{:.0} % at σ = {sigma}", 100.0 * share)
    });
    let finding = format!(
        "the score of {POINTS} points is off that of the density they came from, smoothed alike, by \
         {} of its Fisher information",
        found.join(", ")
    );
    Ok(Picture { canvas, finding })
}

/// The estimate and its score at each level, with the sample.
pub(super) fn panels(canvas: &mut Canvas, sample: &Matrix) {
    let dots = points(sample);
    let arrows = Mesh::square(LIMIT, ARROWS).points();
    for (k, (sigma, name)) in LEVELS.into_iter().enumerate() {
        let estimate = KernelEstimate { points: sample.clone(), sigma };
        let surface = Surface::density(Mesh::fine(LIMIT, SIDE, 2), &estimate);
        let score = estimate.score(&arrows);
        let scale = ArrowScale::of(&score, 14.0);
        let note = format!("darkest arrows: $‖∇log q_σ‖$ ≥ {}", two_digits(scale.full));
        Panel::plane(canvas, [52.0 + k as f64 * (SIDE + 50.0), 70.0], SIDE, LIMIT)
            .labels(&format!("$σ = {sigma}$: {name}"), "$x_1$", "$x_2$")
            .heat(&surface, ColourScale::density(surface.highest).faded(0.45))
            .contours(&surface, &CONTOURS, 0.8, NAVY.alpha(0.6))
            .arrows(&arrows, &score, scale)
            .label([0.0, LIMIT], Middle([0.0, -13.0]), INK, &note)
            .dots(&dots, 2.4, WHITE)
            .dots(&dots, 1.7, RED);
    }
}

/// How far the score of the sample is from that of the density it was drawn from, as a share of the
/// Fisher information.
fn apart(q: &Mixture, estimate: &KernelEstimate) -> f64 {
    // The smoothed density ends within ±9 at every level, and its score has no finer feature than σ².
    let smoothed = q.smoothed(estimate.sigma);
    let rule = smoothed.rule(&Rule::trapezoid(-9.0, 9.0, 450).squared());
    let gap = (estimate.score(&rule.nodes) - smoothed.score(&rule.nodes)).squared_norm();
    rule.integrate(&gap) / smoothed.fisher_information(&rule)
}
