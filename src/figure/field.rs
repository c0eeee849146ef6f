//! Functions and vector fields of the plane on a panel: heat, contours, arrows, and what the
//! colours mean.
//!
//! ```text
//! heat        one rectangle a cell; neighbours of one colour are one rectangle
//! contours    marching squares on the centres of the cells
//! arrows      a shaft and a filled head, centred on its point
//! colour bar  beside the panels that share a scale
//! ```
//!
//! Heat is smooth with a cell for every logical pixel; twice as many each way would only make the file larger.

use super::{
    axis::Axis,
    canvas::Canvas,
    palette::{Colour, ColourScale, INK},
    panel::Panel,
    raster::{Point, Rect, circle, segment},
    text::Anchor,
};
use crate::matrix::Matrix;

/// Equal cells that tile a rectangle of the plane.
#[derive(Clone, Copy, Debug)]
pub struct Lattice {
    low: Point,
    /// Width and height of a cell.
    cell: Point,
    columns: usize,
    rows: usize,
}

impl Lattice {
    /// The rectangle from `low` to `high`, cut into columns and rows.
    pub fn new(low: Point, high: Point, [columns, rows]: [usize; 2]) -> Self {
        let cell = [(high[0] - low[0]) / columns as f64, (high[1] - low[1]) / rows as f64];
        Self { low, cell, columns, rows }
    }

    /// The square (−limit, limit)², cut into `side` × `side` cells.
    pub fn square(limit: f64, side: usize) -> Self {
        Self::new([-limit; 2], [limit; 2], [side; 2])
    }

    /// The centre of a cell.
    fn centre(&self, row: usize, column: usize) -> Point {
        [
            self.low[0] + self.cell[0] * (column as f64 + 0.5),
            self.low[1] + self.cell[1] * (row as f64 + 0.5),
        ]
    }

    /// The centres of all cells, row by row from the bottom: (rows · columns, 2).
    pub fn points(&self) -> Matrix {
        Matrix::from_fn(self.rows * self.columns, 2, |i, axis| {
            self.centre(i / self.columns, i % self.columns)[axis]
        })
    }

    /// Where the linear interpolation of `values`, one for each of [`Self::points`], passes through
    /// `level`: segments in no order, whose ends meet.
    ///
    /// ```text
    ///   −  −      −  −      −  +        the corners of a square of four centres, above (+) and
    ///               ╱       ╲           below (−) the level; the other cases are these, turned or
    ///   −  −      −  +      +  −        with signs changed, and − + / − + with one segment
    /// ```
    fn level_set(&self, values: &[f64], level: f64) -> Vec<[Point; 2]> {
        let mut segments = Vec::new();
        for row in 1..self.rows {
            for column in 1..self.columns {
                // Around the square, so that neighbours in the list share a side.
                let corners =
                    [(row - 1, column - 1), (row - 1, column), (row, column), (row, column - 1)];
                let height = corners.map(|(r, c)| values[r * self.columns + c] - level);
                let places = corners.map(|(r, c)| self.centre(r, c));
                let crossings: Vec<Point> = (0..4)
                    .map(|i| (i, (i + 1) % 4))
                    .filter(|&(i, j)| (height[i] < 0.0) != (height[j] < 0.0))
                    .map(|(i, j)| {
                        let t = height[i] / (height[i] - height[j]);
                        [0, 1].map(|k| places[i][k] + t * (places[j][k] - places[i][k]))
                    })
                    .collect();
                match crossings[..] {
                    [a, b] => segments.push([a, b]),
                    // A saddle: the mean of the corners tells which pair of them is connected.
                    [a, b, c, d] => {
                        let joined = (height.iter().sum::<f64>() < 0.0) == (height[0] < 0.0);
                        segments.extend(if joined { [[a, b], [c, d]] } else { [[d, a], [b, c]] });
                    }
                    _ => {}
                }
            }
        }
        segments
    }
}

/// How long arrows are and what colours they have, the same in all panels that are compared.
#[derive(Clone, Copy, Debug)]
pub struct ArrowScale {
    /// Vectors of this length and beyond have the longest arrows and the last colour.
    pub full: f64,
    /// The longest arrow, in pixels.
    pub longest: f64,
}

impl ArrowScale {
    /// Full length from the 95th percentile of the lengths of `vectors` (n, 2) on, so that a few
    /// large ones in a corner do not turn all others into dots.
    pub fn of(vectors: &Matrix, longest: f64) -> Self {
        let mut lengths: Vec<f64> =
            (0..vectors.rows()).map(|i| vectors.at(i, 0).hypot(vectors.at(i, 1))).collect();
        lengths.sort_by(f64::total_cmp);
        let full = lengths[(lengths.len() - 1) * 95 / 100];
        Self { full, longest }
    }
}

/// Width of the shaft of an arrow.
const SHAFT: f64 = 1.1;
/// Length of its head, and half its width.
const HEAD: [f64; 2] = [4.4, 1.9];

impl Panel<'_> {
    /// Whether `values` are one finite number for each point of `lattice`; one that is not finite
    /// spoils the figure, for it would be clamped to some colour, and no one would notice.
    fn sound(&mut self, lattice: &Lattice, values: &[f64]) -> bool {
        assert_eq!(values.len(), lattice.rows * lattice.columns, "one value for each point");
        let stray = values.iter().position(|value| !value.is_finite());
        if let Some(i) = stray {
            self.canvas.refuse(format!("the value at point {i} of the lattice is {}", values[i]));
        }
        stray.is_none()
    }

    /// A function of the plane as colours, from its `values` at the points of `lattice`.
    ///
    /// # Panics
    /// Unless there is one value for each point.
    pub fn heat(&mut self, lattice: &Lattice, values: &[f64], scale: ColourScale) -> &mut Self {
        if !self.sound(lattice, values) {
            return self;
        }
        for (row, values) in values.chunks_exact(lattice.columns).enumerate() {
            let bottom = lattice.low[1] + lattice.cell[1] * row as f64;
            let edge = |column: usize| lattice.low[0] + lattice.cell[0] * column as f64;
            let colours: Vec<Colour> = values.iter().map(|&value| scale.colour(value)).collect();
            let mut start = 0;
            for run in colours.chunk_by(|a, b| a == b) {
                let end = start + run.len();
                let corners = [[edge(start), bottom], [edge(end), bottom + lattice.cell[1]]];
                if let [Some(a), Some(b)] = corners.map(|corner| self.place(corner)) {
                    let rect = Rect::new(a[0], b[1], b[0] - a[0], a[1] - b[1]);
                    self.canvas.clipped(self.frame, |canvas| canvas.rectangle(rect, run[0]));
                }
                start = end;
            }
        }
        self
    }

    /// Thin lines along which a function of the plane has one of the given `levels`, from its
    /// `values` at the points of `lattice`.
    ///
    /// # Panics
    /// Unless there is one value for each point.
    pub fn contours(
        &mut self,
        lattice: &Lattice,
        values: &[f64],
        levels: &[f64],
        width: f64,
        colour: Colour,
    ) -> &mut Self {
        if !self.sound(lattice, values) {
            return self;
        }
        for &level in levels {
            let mut loops = Vec::new();
            for ends in lattice.level_set(values, level) {
                if let [Some(a), Some(b)] = ends.map(|end| self.place(end)) {
                    loops.extend(segment(a, b, width));
                    loops.push(circle(a, width / 2.0));
                }
            }
            // All at once, so that a transparent line is not painted twice where segments meet.
            self.canvas.clipped(self.frame, |canvas| canvas.fill(&loops, colour));
        }
        self
    }

    /// Arrows for `vectors` (n, 2) centred on `points` (n, 2), on two linear axes of one unit.
    ///
    /// Their lengths are compressed, as the square root, because a score has long tails; what is
    /// lost in length, the colours tell.
    ///
    /// # Panics
    /// Unless there is one vector for each point.
    pub fn arrows(&mut self, points: &Matrix, vectors: &Matrix, scale: ArrowScale) -> &mut Self {
        assert_eq!(points.rows(), vectors.rows(), "one vector for each point");
        let colours = ColourScale::magnitude(scale.full);
        for i in 0..points.rows() {
            let [x, y] = [vectors.at(i, 0), vectors.at(i, 1)];
            let size = x.hypot(y);
            let Some(middle) = self.place([points.at(i, 0), points.at(i, 1)]) else { continue };
            let length = scale.longest * (size / scale.full).min(1.0).sqrt();
            if size > 0.0 {
                let way = [x / size, -y / size]; // the page counts downwards
                let colour = colours.colour(size);
                self.canvas
                    .clipped(self.frame, |canvas| arrow(canvas, middle, way, length, colour));
            } else if size.is_nan() {
                self.canvas.refuse(format!("the vector of point {i} is ({x}, {y})"));
            }
        }
        self
    }
}

/// An arrow of `length` pixels around `middle` along the unit vector `way`. Short ones keep the
/// proportions of their head and so become small triangles.
fn arrow(canvas: &mut Canvas, middle: Point, way: Point, length: f64, colour: Colour) {
    let [head, half] = HEAD.map(|size| size * (0.75 * length / HEAD[0]).min(1.0));
    let along = |s: f64, aside: f64| {
        [middle[0] + s * way[0] - aside * way[1], middle[1] + s * way[1] + aside * way[0]]
    };
    let neck = 0.5 * length - head;
    // Both loops turn the same way, and so unite.
    let mut loops = vec![vec![along(neck, -half), along(neck, half), along(0.5 * length, 0.0)]];
    // A hair into the head, so that no gap opens between the two.
    loops.extend(segment(along(neck + 0.2 * head, 0.0), along(-0.5 * length, 0.0), SHAFT));
    canvas.fill(&loops, colour);
}

impl Canvas {
    /// Shows what the colours mean, as an upright bar with ticks at its right, `title` above.
    ///
    /// Wanted wherever the sign or the size of a value matters; digits in grey need none.
    pub fn colour_bar(&mut self, bar: Rect, scale: ColourScale, title: &str) {
        /// Size of the title, and of the numbers.
        const LABEL: [f64; 2] = [11.0, 9.0];
        // Finer than a dot of the picture, so that the bar is smooth.
        const STEPS: u32 = 256;
        let ColourScale { low, high, .. } = scale;
        let step = bar.height / f64::from(STEPS);
        for k in 0..STEPS {
            let value = low + (high - low) * (f64::from(k) + 0.5) / f64::from(STEPS);
            let top = bar.bottom() - step * f64::from(k + 1);
            self.rectangle(Rect { top, height: step, ..bar }, scale.colour(value));
        }
        self.outline(bar.grown(0.5), 1.0, INK);
        let axis = Axis::linear(low, high);
        for tick in axis.ticks() {
            let y = bar.bottom() - bar.height * axis.fraction(tick.value);
            self.line(&[[bar.right(), y], [bar.right() + 5.0, y]], 1.0, INK);
            self.text([bar.right() + 9.0, y], Anchor::Start, LABEL[1], INK, &tick.label);
        }
        let middle = bar.left + bar.width / 2.0;
        self.text([middle, bar.top - 14.0], Anchor::Middle, LABEL[0], INK, title);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{array::Array, figure::palette::NAVY};
    use std::collections::BTreeMap;

    #[test]
    fn a_circle_is_found_closed_and_to_second_order() {
        let lattice = Lattice::square(1.5, 60);
        let values = lattice.points().squared_norm();
        let segments = lattice.level_set(values.data(), 1.0);
        // On a side of length h, x² is at most h²/4 from its linear interpolation, so 2(r − 1) is.
        let bound = 0.05 * 0.05 / 4.0 / 2.0;
        let mut ends = BTreeMap::new();
        for end in segments.iter().flatten() {
            let gap = (end[0].hypot(end[1]) - 1.0).abs();
            assert!(gap <= 1.01 * bound, "{gap}");
            *ends.entry(end.map(|c| (c * 1e9).round() as i64)).or_insert(0) += 1;
        }
        assert!(segments.len() > 100 && ends.values().all(|&count| count == 2));
    }

    #[test]
    fn a_saddle_joins_what_its_middle_joins() {
        let lattice = Lattice::square(1.0, 2);
        // Corners at ±½, high at the two on the diagonal; the middle is high or low.
        for (values, middle_is_high) in
            [([3.0, -1.0, -1.0, 3.0], true), ([1.0, -3.0, -3.0, 1.0], false)]
        {
            let segments = lattice.level_set(&values, 0.0);
            assert_eq!(segments.len(), 2);
            for [a, b] in segments {
                // Each segment cuts off one corner: a low one if the middle is high.
                let corner = [0, 1].map(|k| (a[k] + b[k]).signum());
                assert_eq!(corner[0] == corner[1], !middle_is_high);
            }
        }
    }

    #[test]
    fn a_hole_in_a_field_refuses_the_figure() {
        let refusal = |draw: fn(&mut Panel, &Lattice)| {
            let mut canvas = Canvas::new(60, 60);
            let (frame, axis) = (Rect::new(20.0, 10.0, 30.0, 30.0), Axis::linear(-1.0, 1.0));
            draw(&mut Panel::new(&mut canvas, frame, axis, axis), &Lattice::square(1.0, 2));
            canvas.save("".as_ref()).unwrap_err().reason
        };
        let reason = refusal(|panel, lattice| {
            panel.heat(lattice, &[0.0, 1.0, f64::NAN, 1.0], ColourScale::density(1.0));
        });
        assert_eq!(reason, "the value at point 2 of the lattice is NaN");
        let reason = refusal(|panel, lattice| {
            panel.contours(lattice, &[0.0, f64::INFINITY, 1.0, 1.0], &[0.5], 1.0, NAVY);
        });
        assert_eq!(reason, "the value at point 1 of the lattice is inf");
        let reason = refusal(|panel, lattice| {
            let scale = ArrowScale { full: 1.0, longest: 5.0 };
            let vectors = lattice.points() * f64::NAN;
            panel.arrows(&lattice.points(), &vectors, scale);
        });
        assert!(reason.starts_with("the vector of point 0"), "{reason}");
    }
}
