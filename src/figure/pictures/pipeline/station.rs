//! The boxes of the map, where they lie, and the arrows between them.

use crate::{figure::pictures::prelude::*, matrix::Matrix};

/// Width and height of a box.
const BOX: [f64; 2] = [134.0, 193.0];
/// From one box to the next, to the right and down.
const PITCH: [f64; 2] = [154.0, 247.0];
/// Upper left corner of the first box.
pub(super) const CORNER: Point = [14.0, 62.0];
/// Boxes in a row.
const COLUMNS: usize = 6;
/// Where the middle of the images lies below the upper edge of a box.
const IMAGES: f64 = 82.0;

/// And where the middle of their caption does.
const CAPTION: f64 = 124.0;

/// The images of a box, side by side.
pub(super) struct Images {
    scale: ColourScale,
    side: f64,
    /// White between two of them.
    gap: f64,
    columns: usize,
    tiles: Vec<Vec<f64>>,
}

/// A box of the map: what happens there, the images and what they are, and numbers.
pub(super) struct Station {
    name: &'static str,
    formula: &'static str,
    caption: &'static str,
    images: Images,
    lines: [(&'static str, String); 3],
}

impl Images {
    /// One image, white at 0 and black at 1.
    pub(super) fn grey(image: &Matrix) -> Self {
        let tiles = vec![image.data().to_vec()];
        Self { scale: ColourScale::grey(0.0, 1.0), side: 64.0, gap: 2.0, columns: 1, tiles }
    }

    /// One image, white at 0, its largest number red or blue.
    pub(super) fn signed(image: &Matrix) -> Self {
        let limit = image.data().iter().fold(0.0_f64, |max, x| max.max(x.abs()));
        Self { scale: ColourScale::diverging(limit), ..Self::grey(image) }
    }

    /// The hidden units, 64 to a square, without a gap.
    pub(super) fn hidden(s: &Matrix) -> Self {
        let tiles: Vec<_> = s.data().chunks_exact(64).map(<[f64]>::to_vec).collect();
        Self { side: 56.0, gap: 0.0, columns: tiles.len(), tiles, ..Self::grey(s) }
    }

    /// Four small ones, two by two, from the left and then down.
    pub(super) fn four(images: &[Matrix; 4]) -> Self {
        let tiles = images.iter().map(|image| image.data().to_vec()).collect();
        Self { side: 31.0, columns: 2, tiles, ..Self::grey(&images[0]) }
    }

    /// Rows of a matrix shaped like W, on one scale.
    pub(super) fn rows(w: &Matrix, units: [usize; 4]) -> Self {
        Self {
            scale: Self::signed(&w.select(&units)).scale,
            ..Self::four(&units.map(|j| w.select(&[j])))
        }
    }
}

impl Station {
    pub(super) fn new(
        [name, formula, caption]: [&'static str; 3],
        images: Images,
        lines: [(&'static str, String); 3],
    ) -> Self {
        Self { name, formula, caption, images, lines }
    }

    /// Draws the box with number i + 1.
    pub(super) fn draw(&self, canvas: &mut Canvas, i: usize) {
        let Rect { left, top, width, .. } = place(i);
        let middle = left + width / 2.0;
        canvas.outline(place(i), 0.8, GREY);
        canvas.disc([left + 14.0, top + 15.0], 8.0, NAVY);
        canvas.text(Middle([left + 14.0, top + 15.0]), 9.0, WHITE, &(i + 1).to_string());
        canvas.text(Start([left + 28.0, top + 15.0]), 11.5, INK, self.name);
        canvas.text(Middle([middle, top + 36.0]), 10.5, INK, self.formula);

        let Images { scale, side, gap, columns, ref tiles } = self.images;
        let pitch = side + gap;
        let [across, down] = [columns, tiles.len() / columns].map(|n| pitch * n as f64 - gap);
        let corner = [middle - across / 2.0, top + IMAGES - down / 2.0];
        let mut drawn = Tiles::new(canvas, corner, side, [pitch, pitch], scale);
        for (k, values) in tiles.iter().enumerate() {
            drawn.tile(k / columns, k % columns, values);
        }
        canvas.text(Middle([middle, top + CAPTION]), 9.5, GREY, self.caption);
        for (k, (name, number)) in self.lines.iter().enumerate() {
            let y = top + 144.5 + 17.0 * k as f64;
            canvas.text(Start([left + 9.0, y]), 9.5, GREY, name);
            canvas.text(End([left + width - 9.0, y]), 9.5, INK, number);
        }
    }
}

/// Where box i lies, from 0: the second row is read from right to left.
fn place(i: usize) -> Rect {
    let (row, column) = if i < COLUMNS { (0.0, i) } else { (1.0, 2 * COLUMNS - 1 - i) };
    let [left, top] = [CORNER[0] + PITCH[0] * column as f64, CORNER[1] + PITCH[1] * row];
    Rect::new(left, top, BOX[0], BOX[1])
}

/// From each box to the next, and from the parameters back to where they are used.
pub(super) fn arrows(canvas: &mut Canvas) {
    for i in 1..2 * COLUMNS {
        let (from, to) = (place(i - 1), place(i));
        let level = from.top + IMAGES;
        let ends = match i {
            COLUMNS => [[middle(from), from.bottom()], [middle(to), to.top]],
            _ if i < COLUMNS => [[from.right(), level], [to.left, level]],
            _ => [[from.left, level], [to.right(), level]],
        };
        arrow(canvas, ends, INK);
    }
    let [encoder, decoder, theta] = [2, 3, 8].map(place);
    let level = theta.top - 36.0;
    canvas.line(&[[middle(theta), theta.top - 2.0], [middle(theta), level]], 1.2, NAVY);
    canvas.line(&[[middle(encoder), level], [middle(decoder), level]], 1.2, NAVY);
    for used in [encoder, decoder] {
        arrow(canvas, [[middle(used), level + 2.6], [middle(used), used.bottom()]], NAVY);
    }
}

/// The x of its middle.
fn middle(rect: Rect) -> f64 {
    rect.left + rect.width / 2.0
}

/// An upright or a level arrow, with some white at both ends.
fn arrow(canvas: &mut Canvas, [from, to]: [Point; 2], colour: Colour) {
    const WHITE_ENDS: f64 = 2.0;
    const HEAD: [f64; 2] = [6.0, 3.2];
    let along = [0, 1].map(|k| (to[k] - from[k]).clamp(-1.0, 1.0));
    let beyond = |at: Point, by: f64| [0, 1].map(|k| at[k] + along[k] * by);
    let (start, tip) = (beyond(from, WHITE_ENDS), beyond(to, -WHITE_ENDS));
    let neck = beyond(tip, -HEAD[0]);
    let side = |by: f64| [neck[0] + along[1] * by, neck[1] + along[0] * by];
    canvas.line(&[start, neck], 1.2, colour);
    canvas.polygon(&[tip, side(HEAD[1]), side(-HEAD[1])], colour);
}
