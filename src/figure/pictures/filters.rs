//! `filters`: the learned rows of W as digit-sized tiles.

use super::prelude::*;
use crate::experiment::digits::SIGMA;

pub(super) const COLUMNS: usize = 16;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let w = &studio.digits()?.model.w;
    let norms = w.data().chunks_exact(w.cols()).map(|row| row.iter().map(|w| w * w).sum::<f64>());
    // The most striking first, so that a reader need not search for them.
    let mut order: Vec<(usize, f64)> = norms.map(f64::sqrt).enumerate().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    // The scale leaves out the largest hundredth, which would make all others pale.
    let mut sizes: Vec<f64> = w.data().iter().map(|w| w.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let limit = sizes[sizes.len() * 99 / 100];

    let mut canvas = Canvas::new(592, 312);
    let title = format!("{} filters $W_j$ learned by denoising digits, $σ = {SIGMA}$", w.rows());
    canvas.text(Middle([266.0, 24.0]), 13.0, INK, &title);
    let scale = ColourScale::diverging(limit).open();
    let mut tiles = Tiles::new(&mut canvas, [20.0, 46.0], 28.0, [31.0, 31.0], scale);
    for (place, (j, _)) in order.iter().enumerate() {
        tiles.tile(place / COLUMNS, place % COLUMNS, w.row(*j));
    }
    tiles.colour_bar(Rect::new(528.0, 46.0, 9.0, 245.0), "$W_{ji}$");

    let (largest, smallest) = (order[0].1, order[order.len() - 1].1);
    let finding = format!("{} filters, norms from {smallest:.2} to {largest:.2}", w.rows());
    Ok(Picture { canvas, finding })
}
