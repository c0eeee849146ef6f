//! `equivalence`: DSM against DAE/(2σ⁴) over random models (T10).

use super::prelude::*;
use crate::identity::denoising_autoencoder::{Instance, equivalence};
use rand::RngExt;

const MODELS: usize = 500;
/// Half the height of the panel of differences, in machine epsilons.
const SPAN: f64 = 8.0;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut rng = studio.generator();
    let sides: Vec<Point> = (0..MODELS)
        .map(|_| {
            let shape = [(); 3].map(|()| rng.random_range(1..=8));
            let [dsm, dae] = equivalence(&Instance::random(shape.into(), &mut rng));
            [dae[0].item(), dsm[0].item()]
        })
        .collect();
    let residuals: Vec<Point> =
        sides.iter().map(|&[dae, dsm]| [dae, (dsm - dae) / dae / f64::EPSILON]).collect();
    let largest = residuals.iter().map(|r| r[1].abs()).fold(0.0, f64::max);

    let mut canvas = Canvas::new(450, 640);
    let axis = Axis::log_around(sides.iter().map(|s| s[0]));
    let ends = [axis.low(), axis.high()].map(|v| [v, v]);
    Panel::new(&mut canvas, Rect::new(72.0, 64.0, 340.0, 340.0), axis, axis)
        .labels(
            &format!("One number, two code paths: {MODELS} random models"),
            "",
            "DSM, from the energy",
        )
        .curve(&ends, 1.0, GREY)
        .dots(&sides, 2.0, RED.alpha(0.4));
    // A few models, whose terms nearly cancel, are many roundings off: they stand at the edge.
    let (inside, beyond): (Vec<Point>, Vec<Point>) =
        residuals.iter().partition(|r| r[1].abs() < SPAN);
    let mut panel = Panel::new(
        &mut canvas,
        Rect::new(72.0, 454.0, 340.0, 130.0),
        axis,
        Axis::linear(-SPAN, SPAN),
    );
    for &[x, y] in &beyond {
        let at = [x, (SPAN - 1.2) * y.signum()];
        panel.circles(&[at], 2.8, NAVY).label(at, Start([6.0, 0.0]), NAVY, &format!("{y:.0}"));
    }
    panel
        .labels(
            "",
            "DAE$/(2σ^4)$, from the reconstruction",
            "relative difference / machine epsilon",
        )
        .curve(&[[axis.low(), 0.0], [axis.high(), 0.0]], 1.0, GREY)
        .dots(&inside, 2.0, NAVY.alpha(0.4));

    let finding = format!(
        "DSM and DAE/(2σ⁴) of {MODELS} random models differ by at most {largest:.1} machine epsilons, \
         all but {} by less than {SPAN}",
        beyond.len()
    );
    Ok(Picture { canvas, finding })
}
