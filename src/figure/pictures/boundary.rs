//! `boundary`: what the integration by parts leaves behind where q ends with a step (T4).

use super::prelude::*;
use crate::{
    autodiff::Dual,
    density::Univariate,
    identity::where_implicit_fails::edges::{
        Parts, constant, double_square, minimiser, nodes, pieces, weighted,
    },
    matrix::Matrix,
};

pub(super) fn draw(_: &Studio) -> Result<Picture, Error> {
    let mut canvas = Canvas::new(850, 420);
    let missed = exponential(&mut canvas, Rect::new(62.0, 64.0, 330.0, 300.0));
    let [plain, repaired] = uniform(&mut canvas, Rect::new(482.0, 64.0, 330.0, 300.0));
    let finding = format!(
        "exponential data: ESM − ISM is ½ − λ to {missed:.0e}; uniform data: implicit score \
         matching is least at a = {plain:.6}, weighted at {:.6}, the truth being 0",
        repaired.abs() // no minus sign before a rounded 0
    );
    Ok(Picture { canvas, finding })
}

/// ESM − ISM against λ, by quadrature and as predicted. Returns the largest difference.
fn exponential(canvas: &mut Canvas, frame: Rect) -> f64 {
    let density = Univariate::Exponential { rate: 1.0 };
    let nodes = nodes(&pieces(density, &[]), 1);
    let measured = Axis::linear(0.0, 2.0).graph(10, |lambda| {
        let parts = Parts::of(density, &nodes, |x| constant(x, -lambda));
        parts.explicit - parts.implicit
    });
    let predicted = [[0.0, 0.5], [2.0, -1.5]];
    Panel::new(canvas, frame, Axis::linear(-0.1, 2.1), Axis::linear(-1.7, 0.9))
        .labels("Exponential data, model score $ψ = −λ$", "$λ$", "ESM − ISM")
        .curve(&[[-0.1, 0.5], [2.1, 0.5]], 1.2, GREY)
        .label([2.0, 0.5], End([0.0, -10.0]), GREY, "without the boundary: $½I(q)$")
        .curve(&predicted, 1.6, NAVY)
        .circles(&measured, 3.2, RED)
        .label([1.0, -0.5], Start([14.0, -10.0]), NAVY, "$1/2 − λ$, by the theorem")
        .label([1.2, -0.7], End([-14.0, 10.0]), RED, "by quadrature");
    measured.iter().map(|[lambda, gap]| (gap - (0.5 - lambda)).abs()).fold(0.0, f64::max)
}

/// The objectives of ψ = ax on uniform data against a. Returns where two of them are least.
fn uniform(canvas: &mut Canvas, frame: Rect) -> [f64; 2] {
    let density = Univariate::Uniform;
    let nodes = nodes(&pieces(density, &[]), 1);
    let line = |a: f64| move |x: &Dual<Matrix>| x.clone() * a;
    let parts = |a: f64| Parts::of(density, &nodes, line(a));
    // ∫x⁴(1 − x)² dx = 1/105 against ∫x² dx = 1/3: on the same scale the two are the same curve.
    let stretch = 35.0;
    let repaired = |a: f64| weighted(density, double_square, line(a));
    let x = Axis::linear(-6.0, 2.5);
    let plain = x.graph(120, |a| parts(a).implicit);
    let explicit = x.graph(120, |a| parts(a).explicit);
    let marks = Axis::linear(-5.0, 2.0).graph(14, |a| stretch * repaired(a));
    let [at, repaired_at] = [minimiser(|a| parts(a).implicit), minimiser(repaired)];
    let lowest = [at, parts(at).implicit];
    Panel::new(canvas, frame, x, Axis::linear(-2.2, 4.6))
        .labels("Uniform data on [0, 1], $ψ = ax$", "$a$", "objective")
        .vertical(0.0, "")
        .curve(&explicit, 1.6, GREY)
        .curve(&plain, 1.6, NAVY)
        .circles(&marks, 3.2, RED)
        .dots(&[lowest], 4.0, NAVY)
        .label(lowest, Middle([0.0, 14.0]), NAVY, &format!("ISM: least at −{:.0}", -at))
        .label([-4.0, 16.0 / 6.0], Start([12.0, -6.0]), GREY, "ESM")
        .label([-3.5, 12.25 / 6.0], Start([12.0, -6.0]), RED, &format!("{stretch} × weighted ISM"))
        .label([0.0, 4.3], End([-6.0, 0.0]), GREY, "truth");
    [at, repaired_at]
}
