//! What the vocabulary derives from its few operations, and the rows of a mini-batch.
//!
//! That every operation is its definition is the matter of `bridge.rs`. The rest of [`Array`] is
//! derived from them, the same for every reading; so it is looked at where a formula can be read.

use score_matching::{
    Array, Matrix, Tape,
    array::{Function, Product},
    grid::Exact,
    model::{Autoencoder, Parameters},
};

#[test]
fn the_derived_operations_are_their_formulas() {
    let (x, y) = (Exact::named("x", 2, 2), Exact::named("y", 2, 2));
    let shown = |z: Exact| z.entries().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(x.clone().sum_over_samples()), ["x₁₁ + x₂₁", "x₁₂ + x₂₂"]);
    assert_eq!(shown(x.clone().sum_over_dimensions()), ["x₁₁ + x₁₂", "x₂₁ + x₂₂"]);
    assert_eq!(shown(x.clone().sum()), ["x₁₁ + x₁₂ + x₂₁ + x₂₂"]);
    assert_eq!(shown(Exact::named("x", 4, 1).mean()), ["0.25 x₁ + 0.25 x₂ + 0.25 x₃ + 0.25 x₄"]);
    assert_eq!(shown(x.squared_norm()), ["x₁₁² + x₁₂²", "x₂₁² + x₂₂²"]);
    assert_eq!(shown(x.inner(&y)), ["x₁₁ y₁₁ + x₁₂ y₁₂", "x₂₁ y₂₁ + x₂₂ y₂₂"]);
    assert_eq!([x.nn(&y), x.nt(&y), x.tn(&y)], Product::ALL.map(|form| x.product(form, &y)));
    assert_eq!([-x.clone(), x.clone() - 2.0], [x.clone() * -1.0, x + -2.0]);

    let names: [fn(Exact) -> Exact; 7] = [
        Array::sigmoid,
        Array::softplus,
        Array::tanh,
        Array::exp,
        Array::ln,
        Array::reciprocal,
        Array::relu,
    ];
    for (name, f) in names.into_iter().zip(Function::ALL) {
        assert_eq!(name(y.clone()), y.clone().apply(f), "{f:?}");
    }
}

/// Widths around the lanes of a vector; rows in order, backwards and again, the last ones, none.
#[test]
fn a_mini_batch_is_the_rows_asked_for_in_their_order() {
    for (n, d) in (0..40).map(|d| (1 + d % 7, d)).chain([(100, 1), (3, 257)]) {
        let x = Matrix::<f64>::from_fn(n, d, |i, j| (d * i + j) as f64);
        let backwards = (0..n).rev().chain([0, n / 2, 0]).collect();
        for rows in [(0..n).collect(), backwards, (n / 2..n).collect(), vec![]] {
            let expected = Matrix::from_fn(rows.len(), d, |i, j| x.at(rows[i], j));
            assert_eq!(x.select(&rows), expected, "rows {rows:?} of {:?}", (n, d));
            let single = x.cast::<f32>().select(&rows);
            assert_eq!(single, expected.cast(), "rows {rows:?} of {:?}", (n, d));
        }
    }
}

/// What `score_of` makes of an energy is the score written by hand: for all parameters and all points,
/// and so are its derivatives by the parameters, as a loss of it needs them.
#[test]
fn the_score_of_an_energy_is_its_gradient_and_can_be_differentiated() {
    let [w, b, c] = [("W", 2), ("b", 1), ("c", 1)].map(|(name, n)| Exact::named(name, n, 2));
    let model = Autoencoder { w, b, c, a: None };
    let x = Exact::named("x", 2, 2);
    assert_eq!(model.score_of(|model, x| model.energy(x, 0.5), &x), model.score(&x, 0.5));
    assert_ne!(model.score_of(|model, x| model.energy(x, 1.0), &x), model.score(&x, 0.5));

    let tape = Tape::new();
    let (model, x) = (model.on(&tape), tape.var(&x));
    let theta = model.clone().into_list();
    let by_energy = model.score_of(|model, x| model.energy(x, 0.5), &x);
    let [by_energy, by_hand, other] = [by_energy, model.score(&x, 0.5), model.score(&x, 1.0)]
        .map(|score| score.squared_norm().sum().gradient(&theta));
    assert_eq!(by_energy, by_hand);
    assert_ne!(by_energy, other);
}
