//! A function of the plane: its values on a lattice, and the lines along which it has one level.

use super::{axis::extremes, raster::Point};
use crate::{array::Array, density::Density, matrix::Matrix};

/// Equal cells that tile a rectangle of the plane.
#[derive(Clone, Copy, Debug)]
pub struct Lattice {
    pub(super) low: Point,
    /// Width and height of a cell.
    pub(super) cell: Point,
    pub(super) columns: usize,
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
}

/// A function of the plane: its values at [`Lattice::points`].
#[derive(Clone, Debug)]
pub struct Surface {
    /// Where.
    pub lattice: Lattice,
    /// One for each point.
    pub values: Vec<f64>,
    /// The largest of them.
    pub highest: f64,
}

impl Surface {
    /// From the values (rows · columns, 1).
    ///
    /// # Panics
    /// Unless there is one value for each point.
    pub fn new(lattice: Lattice, values: &Matrix) -> Self {
        assert_eq!(values.shape(), (lattice.rows * lattice.columns, 1), "one value for each point");
        let [_, highest] = extremes(values.data().iter().copied());
        Self { lattice, values: values.data().to_vec(), highest }
    }

    /// The density q.
    pub fn density(lattice: Lattice, q: &impl Density) -> Self {
        Self::new(lattice, &q.log_density(&lattice.points()).exp())
    }

    /// Where the linear interpolation of the values passes through `level`: segments in no order,
    /// whose ends meet.
    ///
    /// ```text
    ///   −  −      −  −      −  +        the corners of a square of four centres, above (+) and
    ///               ╱       ╲           below (−) the level; the other cases are these, turned or
    ///   −  −      −  +      +  −        with signs changed, and − + / − + with one segment
    /// ```
    pub(super) fn level_set(&self, level: f64) -> Vec<[Point; 2]> {
        let Lattice { rows, columns, .. } = self.lattice;
        let mut segments = Vec::new();
        for row in 1..rows {
            for column in 1..columns {
                // Around the square, so that neighbours in the list share a side.
                let corners =
                    [(row - 1, column - 1), (row - 1, column), (row, column), (row, column - 1)];
                let height = corners.map(|(r, c)| self.values[r * columns + c] - level);
                let places = corners.map(|(r, c)| self.lattice.centre(r, c));
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_circle_is_found_closed_and_to_second_order() {
        let lattice = Lattice::square(1.5, 60);
        let segments = Surface::new(lattice, &lattice.points().squared_norm()).level_set(1.0);
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
            let values = Matrix::from_vec(4, 1, values.to_vec());
            let segments = Surface::new(lattice, &values).level_set(0.0);
            assert_eq!(segments.len(), 2);
            for [a, b] in segments {
                // Each segment cuts off one corner: a low one if the middle is high.
                let corner = [0, 1].map(|k| (a[k] + b[k]).signum());
                assert_eq!(corner[0] == corner[1], !middle_is_high);
            }
        }
    }
}
