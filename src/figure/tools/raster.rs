//! Shapes, and which samples of the page they cover.
//!
//! A shape is a set of closed loops, and it covers what they wind around. Loops that turn the same
//! way unite; a loop that turns the other way cuts a hole. That is enough for every line, marker
//! and band, and it makes a transparent line that crosses itself one shade throughout.

use crate::matrix::Matrix;
use std::f64::consts::TAU;

/// PNG pixels per logical pixel, so that text stays sharp on dense screens and on paper.
pub const DOTS: u32 = 2;
/// Samples per PNG pixel, in each direction: 3² + 1 levels of grey along an edge.
pub const SAMPLES: u32 = 3;
/// Samples per logical pixel, in each direction.
pub const SCALE: f64 = (DOTS * SAMPLES) as f64;

/// A place on the page, [x, y] in logical pixels, y downwards; or, on a panel, in data units.
pub type Point = [f64; 2];

/// The rows of x (n, 2).
pub fn points(x: &Matrix) -> Vec<Point> {
    x.data().chunks_exact(2).map(|row| [row[0], row[1]]).collect()
}

/// The least and the greatest of the values; ∞ and −∞ if there are none.
///
/// NaN is passed over here, but refused when the point itself is placed.
pub fn extremes(values: impl IntoIterator<Item = f64>) -> [f64; 2] {
    let none = [f64::INFINITY, f64::NEG_INFINITY];
    values.into_iter().fold(none, |[low, high], value| [low.min(value), high.max(value)])
}

/// An upright rectangle in logical pixels.
#[derive(Clone, Copy, Debug)]
pub struct Rect {
    /// x of the left edge.
    pub left: f64,
    /// y of the upper edge.
    pub top: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Rect {
    /// The rectangle with upper left corner (`left`, `top`).
    pub const fn new(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self { left, top, width, height }
    }

    /// x of the right edge.
    pub const fn right(&self) -> f64 {
        self.left + self.width
    }

    /// y of the lower edge.
    pub const fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The four corners in order around.
    pub const fn corners(&self) -> [Point; 4] {
        let (right, bottom) = (self.right(), self.bottom());
        [[self.left, self.top], [right, self.top], [right, bottom], [self.left, bottom]]
    }

    /// This rectangle with every edge moved outwards by `margin`.
    #[must_use]
    pub const fn grown(self, margin: f64) -> Self {
        let (width, height) = (self.width + 2.0 * margin, self.height + 2.0 * margin);
        Self::new(self.left - margin, self.top - margin, width, height)
    }

    /// What lies in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        let (left, top) = (self.left.max(other.left), self.top.max(other.top));
        let width = self.right().min(other.right()) - left;
        Self::new(left, top, width, self.bottom().min(other.bottom()) - top)
    }
}

/// The samples inside `clip` around whose centres the loops wind a number of times that is not 0,
/// as spans (row, first column, column after the last).
///
/// Along the line through the centres of one row, the winding number changes by ±1 wherever an
/// edge crosses it, down or up. So: find all crossings, put them in order, and keep count.
///
/// ```text
///   edges            ↓      ↓      ↑      ↑          two loops that overlap
///   winding    0     │  1   │  2   │  1   │    0
///   covered          ██████████████████████          one span, or three of one colour
/// ```
///
/// Cost: one crossing per edge and row it passes, and their sort. Lines of some thousand points
/// are drawn in milliseconds, so nothing cleverer is worth its lines.
pub(super) fn spans(loops: &[Vec<Point>], clip: Rect) -> Vec<(i32, i32, i32)> {
    // Sample k has its centre at k + ½, so the first one beyond v is ⌈v − ½⌉. Both ends of a span
    // and of an edge are rounded by this one rule: shapes that share an edge share no sample, and
    // leave none out.
    let beyond = |v: f64| (v - 0.5).ceil();
    let [left, right] = [clip.left, clip.right()].map(|x| beyond(x * SCALE));
    let [top, bottom] = [clip.top, clip.bottom()].map(|y| beyond(y * SCALE));

    let mut crossings = Vec::new();
    for corners in loops {
        for (&a, &b) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            let (turn, high, low) = if a[1] < b[1] { (1, a, b) } else { (-1, b, a) };
            let slope = (low[0] - high[0]) / (low[1] - high[1]);
            let first = beyond(high[1] * SCALE).max(top) as i32;
            let last = beyond(low[1] * SCALE).min(bottom) as i32;
            for row in first..last {
                // Beyond the clip there is still winding, so crossings are moved, not dropped.
                let x = high[0] * SCALE + slope * (f64::from(row) + 0.5 - high[1] * SCALE);
                crossings.push((row, beyond(x).min(right).max(left) as i32, turn));
            }
        }
    }
    crossings.sort_unstable();

    let mut winding = 0;
    let between = crossings.windows(2).filter_map(|pair| {
        let [(row, from, turn), (_, to, _)] = [pair[0], pair[1]];
        winding += turn;
        // Each row's turns sum to 0, so a span never runs on into the next row.
        (winding != 0 && from < to).then_some((row, from, to))
    });
    between.collect()
}

/// A circle as a polygon so fine that no side shows: with n sides a chord of it lies inside the
/// circle by r(1 − cos π/n), which is at most an eighth of a sample for any marker.
pub(super) fn circle(centre: Point, radius: f64) -> Vec<Point> {
    let sides = (12.0 + radius * SCALE).min(96.0) as i32;
    let turn = |k: i32| TAU * f64::from(k) / f64::from(sides);
    (0..sides)
        // Turns the same way as `segment`, so that joints unite with the line.
        .map(|k| [centre[0] + radius * turn(k).cos(), centre[1] - radius * turn(k).sin()])
        .collect()
}

/// The rectangle around the segment from `a` to `b`; none if the two are the same point.
pub(super) fn segment(a: Point, b: Point, width: f64) -> Option<Vec<Point>> {
    let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    let length = dx.hypot(dy);
    let [nx, ny] = [-dy, dx].map(|c| c / length * width / 2.0);
    (length > 0.0).then(|| {
        vec![
            [a[0] + nx, a[1] + ny],
            [b[0] + nx, b[1] + ny],
            [b[0] - nx, b[1] - ny],
            [a[0] - nx, a[1] - ny],
        ]
    })
}
