//! `identities`: every theorem on random instances, and every counterexample.

use crate::figure::{
    Error, Picture, Studio,
    tools::{Anchor, Axis, Canvas, Colour, GREEN, NAVY, OCHRE, Panel, Point, RED, Rect, VIOLET},
};
use crate::{
    identity::{self, Evidence, OldCheck},
    matrix::{Real, noise::Generator},
};
use rand::{RngExt, SeedableRng};

const INSTANCES: usize = 100;
/// Where residuals of 0 are drawn: they have no logarithm.
const BOTTOM: f64 = 1e-5;
/// Where the largest are drawn.
const TOP: f64 = 1e17;

#[expect(clippy::unnecessary_wraps, reason = "every figure has the same signature")]
pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut rng = Generator::seed_from_u64(studio.seed);
    let theorems = identity::all_old();
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for theorem in &theorems {
        for _ in 0..INSTANCES {
            // A little to the left and right, so that a hundred dots are not one.
            let x = f64::from(theorem.number) + rng.random_range(-0.3..0.3);
            let check = (theorem.check)(&mut rng);
            right.push((check.evidence, [x, height(&check)]));
            wrong.push([x, height(&(theorem.counterexample)(&mut rng))]);
        }
    }
    let of = |kind| -> Vec<Point> {
        right.iter().filter(|(evidence, _)| *evidence == kind).map(|(_, point)| *point).collect()
    };

    let last = theorems.iter().map(|t| t.number).max().unwrap_or(1);
    let mut canvas = Canvas::new(860, 470);
    let frame = Rect::new(62.0, 64.0, 660.0, 350.0);
    let x = Axis::linear(0.0, f64::from(last) + 1.0);
    let mut panel = Panel::new(&mut canvas, frame, x, Axis::log(BOTTOM / 4.0, TOP * 4.0));
    // Each kind is named at a height of its own.
    let kinds: [(Evidence, &str, Colour, f64); 4] = [
        (Evidence::MonteCarlo, "Monte Carlo", OCHRE, 2e-1),
        (Evidence::Quadrature, "quadrature", GREEN, 1e-2),
        (Evidence::Rounding, "rounding", NAVY, 5e-4),
        (Evidence::Exact, "exact", VIOLET, 2.5e-5),
    ];
    panel
        .labels(
            &format!("{} theorems and their counterexamples", theorems.len()),
            "number of the theorem",
            "residual / tolerance",
        )
        .horizontal(1.0, "")
        .dots(&wrong, 1.6, RED.alpha(0.35));
    let place = |y: f64| [f64::from(last) + 1.0, y];
    for (kind, name, colour, y) in kinds {
        let dots = of(kind);
        if !dots.is_empty() {
            panel.dots(&dots, 1.6, colour.alpha(0.5));
            panel.label(place(y), Anchor::Start([12.0, 0.0]), colour, name);
        }
    }
    panel.label(place(1e8), Anchor::Start([12.0, 0.0]), RED, "counterexamples");

    let worst = right.iter().map(|(_, p)| p[1]).fold(0.0, f64::max);
    let nearest = wrong.iter().map(|p| p[1]).fold(f64::INFINITY, f64::min);
    let finding = format!(
        "{} theorems × {INSTANCES} instances: residuals at most {worst:.2} of their tolerance, \
         counterexamples at least {nearest:.0} of it",
        theorems.len()
    );
    Ok(Picture { canvas, finding })
}

/// Residual over tolerance, within what the axis shows. Where the tolerance is 0 the unit roundoff
/// stands for it.
fn height(check: &OldCheck) -> f64 {
    let tolerance = check.tolerance.max(f64::UNIT_ROUNDOFF);
    (check.residual / tolerance).clamp(BOTTOM, TOP)
}
