//! `derivatives`: the sigmoid and its first six derivatives, each by differentiating the last (T27).

use super::prelude::*;
use crate::{
    array::Array,
    grid::Enclosed,
    identity::{
        Sides,
        derivatives::{TRUE, closed_form, derivative, sigmoid_derivatives},
    },
    matrix::Matrix,
};

const ORDERS: usize = 6;
/// Of a circle, in pixels.
const RADIUS: f64 = 2.4;

/// The frame of the panel of that number, in two rows of four.
fn place(number: usize) -> Rect {
    let (row, column) = ((number / 4) as f64, (number % 4) as f64);
    Rect::new(60.0 + 210.0 * column, 72.0 + 190.0 * row, 160.0, 120.0)
}

pub(super) fn draw(_: &Studio) -> Result<Picture, Error> {
    let grid = |points: usize| {
        Matrix::from_fn(points, 1, |i, _| -6.0 + 12.0 * i as f64 / (points - 1) as f64)
    };
    let (fine, coarse) = (grid(241), grid(25));
    let pairs = |x: &Matrix, y: &Matrix| -> Vec<Point> {
        (0..x.rows()).map(|i| [x.at(i, 0), y.at(i, 0)]).collect()
    };

    let mut canvas = Canvas::new(904, 440);
    let title = "The sigmoid and its first six derivatives";
    canvas.text(Middle([452.0, 22.0]), 13.0, INK, title);
    key(&mut canvas, place(ORDERS + 1));
    for order in 0..=ORDERS {
        let curve = pairs(&fine, &derivative(|x| x.sigmoid(), order, &fine));
        let circles = pairs(&coarse, &closed_form(order, &coarse, &TRUE));
        let y = Axis::linear_around(curve.iter().chain(&circles).map(|p| p[1]));
        let zeros = zeros(&curve);
        let title = match (order, zeros.len()) {
            (0, _) => "$s$".to_string(),
            (k, 0) => format!("$s^{{({k})}}$"),
            (k, 1) => format!("$s^{{({k})}}$: 1 zero"),
            (k, n) => format!("$s^{{({k})}}$: {n} zeros"),
        };
        Panel::new(&mut canvas, place(order), Axis::linear(-6.3, 6.3), y)
            .labels(&title, "$x$", "")
            .curve(&[[-6.3, 0.0], [6.3, 0.0]], 0.6, GREY)
            .curve(&curve, 1.6, NAVY)
            .circles(&circles, RADIUS, RED)
            .marks(&zeros, INK, |canvas, [x, y], colour| {
                canvas.line(&[[x, y - 6.0], [x, y + 6.0]], 1.4, colour);
            });
    }

    let largest = Sides::rounding(
        sigmoid_derivatives(ORDERS, &fine, &TRUE),
        sigmoid_derivatives(ORDERS, &Enclosed::exact(&fine), &TRUE),
    )
    .residual();
    let finding = format!(
        "six derivatives of the sigmoid by repeated differentiation agree with the closed form to \
         {largest:.2} of the rounding bound"
    );
    Ok(Picture { canvas, finding })
}

/// Where the line through the points of a curve crosses 0.
fn zeros(curve: &[Point]) -> Vec<Point> {
    let points: Vec<Point> = curve.iter().copied().filter(|p| p[1] != 0.0).collect();
    let crossings = points.windows(2).filter(|ends| ends[0][1] * ends[1][1] < 0.0);
    let zero = |ends: &[Point]| {
        let t = ends[0][1] / (ends[0][1] - ends[1][1]);
        [ends[0][0] + t * (ends[1][0] - ends[0][0]), 0.0]
    };
    crossings.map(zero).collect()
}

/// What lines and circles are, in the place where no panel stands.
fn key(canvas: &mut Canvas, place: Rect) {
    let lines = [
        ("sigmoid, differentiated", "again and again on the tape"),
        ("closed form, a polynomial", "in $s =$ sigmoid$(x)$"),
        ("zero of the curve", ""),
    ];
    let at = |line: usize| place.top + 16.0 + 48.0 * line as f64;
    for (line, (first, second)) in lines.into_iter().enumerate() {
        canvas.text(Start([place.left + 24.0, at(line)]), 11.0, INK, first);
        canvas.text(Start([place.left + 24.0, at(line) + 16.0]), 11.0, INK, second);
    }
    canvas.line(&[[place.left - 8.0, at(0)], [place.left + 14.0, at(0)]], 1.6, NAVY);
    let middle = [place.left + 3.0, at(1)];
    canvas.disc(middle, RADIUS, RED);
    canvas.disc(middle, RADIUS - 1.3, WHITE);
    let [x, y] = [place.left + 3.0, at(2)];
    canvas.line(&[[x, y - 6.0], [x, y + 6.0]], 1.4, INK);
}
