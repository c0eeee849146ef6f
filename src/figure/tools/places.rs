//! Tests: a point of data lands on the page where its numbers say.

use super::{
    axis::Axis,
    canvas::Canvas,
    palette::{INK, NAVY, RED, WHITE},
    panel::Panel,
    raster::Rect,
};

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
