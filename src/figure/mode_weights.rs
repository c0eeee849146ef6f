//! `mode_weights`: what plain and annealed Langevin make of two far modes (T23).

use super::{
    Error, Picture, Studio,
    axis::Axis,
    canvas::Canvas,
    field::Lattice,
    palette::{Colour, ColourScale, GREEN, GREY, NAVY, OCHRE, RED, VIOLET},
    panel::Panel,
    raster::{Point, Rect},
    text::Anchor,
};
use crate::{
    array::Array,
    corruption::NoiseScales,
    density::{Density, Mixture},
    identity::annealing::{START, TwoModes, equilibrium, heavy_side},
    matrix::{Matrix, noise::Generator},
    sampler::{Level, Sampler, Step, annealed, langevin, levels},
};
use rand::SeedableRng;

/// The modes, the step, and the noise from and to which is annealed.
const MODES: TwoModes = TwoModes::EXAMPLE;
const EPSILON: f64 = 0.1;
const LARGEST: f64 = 20.0;
/// Chains behind each number, and how many of them are drawn.
const CHAINS: usize = 8000;
const SHOWN: usize = 1000;
/// Steps of plain Langevin.
const PLAIN: usize = 1000;
/// The schedules: L with its colour, and T.
const LEVELS: [(usize, Colour); 4] = [(20, OCHRE), (10, GREEN), (5, NAVY), (2, VIOLET)];
const STEPS: [usize; 4] = [10, 30, 100, 300];
/// Nodes for the law of the chains: half of what rounding deserves is enough for the eye.
const FINENESS: f64 = 0.5;
/// Half the width of the plane shown, and the side of a panel in pixels.
const LIMIT: f64 = 9.5;
const SIDE: f64 = 320.0;

/// A share of the chains with its standard error.
#[derive(Clone, Copy)]
struct Share {
    value: f64,
    error: f64,
}

impl Share {
    fn of(x: &Matrix) -> Self {
        let value = TwoModes::counted(x);
        Self { value, error: (value * (1.0 - value) / x.rows() as f64).sqrt() }
    }
}

/// A schedule, the share that chains gave, and the points they ended at.
struct Run {
    levels: usize,
    steps: usize,
    share: Share,
    ends: Matrix,
}

fn schedule(count: usize) -> Vec<Level> {
    levels(&NoiseScales::geometric(LARGEST, 1.0, count), EPSILON)
}

fn anneal(levels: usize, steps: usize, rng: &mut Generator) -> Result<Run, Error> {
    let q = MODES.plane();
    let start = TwoModes::start(CHAINS, rng);
    let score = |x: &Matrix, sigma: f64| q.smoothed(sigma).score(x);
    let chains = annealed(score, start, schedule(levels), steps, rng);
    let ends = chains.after(levels * steps)?;
    Ok(Run { levels, steps, share: Share::of(&ends), ends })
}

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut rng = Generator::seed_from_u64(studio.seed);
    let q = MODES.plane();
    let start = TwoModes::start(CHAINS, &mut rng);
    let plain = langevin(|x: &Matrix| q.score(x), start, Step::halved(EPSILON), &mut rng);
    let plain = plain.after(PLAIN)?;
    let mut runs = Vec::new();
    let work: usize = LEVELS.iter().flat_map(|(l, _)| STEPS.map(|t| l * t)).sum();
    for (levels, _) in LEVELS {
        for steps in STEPS {
            // The generator runs on: neighbours must not err alike.
            runs.push(anneal(levels, steps, &mut rng)?);
            let done: usize = runs.iter().map(|run| run.levels * run.steps).sum();
            studio.tell("annealing between two modes", done as f64 / work as f64);
        }
    }
    let find = |levels, steps| runs.iter().find(|run| run.levels == levels && run.steps == steps);
    let (Some(middle), Some(most)) = (find(10, 100), find(20, 300)) else {
        unreachable!("both are in the table");
    };

    let mut canvas = Canvas::new(840, 884);
    let (left, right, top, bottom) = (62.0, 480.0, 56.0, 496.0);
    let exact = law(&[Level { sigma: 0.0, step: Step::halved(EPSILON) }], PLAIN);
    let title = format!("Plain Langevin, {PLAIN} steps");
    samples(&mut canvas, Rect::new(left, top, SIDE, SIDE), &title, &plain, &q);
    let title = format!("Annealed, $L$ = {} levels of {} steps", most.levels, most.steps);
    samples(&mut canvas, Rect::new(right, top, SIDE, SIDE), &title, &most.ends, &q.smoothed(1.0));
    weights(&mut canvas, Rect::new(left, bottom, SIDE, SIDE), &runs, exact);
    freezing(&mut canvas, Rect::new(right, bottom, SIDE, SIDE));

    let shown = |Share { value, error }: Share| format!("{value:.4} ± {error:.4}");
    let finding = format!(
        "weight of the mode of 0.8 over {CHAINS} chains: plain {} (exactly {exact:.4}), annealed \
         with L = 10, T = 100 {} ({:.4}), with L = 20, T = 300 {} ({:.4})",
        shown(Share::of(&plain)),
        shown(middle.share),
        law(&schedule(10), 100),
        shown(most.share),
        law(&schedule(20), 300),
    );
    Ok(Picture { canvas, finding })
}

/// The share that a schedule gives, without drawing anything.
fn law(levels: &[Level], steps: usize) -> f64 {
    heavy_side(MODES, levels, steps, FINENESS)[levels.len() - 1]
}

/// Where the chains ended, and the density they should have.
fn samples(canvas: &mut Canvas, frame: Rect, title: &str, ends: &Matrix, density: &Mixture) {
    let lattice = Lattice::square(LIMIT, SIDE as usize);
    let heat = density.log_density(&lattice.points()).exp();
    let highest = heat.data().iter().copied().fold(0.0, f64::max);
    let points: Vec<Point> = (0..SHOWN).map(|i| [ends.at(i, 0), ends.at(i, 1)]).collect();
    let Share { value, error } = Share::of(ends);
    let (heavy, light) = (100.0 * value, 100.0 * (1.0 - value));
    let axis = Axis::linear(-LIMIT, LIMIT);
    Panel::new(canvas, frame, axis, axis)
        .labels(title, "$x_1$", "$x_2$")
        .heat(&lattice, heat.data(), ColourScale::density(highest).faded(0.45))
        .curve(
            &[[-START, -START], [START, -START], [START, START], [-START, START], [-START, -START]],
            1.0,
            GREY,
        )
        .dots(&points, 1.5, RED.alpha(0.5))
        .label([-START, START], [8.0, 12.0], Anchor::Start, GREY, "start: uniform")
        .label([0.6, 5.0], [0.0, 0.0], Anchor::End, NAVY, &format!("{heavy:.1} %"))
        .label([-0.6, -5.0], [0.0, 0.0], Anchor::Start, NAVY, &format!("{light:.1} %"))
        .label([0.0, -9.0], [0.0, 0.0], Anchor::Middle, GREY, &format!("± {:.1} %", 100.0 * error));
}

/// The weights against T, one curve for each L.
fn weights(canvas: &mut Canvas, frame: Rect, runs: &[Run], plain: f64) {
    let x = Axis::log(5.0, 420.0);
    let mut panel = Panel::new(canvas, frame, x, Axis::linear(0.47, 0.83));
    panel
        .labels(
            "Weight of the larger mode",
            "steps on each level, $T$",
            "share with $x_1 + x_2 > 0$",
        )
        .horizontal(MODES.weight, "")
        .horizontal(plain, "plain Langevin: where the chains started");
    for (levels, colour) in LEVELS {
        let steps = [10, 14, 20, 30, 50, 70, 100, 150, 200, 300];
        let exact = steps.map(|steps| [steps as f64, law(&schedule(levels), steps)]);
        let mine = runs.iter().filter(|run| run.levels == levels);
        let (points, errors): (Vec<Point>, Vec<f64>) =
            mine.map(|run| ([run.steps as f64, run.share.value], run.share.error)).unzip();
        panel
            .curve(&exact, 1.4, colour)
            .error_bars(&points, &errors, colour)
            .circles(&points, 3.2, colour);
        let name = format!("$L$ = {levels}");
        panel.label(exact[0], [-8.0, 0.0], Anchor::End, colour, &name);
    }
    panel.label([5.0, MODES.weight], [8.0, -10.0], Anchor::Start, GREY, "true weight");
}

/// The share after each level of ten, against σ, for every T.
fn freezing(canvas: &mut Canvas, frame: Rect) {
    let sigma = |i: i32| LARGEST.powf(f64::from(i) / 100.0);
    let limit: Vec<Point> =
        (0..=100).map(sigma).map(|sigma| [sigma, equilibrium(MODES, sigma)]).collect();
    let x = Axis::log(0.42, 23.0);
    let mut panel = Panel::new(canvas, frame, x, Axis::linear(0.47, 0.83));
    panel
        .labels(
            "Where the weights freeze, $L$ = 10",
            "noise level $σ$ (annealing goes to the left)",
            "share with $x_1 + x_2 > 0$",
        )
        .curve(&limit, 3.0, GREY.alpha(0.5))
        .label(limit[62], [10.0, -6.0], Anchor::Start, GREY, "under $q_σ$");
    let levels = schedule(10);
    for (steps, colour) in STEPS.into_iter().zip([VIOLET, NAVY, GREEN, OCHRE]) {
        let shares = heavy_side(MODES, &levels, steps, FINENESS);
        let points: Vec<Point> = levels.iter().zip(shares).map(|(l, s)| [l.sigma, s]).collect();
        let name = format!("$T$ = {steps}");
        // The two highest end close together.
        let apart = if steps == STEPS[3] { -3.0 } else { 3.0 };
        let end = points[points.len() - 1];
        panel.curve(&points, 1.4, colour).dots(&points, 2.6, colour);
        panel.label(end, [-8.0, apart], Anchor::End, colour, &name);
    }
}
