//! `digit_samples`: digits out of noise, and how they came about.

use super::prelude::*;
use crate::{
    experiment::{
        digits::SIGMA,
        sampled_digits::{DRAWS, Judgement, SAMPLES, SampledDigits},
    },
    matrix::Matrix,
};

/// Side of a tile, and from one to the next.
const SIDE: f64 = 30.0;
const PITCH: f64 = 34.0;
/// Samples in a row on the left, and rows.
pub(super) const COLUMNS: usize = 12;
pub(super) const ROWS: usize = 10;
/// Samples whose way is shown.
pub(super) const WAYS: usize = 6;
/// Rows of samples of the energy.
pub(super) const ENERGY_ROWS: usize = 3;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let run = studio.sampled_digits()?;
    let (left, right, top) = (24.0, 476.0, 58.0);
    let middle = |corner: f64, tiles: usize| corner + 0.5 * (PITCH * tiles as f64 + SIDE - PITCH);
    let mut canvas = Canvas::new(874, 506);

    // The first ones: nobody has chosen them.
    let title = "Samples of annealed Langevin dynamics";
    canvas.text(Middle([middle(left, COLUMNS), 22.0]), 13.0, INK, title);
    grid(&mut canvas, [left, top], [ROWS, COLUMNS], &run.descent.samples);

    // The way of the first few: the end of every level, and the sample itself.
    let steps = run.descent.states.len() + 1;
    let title = "Their way, level by level";
    canvas.text(Middle([middle(right, steps), 22.0]), 13.0, INK, title);
    let names = run.scales.sigmas().iter().map(|sigma| format!("{sigma:.2}"));
    for (column, name) in names.chain(["x\u{302}".into()]).enumerate() {
        let text = if column == 0 { format!("$σ$ = {name}") } else { name };
        let text = if column + 1 == steps { format!("${text}$") } else { text };
        let at = [right + PITCH * column as f64 + 0.5 * SIDE, top - 11.0];
        let anchor = if column == 0 { End([at[0] + 0.5 * SIDE, at[1]]) } else { Middle(at) };
        canvas.text(anchor, 9.0, INK, &text);
    }
    let mut tiles = tiles(&mut canvas, [right, top]);
    for row in 0..WAYS {
        for (column, state) in run.descent.states.iter().enumerate() {
            tiles.tile(row, column, state.row(row));
        }
        tiles.tile(row, steps - 1, run.descent.samples.row(row));
    }

    let below = top + PITCH * (ROWS - ENERGY_ROWS) as f64;
    let shown = ENERGY_ROWS * steps;
    let title = format!("One energy, learned at $σ = {SIGMA}$ alone, {shown} of {SAMPLES} chains");
    canvas.text(Middle([middle(right, steps), below - 16.0]), 13.0, INK, &title);
    grid(&mut canvas, [right, below], [ENERGY_ROWS, steps], &run.energy_samples);

    let lost: Vec<usize> = (0..shown).filter(|&i| has_left(run.energy_samples.row(i))).collect();
    for i in &lost {
        let [x, y] = [right + PITCH * (i % steps) as f64, below + PITCH * (i / steps) as f64];
        let [end, bottom] = [x + SIDE, y + SIDE];
        canvas.line(&[[x, y], [end, y], [end, bottom], [x, bottom], [x, y]], 1.2, RED);
    }
    let lost = lost.len();
    let note =
        format!("{lost} of these {shown}, framed, have pixels beyond −0.5 or 1.5, drawn as 0 or 1");
    let bottom = below + PITCH * ENERGY_ROWS as f64 + 6.0;
    canvas.text(Middle([middle(right, steps), bottom]), 9.0, GREY, &note);
    table(&mut canvas, run, 430.0);
    let rows = 0..run.energy_samples.rows();
    let all_lost = rows.filter(|&i| has_left(run.energy_samples.row(i))).count();
    let usual = run.training_discrepancies;
    let one_law = run.shuffled_discrepancies;
    let finding = format!(
        "{SAMPLES} samples: {}\n  training digits: {}\n  one energy: {}\n  {lost} of the first {shown} of \
         the energy have left the range of the data, {all_lost} of all\n  MMD of {SAMPLES} training digits to the held-out ones {:.3} ± {:.3}; if all are shuffled first {:.3} ± {:.3}",
        summary(&run.judgement),
        summary(&run.training_judgement),
        summary(&run.energy_judgement),
        usual.mean,
        usual.deviation(),
        one_law.mean,
        one_law.deviation()
    );
    Ok(Picture { canvas, finding })
}

fn tiles(canvas: &mut Canvas, corner: [f64; 2]) -> Tiles<'_> {
    Tiles::new(canvas, corner, SIDE, [PITCH, PITCH], ColourScale::grey(0.0, 1.0))
}

/// The first rows of `images`, as a grid.
fn grid(canvas: &mut Canvas, corner: [f64; 2], [rows, columns]: [usize; 2], images: &Matrix) {
    let mut tiles = tiles(canvas, corner);
    for i in 0..rows * columns {
        tiles.tile(i / columns, i % columns, images.row(i));
    }
}

/// Whether some pixel lies farther outside [0, 1], the range of the data, than half of its width: what
/// is drawn is then not the sample.
fn has_left(sample: &[f64]) -> bool {
    sample.iter().any(|pixel| !(-0.5..=1.5).contains(pixel))
}

/// What the numbers say of the three sets, from `top` down.
fn table(canvas: &mut Canvas, run: &SampledDigits, top: f64) {
    const COLUMNS: [f64; 5] = [24.0, 190.0, 280.0, 370.0, 510.0];
    let usual = run.training_discrepancies;
    let spread = format!(
        "{:.3} ± {:.3}, mean and deviation of {DRAWS} draws",
        usual.mean,
        usual.deviation()
    );
    let single = |judgement: &Judgement| format!("{:.3}", judgement.discrepancy);
    let training = format!("{SAMPLES} training digits");
    let rows = [
        ("the samples", &run.judgement, single(&run.judgement)),
        (&training, &run.training_judgement, spread),
        ("the energy", &run.energy_judgement, single(&run.energy_judgement)),
    ];
    let mut line = |line: usize, colour: Colour, cells: &[String]| {
        for (x, cell) in COLUMNS.into_iter().zip(cells) {
            canvas.text(Start([x, top + 19.0 * line as f64]), 11.0, colour, cell);
        }
    };
    let names = ["", "natural", "copies", "classes: least, most", "MMD to the held-out digits"];
    line(0, GREY, &names.map(String::from));
    for (row, (name, judgement, discrepancy)) in rows.into_iter().enumerate() {
        let [natural, copies, classes] = percentages(judgement);
        line(row + 1, INK, &[name.into(), natural, copies, classes, discrepancy]);
    }
}

/// Natural, copies, and the least and the most frequent class.
fn percentages(judgement: &Judgement) -> [String; 3] {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let [least, most] = extremes(judgement.classes);
    let classes = format!("{:.1} to {}", 100.0 * least, percent(most));
    [percent(judgement.natural), percent(judgement.copies), classes]
}

fn summary(judgement: &Judgement) -> String {
    let [natural, copies, classes] = percentages(judgement);
    format!(
        "{natural} natural, {copies} copies, classes {classes}, MMD {:.3}",
        judgement.discrepancy
    )
}
