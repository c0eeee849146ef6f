//! `tweedie`: where the best denoiser sends corrupted points, and what it cannot know (T16).

use super::prelude::*;
use crate::{
    array::Array,
    corruption::corrupt,
    density::{Density, shapes},
    identity::tweedie::tweedie_moments,
    matrix::{Matrix, noise::standard_normal},
};
use std::f64::consts::TAU;

/// The noise.
pub(super) const SIGMA: f64 = 0.5;
/// Corrupted points in the left panel.
const POINTS: usize = 80;
/// Half the width of the plane that is shown, and the width of a panel in pixels.
const LIMIT: f64 = 3.35;
const SIDE: f64 = 360.0;
/// Corrupted points in the right panel: outside, on a moon, and between the two.
pub(super) const CHOSEN: [Point; 8] = [
    [-0.8, 2.4],
    [-2.9, -1.2],
    [0.15, 0.3],
    [0.9, 0.45],
    [-0.95, 0.1],
    [2.4, 1.6],
    [1.2, -2.4],
    [0.35, -1.0],
];

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let q = shapes::two_moons();
    let smoothed = q.smoothed(SIGMA);
    let mut rng = studio.generator();
    let clean = q.sample(POINTS, &mut rng);
    let noisy = corrupt(&clean, &standard_normal(POINTS, 2, &mut rng), SIGMA);
    let restored = smoothed.score(&noisy) * (SIGMA * SIGMA) + &noisy;
    let loss = |x: &Matrix| (x.clone() - &clean).squared_norm().mean().item();

    let surface = Surface::density(Mesh::fine(LIMIT, SIDE, 1), &q);
    let mut canvas = Canvas::new(860, 470);
    let mut panel = |left: f64, title: &str, sticks: &dyn Fn(&mut Panel)| {
        let mut panel = Panel::plane(&mut canvas, [left, 56.0], SIDE, LIMIT);
        panel.labels(title, "$x_1$", "$x_2$");
        panel.heat(&surface, ColourScale::density(surface.highest).faded(0.45));
        sticks(&mut panel);
    };
    panel(52.0, "From $x̃$ to E$[x|x̃] = x̃ + σ^2∇log q_σ(x̃)$", &|panel| {
        for (from, to) in points(&noisy).into_iter().zip(points(&restored)) {
            stick(panel, from, to);
        }
        let names = [
            (RED, "corrupted $x̃$, $σ = 0.5$"),
            (NAVY, "posterior mean"),
            (NAVY.alpha(0.6), "density $q$"),
        ];
        for (line, (colour, name)) in names.into_iter().enumerate() {
            panel.label([-LIMIT, -LIMIT], Start([12.0, -44.0 + 16.0 * line as f64]), colour, name);
        }
    });
    let known = CHOSEN.map(|point| {
        let (mean, covariance) = tweedie_moments(&smoothed, &Matrix::from_rows([point]), SIGMA);
        (point, mean, covariance)
    });
    panel(478.0, "With the ellipse of Cov$[x|x̃] = σ^2(I + σ^2∇^2log q_σ(x̃))$", &|panel| {
        for (point, mean, covariance) in &known {
            panel.curve(&ellipse(mean, covariance), 1.4, INK);
            stick(panel, *point, points(mean)[0]);
        }
        panel.label([-LIMIT, -LIMIT], Start([12.0, -12.0]), INK, "ellipse: ± one deviation");
    });
    let spreads = known.map(|(_, _, c)| (0.5 * (c.at(0, 0) + c.at(1, 1))).sqrt() / SIGMA);
    let [least, most] = extremes(spreads);
    let finding = format!(
        "mean squared distance from the clean points: {:.3} corrupted, {:.3} restored; given a \
         corrupted point the clean one is uncertain by {least:.2} to {most:.2} σ",
        loss(&noisy),
        loss(&restored),
    );
    Ok(Picture { canvas, finding })
}

/// From a corrupted point, red, to where it is sent, navy: true lengths, so no arrow head.
fn stick(panel: &mut Panel, from: Point, to: Point) {
    panel.curve(&[from, to], 1.1, NAVY.alpha(0.75)).dots(&[from], 2.2, RED).dots(&[to], 2.4, NAVY);
}

/// The points one standard deviation from the mean.
fn ellipse(mean: &Matrix, covariance: &Matrix) -> Vec<Point> {
    // Σ = L Lᵀ, and L maps the unit circle to the ellipse.
    let a = covariance.at(0, 0).sqrt();
    let b = covariance.at(1, 0) / a;
    let c = (covariance.at(1, 1) - b * b).sqrt();
    let turn = |k: i32| TAU * f64::from(k) / 96.0;
    (0..=96)
        .map(|k| turn(k).sin_cos())
        .map(|(sin, cos)| [mean.at(0, 0) + a * cos, mean.at(0, 1) + b * cos + c * sin])
        .collect()
}
