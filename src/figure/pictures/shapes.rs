//! `shapes`: densities in the plane, and what annealed Langevin dynamics draws of them.

use super::prelude::*;
use crate::{experiment::sampled_shapes::SAMPLES, statistics::Scatter};

/// Half the side of the square that is shown.
const LIMIT: f64 = 4.0;
/// Side of a panel, in pixels.
const SIDE: f64 = 250.0;
/// Contours, as shares of the highest density.
const LEVELS: [f64; 3] = [0.1, 0.4, 0.7];
/// Dots that are shown.
const SHOWN: usize = 2500;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut canvas = Canvas::new(950, 704);
    let mut findings = Vec::new();
    for (place, shape) in Shape::ALL.into_iter().enumerate() {
        let (learned, sampled) = studio.shape(shape)?;
        let surface = Surface::density(Mesh::fine(LIMIT, SIDE, 1), &learned.density);
        let left = 58.0 + 300.0 * place as f64;
        Panel::plane(&mut canvas, [left, 52.0], SIDE, LIMIT)
            .heat(&surface, ColourScale::density(surface.highest))
            .labels(&format!("{}  $q$", shape.name()), "$x_1$", "$x_2$");
        let discrepancies = [sampled.discrepancy, sampled.fresh_discrepancy];
        let [found, fresh] = discrepancies.map(|values| spread(values, 3));
        let (title, other) = (format!("MMD {found}"), format!("between fresh samples {fresh}"));
        Panel::plane(&mut canvas, [left, 398.0], SIDE, LIMIT)
            .contours(&surface, &LEVELS, 0.7, NAVY.alpha(0.5))
            .dots(&points(&sampled.descent.samples)[..SHOWN], 1.2, RED.alpha(0.45))
            .labels(&title, "$x_1$", "$x_2$")
            .label([0.0, LIMIT], Middle([0.0, -15.0]), INK, &other);
        let [found, fresh] = discrepancies.map(|values| spread(values, 4));
        let [least, most] = extremes(sampled.shares.iter().copied());
        let k = sampled.shares.len();
        findings.push(format!(
            "{}: {SAMPLES} samples, MMD {found} to fresh ones ({fresh} between \
             fresh ones), shares of the {k} components {least:.3} to {most:.3} (each 1/{k} = {:.3})",
            shape.name(),
            1.0 / k as f64
        ));
    }
    Ok(Picture { canvas, finding: findings.join("\n  ") })
}

/// The mean with this number of decimals, ± the deviation of one value.
fn spread(values: Scatter, decimals: usize) -> String {
    format!("{:.decimals$} ± {:.decimals$}", values.mean, values.deviation())
}
