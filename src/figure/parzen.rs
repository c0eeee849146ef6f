//! `parzen`: what an unlimited model learns from thirty points, at three noise levels (T17).

use super::{
    Error, Picture, Studio,
    axis::Axis,
    canvas::Canvas,
    field::{ArrowScale, Lattice},
    palette::{ColourScale, NAVY, RED, WHITE},
    panel::Panel,
    raster::{Point, Rect},
};
use crate::{
    array::Array,
    density::{Density, KernelEstimate, shapes},
    matrix::noise::Generator,
    quadrature::Rule,
};
use rand::SeedableRng;

/// The size of the sample, and the noise levels with what happens there.
const POINTS: usize = 30;
const LEVELS: [(f64, &str); 3] = [(0.12, "memory"), (0.4, "a compromise"), (1.2, "blur")];
/// Half the width of the plane that is shown, and the width of a panel in pixels.
const LIMIT: f64 = 3.4;
const SIDE: usize = 290;
/// Arrows a side.
const ARROWS: usize = 17;
/// Contours, as shares of the highest density.
const CONTOURS: [f64; 4] = [0.08, 0.3, 0.55, 0.8];

#[expect(clippy::unnecessary_wraps, reason = "every figure has the same signature")]
pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let q = shapes::two_moons();
    let points = q.sample(POINTS, &mut Generator::seed_from_u64(studio.seed));
    let dots: Vec<Point> = (0..POINTS).map(|i| [points.at(i, 0), points.at(i, 1)]).collect();
    let (fine, coarse) = (Lattice::square(LIMIT, SIDE), Lattice::square(LIMIT, ARROWS));
    // The smoothed density ends within ±9 at every level, and its score has no finer feature than σ².
    let grid = Rule::trapezoid(-9.0, 9.0, 450).squared();
    let mut canvas = Canvas::new(1060, 410);
    let (axis, side) = (Axis::linear(-LIMIT, LIMIT), SIDE as f64);
    let mut found = Vec::new();
    for (k, (sigma, name)) in LEVELS.into_iter().enumerate() {
        let estimate = KernelEstimate { points: points.clone(), sigma };
        let heat = estimate.log_density(&fine.points()).exp();
        let highest = heat.data().iter().copied().fold(0.0, f64::max);
        let score = estimate.score(&coarse.points());
        // How far the score of the sample is from that of the density it was drawn from.
        let smoothed = q.smoothed(sigma);
        let rule = smoothed.rule(&grid);
        let apart = (estimate.score(&rule.nodes) - smoothed.score(&rule.nodes)).squared_norm();
        let share = rule.integrate(&apart) / smoothed.fisher_information(&rule);

        let left = 52.0 + k as f64 * (side + 50.0);
        Panel::new(&mut canvas, Rect::new(left, 56.0, side, side), axis, axis)
            .labels(&format!("$σ = {sigma}$: {name}"), "$x_1$", "$x_2$")
            .heat(&fine, heat.data(), ColourScale::density(highest).faded(0.6))
            .contours(&fine, heat.data(), &CONTOURS.map(|c| c * highest), 0.8, NAVY.alpha(0.6))
            .arrows(&coarse.points(), &score, ArrowScale::of(&score, 14.0))
            .dots(&dots, 4.0, WHITE)
            .dots(&dots, 2.8, RED);
        found.push(format!("{:.0} % at σ = {sigma}", 100.0 * share));
    }
    let finding = format!(
        "the score of {POINTS} points is off that of the density they came from, smoothed alike, by \
         {} of its Fisher information",
        found.join(", ")
    );
    Ok(Picture { canvas, finding })
}
