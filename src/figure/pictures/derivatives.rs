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

pub(super) fn draw(_: &Studio) -> Result<Picture, Error> {
    let grid = |points: usize| {
        Matrix::from_fn(points, 1, |i, _| -7.0 + 14.0 * i as f64 / (points - 1) as f64)
    };
    let (fine, coarse) = (grid(281), grid(15));
    let pairs = |x: &Matrix, y: &Matrix| -> Vec<Point> {
        (0..x.rows()).map(|i| [x.at(i, 0), y.at(i, 0)]).collect()
    };

    let mut canvas = Canvas::new(800, 440);
    canvas.text(
        Middle([400.0, 22.0]),
        13.0,
        INK,
        "Lines: the sigmoid, differentiated again and again.  Circles: the closed form, a \
         polynomial in $s = $ sigmoid$(x)$",
    );
    for order in 0..=ORDERS {
        let curve = pairs(&fine, &derivative(|x| x.sigmoid(), order, &fine));
        let circles = pairs(&coarse, &closed_form(order, &coarse, &TRUE));
        let (row, column) = ((order / 4) as f64, (order % 4) as f64);
        let frame = Rect::new(60.0 + 188.0 * column, 72.0 + 190.0 * row, 140.0, 120.0);
        let y = Axis::linear_around(curve.iter().chain(&circles).map(|p| p[1]));
        let title = match order {
            0 => "$s$".to_string(),
            k => format!("$s^{{({k})}}$"),
        };
        Panel::new(&mut canvas, frame, Axis::linear(-7.5, 7.5), y)
            .labels(&title, if order > 2 { "$x$" } else { "" }, "")
            .curve(&curve, 1.6, NAVY)
            .circles(&circles, 2.8, RED);
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
