//! `evening_1` to `evening_4`: from data to samples in sixty lines, with a picture after each step.
//!
//! [`evening`] is the whole program; the page `proofs/evening.md` walks through it. Below it stands what
//! the panels look like. Each picture comes from a run of its own, which ends there: the longest takes a
//! second.

use super::prelude::*;
use crate::{
    array::{Array, Function},
    corruption::corrupt,
    density::{Density, Mixture, shapes::pinwheel},
    experiment::stream,
    matrix::{Matrix, noise::standard_normal},
    model::ScoreNetwork,
    objective::{denoising, explicit, noise_floor},
    optimizer::Adam,
    quadrature::Rule,
    sampler::{Step, langevin},
    statistics::Scatter,
    train::{fresh, train_by_rows},
};

/// The noise level σ.
pub(super) const SIGMA: f64 = 0.25;
/// How many points are shown.
pub(super) const POINTS: usize = 300;
/// Points of a batch.
const BATCH: usize = 200;
/// Steps of the training, and of the walk to the samples.
const STEPS: [usize; 2] = [1000, 500];

/// The picture after a step of the program.
pub(super) fn draw<const PICTURE: usize>(studio: &Studio) -> Result<Picture, Error> {
    evening(studio.seed, STEPS, PICTURE)
}

/// The program, as far as a picture.
pub(super) fn evening(
    seed: u64,
    [training, walk]: [usize; 2],
    picture: usize,
) -> Result<Picture, Error> {
    // 1. Points x of a density q. What we want is its score ∇log q, an arrow at every place.
    let mut rng = stream(seed, "evening");
    let q = pinwheel();
    let x = q.sample(POINTS, &mut rng);
    let places = Mesh::square(LIMIT, 11).points();
    if picture == 1 {
        let mut page = page(2);
        plane(&mut page, 0, "data $x$", &q).dots(&points(&x), 1.5, SAMPLES);
        plane(&mut page, 1, "score $∇log q$", &q).arrows(&places, &q.score(&places), ARROWS);
        let finding = format!("{POINTS} points x, and arrows to where they are denser");
        return Ok(Picture { canvas: page, finding });
    }

    // 2. Noise, x̃ = x + σz. Now a way back is known, from x̃ to x: a network ψ learns to point it out.
    let noisy = corrupt(&x, &standard_normal(POINTS, 2, &mut rng), SIGMA);
    let start = ScoreNetwork::random(&[2, 64, 64, 2], Function::Tanh, &mut rng);
    let mut losses = vec![];
    let psi = train_by_rows(
        start,
        &mut Adam::annealed(0.03, training),
        fresh(&q, BATCH, stream(seed, "evening: batches")).take(training),
        |psi, x, z| denoising(|x| psi.score(x), x, &corrupt(x, z, SIGMA), SIGMA),
        |step| losses.push(step.loss),
    )?;
    let target = q.smoothed(SIGMA); // q_σ, the density of the noisy points
    let rule = target.rule(&Rule::trapezoid(-6.0, 6.0, 96).squared());
    let information = target.fisher_information(&rule);
    let floor = noise_floor(2, SIGMA, information); // the loss of the perfect score
    if picture == 2 {
        let mut page = page(2);
        let back = "from $x̃$ (blue) back to $x$ (red)";
        ways(&mut plane(&mut page, 0, back, &q), &points(&noisy), &points(&x));
        let last = falling(&mut page, &losses, floor);
        let finding = format!("the loss ends at {last:.1}; the perfect score has {floor:.1}");
        return Ok(Picture { canvas: page, finding });
    }

    // 3. What was learned is the score of the noisy points: the mean of all ways back.
    if picture == 3 {
        let mut page = page(2);
        let exact = "exact score $∇log q_σ$";
        plane(&mut page, 0, exact, &target).arrows(&places, &target.score(&places), ARROWS);
        let gap = explicit(psi.score(&rule.nodes), &target.score(&rule.nodes));
        let share = 100.0 * rule.integrate(&gap) / (0.5 * information);
        let learned = format!("learned $ψ$: {share:.1} % of $½I$ left");
        plane(&mut page, 1, &learned, &target).arrows(&places, &psi.score(&places), ARROWS);
        let finding = format!("½E‖ψ − ∇log q_σ‖² is {share:.1} % of ½I(q_σ): not learned yet");
        return Ok(Picture { canvas: page, finding });
    }

    // 4. Samples: begin anywhere, follow the arrows, and add a little noise at each step.
    let start: Matrix = standard_normal(POINTS, 2, &mut rng) * 1.5;
    let chains = langevin(|x: &Matrix| psi.score(x), start.clone(), Step::halved(0.03), &mut rng);
    let states = chains.take(walk).collect::<Result<Vec<_>, _>>()?;
    let (soon, end) = (&states[walk / 50 - 1], &states[walk - 1]);
    let mut page = page(3);
    plane(&mut page, 0, "start", &target).dots(&points(&start), 1.5, SAMPLES);
    plane(&mut page, 1, &format!("{} steps", walk / 50), &target).dots(&points(soon), 1.5, SAMPLES);
    plane(&mut page, 2, &format!("{walk} steps"), &target).dots(&points(end), 1.5, SAMPLES);
    let arms = target.responsibilities(end).0.sum_over_samples() * (100.0 / POINTS as f64);
    let [least, most] = extremes(arms.data().iter().copied());
    let finding = format!("every arm has {least:.0} to {most:.0} % of {POINTS} samples");
    Ok(Picture { canvas: page, finding })
}

/// Half the side of the square that is shown, the side in pixels, and from one panel to the next.
const LIMIT: f64 = 3.8;
const SIDE: f64 = 168.0;
const PITCH: u32 = 222;
pub(super) const SAMPLES: Colour = RED.alpha(0.6);
/// Of the length 14 on, arrows are nearly as long as the places are apart.
const ARROWS: ArrowScale = ArrowScale { full: 14.0, longest: 14.0, colour: Some(NAVY) };

/// A page for this number of panels side by side.
fn page(panels: u32) -> Canvas {
    Canvas::new(8 + PITCH * panels, 260)
}

/// The frame of the panel of that number.
fn frame(number: u32) -> Rect {
    Rect::new(f64::from(48 + PITCH * number), 48.0, SIDE, SIDE)
}

/// A square of the plane, with lines along which the density is the same.
fn plane<'a>(page: &'a mut Canvas, number: u32, title: &str, density: &Mixture) -> Panel<'a> {
    let surface = Surface::density(Mesh::fine(LIMIT, SIDE, 2), density);
    let Rect { left, top, .. } = frame(number);
    let mut panel = Panel::plane(page, [left, top], SIDE, LIMIT);
    panel.labels(title, "$x_1$", "$x_2$");
    panel.contours(&surface, &[0.1, 0.4, 0.7], 0.8, NAVY.alpha(0.4));
    panel
}

/// The number of noisy points that are shown, and how far apart they and where they came from are.
pub(super) const WAYS: usize = 16;
pub(super) const APART: f64 = 0.25;

/// The first noisy points that do not cover each other, each with the line to where it came from.
fn ways(panel: &mut Panel, noisy: &[Point], x: &[Point]) {
    let apart = |[a, b]: [Point; 2]| (a[0] - b[0]).hypot(a[1] - b[1]) > APART;
    let mut shown: Vec<[Point; 2]> = vec![];
    for (&noisy, &x) in noisy.iter().zip(x) {
        let alone = shown.iter().flatten().all(|&old| apart([old, noisy]) && apart([old, x]));
        if alone && shown.len() < WAYS {
            panel.curve(&[noisy, x], 0.9, INK);
            shown.push([noisy, x]);
        }
    }
    for [noisy, x] in shown {
        panel.dots(&[noisy], 2.0, NAVY).dots(&[x], 2.0, RED);
    }
}

/// The loss against the steps, as means of forty ± one standard error; the last mean is returned.
pub(super) fn falling(page: &mut Canvas, losses: &[f64], floor: f64) -> f64 {
    const MEAN: usize = 40;
    let middle = |i: usize, part: &[f64]| (MEAN * i) as f64 + 0.5 * part.len() as f64;
    let parts = losses.chunks(MEAN).enumerate();
    let means: Vec<(f64, Scatter)> =
        parts.map(|(i, part)| (middle(i, part), Scatter::of(part))).collect();
    let [lower, curve, upper] = [-1.0, 0.0, 1.0].map(|errors| -> Vec<Point> {
        means.iter().map(|(x, part)| [*x, part.mean + errors * part.standard_error()]).collect()
    });
    let nothing = 1.0 / (SIGMA * SIGMA); // the loss of ψ = 0, which is d/(2σ²)
    let x = Axis::linear(0.0, losses.len() as f64);
    let y = Axis::linear_around(curve.iter().map(|p| p[1]).chain([floor - 0.7, nothing + 0.5]));
    Panel::new(page, frame(1), x, y)
        .labels("training", "step", "loss")
        .horizontal(floor, &format!("the perfect score, {floor:.1}"))
        .horizontal(nothing, "")
        .label([x.high(), nothing], End([-6.0, -9.0]), GREY, "$ψ = 0$")
        .band(&lower, &upper, NAVY.alpha(0.25))
        .curve(&curve, 1.6, NAVY);
    curve[curve.len() - 1][1]
}
