//! Functions and vector fields of the plane on a panel: heat, contours, arrows, and what the
//! colours mean.
//!
//! ```text
//! heat        one rectangle a cell; neighbours of one colour are one rectangle
//! contours    lines of one level, by marching squares on the centres of the cells
//! arrows      a shaft and a filled head, centred on its point
//! colour bar  beside the panels that share a scale
//! ```

use super::{
    axis::Axis,
    canvas::{Canvas, note},
    palette::{Colour, ColourScale, INK},
    panel::Panel,
    raster::{Point, Rect, circle, segment},
    surface::Surface,
    text::Anchor,
};
use crate::matrix::Matrix;

/// How long arrows are and what colours they have, the same in all panels that are compared.
#[derive(Clone, Copy, Debug)]
pub struct ArrowScale {
    /// Vectors of this length and beyond have the longest arrows and the last colour.
    pub full: f64,
    /// The longest arrow, in pixels.
    pub longest: f64,
    /// One colour for all, where colours mean something else.
    pub colour: Option<Colour>,
}

impl ArrowScale {
    /// Full length from the 95th percentile of the lengths of `vectors` (n, 2) on, so that a few
    /// large ones in a corner do not turn all others into dots.
    pub fn of(vectors: &Matrix, longest: f64) -> Self {
        let mut lengths: Vec<f64> =
            (0..vectors.rows()).map(|i| vectors.at(i, 0).hypot(vectors.at(i, 1))).collect();
        lengths.sort_by(f64::total_cmp);
        let full = lengths[(lengths.len() - 1) * 95 / 100];
        Self { full, longest, colour: None }
    }
}

/// Width of the shaft of an arrow.
const SHAFT: f64 = 1.1;
/// Length of its head, and half its width.
const HEAD: [f64; 2] = [4.4, 1.9];

impl Panel<'_> {
    /// Whether all values are finite; one that is not spoils the figure, for it would be clamped to
    /// some colour, and no one would notice.
    fn sound(&mut self, Surface { values, .. }: &Surface) -> bool {
        let stray = values.iter().position(|value| !value.is_finite());
        if let Some(i) = stray {
            self.canvas.refuse(format!("the value at point {i} of the mesh is {}", values[i]));
        }
        stray.is_none()
    }

    /// A function of the plane as colours.
    pub fn heat(&mut self, surface: &Surface, scale: ColourScale) -> &mut Self {
        if !self.sound(surface) {
            return self;
        }
        let mesh = surface.mesh;
        note!(self.canvas, "heat", super::raster::points(&mesh.points()), INK, &surface.values[..]);
        for (row, values) in surface.values.chunks_exact(mesh.side).enumerate() {
            let edge = |i: usize| mesh.place(i as f64);
            let colours: Vec<Colour> = values.iter().map(|&value| scale.colour(value)).collect();
            let mut start = 0;
            for run in colours.chunk_by(|a, b| a == b) {
                let end = start + run.len();
                let corners = [[edge(start), edge(row)], [edge(end), edge(row + 1)]];
                if let [Some(a), Some(b)] = corners.map(|corner| self.place(corner)) {
                    let rect = Rect::new(a[0], b[1], b[0] - a[0], a[1] - b[1]);
                    self.canvas.clipped(self.frame, |canvas| canvas.rectangle(rect, run[0]));
                }
                start = end;
            }
        }
        self
    }

    /// Thin lines along which a function of the plane has the given `shares` of its highest value.
    pub fn contours(
        &mut self,
        surface: &Surface,
        shares: &[f64],
        width: f64,
        colour: Colour,
    ) -> &mut Self {
        if !self.sound(surface) {
            return self;
        }
        note!(
            self.canvas,
            "contours",
            super::raster::points(&surface.mesh.points()),
            colour,
            &surface.values[..]
        );
        for share in shares {
            let mut loops = Vec::new();
            for ends in surface.level_set(share * surface.highest) {
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
    #[track_caller]
    pub fn arrows(&mut self, points: &Matrix, vectors: &Matrix, scale: ArrowScale) -> &mut Self {
        assert_eq!(points.rows(), vectors.rows(), "one vector for each point");
        note!(self.canvas, "arrows", super::raster::points(points), INK, vectors.data());
        let colours = ColourScale::magnitude(scale.full);
        for i in 0..points.rows() {
            let [x, y] = [vectors.at(i, 0), vectors.at(i, 1)];
            let size = x.hypot(y);
            let Some(middle) = self.place([points.at(i, 0), points.at(i, 1)]) else { continue };
            let length = scale.longest * (size / scale.full).min(1.0).sqrt();
            if size > 0.0 {
                let way = [x / size, -y / size]; // the page counts downwards
                let colour = scale.colour.unwrap_or_else(|| colours.colour(size));
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
        let mut number = |y: f64, label: &str| {
            self.line(&[[bar.right(), y], [bar.right() + 5.0, y]], 1.0, INK);
            self.text(Anchor::Start([bar.right() + 9.0, y]), LABEL[1], INK, label);
        };
        // Where the last colour stands for all that is beyond, its end says so.
        let room = if scale.open { LABEL[1] + 2.0 } else { 0.0 };
        for tick in axis.ticks() {
            let y = bar.bottom() - bar.height * axis.fraction(tick.value);
            let below = if low < 0.0 { bar.bottom() - room } else { bar.bottom() };
            if (bar.top + room..=below + 1e-9).contains(&y) {
                number(y, &tick.label);
            }
        }
        if scale.open {
            number(bar.top, &format!("≥ {}", two_digits(high)));
            // A scale that begins at 0 has nothing below.
            if low < 0.0 {
                number(bar.bottom(), &format!("≤ −{}", two_digits(-low)));
            }
        }
        let middle = bar.left + bar.width / 2.0;
        self.text(Anchor::Middle([middle, bar.top - 14.0]), LABEL[0], INK, title);
    }
}

/// A positive number with two significant digits.
pub fn two_digits(number: f64) -> String {
    let rounded: f64 = format!("{number:.1e}").parse().expect("a number");
    let decimals = 1 - rounded.log10().floor() as i32;
    format!("{rounded:.*}", usize::try_from(decimals).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::tools::{Mesh, NAVY};

    #[test]
    fn a_hole_in_a_field_refuses_the_figure() {
        let mesh = Mesh::square(1.0, 2);
        let surface = |hole| Surface::new(mesh, &Matrix::from_vec(4, 1, vec![0.0, hole, 1.0, 1.0]));
        let refusal = |draw: &dyn Fn(&mut Panel)| {
            let mut canvas = Canvas::new(60, 60);
            draw(&mut Panel::plane(&mut canvas, [20.0, 10.0], 30.0, 1.0));
            canvas.save("".as_ref()).unwrap_err().reason
        };
        let reason =
            refusal(&|panel| _ = panel.heat(&surface(f64::NAN), ColourScale::density(1.0)));
        assert_eq!(reason, "the value at point 1 of the mesh is NaN");
        let reason =
            refusal(&|panel| _ = panel.contours(&surface(f64::INFINITY), &[0.5], 1.0, NAVY));
        assert_eq!(reason, "the value at point 1 of the mesh is inf");
        let reason = refusal(&|panel| {
            let scale = ArrowScale { full: 1.0, longest: 5.0, colour: None };
            panel.arrows(&mesh.points(), &(mesh.points() * f64::NAN), scale);
        });
        assert!(reason.starts_with("the vector of point 0"), "{reason}");
    }

    #[test]
    fn two_digits_are_two_also_where_rounding_adds_one() {
        for (number, text) in
            [(0.5567, "0.56"), (3.12, "3.1"), (9.96, "10"), (0.0996, "0.10"), (2598.0, "2600")]
        {
            assert_eq!(two_digits(number), text);
        }
    }

    #[test]
    #[should_panic = "one vector for each point"]
    fn arrows_are_as_many_as_points() {
        let mut canvas = Canvas::new(60, 60);
        let mut panel = Panel::plane(&mut canvas, [20.0, 10.0], 30.0, 1.0);
        let scale = ArrowScale { full: 1.0, longest: 5.0, colour: None };
        panel.arrows(&Matrix::zeros(2, 2), &Matrix::zeros(1, 2), scale);
    }

    #[test]
    #[should_panic = "one error for each point"]
    fn error_bars_are_as_many_as_points() {
        let mut canvas = Canvas::new(60, 60);
        let mut panel = Panel::plane(&mut canvas, [20.0, 10.0], 30.0, 1.0);
        panel.error_bars(&[[0.0, 0.0]], &[], NAVY);
    }
}
