//! `curl`: a field is a score only if its Jacobian is symmetric (T11).

use super::prelude::*;
use crate::{
    array::{Array, Linear},
    autodiff::Dual,
    matrix::Matrix,
    model::{Autoencoder, Parameters},
};

const LIMIT: f64 = 3.0;
/// Side of a panel, in pixels.
const SIDE: f64 = 230.0;
/// Arrows along a side.
const ARROWS: usize = 15;

/// Three hidden units: W and, for the untied decoder, another V in the place of W.
pub(super) const W: [[f64; 2]; 3] = [[1.5, 1.0], [1.0, 2.0], [-1.0, -1.5]];
pub(super) const V: [[f64; 2]; 3] = [[1.0, -0.5], [2.0, 0.5], [0.5, -1.5]];
pub(super) const B: [[f64; 3]; 1] = [[0.5, -0.5, 0.0]];
/// Centres the reconstructions, so that the fields point inwards.
pub(super) const C: [[f64; 2]; 1] = [[-2.0, 0.5]];

/// How a hidden layer becomes a reconstruction.
#[derive(Clone, Copy)]
enum Decoder {
    Tied,
    Untied,
    Sigmoid,
}

/// r(x) − x, the score of the encoder and one of the decoders at σ = 1.
fn field<A: Array>(decoder: Decoder, model: &Autoencoder<A>, v: &A, x: &A) -> A {
    let reconstruction = match decoder {
        Decoder::Tied => model.reconstruct(x),
        Decoder::Untied => model.encode(x).nn(v).add_row(&model.c),
        Decoder::Sigmoid => model.reconstruct(x).sigmoid(),
    };
    reconstruction - x
}

/// ∂ψ₂/∂x₁ − ∂ψ₁/∂x₂ by forward mode: (n, 2) → (n, 1).
fn curl(decoder: Decoder, model: &Autoencoder<Matrix>, v: &Matrix, x: &Matrix) -> Matrix {
    let model = model.constants();
    let tangents = field(decoder, &model, &Dual::constant(v), &Dual::axes(x)).tangents_or_zero(2);
    // Row 2i holds ∂ψ/∂x₁ of sample i and row 2i + 1 holds ∂ψ/∂x₂.
    let signs = Matrix::from_fn(tangents.rows(), 2, |row, j| match (row % 2, j) {
        (0, 1) => 1.0,
        (1, 0) => -1.0,
        _ => 0.0,
    });
    (tangents * signs).linear(Linear::SumEach(2)).sum_over_dimensions()
}

pub(super) fn draw(_studio: &Studio) -> Result<Picture, Error> {
    let (w, b, c) = (Matrix::from_rows(W), Matrix::from_rows(B), Matrix::from_rows(C));
    let (model, v) = (Autoencoder { w, b, c, a: None }, Matrix::from_rows(V));
    let mesh = Mesh::fine(LIMIT, SIDE, 1);
    let arrows = Mesh::square(LIMIT, ARROWS).points();
    let cases = [
        ("tied, linear decoder", Decoder::Tied),
        ("untied decoder", Decoder::Untied),
        ("tied, sigmoid decoder", Decoder::Sigmoid),
    ];
    let curls =
        cases.map(|(_, decoder)| Surface::new(mesh, &curl(decoder, &model, &v, &mesh.points())));
    let limits = curls.each_ref().map(|s| s.values.iter().map(|x| x.abs()).fold(0.0, f64::max));
    // The scale goes beyond the largest curl, because arrows cannot be seen on its darkest shades.
    let colours = ColourScale::diverging(1.4 * limits.iter().copied().fold(0.0, f64::max));
    let fields = cases.map(|(_, decoder)| field(decoder, &model, &v, &arrows));
    let scale = ArrowScale::of(&fields[0], 0.92 * SIDE / ARROWS as f64);

    let mut canvas = Canvas::new(930, 360);
    for (i, (title, _)) in cases.iter().enumerate() {
        let corner = [54.0 + 280.0 * i as f64, 66.0];
        let note = format!("largest |curl| {}", relation(limits[i]));
        Panel::plane(&mut canvas, corner, SIDE, LIMIT)
            .heat(&curls[i], colours)
            .arrows(&arrows, &fields[i], ArrowScale { colour: Some(INK.alpha(0.75)), ..scale })
            .labels(title, "$x_1$", "$x_2$")
            .label([0.0, LIMIT], Middle([0.0, -13.0]), INK, &note);
    }
    canvas.colour_bar(Rect::new(868.0, 66.0, 10.0, SIDE), colours, "curl");
    let longest = format!("in all panels, longest arrows: $‖ψ‖$ ≥ {:.1}", scale.full);
    canvas.text(Middle([450.0, 346.0]), 11.0, INK, &longest);
    let [tied, untied, sigmoid] = limits;
    let finding = format!(
        "largest |∂ψ₂/∂x₁ − ∂ψ₁/∂x₂|: {tied:.1e} tied, {untied:.2} untied, {sigmoid:.2} with a \
         sigmoid decoder"
    );
    Ok(Picture { canvas, finding })
}

/// What stands after |curl|: = 0, < a power of ten, or = two decimals.
fn relation(value: f64) -> String {
    if value == 0.0 {
        "= 0".into()
    } else if value < 1e-3 {
        format!("< 10^{{−{}}}", (-value.log10()).floor())
    } else {
        format!("= {value:.2}")
    }
}
