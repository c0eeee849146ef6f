//! A function of the plane: its values on a mesh, and the lines along which it has one level.

use super::raster::{Point, extremes};
use crate::{array::Array, density::Density, matrix::Matrix};

/// The square (−limit, limit)² of the plane, cut into equal cells.
#[derive(Clone, Copy, Debug)]
pub struct Mesh {
    limit: f64,
    /// How many cells lie along a side.
    pub(super) side: usize,
}

impl Mesh {
    /// With `side` × `side` cells.
    pub const fn square(limit: f64, side: usize) -> Self {
        Self { limit, side }
    }

    /// With a cell for each `cell` logical pixels of a panel `pixels` wide: three where arrows lie on a
    /// pale ground, two as the eye asks of a smooth function, one where it is thin and stairs would show.
    /// More would only make the file larger.
    pub const fn fine(limit: f64, pixels: f64, cell: usize) -> Self {
        Self::square(limit, pixels as usize / cell)
    }

    /// Where along a side cell i begins, for i + ½ its middle.
    pub(super) fn place(&self, i: f64) -> f64 {
        -self.limit + 2.0 * self.limit / self.side as f64 * i
    }

    /// The centre of a cell.
    fn centre(&self, row: usize, column: usize) -> Point {
        [column, row].map(|i| self.place(i as f64 + 0.5))
    }

    /// The centres of all cells, row by row from the bottom: (side², 2).
    pub fn points(&self) -> Matrix {
        let side = self.side;
        Matrix::from_fn(side * side, 2, |i, axis| self.centre(i / side, i % side)[axis])
    }
}

/// A function of the plane: its values at [`Mesh::points`].
#[derive(Clone, Debug)]
pub struct Surface {
    /// Where.
    pub mesh: Mesh,
    /// One for each point.
    pub values: Vec<f64>,
    /// The largest of them.
    pub highest: f64,
}

impl Surface {
    /// From the values (side², 1).
    ///
    /// # Panics
    /// Unless there is one value for each point.
    pub fn new(mesh: Mesh, values: &Matrix) -> Self {
        assert_eq!(values.shape(), (mesh.side * mesh.side, 1), "one value for each point");
        let [_, highest] = extremes(values.data().iter().copied());
        Self { mesh, values: values.data().to_vec(), highest }
    }

    /// The density q.
    pub fn density(mesh: Mesh, q: &impl Density) -> Self {
        Self::new(mesh, &q.log_density(&mesh.points()).exp())
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
        let side = self.mesh.side;
        let mut segments = Vec::new();
        for row in 1..side {
            for column in 1..side {
                // Around the square, so that neighbours in the list share a side.
                let corners =
                    [(row - 1, column - 1), (row - 1, column), (row, column), (row, column - 1)];
                let height = corners.map(|(r, c)| self.values[r * side + c] - level);
                let places = corners.map(|(r, c)| self.mesh.centre(r, c));
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
        let mesh = Mesh::square(1.5, 60);
        let segments = Surface::new(mesh, &mesh.points().squared_norm()).level_set(1.0);
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
        let mesh = Mesh::square(1.0, 2);
        // Corners at ±½, high at the two on the diagonal; the middle is high or low.
        for (values, middle_is_high) in
            [([3.0, -1.0, -1.0, 3.0], true), ([1.0, -3.0, -3.0, 1.0], false)]
        {
            let values = Matrix::from_vec(4, 1, values.to_vec());
            let segments = Surface::new(mesh, &values).level_set(0.0);
            assert_eq!(segments.len(), 2);
            for [a, b] in segments {
                // Each segment cuts off one corner: a low one if the middle is high.
                let corner = [0, 1].map(|k| (a[k] + b[k]).signum());
                assert_eq!(corner[0] == corner[1], !middle_is_high);
            }
        }
    }
}
