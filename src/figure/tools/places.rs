//! Tests: a point of data lands on the page where its numbers say.

use super::{
    axis::Axis,
    canvas::Canvas,
    field::ArrowScale,
    palette::{ColourScale, INK, NAVY, RED, WHITE},
    panel::Panel,
    raster::Rect,
    surface::{Mesh, Surface},
    tiles::Tiles,
};
use crate::{array::Array, matrix::Matrix};

#[test]
fn a_point_without_a_place_is_refused_in_the_units_of_the_data() {
    let refusal = |draw: fn(&mut Panel)| {
        let mut canvas = Canvas::new(60, 60);
        let frame = Rect::new(20.0, 10.0, 30.0, 30.0);
        draw(&mut Panel::new(&mut canvas, frame, Axis::linear(0.0, 9.0), Axis::log(0.1, 9.0)));
        canvas.save("".as_ref()).unwrap_err().reason
    };
    let reason = refusal(|panel| _ = panel.curve(&[[1.0, 1.0], [2.0, f64::NAN]], 1.0, INK));
    assert_eq!(reason, "the data point (2, NaN) has no place on its axes");
    let reason = refusal(|panel| _ = panel.dots(&[[1.0, -3.0]], 1.0, INK));
    assert_eq!(reason, "the data point (1, -3) has no place on its axes");
}

/// The colour in the middle of the logical pixel (column, row).
fn pixel(canvas: &Canvas, [column, row]: [usize; 2], width: usize) -> [u8; 3] {
    let start = 3 * (row * width + column);
    canvas.at_one_dot()[start..start + 3].try_into().expect("three channels")
}

/// x grows to the right and y upwards, from the lower left corner of the frame to the upper right.
#[test]
fn a_point_lands_where_its_numbers_say() {
    let mut canvas = Canvas::new(200, 100);
    let frame = Rect::new(20.0, 10.0, 160.0, 80.0);
    Panel::new(&mut canvas, frame, Axis::linear(0.0, 4.0), Axis::log(1.0, 100.0))
        .dots(&[[1.0, 1e1], [3.0, 1e2 / 3.16], [2.0, 10f64.powf(0.25)]], 3.0, RED)
        .error_bars(&[[3.5125, 10.0]], &[9.0], NAVY); // in the middle of column 160
    for (place, colour) in [
        ([60, 50], RED),    // a quarter of the way to the right, half of the way up
        ([140, 30], RED),   // three quarters, and three quarters up
        ([100, 80], RED),   // half, and an eighth up
        ([140, 70], WHITE), // the second, upside down
        ([160, 50], NAVY),  // the bar's middle
        ([160, 41], NAVY),  // 19 is 0.64 of the way up: the bar's head at row 39
        ([160, 34], WHITE), // a bar of twice the length would be here
        ([160, 86], NAVY),  // and its foot, at 1, below
    ] {
        assert_eq!(pixel(&canvas, place, 200), colour.rgb(), "{place:?}");
    }
}

#[test]
fn a_bar_that_leaves_the_frame_has_a_cap_at_its_other_end_alone() {
    let mut canvas = Canvas::new(100, 100);
    let frame = Rect::new(20.0, 10.0, 60.0, 80.0);
    Panel::new(&mut canvas, frame, Axis::linear(0.0, 2.0), Axis::linear(0.0, 8.0)).error_bars(
        &[[1.0, 2.0]],
        &[4.0],
        NAVY,
    );
    let cap = |row| pixel(&canvas, [52, row], 100) != WHITE.rgb();
    assert!(cap(30) || cap(29), "at 6");
    assert!(!cap(88) && !cap(89), "at 0");
}

/// Nine cells of nine values: x grows to the right and y upwards, as they do in the mesh.
#[test]
fn a_value_of_a_surface_colours_the_cell_around_its_point() {
    let mesh = Mesh::square(3.0, 3);
    let value = |x: f64, y: f64| 10.0 + x + 4.0 * y;
    let x = mesh.points();
    let values = Matrix::from_fn(9, 1, |i, _| value(x.at(i, 0), x.at(i, 1)));
    let scale = ColourScale::grey(0.0, 20.0);
    let mut canvas = Canvas::new(80, 80);
    Panel::plane(&mut canvas, [15.0, 5.0], 60.0, 3.0).heat(&Surface::new(mesh, &values), scale);
    for (column, x) in [(25, -2.0), (45, 0.0), (65, 2.0)] {
        for (row, y) in [(55, -2.0), (35, 0.0), (15, 2.0)] {
            let expected = scale.colour(value(x, y)).rgb();
            assert_eq!(pixel(&canvas, [column, row], 80), expected, "at ({x}, {y})");
        }
    }
}

/// 1/(1 + |x − (1, 1.5)|²) has half its height at the distance 1 from (1, 1.5).
#[test]
fn a_contour_passes_where_its_function_has_the_level() {
    let mesh = Mesh::square(3.0, 60);
    let squares = mesh.points().add_row(&Matrix::from_rows([[-1.0, -1.5]])).squared_norm();
    let surface = Surface::new(mesh, &(squares + 1.0).reciprocal());
    let mut canvas = Canvas::new(80, 80);
    Panel::plane(&mut canvas, [15.0, 5.0], 60.0, 3.0).contours(&surface, &[0.5], 2.0, NAVY);
    // A unit is 10 pixels, and the origin at (45, 35).
    let line = |[x, y]: [usize; 2]| pixel(&canvas, [x, y], 80) != WHITE.rgb();
    assert!([[45, 20], [65, 20], [55, 10], [55, 30]].into_iter().all(line));
    // The same circle upside down, from right to left, turned, and its middle.
    assert!(![[55, 40], [55, 60], [25, 20], [60, 15], [55, 20]].into_iter().any(line));
}

/// An arrow along (2, 1): its head, three times as wide as its shaft, lies right and up.
#[test]
fn an_arrow_points_along_its_vector() {
    let mut canvas = Canvas::new(80, 80);
    let scale = ArrowScale { full: 1.0, longest: 40.0, colour: Some(NAVY) };
    let vectors = Matrix::from_rows([[2.0, 1.0]]);
    Panel::plane(&mut canvas, [15.0, 5.0], 60.0, 3.0).arrows(&Matrix::zeros(1, 2), &vectors, scale);
    let ink = |[x, y]: [usize; 2]| pixel(&canvas, [x, y], 80) != WHITE.rgb();
    // Its middle at (45, 35), its tip 20 pixels further; near the neck, above and below the shaft.
    assert!([[45, 35], [59, 26], [60, 29]].into_iter().all(ink));
    // The same places at the other end, and upside down.
    assert!(![[31, 43], [30, 40], [59, 43], [60, 40]].into_iter().any(ink));
}

/// Row by row from the top, in the third place of the second row.
#[test]
fn a_pixel_of_a_tile_lies_in_its_place() {
    let mut canvas = Canvas::new(150, 100);
    let scale = ColourScale::grey(0.0, 9.0);
    let values: Vec<f64> = (0..9).map(f64::from).collect();
    Tiles::new(&mut canvas, [10.0, 10.0], 30.0, [50.0, 40.0], scale).tile(1, 2, &values);
    for (i, value) in values.into_iter().enumerate() {
        let at = [115 + 10 * (i % 3), 55 + 10 * (i / 3)];
        assert_eq!(pixel(&canvas, at, 150), scale.colour(value).rgb(), "cell {i}");
    }
}
