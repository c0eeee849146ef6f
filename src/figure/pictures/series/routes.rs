//! The routes to the trace: what each costs, and how far estimates are off, against made-up numbers.

use super::*;
use crate::{
    experiment::traces::{PROBES, ProbeErrors},
    figure::pictures::traces,
};

#[test]
fn costs_are_those_of_their_own_route() {
    let routes = [
        ("trace_by_differences", GREY, 1.0),
        ("trace_reverse", RED, 2.0),
        ("trace_by_columns", OCHRE, 3.0),
        ("trace_forward_in_chunks", VIOLET, 4.0),
        ("trace_any_depth", GREEN, 5.0),
        ("trace_closed", NAVY, 6.0),
        ("score", INK, 7.0),
    ];
    let line = |route: &str, time: f64, d: f64| {
        let (best, median) = (time * d, 1.5 * time * d);
        format!(
            "{{\"bench\":\"{route}\",\"peer\":\"ours\",\"dtype\":\"f64\",\"threads\":1,\
             \"shape\":\"d{d}\",\"best_ms\":{best},\"median_ms\":{median},\"d\":{d}}}\n"
        )
    };
    let lines = routes.map(|(route, _, time)| [1.0, 64.0].map(|d| line(route, time, d)).concat());
    let text = format!("{{\"machine\":\"M\"}}\n{}", lines.concat());
    let mut canvas = page();
    traces::routes(&mut canvas, FRAME, &Sitting::read(&text).expect("lines"));
    for ((_, colour, time), aside) in routes.into_iter().zip(traces::ASIDE) {
        let [best, median] = [time, 1.5 * time].map(|t| [[1.0, t], [64.0, 64.0 * t]]);
        let beside = |[d, t]: Point| [d * aside, t];
        let bars = (0..2).map(|i| vec![beside(best[i]), beside(median[i])]);
        let expected: Vec<Vec<Point>> = bars.chain([best.to_vec()]).collect();
        assert_eq!(all(&canvas.drawn, "curve", colour), expected);
        assert_eq!(only(&canvas.drawn, "marks", colour), best);
    }
}

#[test]
fn numbers_stand_at_the_dimensions_that_the_bench_took() {
    let sitting = Sitting::kept();
    let lines = sitting.ours("trace_closed", Setting { precision: "f64", threads: 1 });
    assert!(lines.map(|line| line.number("d")).eq(traces::DIMENSIONS));
}

/// Errors e and 2e with one probe have the mean square 5e²/2 ± 3e²/2.
#[test]
fn errors_of_probes_are_scaled_and_beside_the_level_of_their_own_kind() {
    let errors = |variance, e: f64| ProbeErrors {
        variance,
        paths: vec![vec![[1.0, e], [4.0, -e]], vec![[1.0, 2.0 * e], [4.0, 0.0]]],
    };
    let (sliced, reduced) = (errors(4.0, 0.5), errors(1.0, 0.25));
    let mut canvas = page();
    let named = [("sliced", RED, &sliced), ("reduced", NAVY, &reduced)];
    traces::errors(&mut canvas, FRAME, named);
    // Both are farthest off with one probe: by 4e − √2.5 e, with an error of 0.75 e/√2.5.
    let worst = (2.0 * 2.5_f64.sqrt() - 1.25) / 0.375;
    assert!(near(sliced.worst(), worst) && near(reduced.worst(), worst));
    for (colour, level, e) in [(RED, 2.0, 0.5), (NAVY, 1.0, 0.25)] {
        let line = [[0.8, level], [1.25 * PROBES as f64, level]];
        close(&only(&canvas.drawn, "curve", colour), &line);
        let [one, four] = [2.5_f64, 2.0].map(|square| square.sqrt() * e);
        close(&only(&canvas.drawn, "dots", colour), &[[1.0, one], [4.0, four]]);
        let [first, second] = [0.75 * e * e / one, e * e / four];
        let ends =
            [[1.0, one - first], [1.0, one + first], [4.0, four - second], [4.0, four + second]];
        close(&bars(&canvas.drawn, colour), &ends);
    }
}
