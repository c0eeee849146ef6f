//! `noise_scales`: a density at four noise levels, its score and what one network has learned (T24).

use super::prelude::*;
use crate::{density::Density, matrix::Matrix};

/// Which of the ten levels are shown.
pub(super) const SHOWN: [usize; 4] = [0, 3, 6, 9];
/// Side of a panel, in pixels, and from one to the next.
const SIDE: f64 = 190.0;
const PITCH: [f64; 2] = [285.0, 246.0];
/// Contours, as shares of the highest density.
const CONTOURS: [f64; 4] = [0.1, 0.3, 0.55, 0.8];
/// Arrows along a side.
const ARROWS: usize = 15;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let (learned, _) = studio.shape(Shape::Pinwheel)?;
    let mut canvas = Canvas::new(1180, 556);
    let mut shares = Vec::new();
    for (column, level) in SHOWN.into_iter().enumerate() {
        let fit = learned.fit(learned.scales.sigmas()[level]);
        let smoothed = learned.density.smoothed(fit.sigma);
        // The arms end a little beyond 3; the noise takes them further.
        let limit = 3.2 + 1.4 * fit.sigma;
        let surface = Surface::density(Mesh::fine(limit, SIDE, 3), &smoothed);
        let arrows = Mesh::square(limit, ARROWS).points();
        let truth = smoothed.score(&arrows);
        let found: Matrix = learned.model.score_at(&arrows.cast(), fit.sigma).cast();
        let scale = ArrowScale::of(&truth, 0.92 * SIDE / ARROWS as f64);
        let share = format!("{} %", short(100.0 * fit.share()));
        for (row, field) in [&truth, &found].into_iter().enumerate() {
            let corner = [54.0 + PITCH[0] * column as f64, 64.0 + PITCH[1] * row as f64];
            let [x, y] =
                [if row == 1 { "$x_1$" } else { "" }, if column == 0 { "$x_2$" } else { "" }];
            let mut panel = Panel::plane(&mut canvas, corner, SIDE, limit);
            panel
                .heat(&surface, ColourScale::density(surface.highest).faded(0.28))
                .contours(&surface, &CONTOURS, 0.7, NAVY.alpha(0.35))
                .arrows(&arrows, field, scale)
                .labels("", x, y);
            if row == 0 {
                let title = format!("$σ = {}$", short(fit.sigma));
                let exact = "exact  $∇log q_σ$";
                panel.label([0.0, limit], Middle([0.0, -36.0]), INK, &title);
                panel.label([0.0, limit], Middle([0.0, -12.0]), INK, exact);
                let bar = Rect::new(corner[0] + SIDE + 10.0, corner[1], 8.0, SIDE);
                canvas.colour_bar(bar, ColourScale::magnitude(scale.full), "$‖ψ‖$");
            } else {
                let law = format!("learned, off by {share} of $½I(q_σ)$");
                panel.label([0.0, limit], Middle([0.0, -12.0]), INK, &law);
            }
        }
        shares.push(format!("{share} at σ = {}", short(fit.sigma)));
    }
    let finding =
        format!("½E‖ψ − ∇log q_σ‖² of one network, as a share of ½I(q_σ): {}", shares.join(", "));
    Ok(Picture { canvas, finding })
}

/// With as many digits as are read.
fn short(number: f64) -> String {
    if number < 1.0 { format!("{number:.2}") } else { format!("{number:.1}") }
}
