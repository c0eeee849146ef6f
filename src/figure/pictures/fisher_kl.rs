//! `fisher_kl`: the Fisher divergence as the slope of Kullback–Leibler, and what it is blind to (T25).

use super::prelude::*;
use crate::identity::fisher_kl::{Pair, lyu};

/// Where the modes of the first panel stand, and the weight of one of them in q.
const MODES: f64 = 3.0;
const WEIGHT: f64 = 0.8;
/// What KL tends to as the modes part: 0.8 log 1.6 + 0.2 log 0.4.
fn limit() -> f64 {
    [WEIGHT, 1.0 - WEIGHT].map(|w| w * (2.0 * w).ln()).iter().sum()
}

/// KL and F under noise of variance t.
fn divergences(pair: &Pair, t: f64) -> [f64; 2] {
    let now = pair.smoothed(t, 1);
    [now.divergence().item(), now.fisher_divergence().item()]
}

pub(super) fn draw(_: &Studio) -> Result<Picture, Error> {
    let mut canvas = Canvas::new(1180, 400);
    let frame = |left| Rect::new(left, 64.0, 290.0, 280.0);
    let pair = Pair::two_modes(MODES, WEIGHT);
    falling(&mut canvas, frame(66.0), &pair);
    let gap = slopes(&mut canvas, frame(462.0), &pair);
    let last = blindness(&mut canvas, frame(858.0));
    let finding = format!(
        "−d/dt KL and F/2 differ by at most {gap:.1e} relatively; with modes 16 apart F is {:.1e} \
         and KL {:.6}, its limit {:.6}",
        last[1],
        last[0],
        limit()
    );
    Ok(Picture { canvas, finding })
}

/// The noise of the first two panels.
const TIMES: Axis = Axis::linear(0.0, 12.0);

/// KL(q_t‖p_t) against t.
fn falling(canvas: &mut Canvas, frame: Rect, pair: &Pair) {
    let divergence = TIMES.graph(150, |t| divergences(pair, t)[0]);
    Panel::new(canvas, frame, TIMES, Axis::linear(0.0, 1.1 * divergence[0][1]))
        .labels("Noise destroys KL …", "noise variance $t$", "KL$(q_t‖p_t)$")
        .curve(&divergence, 1.6, NAVY);
}

/// Its slope and F/2 against t; how far the two are apart.
fn slopes(canvas: &mut Canvas, frame: Rect, pair: &Pair) -> f64 {
    let half_fisher = |t: f64| 0.5 * divergences(pair, t)[1];
    let line = TIMES.graph(150, half_fisher);
    let slope = |t: f64| -lyu(&pair.smoothed(t, 1))[0][0].item();
    let measured: Vec<Point> = (0..=12).map(f64::from).map(|t| [t, slope(t)]).collect();
    let apart = |&[t, slope]: &Point| (slope / half_fisher(t) - 1.0).abs();
    let gap = measured.iter().map(apart).fold(0.0, f64::max);

    let circles = "circles: $−d$KL$/dt$, without scores";
    let [_, highest] = extremes(line.iter().map(|p| p[1]));
    Panel::new(canvas, frame, TIMES, Axis::linear(0.0, 1.15 * highest))
        .labels("… at the speed $F/2$", "noise variance $t$", "$F/2$ and $−d$KL$/dt$")
        .curve(&line, 1.6, RED)
        .circles(&measured, 3.2, RED)
        .label(line[38], Start([10.0, -12.0]), RED, "line: $F/2$")
        .label([12.0, 0.8 * highest], End([-8.0, 0.0]), RED, circles);
    gap
}

/// KL and F against the distance of two modes with the wrong weights; the two at the largest.
fn blindness(canvas: &mut Canvas, frame: Rect) -> [f64; 2] {
    // Both begin with the square of the distance, which a logarithmic axis turns into a steep bend.
    let near = (1..=50).map(|i| 0.02 * f64::from(i));
    let far = (5..=64).map(|i| 0.25 * f64::from(i));
    let pairs: Vec<(f64, [f64; 2])> = near
        .chain(far)
        .map(|distance| (distance, divergences(&Pair::two_modes(0.5 * distance, WEIGHT), 0.0)))
        .collect();
    let curve =
        |which: usize| -> Vec<Point> { pairs.iter().map(|(d, v)| [*d, v[which]]).collect() };
    let (divergence, fisher) = (curve(0), curve(1));
    let y = Axis::log_around(divergence.iter().chain(&fisher).map(|p| p[1]).chain([1.0]));
    Panel::new(canvas, frame, Axis::linear(0.0, 16.5), y)
        .labels("Two far modes with the wrong weights", "distance of the modes", "KL and $F$")
        .horizontal(limit(), "")
        .curve(&divergence, 1.6, NAVY)
        .curve(&fisher, 1.6, RED)
        .label(divergence[80], Start([0.0, 14.0]), NAVY, "KL$(q‖p)$ → 0.193")
        .label(fisher[90], End([-8.0, 10.0]), RED, "$F(q‖p)$ → 0");
    pairs[pairs.len() - 1].1
}
