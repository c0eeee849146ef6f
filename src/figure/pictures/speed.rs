//! `speed`: what was measured of speed, on the machine and the day that the lines name.

use super::prelude::*;
use crate::experiment::speed::{Beside, Setting, Sitting};

/// The middle of the steps that grow: batch, dimensions, hidden units.
const MIDDLE: [f64; 3] = [512.0, 64.0, 256.0];
/// One thread, and whether its numbers are in single precision.
const SINGLE: Setting = Setting { precision: "f32", threads: 1 };
const DOUBLE: Setting = Setting { precision: "f64", threads: 1 };
/// The height of a row of the comparison.
const ROW: f64 = 34.0;

pub(super) fn draw(_: &Studio) -> Result<Picture, Error> {
    let sitting = Sitting::kept();
    let all = sitting.machine.number("cores") as usize;
    let mut canvas = Canvas::new(1080, 800);
    products(&mut canvas, Rect::new(62.0, 72.0, 330.0, 280.0), &sitting, all);
    growth(&mut canvas, Rect::new(62.0, 464.0, 330.0, 280.0), &sitting);
    let setting = |threads| Setting { threads, ..SINGLE };
    // The steps that grow have a panel of their own.
    let [alone, together] = [1, all].map(|threads| {
        let mut pairs = sitting.beside("jax", setting(threads));
        pairs.retain(|pair| pair.bench != "growth");
        pairs
    });
    beside(&mut canvas, Rect::new(640.0, 72.0, 330.0, 672.0), &alone, &together, all);
    let [name, date] = ["machine", "date"].map(|field| sitting.machine.word(field));
    let machine = format!("{name}, {all} cores, {}", date.split('T').next().unwrap_or_default());
    canvas.text(Start([62.0, 14.0]), 10.0, GREY, &machine);

    let share = 100.0 * sitting.shares("nn", SINGLE).iter().map(|p| p[1]).fold(0.0, f64::max);
    let mut finding = format!("best share of the peak in a product {share:.0} %");
    if !alone.is_empty() {
        let mean = |pairs: &[Beside]| {
            (pairs.iter().map(|pair| pair.ratio.ln()).sum::<f64>() / pairs.len() as f64).exp()
        };
        finding = format!(
            "{finding}; geometric mean over {} steps of JAX's time / ours: {:.2} on one thread, {:.2} \
             on {all}",
            alone.len(),
            mean(&alone),
            mean(&together)
        );
    }
    Ok(Picture { canvas, finding })
}

/// The share of the multiply-add peak that products of square matrices reach.
fn products(canvas: &mut Canvas, frame: Rect, sitting: &Sitting, all: usize) {
    let mut panel = Panel::new(canvas, frame, Axis::log(28.0, 2400.0), Axis::linear(0.0, 1.0));
    panel.labels("Products of square matrices", "rows $n$", "share of the multiply-add peak");
    let settings = [
        ("f32, one thread", SINGLE, NAVY, 2.0),
        ("f64, one thread", DOUBLE, OCHRE, 2.0),
        ("f32, all threads", Setting { threads: all, ..SINGLE }, NAVY, 0.8),
        ("f64, all threads", Setting { threads: all, ..DOUBLE }, OCHRE, 0.8),
    ];
    for (line, (name, setting, colour, width)) in settings.into_iter().enumerate() {
        let forms = ["nn", "nt", "tn"].map(|form| sitting.shares(form, setting));
        let mean: Vec<Point> = (0..forms[0].len())
            .map(|i| [forms[0][i][0], forms.iter().map(|form| form[i][1]).sum::<f64>() / 3.0])
            .collect();
        panel.curve(&mean, width, colour);
        for form in &forms {
            panel.dots(form, 1.0 + 0.6 * width, colour.alpha(0.7));
        }
        let y = 0.22 - 0.06 * line as f64;
        panel.curve(&[[230.0, y], [380.0, y]], width, colour);
        panel.label([400.0, y], Start([4.0, 0.0]), colour, name);
    }
}

/// How a training step grows with its sizes, and the fitted orders.
pub(super) fn growth(canvas: &mut Canvas, frame: Rect, sitting: &Sitting) {
    let sizes =
        [("n", "batch $n$", NAVY), ("d", "dimensions $d$", RED), ("h", "hidden $h$", OCHRE)];
    let found = sizes.map(|(name, ..)| sitting.growth(name, MIDDLE, SINGLE));
    let times = found.iter().flat_map(|(points, _)| points.iter().map(|p| p[1]));
    let mut panel = Panel::new(canvas, frame, Axis::log(6.0, 2800.0), Axis::log_around(times));
    panel.labels(
        "One step as its sizes are doubled",
        "size of what grows",
        "milliseconds, DAE DSM around $512 × 64 × 256$",
    );
    let top = found.iter().flat_map(|(points, _)| points.iter().map(|p| p[1])).fold(0.0, f64::max);
    for (line, ((points, order), (name, text, colour))) in found.iter().zip(sizes).enumerate() {
        panel.curve(points, 1.6, colour).circles(points, 2.8, colour);
        let label = format!("{text}: $∝ {}^{{{order:.2}}}$", &name);
        panel.label([7.0, top], Start([0.0, 6.0 + 18.0 * line as f64]), colour, &label);
    }
}

/// JAX's time over ours, row by row, and how often a step of ours asks the allocator.
fn beside(canvas: &mut Canvas, frame: Rect, alone: &[Beside], together: &[Beside], all: usize) {
    let ratios = || alone.iter().chain(together).map(|pair| pair.ratio);
    let axis = Axis::log(ratios().fold(0.5, f64::min) * 0.9, ratios().fold(4.0, f64::max) * 1.1);
    let across = |ratio: f64| frame.left + frame.width * axis.fraction(ratio);
    let bottom = frame.top + ROW * alone.len() as f64;
    canvas.text(
        Middle([across(1.0), frame.top - 40.0]),
        13.0,
        INK,
        "JAX's time / ours, f32: to the right we are faster",
    );
    for ratio in [0.5, 1.0, 2.0, 4.0, 8.0] {
        if axis.fraction(ratio) >= 0.0 && axis.fraction(ratio) <= 1.0 {
            let x = across(ratio);
            let width = if ratio == 1.0 { 1.2 } else { 0.5 };
            canvas.line(&[[x, frame.top - 4.0], [x, bottom]], width, GREY);
            canvas.text(Middle([x, frame.top - 12.0]), 10.0, INK, &format!("{ratio}"));
        }
    }
    canvas.text(End([frame.right() + 100.0, frame.top - 12.0]), 10.0, INK, "allocations a step");
    for (i, pair) in alone.iter().enumerate() {
        let y = frame.top + ROW * (i as f64 + 0.5);
        if i % 2 == 0 {
            let row = Rect::new(frame.left, y - 0.5 * ROW, frame.width, ROW);
            canvas.rectangle(row, GREY.alpha(0.1));
        }
        let name = format!("{} {}", pair.bench.replace('_', " "), pair.shape.replace('_', " "));
        canvas.text(End([frame.left - 8.0, y]), 10.0, INK, &name);
        canvas.disc([across(pair.ratio), y], 4.0, NAVY);
        let same = |other: &&Beside| (other.bench, other.shape) == (pair.bench, pair.shape);
        if let Some(other) = together.iter().find(same) {
            canvas.disc([across(other.ratio), y], 4.0, RED);
            canvas.disc([across(other.ratio), y], 2.6, WHITE);
        }
        let allocations = pair.ours.number("allocations");
        if allocations.is_finite() {
            let text = format!("{allocations:.0}");
            canvas.text(End([frame.right() + 100.0, y]), 10.0, INK, &text);
        }
    }
    let y = bottom + 18.0;
    canvas.disc([frame.left + 8.0, y], 4.0, NAVY);
    canvas.text(Start([frame.left + 18.0, y]), 10.0, NAVY, "one thread");
    canvas.disc([frame.left + 110.0, y], 4.0, RED);
    canvas.disc([frame.left + 110.0, y], 2.6, WHITE);
    canvas.text(Start([frame.left + 120.0, y]), 10.0, RED, &format!("{all} threads"));
}
