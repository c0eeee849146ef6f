//! `annealing`: particles flow to the pinwheel as σ falls.

use super::prelude::*;
use crate::{
    experiment::sampled_shapes::STEPS_PER_LEVEL,
    matrix::{Matrix, noise::Generator},
};
use rand::SeedableRng;

/// Half the side of the square that is shown.
pub(super) const LIMIT: f64 = 4.5;
/// Side of the panel, in pixels.
const SIDE: f64 = 440.0;
/// Contours, as shares of the highest density.
const LEVELS: [f64; 3] = [0.05, 0.3, 0.7];
/// Particles.
pub(super) const PARTICLES: usize = 500;
/// Frames for each level.
pub(super) const FRAMES: usize = 4;
/// How long a frame stays, in milliseconds.
const DELAY: u32 = 100;
/// How long the last one does.
const REST: u32 = 2500;

pub(super) fn draw(studio: &Studio) -> Result<Motion, Error> {
    let (learned, _) = studio.shape(Shape::Pinwheel)?;
    let mut rng = Generator::seed_from_u64(studio.seed.wrapping_add(2));
    let flow = learned.descend(PARTICLES, STEPS_PER_LEVEL / FRAMES, &mut rng)?;
    let sigmas = learned.scales.sigmas();
    let mesh = Mesh::fine(LIMIT, SIDE, 2);

    let mut film = Film::new(520, 544, DELAY);
    let smoothed = |&sigma: &f64| Surface::density(mesh, &learned.density.smoothed(sigma));
    let densities: Vec<Surface> = sigmas.iter().map(smoothed).collect();
    let mut frame = |level: usize, name: &str, share: f64, x: &Matrix| {
        film.frame(|canvas| {
            let inside = |point: &Point| point.iter().all(|c| c.abs() < LIMIT);
            let dots: Vec<Point> = points(x).into_iter().filter(inside).collect();
            Panel::plane(canvas, [46.0, 40.0], SIDE, LIMIT)
                .contours(&densities[level], &LEVELS, 0.8, NAVY.alpha(0.5))
                .dots(&dots, 1.7, RED)
                .labels("", "$x_1$", "$x_2$");
            mark(canvas, name, share);
        });
    };
    let total = flow.states.len() as f64;
    for (i, x) in flow.states.iter().enumerate() {
        let level = i / FRAMES;
        frame(level, &format!("$σ$ = {:.2}", sigmas[level]), (i + 1) as f64 / total, x);
    }
    frame(sigmas.len() - 1, "denoised", 1.0, &flow.samples);
    film.rest(REST);
    let finding = format!(
        "{PARTICLES} particles, {} levels from σ = {} to {}, {STEPS_PER_LEVEL} steps on each",
        sigmas.len(),
        sigmas[0],
        learned.scales.smallest()
    );
    Ok(Motion { film, finding })
}

/// Where on the way this is, by its name and by how much of it is done.
fn mark(canvas: &mut Canvas, name: &str, share: f64) {
    let bar = Rect::new(166.0, 17.0, 320.0, 5.0);
    canvas.text(Start([78.0, 20.0]), 13.0, INK, name);
    canvas.outline(bar, 0.8, GREY);
    canvas.rectangle(Rect { width: bar.width * share, ..bar }, NAVY);
}
