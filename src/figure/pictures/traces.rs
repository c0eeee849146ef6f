//! `traces`: what the exact divergence costs by each route, and what random directions give (T12,
//! T13, T28).

use super::prelude::*;
use crate::experiment::{
    speed::{Setting, Sitting},
    traces::{PROBES, ProbeErrors},
};

/// The setting whose times are drawn.
const SETTING: Setting = Setting { precision: "f64", threads: 1 };

/// What the place of the thin lines of a route is multiplied by, so that none hides another.
pub(super) const ASIDE: [f64; 6] = [0.97, 1.03, 1.03, 0.97, 1.0, 1.0];
/// The errors that the right panel shows, in units of the larger deviation.
const SHOWN: f64 = 2.8;

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
    let finding = format!(
        "in {dimension} dimensions reverse sweeps take {:.0} times as long as the closed form; spread of the \
         estimates in units of the predicted one: sliced: {:.2}, with the exact norm: {:.2}",
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
        ("closed form", "trace_closed", NAVY),
        ("value alone", "score", INK),
    ]
    .map(|(name, route, colour)| {
        (name, ["best_ms", "median_ms"].map(|time| cost(sitting, route, time)), colour)
    });
    let times = routes.iter().flat_map(|(_, times, _)| times.iter().flatten().map(|p| p[1]));
    let y = Axis::log_around(times);
    let mut panel = Panel::new(canvas, frame, Axis::log(0.9, 72.0), y);
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

/// √k times the errors of the estimates against the number k of probes: were they not scaled, all would
/// shrink to nothing, and the bands of the predicted deviation with them.
pub(super) fn errors(canvas: &mut Canvas, frame: Rect, series: [(&str, Colour, &ProbeErrors); 2]) {
    let probes = PROBES as f64;
    let largest = series.iter().map(|(.., s)| s.variance.sqrt()).fold(0.0, f64::max);
    let axis = Axis::linear(-SHOWN * largest, SHOWN * largest);
    let mut panel = Panel::new(canvas, frame, Axis::log(0.9, 1.15 * probes), axis);
    panel.labels(
        "Estimates with random signs",
        "probes $k$",
        "$√k$ × error of ISM; bands: ± one deviation, predicted",
    );
    for (line, (name, colour, ProbeErrors { variance, paths })) in series.into_iter().enumerate() {
        let edge = |sign: f64| [0.9, 1.15 * probes].map(|k| [k, sign * variance.sqrt()]);
        panel.band(&edge(-1.0), &edge(1.0), colour.alpha(0.16));
        for path in paths {
            let scaled: Vec<Point> = path.iter().map(|&[k, error]| [k, k.sqrt() * error]).collect();
            panel.curve(&scaled, 0.9, colour.alpha(0.55));
        }
        let corner = [1.15 * probes, axis.low()];
        panel.label(corner, End([-8.0, -28.0 + 16.0 * line as f64]), colour, name);
    }
}
