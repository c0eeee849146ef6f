//! `denoising`: held-out digits, clean, corrupted and restored.

use super::prelude::*;
use crate::{
    array::Array,
    corruption::corrupt,
    experiment::digits::{DRAWS, SIGMA},
    matrix::noise::{Generator, standard_normal},
};
use rand::SeedableRng;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let run = studio.digits()?;
    // The first held-out digit of each class: nobody has chosen them.
    let labels = &run.digits.held_out_labels;
    let first = |label| labels.iter().position(|&l| l == label);
    let rows: Vec<usize> = (0..10).filter_map(first).collect();
    let clean = run.digits.held_out.select(&rows);
    let noise = standard_normal(
        clean.rows(),
        clean.cols(),
        &mut Generator::seed_from_u64(studio.seed.wrapping_add(1)),
    );
    let noisy = corrupt(&clean, &noise, SIGMA);

    let mut canvas = Canvas::new(840, 372);
    let title = format!("Digits never seen in training, $σ = {SIGMA}$");
    canvas.text(Middle([420.0, 24.0]), 13.0, INK, &title);
    let scale = ColourScale::grey(0.0, 1.0);
    let mut tiles = Tiles::new(&mut canvas, [150.0, 46.0], 48.0, [58.0, 72.0], scale);
    let lines = [
        ("clean $x$", clean.clone()),
        ("corrupted $x\u{303}$", noisy.clone()),
        ("best linear", run.wiener.reconstruct(&noisy)),
        ("autoencoder $r(x\u{303})$", run.model.reconstruct(&noisy)),
    ];
    for (line, (name, images)) in lines.iter().enumerate() {
        tiles.row_label(line, name);
        let errors = (images.clone() - &clean).squared_norm();
        for column in 0..images.rows() {
            tiles.tile(line, column, images.row(column));
            if line > 0 {
                tiles.note(line, column, &format!("{:.2}", errors.at(column, 0)));
            }
        }
    }

    let c = run.comparison;
    let gap = c.linear - c.autoencoder;
    let summary = format!(
        "squared error, mean over {} digits × {DRAWS} corruptions:  corrupted {:.2},  best linear \
         {:.3},  autoencoder {:.3},  difference {gap:.3} ± {:.3}",
        labels.len(),
        c.corrupted,
        c.linear,
        c.autoencoder,
        c.standard_error
    );
    canvas.text(Middle([420.0, 346.0]), 11.0, INK, &summary);
    let finding = format!(
        "held-out squared error {:.4} against {:.4} for the best linear denoiser: {:.1} % below, \
         {:.0} standard errors",
        c.autoencoder,
        c.linear,
        100.0 * gap / c.linear,
        gap / c.standard_error
    );
    Ok(Picture { canvas, finding })
}
