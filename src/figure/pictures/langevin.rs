//! `langevin`: ascent, Langevin and the Metropolis-adjusted chain from one start (T21, T22).

use super::prelude::*;
use crate::{
    array::Array,
    density::Density,
    experiment::{
        PinwheelChains,
        chains::{CHAINS, LINE, LONG, START},
    },
};

/// Half the width of the plane that is shown, and the width of a panel in pixels.
const LIMIT: f64 = 4.6;
const SIDE: f64 = 300.0;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    Ok(picture(&PinwheelChains::run(studio.seed)?))
}

pub(super) fn picture(run: &PinwheelChains) -> Picture {
    let surface = Surface::density(Mesh::fine(LIMIT, SIDE, 1), &run.density);
    let mut canvas = Canvas::new(1060, 410);
    let titles = [
        "Ascent, $x ← x + (ε/2)∇log p$".to_owned(),
        "Langevin, $x ← x + (ε/2)∇log p + √ε z$".to_owned(),
        format!("Metropolis-adjusted, {:.0} % accepted", 100.0 * run.acceptance),
    ];
    for (k, (path, title)) in run.paths.iter().zip(&titles).enumerate() {
        let mut panel = Panel::plane(&mut canvas, [48.0 + 340.0 * k as f64, 56.0], SIDE, LIMIT);
        panel
            .labels(title, "$x_1$", "$x_2$")
            .heat(&surface, ColourScale::density(surface.highest).faded(0.45))
            .curve(path, 0.4, NAVY.alpha(0.35))
            .dots(&path[1..], 1.5, RED.alpha(0.5))
            .contours(&surface, &[LINE], 1.2, NAVY)
            .dots(&[START], 4.2, WHITE)
            .dots(&[START], 3.2, INK);
        if k > 0 {
            let found = run.outside[k - 1];
            let error = (found * (1.0 - found) / CHAINS as f64).sqrt();
            let exact = run.outside[2];
            let text = format!("{found:.3} ± {error:.3} outside the line; of $p$ {exact:.3}");
            panel.label([0.0, LIMIT], Middle([0.0, -15.0]), INK, &text);
        } else {
            let last = path[path.len() - 1];
            panel.circles(&[last], 4.0, RED).label(last, Start([27.0, 0.0]), INK, "a mode");
        }
    }
    let [[low, high], [least, most]] =
        [&run.plain, &run.adjusted].map(|shares| extremes(shares.data().iter().copied()));
    let [plain, adjusted, exact] = run.outside;
    let finding = format!(
        "ascent ends at ({:.3}, {:.3}) with |∇log p| = {:.0e}; after {LONG} steps of {CHAINS} chains \
         the five arms have {low:.3} to {high:.3} each, adjusted {least:.3} to {most:.3}; outside the \
         line are {plain:.3}, adjusted {adjusted:.3}, and {exact:.3} of p",
        run.mode.at(0, 0),
        run.mode.at(0, 1),
        run.density.score(&run.mode).squared_norm().item().sqrt(),
    );
    Picture { canvas, finding }
}
