//! The vocabulary means what it says.
//!
//! `tests/theorems/derivatives.rs` proves that derivatives fit the values; a map that computes something else
//! than its name, with the derivative of that something else, would pass there. Here every linear
//! map is compared with its definition by indices, every adjoint with the equation that defines it,
//! and every derived operation with its formula: exactly, on small integers, in both precisions.

use score_matching::{
    Array, Matrix,
    array::{Function, Linear, Product, Shape},
    matrix::Real,
};

/// Small integers without symmetry.
fn integers<T: Real>((rows, cols): Shape, shift: usize) -> Matrix<T> {
    Matrix::from_fn(rows, cols, |i, j| ((i * i + 3 * i + 5 * j + 7 * shift) % 11) as f64 - 5.0)
}

/// Every linear map with shapes that it applies to.
fn linear_maps() -> impl Iterator<Item = (Linear, Shape)> {
    // 23: two groups of eight lanes, and the longest rest
    [1, 2, 3, 10, 23].into_iter().flat_map(|k| {
        Linear::all(k).into_iter().flat_map(move |l| {
            // 11: wider than eight lanes, and odd
            [(1, 4), (2, 11), (9, 3)].map(|(n, d)| {
                let shape = match l {
                    Linear::Fold(_) | Linear::SumEach(_) => (n * k, d),
                    Linear::Spread(_) => (n, 1),
                    Linear::RowSum(_) => (n, k),
                    _ => (n, d),
                };
                (l, shape)
            })
        })
    })
}

fn matrices_are_what_they_are_called<T: Real>() {
    for (l, shape @ (n, d)) in linear_maps() {
        let x = integers::<T>(shape, 0);
        let sum = |terms: usize, term: &dyn Fn(usize) -> f64| (0..terms).map(term).sum::<f64>();
        let at = |i: usize, j: usize| match l {
            Linear::Scale(a) => a * x.at(i, j),
            Linear::Tile(_) => x.at(i % n, j),
            Linear::Fold(k) => sum(k, &|block| x.at(block * (n / k) + i, j)),
            Linear::Each(k) => x.at(i / k, j),
            Linear::SumEach(k) => sum(k, &|r| x.at(i * k + r, j)),
            Linear::Spread(_) => x.at(i, 0),
            Linear::RowSum(_) => sum(d, &|j| x.at(i, j)),
            Linear::Transpose => x.at(j, i),
        };
        let (rows, cols) = l.shape(shape);
        let expected = Matrix::<T>::from_fn(rows, cols, at);
        assert_eq!(x.clone().linear(l), expected, "{l:?} of {shape:?}");
    }
}

#[test]
fn every_linear_map_is_its_definition() {
    matrices_are_what_they_are_called::<f64>();
    matrices_are_what_they_are_called::<f32>();
}

#[test]
fn an_adjoint_moves_to_the_other_side_of_an_inner_product() {
    for (l, shape) in linear_maps() {
        let x = integers::<f64>(shape, 1);
        let y = integers(l.shape(shape), 2);
        let left = x.clone().linear(l).inner(&y).sum();
        let right = x.inner(&y.clone().linear(l.adjoint())).sum();
        assert_eq!(left, right, "⟨{l:?} x, y⟩ = ⟨x, {:?} y⟩", l.adjoint()); // exact: multiples of ¼
        assert_eq!(l.adjoint().adjoint(), l);
    }
}

#[test]
fn the_derived_operations_are_their_formulas() {
    // narrow, wider than eight lanes and odd, and more than 2¹⁶ elements, which threads share
    for (n, d) in [(4, 3), (7, 11), (301, 257)] {
        derived_operations(n, d);
    }
}

fn derived_operations(n: usize, d: usize) {
    let (x, y) = (integers::<f64>((n, d), 1), integers((n, d), 2));
    let rows = |f: &dyn Fn(usize) -> f64| Matrix::from_fn(n, 1, |i, _| f(i));
    let row = |f: &dyn Fn(usize, usize) -> f64, i: usize| (0..d).map(|j| f(i, j)).sum::<f64>();
    let one = |value: f64| Matrix::from_rows([[value]]);
    let total: f64 = x.data().iter().sum();

    assert_eq!(x.clone().sum_over_dimensions(), rows(&|i| row(&|i, j| x.at(i, j), i)));
    assert_eq!(x.squared_norm(), rows(&|i| row(&|i, j| x.at(i, j).powi(2), i)));
    assert_eq!(x.inner(&y), rows(&|i| row(&|i, j| x.at(i, j) * y.at(i, j), i)));
    assert_eq!(x.clone().sum(), one(total));
    assert_eq!(x.clone().sum_over_dimensions().mean(), one(total * (1.0 / n as f64)));
    let columns = Matrix::from_fn(1, d, |_, j| (0..n).map(|i| x.at(i, j)).sum());
    assert_eq!(x.clone().sum_over_samples(), columns);
    let bias = integers((1, d), 3);
    assert_eq!(x.clone().add_row(&bias), Matrix::from_fn(n, d, |i, j| x.at(i, j) + bias.at(0, j)));

    assert_eq!(x.clone() + &y, Matrix::from_fn(n, d, |i, j| x.at(i, j) + y.at(i, j)));
    assert_eq!(x.clone() - &y, Matrix::from_fn(n, d, |i, j| x.at(i, j) - y.at(i, j)));
    assert_eq!(x.clone() * &y, Matrix::from_fn(n, d, |i, j| x.at(i, j) * y.at(i, j)));
    assert_eq!(x.clone() + y.clone(), x.clone() + &y);
    assert_eq!(x.clone() - y.clone(), x.clone() - &y);
    assert_eq!(x.clone() * y.clone(), x.clone() * &y);
    // in place, since nobody else owns the left side
    let own = || integers::<f64>((n, d), 1);
    assert_eq!(own() - &y, x.clone() - &y);
    assert_eq!(own().add_row(&bias), x.clone().add_row(&bias));
    assert_eq!(own().tanh(), x.clone().tanh());
    assert_eq!(x.clone() + 2.0, Matrix::from_fn(n, d, |i, j| x.at(i, j) + 2.0));
    assert_eq!(x.clone() - 2.0, Matrix::from_fn(n, d, |i, j| x.at(i, j) - 2.0));
    assert_eq!(x.clone() * 2.0, Matrix::from_fn(n, d, |i, j| x.at(i, j) * 2.0));
    assert_eq!(-x.clone(), Matrix::from_fn(n, d, |i, j| -x.at(i, j)));
}

#[test]
fn the_three_products_are_one_with_transposed_factors() {
    let transpose = |x: &Matrix| x.clone().linear(Linear::Transpose);
    let (x, y) = (integers((4, 3), 1), integers((3, 5), 2));
    let product = Matrix::from_fn(4, 5, |i, j| (0..3).map(|k| x.at(i, k) * y.at(k, j)).sum());
    assert_eq!(x.nn(&y), product);
    assert_eq!(x.nt(&transpose(&y)), product);
    assert_eq!(transpose(&x).tn(&y), product);
    for (form, shape) in Product::ALL.into_iter().zip([(3, 5), (5, 3), (4, 5)]) {
        let sizes = form.sizes((4, 3), shape);
        let expected = if form == Product::Tn { (3, 5, 4) } else { (4, 5, 3) };
        assert_eq!(sizes, expected, "{form:?}");
    }
}

#[test]
fn every_function_is_its_formula() {
    // Each short name stands for its entry of the table, and each entry for its formula: at points
    // where both sides are exact, and elsewhere to the roundings of a few elementary functions.
    type Entry = (Function, Option<fn(Matrix) -> Matrix>, fn(f64) -> f64);
    let table: [Entry; 8] = [
        (Function::Sigmoid, Some(Array::sigmoid), |x| 1.0 / (1.0 + (-x).exp())),
        (Function::Softplus, Some(Array::softplus), |x| (1.0 + x.exp()).ln()),
        (Function::Tanh, Some(Array::tanh), f64::tanh),
        (Function::Exp, Some(Array::exp), f64::exp),
        (Function::Ln, Some(Array::ln), f64::ln),
        (Function::Reciprocal, Some(Array::reciprocal), f64::recip),
        (Function::Relu, Some(Array::relu), |x| x.max(0.0)),
        (Function::Heaviside, None, |x| if x > 0.0 { 1.0 } else { 0.0 }),
    ];
    assert_eq!(table.map(|(f, ..)| f), Function::ALL);
    for (f, method, formula) in table {
        for i in -8..=8 {
            let positive = matches!(f, Function::Ln | Function::Reciprocal);
            let x = f64::from(i) / 4.0 + if positive { 2.25 } else { 0.0 };
            let m = Matrix::from_rows([[x]]);
            let applied = m.clone().apply(f);
            let found = applied.item();
            // about 1 in size where it counts, at most eight roundings: 4 here, 4 in the kernel
            let tolerance = 8.0 * f64::UNIT_ROUNDOFF * formula(x).abs().max(1.0);
            assert!((found - formula(x)).abs() <= tolerance, "{f:?}({x}) = {found}");
            if let Some(method) = method {
                assert_eq!(method(m), applied, "{f:?}");
            }
        }
    }
}

fn a_selection_has_the_rows_asked_for<T: Real>() {
    for (n, d) in (0..40).map(|d| (1 + d % 7, d)).chain([(100, 1), (3, 257)]) {
        let x = integers::<T>((n, d), 1);
        let all: Vec<usize> = (0..n).collect();
        let backwards_and_again: Vec<usize> = (0..n).rev().chain([0, n / 2, 0]).collect();
        for rows in [&all[..], &backwards_and_again, &all[n / 2..], &[]] {
            let expected = Matrix::from_fn(rows.len(), d, |i, j| x.at(rows[i], j));
            assert_eq!(x.select(rows), expected, "rows {rows:?} of {:?}", (n, d));
        }
    }
}

#[test]
fn a_mini_batch_is_the_rows_asked_for_in_their_order() {
    a_selection_has_the_rows_asked_for::<f64>();
    a_selection_has_the_rows_asked_for::<f32>();
}
