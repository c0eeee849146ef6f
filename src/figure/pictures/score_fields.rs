//! `score_fields`: the score of the pinwheel, and what five objectives have learned of it.

use super::prelude::*;
use crate::{
    density::Density,
    experiment::pinwheel::{Method, SIGMA},
    matrix::Matrix,
};

/// Half the side of the square that is shown.
const LIMIT: f64 = 3.3;
/// Side of a panel, in pixels.
const SIDE: f64 = 230.0;
/// Contours, as shares of the highest density.
const LEVELS: [f64; 4] = [0.1, 0.3, 0.55, 0.8];
/// Arrows along a side.
const ARROWS: usize = 17;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let run = studio.pinwheel()?;
    let surface = Surface::density(Mesh::fine(LIMIT, SIDE, 3), &run.density);
    let arrows = Mesh::square(LIMIT, ARROWS).points();
    let truth = run.density.score(&arrows);
    let scale = ArrowScale::of(&truth, 0.92 * SIDE / ARROWS as f64);
    let blues = ColourScale::density(surface.highest).faded(0.28);

    let mut canvas = Canvas::new(930, 680);
    let mut panel = |place: usize, title: &str, note: &str, field: &Matrix| {
        let (column, row) = ((place % 3) as f64, (place / 3) as f64);
        Panel::plane(&mut canvas, [54.0 + 280.0 * column, 66.0 + 320.0 * row], SIDE, LIMIT)
            .heat(&surface, blues)
            .contours(&surface, &LEVELS, 0.7, NAVY.alpha(0.35))
            .arrows(&arrows, field, scale)
            .labels(title, "$x_1$", "$x_2$")
            .label([0.0, LIMIT], Middle([0.0, -13.0]), INK, note);
    };
    panel(0, "true score  $∇log q(x)$", "", &truth);
    let mut table = format!(
        "half the Fisher divergence, ½F = ½E‖ψ − ∇log q‖², as a share of ½I (σ = {SIGMA}):"
    );
    for (i, fit) in run.fits.iter().enumerate() {
        let percent = 100.0 * fit.share();
        let law = if fit.method.denoises() { "_σ" } else { "" };
        let note = format!("$½F$ = {:.2}, {percent:.1} % of $½I(q{law})$", fit.divergence);
        panel(i + 1, &title(fit.method), &note, &fit.model.score(&arrows));
        let (name, law) = (fit.method.name(), law.trim_start_matches('_'));
        let (divergence, scale) = (fit.divergence, fit.scale);
        let row = format!("{name:26} {divergence:.3} of ½I(q{law}) = {scale:.3}: {percent:.1} %");
        table.extend(["\n  ", &row]);
    }
    let bar = Rect::new(868.0, 66.0, 10.0, SIDE);
    canvas.colour_bar(bar, ColourScale::magnitude(scale.full), "$‖ψ‖$");
    canvas.colour_bar(Rect::new(868.0, 386.0, 10.0, SIDE), blues, "$q$");
    Ok(Picture { canvas, finding: table })
}

/// With the noise, where a method needs some.
fn title(method: Method) -> String {
    let name = match method {
        Method::Explicit => "explicit, from the score",
        Method::Implicit => "implicit, exact trace",
        Method::Sliced => "sliced, one direction",
        Method::Denoising => "denoising",
        Method::Controlled => "denoising, control variate",
    };
    if method.denoises() { format!("{name}, $σ = {SIGMA}$") } else { name.to_owned() }
}
