//! `annealing`: particles flow to the pinwheel as σ falls.

use super::prelude::*;
use crate::{
    experiment::sampled_shapes::STEPS_PER_LEVEL,
    matrix::{Matrix, noise::Generator},
};
use rand::SeedableRng;

/// Half the side of the square that is shown.
const LIMIT: f64 = 6.0;
/// Side of the panel, in pixels.
const SIDE: f64 = 330.0;
/// Contours, as shares of the highest density.
const LEVELS: [f64; 3] = [0.05, 0.3, 0.7];
/// Particles.
const PARTICLES: usize = 500;
/// Frames for each level.
const FRAMES: usize = 4;
/// Frames for which the end stays.
const REST: usize = 8;
/// How long a frame stays, in milliseconds.
const DELAY: u32 = 100;

pub(super) fn draw(studio: &Studio) -> Result<Motion, Error> {
    let (learned, _) = studio.shape(Shape::Pinwheel)?;
    let mut rng = Generator::seed_from_u64(studio.seed.wrapping_add(2));
    let flow = learned.descend(PARTICLES, STEPS_PER_LEVEL / FRAMES, &mut rng)?;
    let sigmas = learned.scales.sigmas();
    let mesh = Mesh::fine(LIMIT, SIDE);

    let mut film = Film::new(400, 424, DELAY);
    let smoothed = |&sigma: &f64| Surface::density(mesh, &learned.density.smoothed(sigma));
    let densities: Vec<Surface> = sigmas.iter().map(smoothed).collect();
    let mut frame = |level: usize, share: f64, x: &Matrix| {
        film.frame(|canvas| {
            let inside = |point: &Point| point.iter().all(|c| c.abs() < LIMIT);
            let dots: Vec<Point> = points(x).into_iter().filter(inside).collect();
            Panel::plane(canvas, [46.0, 40.0], SIDE, LIMIT)
                .contours(&densities[level], &LEVELS, 0.8, NAVY.alpha(0.5))
                .dots(&dots, 1.7, RED);
            mark(canvas, sigmas[level], share);
        });
    };
    let total = flow.states.len() as f64;
    for (i, x) in flow.states.iter().enumerate() {
        frame(i / FRAMES, (i + 1) as f64 / total, x);
    }
    for _ in 0..REST {
        frame(sigmas.len() - 1, 1.0, &flow.samples);
    }
    let finding = format!(
        "{PARTICLES} particles, {} levels from σ = {} to {}, {STEPS_PER_LEVEL} steps on each",
        sigmas.len(),
        sigmas[0],
        learned.scales.smallest()
    );
    Ok(Motion { film, finding })
}

/// σ, and how much of the way is done.
fn mark(canvas: &mut Canvas, sigma: f64, share: f64) {
    let bar = Rect::new(150.0, 17.0, 226.0, 5.0);
    canvas.text(Start([46.0, 20.0]), 13.0, INK, &format!("$σ$ = {sigma:.2}"));
    canvas.outline(bar, 0.8, GREY);
    canvas.rectangle(Rect { width: bar.width * share, ..bar }, NAVY);
}
