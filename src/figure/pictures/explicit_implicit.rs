//! `explicit_implicit`: ESM and ISM along a line in θ (T2).

use super::prelude::*;
use crate::experiment::{
    ObjectivesOnALine,
    objectives_on_a_line::{ENDS, Objectives, POINTS},
};

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    Ok(picture(&ObjectivesOnALine::run(studio.seed)?))
}

pub(super) fn picture(line: &ObjectivesOnALine) -> Picture {
    let curve = |of: fn(&Objectives) -> f64| -> Vec<Point> {
        line.points.iter().map(|p| [p.t, of(p)]).collect()
    };
    let (esm, ism) = (curve(|p| p.explicit), curve(|p| p.implicit));
    let residual = curve(|p| p.residual / f64::EPSILON);
    let least = |curve: &[Point]| curve.iter().copied().min_by(|a, b| a[1].total_cmp(&b[1]));
    let (best_esm, best_ism) = (least(&esm).unwrap_or_default(), least(&ism).unwrap_or_default());

    let mut canvas = Canvas::new(560, 560);
    let x = Axis::linear(ENDS[0], ENDS[1]);
    let y = Axis::linear_around(ism.iter().chain(&esm).map(|p| p[1]));
    let mut panel = Panel::new(&mut canvas, Rect::new(62.0, 64.0, 400.0, 300.0), x, y);
    panel
        .labels("One objective, moved by a constant", "", "objective")
        .vertical(best_esm[0], "one minimiser")
        .horizontal(0.0, "")
        .curve(&ism, 1.8, NAVY)
        .curve(&esm, 1.8, RED);
    // The gap, where it does not meet the dashed lines.
    for i in [POINTS / 8, 2 * POINTS / 5, 6 * POINTS / 7] {
        panel.curve(&[ism[i], esm[i]], 1.0, INK);
        let middle = [esm[i][0], 0.5 * (ism[i][1] + esm[i][1])];
        // On the left the curves fall to the right, and would touch the name there.
        let side = if i == POINTS / 8 { End([-5.0, 0.0]) } else { Start([5.0, 0.0]) };
        panel.label(middle, side, INK, "½$I(q)$");
    }
    panel
        .circles(&[best_esm], 3.6, RED)
        .circles(&[best_ism], 3.6, NAVY)
        .label(esm[POINTS - 1], Start([8.0, 0.0]), RED, "explicit")
        .label(ism[POINTS - 1], Start([8.0, 0.0]), NAVY, "implicit");

    let largest = residual.iter().map(|r| r[1].abs()).fold(0.0, f64::max);
    let span = largest.max(1.0) * 1.2;
    Panel::new(&mut canvas, Rect::new(62.0, 414.0, 400.0, 90.0), x, Axis::linear(-span, span))
        .labels(
            "",
            "place on the line from the first parameters (0) to the trained ones (1)",
            "(ESM − ISM − ½$I(q)$) / Σ|terms| / machine epsilon",
        )
        .curve(&[[ENDS[0], 0.0], [ENDS[1], 0.0]], 1.0, GREY)
        .dots(&residual, 1.8, NAVY.alpha(0.5));

    let finding = format!(
        "along the line ESM − ISM is ½I(q) = {:.4} to {largest:.1} machine epsilons; least at t = \
         {:.3} (ESM {:.4}) and {:.3} (ISM {:.4})",
        line.half_information, best_esm[0], best_esm[1], best_ism[0], best_ism[1]
    );
    Picture { canvas, finding }
}
