//! `contrastive_divergence`: the gradient of CD-1 against that of implicit score matching (T26).

use super::{
    Error, Picture, Studio,
    axis::Axis,
    canvas::Canvas,
    palette::{GREEN, GREY, NAVY, RED},
    panel::Panel,
    raster::{Point, Rect},
    text::Anchor,
};
use crate::{
    density::Mixture,
    identity::{
        OldCheck,
        contrastive_divergence::{
            Energy, Instance, angle, at, contrastive, distance, implicit, through_the_sampler,
        },
        fitted_order,
    },
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    objective,
    optimizer::Adam,
    sampler::Negatives,
    train::{fresh, train},
};
use rand::{Rng, RngExt, SeedableRng};

/// How many random energies, half of them on the line and half in the plane.
const ENERGIES: usize = 8;
/// The longest step of the first two panels; each next one is half as long.
const LONGEST: f64 = 0.25;
/// How many steps.
const HALVINGS: i32 = 9;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut rng = Generator::seed_from_u64(studio.seed);
    let instances: Vec<Instance> = (0..ENERGIES)
        .map(|which| {
            let d = 1 + which % 2;
            let instance = Instance::random(d, &mut rng);
            Instance { data: at(standard_normal(16, d, &mut rng)), ..instance }
        })
        .collect();
    let runs: Vec<Run> = instances.iter().map(Run::of).collect();

    let mut canvas = Canvas::new(1080, 390);
    differences(&mut canvas, Rect::new(62.0, 64.0, 264.0, 264.0), &runs);
    angles(&mut canvas, Rect::new(412.0, 64.0, 264.0, 264.0), &runs);
    let worst = precisions(&mut canvas, Rect::new(762.0, 64.0, 264.0, 264.0), &mut rng)?;

    let range = |of: fn(&Run) -> &Vec<Point>| {
        let orders = runs.iter().map(|run| fitted_order(of(run)));
        orders.fold((f64::MAX, f64::MIN), |(low, high), o| (low.min(o), high.max(o)))
    };
    let (low, high) = range(|run| &run.difference);
    let (bug_low, bug_high) = range(|run| &run.bug);
    let finding = format!(
        "{ENERGIES} random energies: CD-1 and implicit score matching differ with slopes from \
         {low:.4} to {high:.4}, through the sampler {bug_low:.2} to {bug_high:.2}; trained precisions \
         are within {worst:.1} % of the fixed point"
    );
    Ok(Picture { canvas, finding })
}

/// The name of the bug.
const THROUGH: &str = "gradient through the sampler";

/// What one energy shows at the steps.
struct Run {
    /// ‖∇CD − (ε/2)∇ISM‖
    difference: Vec<Point>,
    /// The same with the gradient let through the sampler.
    bug: Vec<Point>,
    /// The angle between the two gradients, in degrees.
    angle: Vec<Point>,
    /// The same for the bug.
    bug_angle: Vec<Point>,
}

impl Run {
    fn of(instance: &Instance) -> Self {
        let steps = (0..HALVINGS).map(|k| LONGEST * 0.5_f64.powi(k));
        let at = |measure: &dyn Fn(&Instance) -> f64| -> Vec<Point> {
            let of = |epsilon| measure(&Instance { epsilon, ..instance.clone() });
            steps.clone().map(|epsilon| [epsilon, of(epsilon)]).collect()
        };
        let degrees =
            |i: &Instance, gradient: &[Matrix]| angle(gradient, &implicit(i)).to_degrees();
        Self {
            difference: at(&|i| distance(&contrastive(i), &implicit(i))),
            bug: at(&|i| distance(&through_the_sampler(i), &implicit(i))),
            angle: at(&|i| degrees(i, &contrastive(i))),
            bug_angle: at(&|i| degrees(i, &through_the_sampler(i))),
        }
    }
}

/// An axis of the steps.
fn steps() -> Axis {
    Axis::log_around([LONGEST, LONGEST * 0.5_f64.powi(HALVINGS - 1)])
}

/// The differences of all energies, with a line of slope 2.
fn differences(canvas: &mut Canvas, frame: Rect, runs: &[Run]) {
    let all = || runs.iter().flat_map(|run| run.difference.iter().chain(&run.bug));
    let y = Axis::log_around(all().map(|p| p[1]));
    let mut panel = Panel::new(canvas, frame, steps(), y);
    panel.labels("Difference of the gradients", "step $ε$", "‖∇CD − $(ε/2)$∇ISM‖");
    for run in runs {
        panel.curve(&run.bug, 1.0, RED.alpha(0.6));
        panel.curve(&run.difference, 1.0, NAVY.alpha(0.6));
        panel.dots(&run.difference, 2.2, NAVY);
    }
    let low = runs.iter().map(|run| run.difference[3]).fold([0.0, f64::MAX], least);
    panel.label(low, [10.0, 14.0], Anchor::Start, NAVY, "CD-1: slope 2").label(
        [steps().low(), y.high()],
        [10.0, 14.0],
        Anchor::Start,
        RED,
        THROUGH,
    );
}

fn least(a: Point, b: Point) -> Point {
    if b[1] < a[1] { b } else { a }
}

/// The angles.
fn angles(canvas: &mut Canvas, frame: Rect, runs: &[Run]) {
    let all = || runs.iter().flat_map(|run| run.angle.iter().chain(&run.bug_angle));
    let y = Axis::log_around(all().map(|p| p[1]));
    let mut panel = Panel::new(canvas, frame, steps(), y);
    panel.labels("Angle between the gradients", "step $ε$", "degrees");
    for run in runs {
        panel.curve(&run.bug_angle, 1.0, RED.alpha(0.6));
        panel.curve(&run.angle, 1.0, NAVY.alpha(0.6));
        panel.dots(&run.angle, 2.2, NAVY);
    }
    let low = runs.iter().map(|run| run.angle[3]).fold([0.0, f64::MAX], least);
    let high = runs.iter().map(|run| run.bug_angle[0][1]).fold(0.0, f64::max);
    panel.label(low, [10.0, 14.0], Anchor::Start, NAVY, "CD-1: slope 1").label(
        [steps().low(), high],
        [10.0, 16.0],
        Anchor::Start,
        RED,
        THROUGH,
    );
}

/// The precision learned for E = kx²/2 from N(0, 1), against the step; the largest miss in percent.
fn precisions(canvas: &mut Canvas, frame: Rect, rng: &mut impl Rng) -> Result<f64, Error> {
    let fixed = |epsilon: f64| 2.0 / (1.0 + (1.0 - epsilon).sqrt());
    let predicted: Vec<Point> =
        (0..=100).map(|i| 0.01 * f64::from(i)).map(|epsilon| [epsilon, fixed(epsilon)]).collect();
    let kinds: [(fn(f64, Generator) -> Negatives<f64>, _, _); 3] = [
        (|epsilon, rng| Negatives::from_data(1, epsilon, rng), 0.0, NAVY),
        (|epsilon, rng| Negatives::from_data(5, epsilon, rng), 0.015, RED),
        (
            |epsilon, mut rng| {
                let start = standard_normal(BATCH, 1, &mut rng);
                Negatives::persistent(start, 5, epsilon, rng)
            },
            -0.015,
            GREEN,
        ),
    ];
    let mut worst: f64 = 0.0;
    let mut panel = Panel::new(canvas, frame, Axis::linear(0.0, 1.0), Axis::linear(0.95, 1.9));
    panel
        .labels("Learned from $N(0, 1)$", "step $ε$", "precision $k$ of $E = kx^2/2$")
        .horizontal(1.0, "")
        .curve(&predicted, 1.4, GREY);
    for (negatives, aside, colour) in kinds {
        let (mut points, mut errors) = (vec![], vec![]);
        for epsilon in [0.1, 0.3, 0.5, 0.7, 0.9] {
            let mut learned = || {
                let [chains, batches] = [rng.random(), rng.random()].map(Generator::seed_from_u64);
                learned(negatives(epsilon, chains), batches)
            };
            let all = (0..TRAININGS).map(|_| learned()).collect::<Result<Vec<f64>, _>>()?;
            let mean = all.iter().sum::<f64>() / TRAININGS as f64;
            worst = worst.max(100.0 * (mean / fixed(epsilon) - 1.0).abs());
            points.push([epsilon + aside, mean]);
            // The distance from 0, in standard errors, is the mean over the standard error.
            errors.push(mean / OldCheck::monte_carlo(&all, 0.0).residual);
        }
        panel.error_bars(&points, &errors, colour).circles(&points, 3.2, colour);
    }
    panel
        .label([0.0, 1.75], [10.0, 0.0], Anchor::Start, NAVY, "CD-1")
        .label([0.0, 1.75], [10.0, 16.0], Anchor::Start, RED, "CD-5")
        .label([0.0, 1.75], [10.0, 32.0], Anchor::Start, GREEN, "persistent chains")
        .label([1.0, 1.0], [-8.0, -10.0], Anchor::End, GREY, "the data's own")
        .label([0.62, fixed(0.62)], [-10.0, -12.0], Anchor::End, GREY, "$k(1 − εk/4) = 1$");
    Ok(worst)
}

/// Samples in a batch, and persistent chains.
const BATCH: usize = 256;
/// Trainings whose mean is drawn.
const TRAININGS: usize = 6;

/// k after a training on fresh samples of N(0, 1).
fn learned(mut negatives: Negatives<f64>, rng: Generator) -> Result<f64, Error> {
    const STEPS: usize = 500;
    let q = Mixture::isotropic(1, 1.0);
    let mut escaped = None;
    // The loss is not a number once a chain is lost, so that the training ends there.
    let trained = train(
        Energy::gaussian(1.0),
        &mut Adam::annealed(0.05, STEPS),
        fresh(&q, BATCH, rng).take(STEPS),
        |model, x, _| match negatives.draw(|x| model.energy(x), x) {
            Ok(negative) => objective::contrastive_divergence(|x| model.energy(x), x, &negative),
            Err(error) => {
                escaped = Some(error);
                model.energy(x) * f64::NAN
            }
        },
        |_| (),
    );
    match escaped {
        Some(error) => Err(error.into()),
        None => Ok(trained?.precision.item()),
    }
}
