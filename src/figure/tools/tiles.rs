//! Small images side by side, so that the eye compares them rather than reads them.
//!
//! All tiles of a grid share one [`ColourScale`]: had each its own, a weak filter would look as
//! strong as its neighbour, and the comparison would be of nothing.
//!
//! ```text
//!                  ┌──────┐  ┌──────┐   ┬      ┬
//!       row label  │      │  │      │   │ side │
//!                  └──────┘  └──────┘   ┴      │ pitch[1]
//!                    note                      │
//!                  ┌──────┐  ┌──────┐          ┴
//!                  ├─ pitch[0] ┤
//! ```

use super::{
    axis::Axis,
    canvas::{Canvas, note},
    palette::{ColourScale, INK, PALE},
    raster::{Point, Rect},
    text::Anchor,
};

/// Size of labels beside the tiles.
const LABEL: f64 = 11.0;
/// Size of numbers: under tiles, and at the colour bar.
const NUMBER: f64 = 9.0;

/// A grid of square tiles on a canvas.
#[derive(Debug)]
pub struct Tiles<'a> {
    canvas: &'a mut Canvas,
    corner: Point,
    side: f64,
    pitch: Point,
    scale: ColourScale,
}

impl<'a> Tiles<'a> {
    /// A grid whose first tile has its upper left corner at `corner`. Tiles are `side` wide, and
    /// the next one to the right and below begins `pitch` further on.
    pub fn new(
        canvas: &'a mut Canvas,
        corner: Point,
        side: f64,
        pitch: Point,
        scale: ColourScale,
    ) -> Self {
        let axis = Axis::linear(scale.low, scale.high);
        if !axis.is_sound() {
            canvas.refuse(format!("colours cannot follow a {axis}"));
        }
        note!(canvas, "frame", [], INK);
        Self { canvas, corner, side, pitch, scale }
    }

    /// Where the tile in a given row and column lies.
    fn place(&self, row: usize, column: usize) -> Rect {
        let left = self.corner[0] + self.pitch[0] * column as f64;
        let top = self.corner[1] + self.pitch[1] * row as f64;
        Rect::new(left, top, self.side, self.side)
    }

    /// Draws `values` (k²,) as an image of k × k cells, row by row from the top.
    ///
    /// # Panics
    ///
    /// If the number of values is not a square.
    pub fn tile(&mut self, row: usize, column: usize, values: &[f64]) -> &mut Self {
        note!(self.canvas, "tile", [[column as f64, row as f64]], INK, values);
        let k = values.len().isqrt();
        assert_eq!(k * k, values.len(), "a tile is square");
        let place = self.place(row, column);
        let cell = |i: usize| self.side * i as f64 / k as f64;
        for (i, &value) in values.iter().enumerate() {
            if !value.is_finite() {
                // A NaN would be clamped to some colour, and no one would notice.
                self.canvas.refuse(format!(
                    "cell {i} of the tile in row {row}, column {column} is {value}"
                ));
                return self;
            }
            let (x, y) = (i % k, i / k);
            // Neighbours share the very same edge, so no ground shines through between them.
            let rect = Rect::new(
                place.left + cell(x),
                place.top + cell(y),
                cell(x + 1) - cell(x),
                cell(y + 1) - cell(y),
            );
            self.canvas.rectangle(rect, self.scale.colour(value));
        }
        self.canvas.outline(place.grown(0.25), 0.5, PALE);
        self
    }

    /// Names a row, at its left.
    pub fn row_label(&mut self, row: usize, markup: &str) -> &mut Self {
        let place = self.place(row, 0);
        let at = [place.left - 12.0, place.top + self.side / 2.0];
        self.canvas.text(Anchor::End(at), LABEL, INK, markup);
        self
    }

    /// Writes a number or a word under a tile.
    pub fn note(&mut self, row: usize, column: usize, markup: &str) -> &mut Self {
        let place = self.place(row, column);
        let at = [place.left + self.side / 2.0, place.bottom() + 9.0];
        self.canvas.text(Anchor::Middle(at), NUMBER, INK, markup);
        self
    }

    /// Shows what the colours mean, see [`Canvas::colour_bar`].
    pub fn colour_bar(&mut self, bar: Rect, title: &str) -> &mut Self {
        self.canvas.colour_bar(bar, self.scale, title);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_with_a_hole_in_its_data_is_refused_by_row_column_and_cell() {
        let mut canvas = Canvas::new(20, 20);
        let scale = ColourScale::grey(0.0, 1.0);
        Tiles::new(&mut canvas, [0.0, 0.0], 4.0, [5.0, 5.0], scale)
            .tile(0, 0, &[0.0, 0.5, 1.0, 2.0])
            .tile(1, 2, &[0.0, 0.5, f64::NAN, 1.0]);
        let error = canvas.save("".as_ref()).unwrap_err();
        assert_eq!(error.reason, "cell 2 of the tile in row 1, column 2 is NaN");
    }
}
