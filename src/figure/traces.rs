//! `traces`: what the exact divergence costs by each route, and what random directions give (T12,
//! T13, T28).

use super::{
    Error, Picture, Studio,
    axis::Axis,
    canvas::Canvas,
    palette::{Colour, GREY, INK, NAVY, RED},
    panel::Panel,
    raster::{Point, Rect},
    text::Anchor,
};
use crate::{
    array::{Array, Function},
    autodiff::{Dual, Tape},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    model::{Parameters, ScoreNetwork},
    objective::{
        implicit,
        sliced::{Probe, hutchinson, sliced},
        trace,
    },
};
use rand::SeedableRng;
use std::{hint::black_box, time::Instant};

/// Samples and hidden units of the networks whose cost is measured.
const BATCH: usize = 64;
const HIDDEN: usize = 128;
const DIMENSIONS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// The best of so many runs counts.
const RUNS: usize = 5;

/// Dimensions of the network whose trace is estimated.
const D: usize = 16;
/// Probes of the longest estimate, and how many estimates are drawn.
const PROBES: usize = 1 << 10;
const PATHS: usize = 12;

#[expect(clippy::unnecessary_wraps, reason = "every figure has the same signature")]
pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut canvas = Canvas::new(1000, 440);
    let ratio = cost(&mut canvas, Rect::new(70.0, 64.0, 340.0, 310.0), studio.seed);
    let spread = error(&mut canvas, Rect::new(610.0, 64.0, 340.0, 310.0), studio.seed);
    let finding = format!(
        "in {} dimensions reverse sweeps take {ratio:.0} times as long as the closed form; {spread}",
        DIMENSIONS[DIMENSIONS.len() - 1]
    );
    Ok(Picture { canvas, finding })
}

/// Milliseconds, the best of a few runs.
fn milliseconds<R>(mut run: impl FnMut() -> R) -> f64 {
    let time = |_| {
        let start = Instant::now();
        black_box(run());
        1e3 * start.elapsed().as_secs_f64()
    };
    (0..RUNS).map(time).fold(f64::INFINITY, f64::min)
}

/// One measured route: its curve, and its name beside the last point.
struct Route {
    name: &'static str,
    colour: Colour,
    nudge: f64,
    points: Vec<Point>,
}

/// The left panel; returns how many times longer the reverse sweeps take in the end.
fn cost(canvas: &mut Canvas, frame: Rect, seed: u64) -> f64 {
    let mut routes = [
        ("central differences", GREY, -9.0),
        ("reverse sweeps", RED, 4.0),
        ("forward, by columns", GREY, -6.0),
        ("forward, all axes", NAVY, 7.0),
        ("closed form", NAVY, -5.0),
        ("value alone", INK, 8.0),
    ]
    .map(|(name, colour, nudge)| Route { name, colour, nudge, points: vec![] });
    for d in DIMENSIONS {
        let mut rng = Generator::seed_from_u64(seed);
        let m = ScoreNetwork::random(&[d, HIDDEN, HIDDEN, d], Function::Softplus, &mut rng);
        let x: Matrix = standard_normal(BATCH, d, &mut rng);
        let dual = m.constants();
        let times = [
            milliseconds(|| trace::of_score_by_differences(|x| m.score(x), &x, 1e-3)),
            milliseconds(|| {
                let tape = Tape::new();
                let theta = m.on(&tape);
                trace::of_score_by_reverse(|x| theta.score(x), &tape.var(&x)).1.value()
            }),
            milliseconds(|| trace::of_score_by_columns(|x| dual.score(x), &x)),
            milliseconds(|| trace::of_score_in_chunks(|x| dual.score(x), &x)),
            milliseconds(|| m.score_and_trace(&x)),
            milliseconds(|| m.score(&x)),
        ];
        for (route, time) in routes.iter_mut().zip(times) {
            route.points.push([d as f64, time]);
        }
    }
    let all = routes.iter().flat_map(|route| &route.points).map(|p| p[1]);
    let (x, y) = (Axis::log(0.9, 72.0), Axis::log_around(all));
    let mut panel = Panel::new(canvas, frame, x, y);
    panel.labels(
        "The exact trace, two hidden layers",
        "dimensions $d$",
        &format!("milliseconds for {BATCH} samples"),
    );
    for Route { name, colour, nudge, points } in &routes {
        let last = points[points.len() - 1];
        panel.curve(points, 1.6, *colour).circles(points, 2.8, *colour);
        panel.label(last, [12.0, *nudge], Anchor::Start, *colour, name);
    }
    let end = |i: usize| routes[i].points[DIMENSIONS.len() - 1][1];
    end(1) / end(4)
}

/// The right panel; returns in words how well the predicted spread is met.
fn error(canvas: &mut Canvas, frame: Rect, seed: u64) -> String {
    let mut rng = Generator::seed_from_u64(seed);
    let m = ScoreNetwork::random(&[D, 64, 64, D], Function::Tanh, &mut rng);
    let x: Matrix = standard_normal(1, D, &mut rng);
    let dual = m.constants();
    let tangents = dual.score(&Dual::axes(&x));
    let (psi, jacobian) = (tangents.value.clone(), tangents.tangents_or_zero(D)); // (D, D)
    let exact = implicit(trace::of_score(|x| dual.score(x), &x)).item();

    // The norm is exact in the variance-reduced form, so its error is that of the trace.
    let reduced = |v: &Matrix| implicit(hutchinson(|x| dual.score(x), &x, v)).item();
    let plain = |v: &Matrix| sliced(|x| dual.score(x), &x, v).item();
    let square = jacobian.clone() + psi.tn(&psi) * 0.5;
    let series: [(&str, Colour, f64, &dyn Fn(&Matrix) -> f64); 2] = [
        ("sliced", RED, Probe::Rademacher.variance(&square).item(), &plain),
        ("with the exact norm", NAVY, Probe::Rademacher.variance(&jacobian).item(), &reduced),
    ];
    let largest = series.iter().map(|s| s.2.sqrt()).fold(0.0, f64::max);
    let axis = Axis::linear(-2.4 * largest, 2.4 * largest);
    let mut panel = Panel::new(canvas, frame, Axis::log(0.9, 1.15 * PROBES as f64), axis);
    panel.labels("Estimates with random signs", "probes $k$", "error of ISM, bands ± predicted");
    let counts: Vec<usize> = (0..=PROBES.ilog2()).map(|power| 1 << power).collect();
    let mut words = vec![];
    for (which, (name, colour, variance, estimate)) in series.into_iter().enumerate() {
        let edge = |sign: f64| -> Vec<Point> {
            let at = |step: usize| 2.0_f64.powf(step as f64 / 8.0);
            let steps = 0..=8 * PROBES.ilog2() as usize;
            steps.map(|s| [at(s), sign * (variance / at(s)).sqrt()]).collect()
        };
        panel.band(&edge(-1.0), &edge(1.0), colour.alpha(0.16));
        // In units of the predicted deviation the errors of all counts have variance 1.
        let mut squared = vec![];
        for _ in 0..PATHS {
            let v = Probe::Rademacher.draw::<f64>(PROBES, D, &mut rng);
            let errors = counts.iter().map(|&k| {
                let first: Vec<usize> = (0..k).collect();
                [k as f64, estimate(&v.select(&first)) - exact]
            });
            let errors: Vec<Point> = errors.collect();
            squared.extend(errors.iter().map(|[k, e]| e * e * k / variance));
            panel.curve(&errors, 0.9, colour.alpha(0.55));
        }
        let observed = (squared.iter().sum::<f64>() / squared.len() as f64).sqrt();
        words.push(format!("{name}: {observed:.2}"));
        let top = axis.high() * (0.9 - 0.1 * which as f64);
        panel.label([PROBES as f64, top], [-4.0, 0.0], Anchor::End, colour, name);
    }
    format!("spread of the estimates in units of the predicted one: {}", words.join(", "))
}
