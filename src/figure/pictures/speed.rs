//! `speed`: what was measured of speed, on the machine and the day that the lines name.

use super::prelude::*;
use crate::experiment::speed::{Beside, Setting, Sitting};

/// The middle of the steps that grow: batch, dimensions, hidden units.
const MIDDLE: [f64; 3] = [512.0, 64.0, 256.0];
/// Single precision on one thread.
const SINGLE: Setting = Setting { precision: "f32", threads: 1 };
/// Ratios that may well be noise, on one thread and on all: `benches/README.md` tells why these.
const NOISE: [[f64; 2]; 2] = [[0.8, 1.2], [0.7, 1.4]];

pub(super) fn draw(_: &Studio) -> Result<Picture, Error> {
    let sitting = Sitting::kept();
    let all = sitting.machine.number("cores") as usize;
    let mut canvas = Canvas::new(1092, 800);
    for (i, threads) in [1, all].into_iter().enumerate() {
        let frame = Rect::new(62.0, 72.0 + 150.0 * i as f64, 340.0, 130.0);
        products(&mut canvas, frame, &sitting, threads);
    }
    growth(&mut canvas, Rect::new(62.0, 464.0, 340.0, 280.0), &sitting);
    let setting = |threads| Setting { threads, ..SINGLE };
    // The steps that grow have a panel of their own.
    let [alone, together] = [1, all].map(|threads| {
        let mut pairs = sitting.beside("jax", setting(threads));
        pairs.retain(|pair| pair.bench != "growth");
        pairs
    });
    beside(&mut canvas, Rect::new(666.0, 72.0, 304.0, 672.0), [&alone, &together], all);
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
        for (pairs, [low, high], name) in
            [(&alone, NOISE[0], "one thread"), (&together, NOISE[1], &format!("{all} threads"))]
        {
            let count = |side: &dyn Fn(f64) -> bool| pairs.iter().filter(|p| side(p.ratio)).count();
            finding = format!(
                "{finding};\n  ahead by more than noise on {name}: ours in {}, JAX in {}",
                count(&|ratio| ratio > high),
                count(&|ratio| ratio < low)
            );
        }
    }
    Ok(Picture { canvas, finding })
}

/// The share of the multiply-add peak that products of square matrices reach on some threads: the mean
/// over the three forms, and bars from the least to the greatest, a little aside.
pub(super) fn products(canvas: &mut Canvas, frame: Rect, sitting: &Sitting, threads: usize) {
    let (x, y) = (Axis::log(28.0, 2400.0), Axis::linear(0.0, 1.0));
    let several = format!("{threads} threads");
    let (mut panel, name) = if threads == 1 {
        let mut panel = Panel::new(canvas, frame, x.unnumbered(), y);
        panel.labels("Products of square matrices", "", "share of the multiply-add peak");
        (panel, "one thread")
    } else {
        let mut panel = Panel::new(canvas, frame, x, y);
        panel.labels("", "rows $n$", "");
        (panel, &several[..])
    };
    panel.label([2400.0, 0.0], End([-8.0, -44.0]), INK, name);
    for (precision, colour, aside, height) in
        [("f32", NAVY, 0.98, -28.0), ("f64", OCHRE, 1.02, -12.0)]
    {
        let setting = Setting { precision, threads };
        let [nn, nt, tn] = ["nn", "nt", "tn"].map(|form| sitting.shares(form, setting));
        let mut means = vec![];
        for (([n, a], [_, b]), [_, c]) in nn.into_iter().zip(nt).zip(tn) {
            let [low, high] = extremes([a, b, c]);
            panel.curve(&[[aside * n, low], [aside * n, high]], 1.0, colour);
            means.push([aside * n, (a + b + c) / 3.0]);
        }
        panel.curve(&means, 1.6, colour).dots(&means, 2.4, colour);
        panel.label([2400.0, 0.0], End([-8.0, height]), colour, precision);
    }
}

/// How a training step grows with its sizes, from the best time to the median, and how much longer the
/// largest takes than the smallest. The curves bend, so no single order describes them.
pub(super) fn growth(canvas: &mut Canvas, frame: Rect, sitting: &Sitting) {
    let sizes =
        [("n", "batch $n$", INK), ("d", "dimensions $d$", VIOLET), ("h", "hidden $h$", GREEN)];
    let found = sizes.map(|(name, ..)| {
        ["best_ms", "median_ms"].map(|time| sitting.growing(name, MIDDLE, SINGLE, time))
    });
    let [least, most] = extremes(found.iter().flatten().flatten().map(|p| p[1]));
    let top = 2.2 * most; // room for the words
    let y = Axis::log_around([least, top]);
    let mut panel = Panel::new(canvas, frame, Axis::log(6.0, 2800.0), y);
    panel.labels(
        "One step as its sizes are doubled",
        "$n$, $d$ or $h$",
        "milliseconds, DAE DSM around $512 × 64 × 256$, f32, one thread",
    );
    let corner = [7.0, top];
    panel.label(corner, Start([0.0, 4.0]), INK, "from the smallest to the largest:");
    for (line, ([best, medians], (_, text, colour))) in found.iter().zip(sizes).enumerate() {
        for (best, median) in best.iter().zip(medians) {
            panel.curve(&[*best, *median], 1.0, colour);
        }
        panel.curve(best, 1.6, colour).circles(best, 2.8, colour);
        if let [first, .., last] = best[..] {
            let [size, time] = [0, 1].map(|i| last[i] / first[i]);
            let label = format!("{text} × {size:.0}: time × {time:.0}");
            panel.label(corner, Start([0.0, 22.0 + 17.0 * line as f64]), colour, &label);
        }
    }
}

/// JAX's time over ours, row by row, and how often a step of ours asks the allocator.
fn beside(canvas: &mut Canvas, frame: Rect, [alone, together]: [&[Beside]; 2], all: usize) {
    let all_pairs = || alone.iter().chain(together);
    let ratios = || all_pairs().flat_map(|pair| [pair.ratio, pair.ratio_of_medians]);
    let axis = Axis::log(ratios().fold(0.5, f64::min) * 0.9, ratios().fold(4.0, f64::max) * 1.1);
    let across = |ratio: f64| frame.left + frame.width * axis.fraction(ratio);
    let row = frame.height / alone.len().max(1) as f64;
    let title = "JAX's time / ours, f32: to the right we are faster";
    canvas.text(Middle([frame.left + 0.5 * frame.width, frame.top - 40.0]), 13.0, INK, title);
    let note = "dots: of the best times; thin lines: to the ratio of the medians";
    canvas.text(Middle([frame.left + 0.5 * frame.width, frame.top - 25.0]), 9.0, GREY, note);
    let names = ["one thread", &format!("{all} threads")];
    let series = [(INK, 0.12), (RED, 0.09)];
    for ((name, (colour, share)), (k, [low, high])) in
        names.into_iter().zip(series).zip(NOISE.into_iter().enumerate())
    {
        let width = across(high) - across(low);
        let band = Rect { left: across(low), width, ..frame };
        canvas.rectangle(band, colour.alpha(share));
        let at = [frame.left + 8.0 + 214.0 * k as f64, frame.bottom() + 18.0];
        dot(canvas, at, k, colour);
        let key = format!("{name}; its shade: {low} to {high}");
        canvas.text(Start([at[0] + 10.0, at[1]]), 10.0, colour, &key);
    }
    for ratio in [0.5, 1.0, 2.0, 4.0, 8.0] {
        if (0.0..=1.0).contains(&axis.fraction(ratio)) {
            let x = across(ratio);
            let width = if ratio == 1.0 { 1.2 } else { 0.5 };
            canvas.line(&[[x, frame.top - 4.0], [x, frame.bottom()]], width, GREY);
            canvas.text(Middle([x, frame.top - 12.0]), 10.0, INK, &format!("{ratio}"));
        }
    }
    for (height, words) in [(25.0, "allocations a step,"), (12.0, "one thread")] {
        canvas.text(End([frame.right() + 100.0, frame.top - height]), 10.0, INK, words);
    }
    let kind = |i: usize| alone[i].bench.split('_').next();
    for i in (1..alone.len()).filter(|&i| kind(i) != kind(i - 1)) {
        let y = frame.top + row * i as f64;
        canvas.line(&[[frame.left - 232.0, y], [frame.right() + 100.0, y]], 0.8, INK);
    }
    for (i, pair) in alone.iter().enumerate() {
        let y = frame.top + row * (i as f64 + 0.5);
        canvas.line(&[[frame.left, y], [frame.right(), y]], 0.5, GREY.alpha(0.6));
        canvas.text(End([frame.left - 8.0, y]), 10.0, INK, &name(pair));
        let same = |other: &&Beside| (other.bench, other.shape) == (pair.bench, pair.shape);
        let both = [Some(pair), together.iter().find(same)];
        for (k, (pair, (colour, _))) in both.into_iter().zip(series).enumerate() {
            let Some(pair) = pair else { continue };
            // A little apart, so that none hides another.
            let y = y + [-3.5, 3.5][k];
            if pair.ratio_of_medians.is_finite() {
                let ends = [pair.ratio, pair.ratio_of_medians].map(|ratio| [across(ratio), y]);
                canvas.line(&ends, 1.0, colour);
            }
            dot(canvas, [across(pair.ratio), y], k, colour);
        }
        let allocations = pair.ours.number("allocations");
        let text =
            if allocations.is_finite() { format!("{allocations:.0}") } else { "–".to_owned() };
        canvas.text(End([frame.right() + 100.0, y]), 10.0, INK, &text);
    }
    let sizes = "sizes: batch × dimensions × hidden units; of Langevin chains × steps × hidden units; –: not counted";
    canvas.text(End([frame.right() + 100.0, frame.bottom() + 40.0]), 10.0, GREY, sizes);
}

/// Of the series of that number: full, then open.
fn dot(canvas: &mut Canvas, at: Point, series: usize, colour: Colour) {
    canvas.disc(at, 4.0, colour);
    if series == 1 {
        canvas.disc(at, 2.6, WHITE);
    }
}

/// Bench and shape as they are read: DAE · DSM · 1024×2×128.
fn name(pair: &Beside) -> String {
    let word = |word: &str| match word {
        "dae" | "mlp" | "dsm" | "ism" => word.to_uppercase(),
        "langevin" => "Langevin".to_owned(),
        "chunk250" => "blocks of 250".to_owned(),
        word => word.to_owned(),
    };
    let words: Vec<String> = pair
        .bench
        .splitn(3, '_')
        .map(|part| match part.split_once('_') {
            Some((first, second)) => format!("{} {}", word(first), word(second)),
            None => word(part),
        })
        .collect();
    let sizes: Vec<&str> =
        pair.shape.split('_').map(|size| size.trim_start_matches(char::is_alphabetic)).collect();
    format!("{} · {}", words.join(" · "), sizes.join("×"))
}
