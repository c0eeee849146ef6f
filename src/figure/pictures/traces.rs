//! `traces`: what the exact divergence costs by each route, and what random directions give (T12,
//! T13, T28).

use super::prelude::*;
use crate::experiment::{
    speed::{Setting, Sitting},
    traces::{PROBES, ProbeErrors},
};

/// The setting whose times are drawn.
const SETTING: Setting = Setting { precision: "f64", threads: 1 };

/// The dimensions that the bench takes.
pub(super) const DIMENSIONS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
/// What the place of the thin lines of a route is multiplied by, so that none hides another.
pub(super) const ASIDE: [f64; 7] = [0.97, 1.03, 1.03, 0.97, 1.0, 1.0, 1.0];
/// Up to where the right panel shows errors, in units of the larger deviation.
const ROOM: f64 = 1.3;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let sitting = Sitting::kept();
    let [sliced, reduced] = ProbeErrors::measure(studio.seed);
    let mut canvas = Canvas::new(1000, 440);
    routes(&mut canvas, Rect::new(70.0, 64.0, 340.0, 310.0), &sitting);
    let named = [("sliced", RED, &sliced), ("with the exact norm", NAVY, &reduced)];
    errors(&mut canvas, Rect::new(610.0, 64.0, 340.0, 310.0), named);
    let dearest =
        |route| cost(&sitting, route, "best_ms").last().map_or([f64::NAN; 2], |last| *last);
    let ([dimension, reverse], [_, closed]) = (dearest("trace_reverse"), dearest("trace_closed"));
    let worst = [&sliced, &reduced].map(ProbeErrors::worst).into_iter().fold(0.0, f64::max);
    let finding = format!(
        "in {dimension} dimensions reverse sweeps take {:.0} times as long as the closed form; spread of the \
         estimates in units of the predicted one: sliced: {:.2}, with the exact norm: {:.2}; the worst dot is \
         {worst:.1} standard errors off its line",
        reverse / closed,
        sliced.spread(),
        reduced.spread()
    );
    Ok(Picture { canvas, finding })
}

/// (dimensions, milliseconds) of a route, as the bench measured them: the best, and the median.
fn cost(sitting: &Sitting, route: &str, name: &str) -> Vec<Point> {
    let lines = sitting.ours(route, SETTING);
    lines.map(|line| [line.number("d"), line.number(name)]).collect()
}

/// The cost of each route against the dimension.
pub(super) fn routes(canvas: &mut Canvas, frame: Rect, sitting: &Sitting) {
    let routes = [
        ("central differences", "trace_by_differences", GREY),
        ("reverse sweeps", "trace_reverse", RED),
        ("forward, by columns", "trace_by_columns", OCHRE),
        ("forward, all axes", "trace_forward_in_chunks", VIOLET),
        ("forward, of a network", "trace_any_depth", GREEN),
        ("closed form", "trace_closed", NAVY),
        ("value alone", "score", INK),
    ]
    .map(|(name, route, colour)| {
        (name, ["best_ms", "median_ms"].map(|time| cost(sitting, route, time)), colour)
    });
    let times = routes.iter().flat_map(|(_, times, _)| times.iter().flatten().map(|p| p[1]));
    let y = Axis::log_around(times);
    let mut panel = Panel::new(canvas, frame, Axis::log(0.9, 72.0).at(&DIMENSIONS), y);
    panel.labels(
        "The exact trace, two hidden layers",
        "dimensions $d$",
        "milliseconds for 64 samples, best to median",
    );
    for ((_, [best, median], colour), aside) in routes.iter().zip(ASIDE) {
        for ([d, best], [_, median]) in best.iter().zip(median) {
            panel.curve(&[[d * aside, *best], [d * aside, *median]], 0.8, *colour);
        }
        panel.curve(best, 1.6, *colour).circles(best, 2.8, *colour);
    }
    let ends = routes
        .iter()
        .filter_map(|(name, [best, _], colour)| best.last().map(|last| (last[1], *colour, *name)));
    panel.end_labels(ends.collect());
}

/// √k times the error that was measured with k probes: were it not scaled, all would shrink to nothing,
/// and the predicted level with them.
pub(super) fn errors(canvas: &mut Canvas, frame: Rect, series: [(&str, Colour, &ProbeErrors); 2]) {
    let ends = [0.8, 1.25 * PROBES as f64];
    let largest = series.iter().map(|(.., s)| s.variance.sqrt()).fold(0.0, f64::max);
    let mut panel =
        Panel::new(canvas, frame, Axis::log(ends[0], ends[1]), Axis::linear(0.0, ROOM * largest));
    panel.labels(
        "Estimates with random signs",
        "probes $k$",
        "$√k$ × error of ISM, root mean square; lines: predicted",
    );
    for (name, colour, errors) in series {
        let level = errors.variance.sqrt();
        let scaled = errors.scaled();
        let points: Vec<Point> = scaled.iter().map(|&[k, root, _]| [k, root]).collect();
        let bars: Vec<f64> = scaled.iter().map(|&[.., error]| error).collect();
        panel.curve(&ends.map(|k| [k, level]), 1.0, colour);
        panel.error_bars(&points, &bars, colour).dots(&points, 2.6, colour);
        panel.label([ends[1], level], End([-8.0, -20.0]), colour, name);
    }
}
