//! `traces`: what the exact divergence costs by each route, and what random directions give (T12,
//! T13, T28).

use super::prelude::*;
use crate::experiment::{
    speed::{Setting, Sitting},
    traces::{PROBES, ProbeErrors},
};

/// The setting whose times are drawn.
const SETTING: Setting = Setting { precision: "f64", threads: 1 };

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let sitting = Sitting::kept();
    let [sliced, reduced] = ProbeErrors::measure(studio.seed);
    let mut canvas = Canvas::new(1000, 440);
    routes(&mut canvas, Rect::new(70.0, 64.0, 340.0, 310.0), &sitting);
    let named = [("sliced", RED, &sliced), ("with the exact norm", NAVY, &reduced)];
    errors(&mut canvas, Rect::new(610.0, 64.0, 340.0, 310.0), named);
    let dearest = |route| cost(&sitting, route).last().map_or([f64::NAN; 2], |last| *last);
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

/// (dimensions, milliseconds) of a route, as the bench measured it.
fn cost(sitting: &Sitting, route: &str) -> Vec<Point> {
    let lines = sitting.ours(route, SETTING);
    lines.map(|line| [line.number("d"), line.number("best_ms")]).collect()
}

/// The cost of each route against the dimension.
fn routes(canvas: &mut Canvas, frame: Rect, sitting: &Sitting) {
    // with how far the name is moved down
    let routes = [
        ("central differences", "trace_by_differences", GREY, -9.0),
        ("reverse sweeps", "trace_reverse", RED, 4.0),
        ("forward, by columns", "trace_by_columns", GREY, -6.0),
        ("forward, all axes", "trace_forward_in_chunks", NAVY, 7.0),
        ("closed form", "trace_closed", NAVY, -5.0),
        ("value alone", "score", INK, 8.0),
    ]
    .map(|(name, route, colour, down)| (name, cost(sitting, route), colour, down));
    let y = Axis::log_around(routes.iter().flat_map(|(_, points, ..)| points.iter().map(|p| p[1])));
    let mut panel = Panel::new(canvas, frame, Axis::log(0.9, 72.0), y);
    panel.labels(
        "The exact trace, two hidden layers",
        "dimensions $d$",
        "milliseconds for 64 samples",
    );
    for (name, points, colour, down) in routes {
        panel.curve(&points, 1.6, colour).circles(&points, 2.8, colour);
        if let Some(&last) = points.last() {
            panel.label(last, Start([12.0, down]), colour, name);
        }
    }
}

/// The errors of the estimates against the number of probes, on bands of the predicted deviation.
fn errors(canvas: &mut Canvas, frame: Rect, series: [(&str, Colour, &ProbeErrors); 2]) {
    let probes = PROBES as f64;
    let largest = series.iter().map(|(.., s)| s.variance.sqrt()).fold(0.0, f64::max);
    let axis = Axis::linear(-2.4 * largest, 2.4 * largest);
    let mut panel = Panel::new(canvas, frame, Axis::log(0.9, 1.15 * probes), axis);
    panel.labels("Estimates with random signs", "probes $k$", "error of ISM, bands ± predicted");
    for (line, (name, colour, ProbeErrors { variance, paths })) in series.into_iter().enumerate() {
        let edge = |sign| Axis::log(1.0, probes).graph(80, |k| sign * (variance / k).sqrt());
        panel.band(&edge(-1.0), &edge(1.0), colour.alpha(0.16));
        for path in paths {
            panel.curve(path, 0.9, colour.alpha(0.55));
        }
        let top = axis.high() * (0.9 - 0.1 * line as f64);
        panel.label([probes, top], End([-4.0, 0.0]), colour, name);
    }
}
