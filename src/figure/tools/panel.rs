//! A frame with two axes, on which data are drawn in their own units.
//!
//! ```text
//!               title                        34 above the frame (16 if y has no name)
//!   name of y                                14 above, from the left end of the numbers
//!       ┌──────────────────────┐
//!     1 ┤   ●                  │
//!       │     ╲╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌│             a level to compare with, named below its left end
//!     0 ┤      ╲_______________● its name    direct label: may stand outside
//!       └┬─────────┬─────────┬─┘
//!        0         1         2               14 below
//!              name of x                     32 below
//! ```
//!
//! The frame is thin and closed, and ticks stand outside, on the left and below only, so that no
//! ink competes with the data. Names stand beside the curves they name, for a legend would send
//! the eye back and forth. Data are clipped to the frame, text is not.
//!
//! What is drawn later lies above what was drawn before: bands first, then curves, then markers.

use super::{
    axis::{Axis, Tick},
    canvas::{Canvas, note},
    palette::{Colour, GREY, INK, WHITE},
    raster::{Point, Rect},
    text::{
        self,
        Anchor::{self, End, Middle, Start},
    },
};

/// Size of titles and of names of axes.
const TITLE: f64 = 13.0;
/// Size of everything else.
const LABEL: f64 = 11.0;
/// Size of the numbers at ticks.
const NUMBER: f64 = 10.0;
/// Width of frame and ticks.
const FRAME: f64 = 1.0;
/// Length of a tick that carries a number.
const TICK: f64 = 4.0;

/// A set of axes on a canvas. Methods that draw return the panel, so that they chain.
#[derive(Debug)]
pub struct Panel<'a> {
    pub(super) canvas: &'a mut Canvas,
    pub(super) frame: Rect,
    x: Axis,
    y: Axis,
    /// The widest number along the left edge: the name of that axis is set above it.
    margin: f64,
}

impl<'a> Panel<'a> {
    /// Draws the frame and the ticks. `frame` is where data go.
    ///
    /// Everything else stands around it, so leave some 45 pixels on the left, 42 below, and as
    /// much above if there are names: fixed margins keep the frames of several panels aligned,
    /// however long their numbers are.
    pub fn new(canvas: &'a mut Canvas, frame: Rect, x: Axis, y: Axis) -> Self {
        for axis in [x, y].iter().filter(|axis| !axis.is_sound()) {
            canvas.refuse(format!("nothing can be drawn on a {axis}"));
        }
        note!(canvas, "frame", [], INK);
        let mut panel = Self { canvas, frame, x, y, margin: 0.0 };
        panel.ticks();
        // The line lies just outside the data, which are clipped at its inner edge.
        panel.canvas.outline(frame.grown(FRAME / 2.0), FRAME, INK);
        panel
    }

    /// The square (−limit, limit)² of the plane, `side` pixels wide, its frame's upper left corner
    /// at `corner`.
    pub fn plane(canvas: &'a mut Canvas, corner: Point, side: f64, limit: f64) -> Self {
        let axis = Axis::linear(-limit, limit);
        Self::new(canvas, Rect::new(corner[0], corner[1], side, side), axis, axis)
    }

    fn ticks(&mut self) {
        let (left, bottom) = (self.frame.left, self.frame.bottom());
        for tick in self.x.ticks() {
            let x = left + self.frame.width * self.x.fraction(tick.value);
            let (length, width) = mark(&tick);
            self.canvas.line(&[[x, bottom], [x, bottom + FRAME + length]], width, INK);
            self.canvas.text(Middle([x, bottom + 14.0]), NUMBER, INK, &tick.label);
        }
        for tick in self.y.ticks() {
            let y = bottom - self.frame.height * self.y.fraction(tick.value);
            let (length, width) = mark(&tick);
            self.canvas.line(&[[left - FRAME - length, y], [left, y]], width, INK);
            self.canvas.text(End([left - 8.0, y]), NUMBER, INK, &tick.label);
            self.margin = self.margin.max(text::width(&tick.label, NUMBER));
        }
    }

    /// Names the panel and its axes; an empty name is left out.
    ///
    /// The vertical axis is named above its numbers, level, so that it is read without turning the
    /// head. The title then stands a line higher, whether or not the two would touch: titles of
    /// panels side by side should be level.
    pub fn labels(&mut self, title: &str, x: &str, y: &str) -> &mut Self {
        let Rect { left, top, .. } = self.frame;
        let middle = left + self.frame.width / 2.0;
        let height = if y.is_empty() { 16.0 } else { 34.0 };
        self.canvas.text(Middle([middle, top - height]), TITLE, INK, title);
        self.canvas.text(Start([left - 8.0 - self.margin, top - 14.0]), LABEL, INK, y);
        self.canvas.text(Middle([middle, self.frame.bottom() + 32.0]), LABEL, INK, x);
        self
    }

    /// Where a point of data lies on the page. One that lies nowhere spoils the figure.
    pub(super) fn place(&mut self, [x, y]: Point) -> Option<Point> {
        let at = [
            self.frame.left + self.frame.width * self.x.fraction(x),
            self.frame.bottom() - self.frame.height * self.y.fraction(y),
        ];
        if at.iter().all(|c| c.is_finite()) {
            return Some(at);
        }
        self.canvas.refuse(format!("the data point ({x}, {y}) has no place on its axes"));
        None
    }

    fn path(&mut self, points: &[Point]) -> Vec<Point> {
        points.iter().filter_map(|&point| self.place(point)).collect()
    }

    /// Straight lines from point to point. A smooth curve needs enough points, and a curve of few
    /// measurements should look like one.
    pub fn curve(&mut self, points: &[Point], width: f64, colour: Colour) -> &mut Self {
        note!(self.canvas, "curve", points, colour);
        self.stroke(points, width, colour);
        self
    }

    fn stroke(&mut self, points: &[Point], width: f64, colour: Colour) {
        let path = self.path(points);
        self.canvas.clipped(self.frame, |canvas| canvas.line(&path, width, colour));
    }

    /// Filled dots; a transparent colour shows where they crowd.
    pub fn dots(&mut self, points: &[Point], radius: f64, colour: Colour) -> &mut Self {
        note!(self.canvas, "dots", points, colour);
        let places = self.path(points);
        self.canvas.clipped(self.frame, |canvas| {
            for at in places {
                canvas.disc(at, radius, colour);
            }
        });
        self
    }

    /// Open circles, white inside, so that a curve seems to thread them.
    pub fn circles(&mut self, points: &[Point], radius: f64, colour: Colour) -> &mut Self {
        self.marks(points, colour, |canvas, at, colour| {
            canvas.disc(at, radius, colour);
            canvas.disc(at, radius - 1.3, WHITE);
        })
    }

    /// What `draw` makes of the place of each point on the page, in a colour. Not clipped: half a circle
    /// at the frame would look like another kind of marker.
    pub fn marks(
        &mut self,
        points: &[Point],
        colour: Colour,
        draw: impl Fn(&mut Canvas, Point, Colour),
    ) -> &mut Self {
        note!(self.canvas, "marks", points, colour);
        for at in self.path(points) {
            draw(self.canvas, at, colour);
        }
        self
    }

    /// The region between two curves, such as a confidence interval; wants a transparent colour.
    pub fn band(&mut self, lower: &[Point], upper: &[Point], colour: Colour) -> &mut Self {
        note!(self.canvas, "lower", lower, colour);
        note!(self.canvas, "upper", upper, colour);
        let mut corners = self.path(lower);
        corners.extend(self.path(upper).into_iter().rev());
        self.canvas.clipped(self.frame, |canvas| canvas.polygon(&corners, colour));
        self
    }

    /// Bars from y − e to y + e at each point (x, y), with e from `errors`.
    ///
    /// # Panics
    /// Unless there is one error for each point.
    #[track_caller]
    pub fn error_bars(&mut self, points: &[Point], errors: &[f64], colour: Colour) -> &mut Self {
        assert_eq!(points.len(), errors.len(), "one error for each point");
        for (&[x, y], &e) in points.iter().zip(errors) {
            note!(self.canvas, "bar", [[x, y - e], [x, y + e]], colour);
            // On a logarithmic axis a bar that reaches below zero reaches below every frame. The
            // test is so written that NaN keeps its place and is refused.
            let leaves = y - e < self.y.low();
            let foot = if leaves { self.y.low() } else { y - e };
            self.stroke(&[[x, foot], [x, y + e]], 1.2, colour);
            // Only an end that is shown has a cap.
            let ends = [[x, y + e], [x, foot]];
            for end in self.path(if leaves { &ends[..1] } else { &ends }) {
                let cap = [[end[0] - 3.0, end[1]], [end[0] + 3.0, end[1]]];
                self.canvas.clipped(self.frame, |canvas| canvas.line(&cap, 1.2, colour));
            }
        }
        self
    }

    /// A dashed level across the whole panel, named below its left end, where curves that fall
    /// from high values leave room.
    pub fn horizontal(&mut self, y: f64, name: &str) -> &mut Self {
        if let Some([_, at]) = self.place([self.x.low(), y]) {
            let Rect { left, .. } = self.frame;
            self.dashes([left, at], [self.frame.right(), at]);
            self.canvas.text(Start([left + 8.0, at + 10.0]), LABEL, GREY, name);
        }
        self
    }

    /// A dashed line from bottom to top, named beside its upper end.
    pub fn vertical(&mut self, x: f64, name: &str) -> &mut Self {
        if let Some([at, _]) = self.place([x, self.y.low()]) {
            self.dashes([at, self.frame.bottom()], [at, self.frame.top]);
            self.canvas.text(Start([at + 6.0, self.frame.top + 12.0]), LABEL, GREY, name);
        }
        self
    }

    /// Dashes are cut here, in pixels, and so have one rhythm in every panel.
    fn dashes(&mut self, from: Point, to: Point) {
        const DASH: f64 = 5.0;
        const PERIOD: f64 = 9.0;
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        let along = |s: f64| [0, 1].map(|i| from[i] + (to[i] - from[i]) * (s / length).min(1.0));
        let count = (length / PERIOD).ceil() as i32;
        self.canvas.clipped(self.frame, |canvas| {
            for start in (0..count).map(|k| f64::from(k) * PERIOD) {
                canvas.line(&[along(start), along(start + DASH)], 1.2, GREY);
            }
        });
    }

    /// Names at the right edge beside the heights at which curves end, pushed apart where they would touch.
    pub fn end_labels(&mut self, mut names: Vec<(f64, Colour, &str)>) -> &mut Self {
        const PITCH: f64 = LABEL + 2.0;
        names.sort_by(|a, b| b.0.total_cmp(&a.0)); // from the top
        let wanted: Vec<f64> = names
            .iter()
            .filter_map(|name| self.place([self.x.high(), name.0]))
            .map(|p| p[1])
            .collect();
        // The first that fits below its neighbour, and then all higher by half of what they are too low on average.
        let mut places: Vec<f64> = vec![];
        for &y in &wanted {
            places.push(places.last().map_or(y, |above| y.max(above + PITCH)));
        }
        let low: f64 = places.iter().zip(&wanted).map(|(place, y)| place - y).sum();
        let lift = 0.5 * low / wanted.len().max(1) as f64;
        for ((_, colour, name), y) in names.into_iter().zip(places) {
            let at = [self.frame.right() + 8.0, y - lift];
            self.canvas.text(Start(at), LABEL, colour, name);
        }
        self
    }

    /// Text near the data point `at`, from which the `anchor` counts to the right and down.
    ///
    /// It counts in pixels because the gap between a mark and its name is a matter of type, not of
    /// data: it must not grow when the axis does.
    pub fn label(&mut self, at: Point, anchor: Anchor, colour: Colour, markup: &str) -> &mut Self {
        if let Some(origin) = self.place(at) {
            self.canvas.text(anchor.from(origin), LABEL, colour, markup);
        }
        self
    }
}

/// Length and width of a tick. Minor ones are many, so they are short and faint: texture, not text.
fn mark(tick: &Tick) -> (f64, f64) {
    if tick.label.is_empty() { (0.55 * TICK, 0.55 * FRAME) } else { (TICK, FRAME) }
}
