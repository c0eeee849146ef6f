//! `mode_weights`: what plain and annealed Langevin make of two far modes (T23).

use super::prelude::*;
use crate::{
    density::Mixture,
    experiment::{
        ModeWeights,
        mode_weights::{
            Annealing, CHAINS, Ends, LARGEST, LEVELS, MODES, PLAIN, annealed_share, plain_share,
            schedule, shares,
        },
    },
    identity::annealing::{START, equilibrium},
};

/// Chains that are drawn.
const SHOWN: usize = 1000;
/// Half the width of the plane shown, and the side of a panel in pixels.
const LIMIT: f64 = 9.5;
const SIDE: f64 = 320.0;
/// T along the curves.
const CURVE: [usize; 18] =
    [10, 12, 14, 17, 20, 25, 30, 40, 50, 60, 70, 85, 100, 125, 150, 200, 250, 300];
/// T for which the way of the share is shown.
const FREEZING: [usize; 4] = [10, 30, 100, 300];

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let tell = |done| studio.tell("annealing between two modes", done);
    let run = ModeWeights::run(studio.seed, tell)?;
    let (plain, exact) = (&run.plain, plain_share());
    let [middle, most] = [(10, 100), (20, 100)].map(|(levels, steps)| run.annealed(levels, steps));
    let curves =
        LEVELS.map(|levels| CURVE.map(|steps| [steps as f64, annealed_share(levels, steps)]));
    // The T of the runs are on the curves.
    let share = |run: &Annealing| {
        let curve = LEVELS.iter().position(|&levels| levels == run.levels).map(|i| &curves[i]);
        let point = curve.and_then(|curve| curve.iter().find(|p| p[0] == run.steps as f64));
        point.map_or(f64::NAN, |point| point[1])
    };

    let mut canvas = Canvas::new(840, 900);
    let (left, right, top, bottom) = (62.0, 480.0, 56.0, 496.0);
    let q = MODES.plane();
    let title = format!("Plain Langevin, {PLAIN} steps");
    samples(&mut canvas, [left, top], &title, plain, &q);
    let title = format!("Annealed, $L$ = {} levels of {} steps", most.levels, most.steps);
    samples(&mut canvas, [right, top], &title, &most.ends, &q.smoothed(1.0));
    weights(&mut canvas, Rect::new(left, bottom, SIDE, SIDE), &run, &curves, exact);
    freezing(&mut canvas, Rect::new(right, bottom, SIDE, SIDE));

    let off: Vec<f64> =
        run.annealed.iter().map(|run| (run.ends.share - share(run)) / run.ends.error()).collect();
    let worst = off.iter().fold(0.0, |worst: f64, off| worst.max(off.abs()));
    let square: f64 = off.iter().map(|off| off * off).sum();
    let fit = format!(
        "{} circles: at most {worst:.1} standard errors off their curves, $χ^2$ = {square:.1}",
        off.len()
    );
    canvas.text(Middle([left + 0.5 * SIDE, bottom + SIDE + 56.0]), 11.0, GREY, &fit);
    let shown = |ends: &Ends| format!("{:.4} ± {:.4}", ends.share, ends.error());
    let finding = format!(
        "weight of the mode of 0.8 over {CHAINS} chains: plain {} (exactly {exact:.4}), annealed \
         with L = 10, T = 100 {} ({:.4}), with L = 20, T = 100 {} ({:.4}); the {} annealed ones are at most {worst:.1} \
         standard errors off, χ² = {square:.1}",
        shown(plain),
        shown(&middle.ends),
        share(middle),
        shown(&most.ends),
        share(most),
        off.len(),
    );
    Ok(Picture { canvas, finding })
}

/// Where the chains ended, and the density they should have.
fn samples(canvas: &mut Canvas, corner: Point, title: &str, ends: &Ends, density: &Mixture) {
    let surface = Surface::density(Mesh::fine(LIMIT, SIDE, 2), density);
    let percent = |share: f64| format!("{:.1} ± {:.1} %", 100.0 * share, 100.0 * ends.error());
    let square = [[-START, -START], [START, -START], [START, START], [-START, START]];
    Panel::plane(canvas, corner, SIDE, LIMIT)
        .labels(title, "$x_1$", "$x_2$")
        .heat(&surface, ColourScale::density(surface.highest).faded(0.45))
        .curve(&[&square[..], &square[..1]].concat(), 1.0, GREY)
        .dots(&points(&ends.states)[..SHOWN], 1.5, RED.alpha(0.5))
        .label([-START, START], Start([8.0, 12.0]), GREY, "start: uniform")
        .label([0.6, 5.0], End([0.0, 0.0]), NAVY, &percent(ends.share))
        .label([-0.6, -5.0], Start([0.0, 0.0]), NAVY, &percent(1.0 - ends.share));
}

/// The weights against T, one curve for each L.
pub(super) fn weights(
    canvas: &mut Canvas,
    frame: Rect,
    run: &ModeWeights,
    curves: &[[Point; CURVE.len()]; LEVELS.len()],
    plain: f64,
) {
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
    for ((levels, exact), colour) in
        LEVELS.into_iter().zip(curves).zip([OCHRE, GREEN, NAVY, VIOLET])
    {
        let mine = run.annealed.iter().filter(|run| run.levels == levels);
        let (points, errors): (Vec<Point>, Vec<f64>) =
            mine.map(|run| ([run.steps as f64, run.ends.share], run.ends.error())).unzip();
        panel
            .curve(exact, 1.4, colour)
            .error_bars(&points, &errors, colour)
            .circles(&points, 2.0, colour)
            .label(exact[0], End([-8.0, 0.0]), colour, &format!("$L$ = {levels}"));
    }
    panel.label([5.0, MODES.weight], Start([8.0, -10.0]), GREY, "true weight");
}

/// The share after each level of ten, against σ, for each T of [`FREEZING`].
fn freezing(canvas: &mut Canvas, frame: Rect) {
    let limit = Axis::log(1.0, LARGEST).graph(100, |sigma| equilibrium(MODES, sigma));
    let x = Axis::log(0.42, 23.0);
    let mut panel = Panel::new(canvas, frame, x, Axis::linear(0.47, 0.83));
    panel
        .labels(
            "Where the weights freeze, $L$ = 10",
            "noise level $σ$ (annealing goes to the left)",
            "share with $x_1 + x_2 > 0$",
        )
        .curve(&limit, 3.0, GREY.alpha(0.5))
        .label(limit[62], Start([10.0, -6.0]), GREY, "under $q_σ$");
    let levels = schedule(10);
    // Another kind of series than L, so other colours: shades of one, the darker the slower.
    let shades = [RED.towards(WHITE, 0.4), RED.towards(WHITE, 0.2), RED, RED.towards(INK, 0.5)];
    for (steps, colour) in FREEZING.into_iter().zip(shades) {
        let shares = shares(&levels, steps);
        let points: Vec<Point> = levels.iter().zip(shares).map(|(l, s)| [l.sigma, s]).collect();
        // The two highest end close together.
        let apart = if steps == FREEZING[3] { -3.0 } else { 3.0 };
        let (end, name) = (points[points.len() - 1], format!("$T$ = {steps}"));
        panel.curve(&points, 1.4, colour).dots(&points, 2.6, colour);
        panel.label(end, End([-8.0, apart]), colour, &name);
    }
}
