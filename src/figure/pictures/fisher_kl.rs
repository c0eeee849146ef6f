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
    let mut canvas = Canvas::new(840, 380);
    let gap = slopes(&mut canvas, Rect::new(62.0, 44.0, 320.0, 280.0));
    let last = blindness(&mut canvas, Rect::new(486.0, 44.0, 320.0, 280.0));
    let finding = format!(
        "−d/dt KL and F/2 differ by at most {gap:.1e} relatively; with modes 16 apart F is {:.1e} \
         and KL {:.6}, its limit {:.6}",
        last[1],
        last[0],
        limit()
    );
    Ok(Picture { canvas, finding })
}

/// KL(q_t‖p_t) and its slope against t; how far slope and F/2 are apart.
fn slopes(canvas: &mut Canvas, frame: Rect) -> f64 {
    const END: f64 = 12.0;
    let pair = Pair::two_modes(MODES, WEIGHT);
    let at = |t: f64| divergences(&pair, t);
    let times = Axis::linear(0.0, END);
    let divergence = times.graph(150, |t| at(t)[0]);
    let half_fisher = times.graph(150, |t| 0.5 * at(t)[1]);
    let slope = |t: f64| -lyu(&pair.smoothed(t, 1))[0][0].item();
    let measured: Vec<Point> = (0..=12).map(f64::from).map(|t| [t, slope(t)]).collect();
    let apart = |&[t, slope]: &Point| (slope / (0.5 * at(t)[1]) - 1.0).abs();
    let gap = measured.iter().map(apart).fold(0.0, f64::max);

    let highest = divergence.iter().chain(&half_fisher).map(|p| p[1]).fold(0.0, f64::max);
    Panel::new(canvas, frame, times, Axis::linear(0.0, 1.1 * highest))
        .labels("Noise destroys KL at the speed $F/2$", "noise variance $t$", "")
        .curve(&divergence, 1.6, NAVY)
        .curve(&half_fisher, 1.6, RED)
        .circles(&measured, 3.2, RED)
        .label(divergence[50], Start([8.0, -12.0]), NAVY, "KL$(q_t‖p_t)$")
        .label(
            half_fisher[36],
            Start([8.0, -16.0]),
            RED,
            "line: $F/2$, circles: $−d$KL$/dt$ without scores",
        );
    gap
}

/// KL and F against the distance of two modes with the wrong weights; the two at the largest.
fn blindness(canvas: &mut Canvas, frame: Rect) -> [f64; 2] {
    const END: f64 = 16.0;
    let pairs: Vec<(f64, [f64; 2])> = (1..=64)
        .map(|i| END * f64::from(i) / 64.0)
        .map(|distance| (distance, divergences(&Pair::two_modes(0.5 * distance, WEIGHT), 0.0)))
        .collect();
    let curve =
        |which: usize| -> Vec<Point> { pairs.iter().map(|(d, v)| [*d, v[which]]).collect() };
    let (divergence, fisher) = (curve(0), curve(1));
    let y = Axis::log_around(divergence.iter().chain(&fisher).map(|p| p[1]));
    Panel::new(canvas, frame, Axis::linear(0.0, END), y)
        .labels("Two far modes with the wrong weights", "distance of the modes", "")
        .horizontal(limit(), "")
        .curve(&divergence, 1.6, NAVY)
        .curve(&fisher, 1.6, RED)
        .label(divergence[40], Start([0.0, 14.0]), NAVY, "KL$(q‖p)$ → 0.193")
        .label(fisher[44], End([-8.0, 10.0]), RED, "$F(q‖p)$ → 0");
    pairs[pairs.len() - 1].1
}
