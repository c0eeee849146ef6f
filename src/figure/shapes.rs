//! `shapes`: densities in the plane, and what annealed Langevin dynamics draws of them.

use super::{
    Error, Picture, Studio,
    axis::Axis,
    canvas::Canvas,
    field::Lattice,
    palette::{ColourScale, NAVY, RED},
    panel::Panel,
    raster::{Point, Rect},
    studio::Shape,
};
use crate::{array::Array, density::Density, experiment::sampled_shapes::SAMPLES, matrix::Matrix};

/// Half the side of the square that is shown.
const LIMIT: f64 = 4.0;
/// Side of a panel, in pixels.
const SIDE: f64 = 250.0;
/// Cells of heat along a side: one for each logical pixel, finer than the eye asks of a smooth field.
const CELLS: usize = 250;
/// Contours, as shares of the highest density.
const LEVELS: [f64; 3] = [0.1, 0.4, 0.7];
/// Dots that are shown.
const SHOWN: usize = 2500;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let heat = Lattice::square(LIMIT, CELLS);
    let axis = Axis::linear(-LIMIT, LIMIT);
    let mut canvas = Canvas::new(950, 704);
    let mut findings = Vec::new();
    for (place, shape) in Shape::ALL.into_iter().enumerate() {
        let (learned, sampled) = studio.shape(shape)?;
        let density = learned.density.log_density(&heat.points()).exp();
        let highest = density.data().iter().copied().fold(0.0, f64::max);
        let levels = LEVELS.map(|share| share * highest);
        let frame =
            |row: f64| Rect::new(58.0 + 300.0 * place as f64, 52.0 + 346.0 * row, SIDE, SIDE);
        Panel::new(&mut canvas, frame(0.0), axis, axis)
            .heat(&heat, density.data(), ColourScale::density(highest))
            .labels(&format!("{}  $q$", shape.name()), "$x_1$", "$x_2$");
        let (found, fresh) = (sampled.discrepancy, sampled.fresh_discrepancy);
        let title = format!("MMD {found:.3}  (fresh: {fresh:.3})");
        Panel::new(&mut canvas, frame(1.0), axis, axis)
            .contours(&heat, density.data(), &levels, 0.7, NAVY.alpha(0.5))
            .dots(&dots(&sampled.descent.samples), 1.2, RED.alpha(0.45))
            .labels(&title, "$x_1$", "$x_2$");
        let extremes = sampled
            .shares
            .iter()
            .fold((1.0_f64, 0.0_f64), |(low, high), &share| (low.min(share), high.max(share)));
        let k = sampled.shares.len();
        findings.push(format!(
            "{}: {SAMPLES} samples, MMD {found:.4} to fresh ones ({fresh:.4} between \
             fresh ones), shares of the {k} components {:.3} to {:.3} (each 1/{k} = {:.3})",
            shape.name(),
            extremes.0,
            extremes.1,
            1.0 / k as f64
        ));
    }
    Ok(Picture { canvas, finding: findings.join("\n  ") })
}

/// The first samples that lie inside the frame.
fn dots(samples: &Matrix) -> Vec<Point> {
    let points = (0..SHOWN).map(|i| [samples.at(i, 0), samples.at(i, 1)]);
    points.filter(|point| point.iter().all(|c| c.abs() < LIMIT)).collect()
}
