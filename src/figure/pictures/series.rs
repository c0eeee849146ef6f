//! Tests: what a figure shows is what was measured. What is drawn is remembered in units of the data, so
//! a series that is drawn from the wrong numbers, a bar of the wrong length or an exchanged axis comes out.
//!
//! | tests of | hold what is drawn against |
//! |---|---|
//! | error bars and bands, here | made-up numbers, all different |
//! | `curves` | closed forms, identities, made-up numbers |
//! | `evening` | derivatives of the density on a tape, made-up numbers |
//! | `planes` | densities, scores and posterior moments by other formulas |
//! | `routes` | made-up numbers, all different |
//! | `images` | the digits themselves, and what is said of them |
//! | `own_tables` | small tables, and numbers made up about them |
//!
//! That what is remembered also lies on the page where its numbers say is seen in `tools/places.rs`.

mod curves;
mod evening;
mod images;
mod own_tables;
mod planes;
mod routes;

use super::prelude::*;
use super::{blindness, efficiency, floor, level_losses, mode_weights, speed, step_size, training};
use crate::{
    experiment::{
        FixedStep, ModeWeights, PerfectLoss,
        digits::{CurvePoint, Loss},
        mode_weights::{Annealing, Ends, LEVELS},
        sampled_shapes::LevelFit,
        speed::{Setting, Sitting},
    },
    figure::tools::Drawn,
    identity::{
        exponential_families::efficiency::{Measured, Variances},
        langevin::biased_variance,
    },
    matrix::Matrix,
    statistics::Scatter,
};
use std::f64::consts::PI;

fn page() -> Canvas {
    Canvas::new(1080, 800)
}

const FRAME: Rect = Rect { left: 60.0, top: 60.0, width: 300.0, height: 300.0 };

/// What is made up is made up with this seed.
fn studio() -> Studio {
    Studio::new(7, |_, _| ())
}

/// What each panel shows, or each grid of tiles, in order.
fn frames(canvas: &Canvas) -> Vec<&[Drawn]> {
    canvas.drawn.split(|drawn| drawn.kind == "frame").skip(1).collect()
}

/// The points of every series of that kind and colour, in order.
fn all(drawn: &[Drawn], kind: &str, colour: Colour) -> Vec<Vec<Point>> {
    let found = drawn.iter().filter(|series| series.kind == kind && series.colour == colour);
    found.map(|series| series.points.clone()).collect()
}

/// The points of the only series of its kind and colour.
fn only(drawn: &[Drawn], kind: &str, colour: Colour) -> Vec<Point> {
    let mut found = all(drawn, kind, colour);
    assert_eq!(found.len(), 1, "{kind} of {colour:?}");
    found.remove(0)
}

/// The ends of all bars of a colour, in order.
fn bars(drawn: &[Drawn], colour: Colour) -> Vec<Point> {
    all(drawn, "bar", colour).concat()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * b.abs().max(1.0)
}

fn close(found: &[Point], expected: &[Point]) {
    let same = found.iter().zip(expected).all(|(a, b)| near(a[0], b[0]) && near(a[1], b[1]));
    assert!(found.len() == expected.len() && same, "{found:?} is not {expected:?}");
}

/// Of mean m and standard error e: two values m ± e.
fn scatter(mean: f64, error: f64) -> Scatter {
    let scatter = Scatter::of(&[mean - error, mean + error]);
    assert!((scatter.standard_error() - error).abs() < 1e-12);
    scatter
}

#[test]
fn the_curves_of_training_are_those_of_their_own_digits() {
    let loss = |denoising, reconstruction| Loss { denoising, reconstruction };
    let at = |epoch: f64| CurvePoint {
        epoch,
        training: loss(10.0 / epoch, 20.0 / epoch),
        held_out: loss(30.0 / epoch, 40.0 / epoch),
    };
    let mut canvas = page();
    training::losses(&mut canvas, &[1.0, 2.0, 4.0, 8.0].map(at), 5.0, 1.0);
    let falling = |scale: f64, epochs: &[f64]| -> Vec<Point> {
        epochs.iter().map(|&epoch| [epoch, scale / epoch]).collect()
    };
    let all = [1.0, 2.0, 4.0, 8.0];
    close(&only(&canvas.drawn, "curve", NAVY), &falling(10.0, &all));
    close(&only(&canvas.drawn, "curve", RED), &falling(30.0, &all));
    close(&only(&canvas.drawn, "marks", NAVY), &falling(20.0, &[1.0, 8.0])); // every third
    close(&only(&canvas.drawn, "marks", RED), &falling(40.0, &[1.0, 8.0]));
}

#[test]
fn variances_of_estimates_have_the_bars_of_their_errors() {
    let measured = |value, error| Measured { value, error };
    let variances = |n: f64| Variances {
        score_matching: measured(7.0 / n, 0.5 / n),
        likelihood: measured(5.0 / n, 0.25 / n),
        efficiency: measured(0.7, 0.01),
    };
    let sizes = [16, 64];
    let all = sizes.map(|n| (n, variances(n as f64)));
    let mut canvas = page();
    efficiency::variances(&mut canvas, FRAME, &all);
    close(&only(&canvas.drawn, "marks", RED), &[[16.0, 7.0], [64.0, 7.0]]);
    close(&only(&canvas.drawn, "marks", NAVY), &[[16.0, 5.0], [64.0, 5.0]]);
    close(&bars(&canvas.drawn, RED), &[[16.0, 6.5], [16.0, 7.5], [64.0, 6.5], [64.0, 7.5]]);
    close(&bars(&canvas.drawn, NAVY), &[[16.0, 4.75], [16.0, 5.25], [64.0, 4.75], [64.0, 5.25]]);
    let mut canvas = page();
    efficiency::ratio(&mut canvas, FRAME, &all);
    close(&bars(&canvas.drawn, RED), &[[16.0, 0.69], [16.0, 0.71], [64.0, 0.69], [64.0, 0.71]]);
}

#[test]
fn efficiencies_stand_at_their_distances_with_their_errors() {
    let measured = [(1.0, 0.75, 0.25), (2.0, 0.5, 0.125)];
    let measured = measured.map(|(m, value, error)| (m, Measured { value, error }));
    let mut canvas = page();
    blindness::efficiencies(&mut canvas, FRAME, &measured);
    close(&only(&canvas.drawn, "marks", RED), &[[1.0, 0.75], [2.0, 0.5]]);
    close(&bars(&canvas.drawn, RED), &[[1.0, 0.5], [1.0, 1.0], [2.0, 0.375], [2.0, 0.625]]);
    // e(0) = 1, e(3) = 0.0087, and of the asymptotes the first is the larger one
    let exact = only(&canvas.drawn, "curve", NAVY);
    assert!((exact[0][1] - 1.0).abs() < 1e-3 && (exact[60][1] - 0.008_681_327).abs() < 1e-8);
    assert!(
        only(&canvas.drawn, "curve", OCHRE)[79][1] > only(&canvas.drawn, "curve", GREEN)[79][1]
    );
    let mut canvas = page();
    blindness::ratios(&mut canvas, FRAME, &measured);
    let first = measured.map(|(m, _)| (0.5 * PI / 0.16).sqrt() * (-0.5 * m * m).exp() / m);
    close(&only(&canvas.drawn, "marks", RED), &[[1.0, 0.75 / first[0]], [2.0, 0.5 / first[1]]]);
    let ends = [[1.0, 0.5 / first[0]], [1.0, 1.0 / first[0]]];
    close(&bars(&canvas.drawn, RED)[..2], &ends);
}

#[test]
fn settled_variances_have_the_bars_of_their_own_chains() {
    let measured = [FixedStep {
        epsilon: 1.0,
        plain: scatter(3.0, 0.5),
        adjusted: scatter(2.0, 0.25),
        acceptance: 0.9,
    }];
    let mut canvas = page();
    step_size::settled(&mut canvas, FRAME, &measured);
    close(&only(&canvas.drawn, "marks", NAVY), &[[1.0, 3.0]]);
    close(&only(&canvas.drawn, "marks", RED), &[[1.0, 2.0]]);
    close(&bars(&canvas.drawn, NAVY), &[[1.0, 2.5], [1.0, 3.5]]);
    close(&bars(&canvas.drawn, RED), &[[1.0, 1.75], [1.0, 2.25]]);
    let mut canvas = page();
    step_size::ratios(&mut canvas, FRAME, &measured);
    let predicted = biased_variance(1.0, 1.0);
    close(&only(&canvas.drawn, "marks", NAVY), &[[0.95, 3.0 / predicted]]);
    close(&bars(&canvas.drawn, NAVY), &[[0.95, 2.5 / predicted], [0.95, 3.5 / predicted]]);
    close(&only(&canvas.drawn, "marks", RED), &[[1.05, 2.0]]);
}

#[test]
fn weights_of_modes_have_the_error_of_a_share() {
    // 75 of 100 chains: the error is √(0.75 · 0.25/100).
    let ends = Ends { states: Matrix::zeros(100, 2), share: 0.75 };
    let annealed = Annealing { levels: LEVELS[0], steps: 30, ends: ends.clone() };
    let run = ModeWeights { plain: ends, annealed: vec![annealed] };
    let mut canvas = page();
    let curves = LEVELS.map(|_| std::array::from_fn(|i| [10.0 + i as f64, 0.6]));
    mode_weights::weights(&mut canvas, FRAME, &run, &curves, 0.5);
    close(&only(&canvas.drawn, "marks", OCHRE), &[[30.0, 0.75]]);
    let error = 0.1 * (0.75_f64 * 0.25).sqrt();
    close(&bars(&canvas.drawn, OCHRE), &[[30.0, 0.75 - error], [30.0, 0.75 + error]]);
}

#[test]
fn bands_are_the_deviation_of_a_batch_and_bars_the_error_of_the_mean() {
    let batches = |mean: f64, deviation: f64| {
        // Four values, of which the deviation is twice the standard error.
        let apart = deviation * 0.75_f64.sqrt();
        let scatter = Scatter::of(&[mean - apart, mean + apart, mean - apart, mean + apart]);
        assert!((scatter.deviation() - deviation).abs() < 1e-12);
        scatter
    };
    let level = |sigma| PerfectLoss {
        sigma,
        floor: 9.0,
        known: 10.0,
        plain: batches(8.0, 4.0),
        corrected: batches(-1.0, 0.5),
    };
    let levels = [level(0.1), level(1.0)];
    let mut canvas = page();
    let predicted: Vec<Point> = (0..12).map(|i| [0.1 * f64::from(i + 1), 9.0]).collect();
    floor::whole(&mut canvas, &levels, &predicted);
    close(&only(&canvas.drawn, "marks", RED), &[[0.1, 8.0], [1.0, 8.0]]);
    close(&only(&canvas.drawn, "dots", NAVY), &[[0.1, 9.0], [1.0, 9.0]]);
    let mut canvas = page();
    let predicted: Vec<Point> = predicted.iter().map(|p| [p[0], -1.0]).collect();
    floor::without(&mut canvas, &levels, &predicted);
    let [red, navy] = [RED, NAVY].map(|colour| colour.alpha(0.25));
    close(&only(&canvas.drawn, "lower", red), &[[0.1, -6.0], [1.0, -6.0]]);
    close(&only(&canvas.drawn, "upper", red), &[[0.1, 2.0], [1.0, 2.0]]);
    close(&only(&canvas.drawn, "lower", navy), &[[0.1, -1.5], [1.0, -1.5]]);
    close(&bars(&canvas.drawn, RED)[..2], &[[0.1, -4.0], [0.1, 0.0]]);
    close(&bars(&canvas.drawn, NAVY)[..2], &[[0.1, -1.25], [0.1, -0.75]]);
}

#[test]
fn losses_of_levels_are_those_of_their_own_network() {
    let fit = |sigma, excess| LevelFit { sigma, excess, scale: 0.5 };
    let fits = |excess: f64| {
        [fit(2.0, excess), fit(1.0, 2.0 * excess), fit(0.5, excess), fit(0.2, excess)]
    };
    let (weighted, plain) = (fits(0.01), fits(0.1));
    let mut canvas = page();
    level_losses::losses(&mut canvas, FRAME, &weighted, &plain);
    close(&only(&canvas.drawn, "curve", GREY), &[[2.0, 0.5], [1.0, 0.5], [0.5, 0.5], [0.2, 0.5]]);
    close(&only(&canvas.drawn, "dots", NAVY)[..2], &[[2.0, 0.51], [1.0, 0.52]]);
    close(&only(&canvas.drawn, "marks", RED)[..2], &[[2.0, 0.6], [1.0, 0.7]]);
    let mut canvas = page();
    level_losses::excess(&mut canvas, FRAME, &weighted, &plain);
    close(&only(&canvas.drawn, "curve", NAVY)[..2], &[[2.0, 2.0], [1.0, 4.0]]);
    close(&only(&canvas.drawn, "curve", RED)[..2], &[[2.0, 20.0], [1.0, 40.0]]);
    let sigmas = [2.0, 1.0, 0.5, 0.25, 0.1];
    let shares = [0.2, 0.4].map(|share| vec![scatter(share, 0.1 * share); 5]);
    let mut canvas = page();
    level_losses::gradients(&mut canvas, FRAME, &sigmas, &shares);
    close(&bars(&canvas.drawn, NAVY)[..2], &[[2.0, 0.18], [2.0, 0.22]]);
    close(&bars(&canvas.drawn, RED)[..2], &[[2.0, 0.36], [2.0, 0.44]]);
}

#[test]
fn the_axes_of_growth_are_size_and_time() {
    let mut canvas = page();
    let lines: String = [(1.0, 3.0), (2.0, 6.0)]
        .map(|(n, time)| {
            format!(
                "{{\"bench\":\"growth\",\"peer\":\"ours\",\"dtype\":\"f32\",\"threads\":1,\
                 \"shape\":\"n{n}\",\"best_ms\":{time},\"median_ms\":{},\"n\":{},\"d\":64,\"h\":256}}\n",
                1.5 * time,
                512.0 * n
            )
        })
        .concat();
    let text = format!("{{\"machine\":\"M\"}}\n{lines}");
    speed::growth(&mut canvas, FRAME, &Sitting::read(&text).expect("lines"));
    let bars = [[512.0, 3.0], [512.0, 4.5], [1024.0, 6.0], [1024.0, 9.0]];
    let curve = [[512.0, 3.0], [1024.0, 6.0]];
    close(&all(&canvas.drawn, "curve", INK).concat(), &[&bars[..], &curve].concat());
    assert_eq!(only(&canvas.drawn, "marks", INK), curve);
}

#[test]
fn shares_of_the_peak_are_those_of_their_precision_and_threads() {
    let of = |(precision, threads, share): (&str, usize, f64)| {
        let line = |bench, shape, gflops: f64| {
            format!(
                "{{\"bench\":\"{bench}\",\"peer\":\"ours\",\"dtype\":\"{precision}\",\
                 \"threads\":{threads},\"shape\":\"{shape}\",\"best_ms\":1,\"gflops\":{gflops}}}\n"
            )
        };
        let products = [("nn sq64", 0.1), ("nt sq64", 0.2), ("tn sq64", 0.6)]
            .map(|(shape, more)| line("product", shape, 50.0 * (share + more)));
        products.concat() + &line("limits", "multiply_add", 50.0)
    };
    let lines = [("f32", 1, 0.0), ("f64", 1, 0.1), ("f32", 2, 0.2), ("f64", 2, 0.3)].map(of);
    let text = format!("{{\"machine\":\"M\"}}\n{}", lines.concat());
    for (threads, more) in [(1, 0.0), (2, 0.2)] {
        let mut canvas = page();
        speed::products(&mut canvas, FRAME, &Sitting::read(&text).expect("lines"), threads);
        for (colour, aside, more) in [(NAVY, 0.98, more), (OCHRE, 1.02, more + 0.1)] {
            let n = aside * 64.0;
            let [bar, mean] = [[[n, 0.1 + more], [n, 0.6 + more]].to_vec(), vec![[n, 0.3 + more]]];
            close(&all(&canvas.drawn, "curve", colour).concat(), &[bar, mean.clone()].concat());
            close(&only(&canvas.drawn, "dots", colour), &mean);
        }
    }
}
