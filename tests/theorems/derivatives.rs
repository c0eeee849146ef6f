//! Every rule, at orders 1, 2 and 3 (T27).
//!
//! The argument. The rule book is finite, so it is checked by enumeration: each operation, wrapped
//! into a formula, is differentiated in reverse and forward, and both are compared with difference
//! quotients, which know nothing of rules. Each order rests on the one before, the first on plain
//! values. Most operations are linear, so that their own second derivative is zero and would
//! prove nothing; therefore each stands between two smooth bends, z + ½ z² after it and
//! x + ¼ x² before it, and its rule has to take part at every order.
//!
//! An enumeration proves something only if nothing is missing from it. Rust cannot list the
//! variants of an enum, so the list of what has been checked is compared with the source text:
//! whoever adds an operation and forgets it here sees this test fail.
//!
//! Reverse and forward mode are the same polynomials; where they are compared with differences, no
//! tolerance is chosen: see `tests/theorems/routes.rs`.

use crate::routes::{Direction, Formula, Routes, forward, reverse};
use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Dual, Matrix,
    array::{Function, Linear, Product, Shape},
    autodiff::{
        check::{Quotient, difference},
        rules::Op,
    },
    grid::{Enclosed, Exact},
    identity::Sides,
    matrix::{Real, noise::Generator},
};

/// The factor k of every `Tile(k)`, `Fold(k)`, …, and how many tangents are stacked.
const K: usize = 3;

/// bend(op(bend(x), bend(y)))
struct Bent(Op);

impl Formula for Bent {
    fn read<A: Array>(&self, x: &[A]) -> A {
        let before = |x: &A| x.clone() + x.clone() * x * 0.25;
        let z = self.0.value(before(&x[0]), &before(x.last().expect("one input or two")));
        z.clone() + z.clone() * z * 0.5
    }
}

/// Every operation of the rule book with the shapes of its inputs, one or two, made of n, d and k.
fn rule_book(n: usize, d: usize, k: usize) -> Vec<(Op, Vec<Shape>)> {
    let mut book = vec![(Op::Leaf, vec![(n, d)]), (Op::Shift(0.5), vec![(n, d)])];
    for op in [Op::Add, Op::Sub, Op::Mul] {
        book.push((op, vec![(n, d), (n, d)]));
    }
    book.push((Op::AddRow, vec![(n, d), (1, d)]));
    for form in Product::ALL {
        let shapes = match form {
            Product::Nn => vec![(n, k), (k, d)],
            Product::Nt => vec![(n, k), (d, k)],
            Product::Tn => vec![(k, n), (k, d)],
        };
        book.push((Op::Product(form), shapes));
    }
    for l in Linear::all(k) {
        let shape = match l {
            Linear::Fold(_) | Linear::SumEach(_) => (2 * k, d),
            Linear::Spread(_) => (d, 1),
            Linear::RowSum(_) => (d, k),
            _ => (2, d),
        };
        book.push((Op::Linear(l), vec![shape]));
    }
    for f in Function::ALL {
        book.push((Op::Apply(f), vec![(n, d)]));
    }
    book
}

/// Numbers of size at most 1½, inside the domain of the operation: positive for ln and 1/x, and for
/// those with a kink at 0 further from it than any difference quotient reaches.
fn input(op: Op, (rows, cols): Shape, rng: &mut Generator) -> Matrix {
    Matrix::from_fn(rows, cols, |_, _| match op {
        Op::Apply(Function::Ln | Function::Reciprocal) => rng.random_range(0.5..1.5),
        Op::Apply(Function::Relu | Function::Heaviside) => {
            let size = rng.random_range(0.25..1.0);
            if rng.random() { size } else { -size }
        }
        _ => rng.random_range(-1.0..1.0),
    })
}

fn uniform((rows, cols): Shape, rng: &mut Generator) -> Matrix {
    Matrix::from_fn(rows, cols, |_, _| rng.random_range(-1.0..1.0))
}

/// Runs `check` on every operation with inputs, weights of its output and three directions.
fn for_every_operation(
    mut check: impl FnMut(Op, &[Matrix], &Matrix, &[Direction], &mut Generator),
) {
    for (index, (op, shapes)) in rule_book(3, 4, K).into_iter().enumerate() {
        let mut rng = Generator::seed_from_u64(index as u64);
        let x: Vec<_> = shapes.iter().map(|&shape| input(op, shape, &mut rng)).collect();
        let weights = uniform(Bent(op).read(&x).shape(), &mut rng);
        let directions: Vec<Direction> = (0..3)
            .map(|_| shapes.iter().map(|&shape| uniform(shape, &mut rng)).collect())
            .collect();
        check(op, &x, &weights, &directions, &mut rng);
    }
}

#[test]
fn every_derivative_is_the_limit_of_differences_and_the_same_in_reverse_and_forward() {
    for_every_operation(|op, x, weights, directions, _| {
        for order in 1..=3 {
            let routes = Routes::of(&Bent(op), x, weights, &directions[..order]);
            if let Err(message) = routes.agree() {
                panic!("{op:?} at order {order}: {message}");
            }
            // Nothing is compared across a kink.
            assert!(routes.kink < 1e-3 * routes.quotient.abs().max(1.0), "{op:?}: {routes:?}");
            // The comparison says something: its tolerance is small beside what is compared. Only
            // a step is flat, and its derivative is exactly zero.
            if op == Op::Apply(Function::Heaviside) {
                assert_eq!((routes.reverse, routes.forward), (0.0, 0.0), "{op:?} at order {order}");
            } else {
                let scale = routes.reverse.abs();
                assert!(routes.error < 1e-6 * scale, "{op:?} at order {order}: {routes:?}");
            }
        }
    });
}

/// For all inputs, weights and directions at once, both sides of a product moving. This knows the
/// pullbacks and the tangent rules, but of a φ′, which both share, nothing.
#[test]
fn reverse_and_forward_are_the_same_polynomials() {
    for (op, shapes) in rule_book(2, 2, 2) {
        let named = |name: &str| -> Vec<Exact> {
            let names = ["left", "right"].map(|side| format!("{name}_{side}_"));
            shapes.iter().zip(names).map(|(s, name)| Exact::named(&name, s.0, s.1)).collect()
        };
        let x = named("x");
        let (rows, cols) = Bent(op).read(&x).shape();
        let weights = Exact::named("weight", rows, cols);
        let directions = ["u", "v", "w"].map(named);
        for order in 1..=3 {
            let along = &directions[..order];
            let [left, right] =
                [reverse(&Bent(op), &x, &weights, along), forward(&Bent(op), &x, &weights, along)];
            let flat = op == Op::Apply(Function::Heaviside);
            assert!(left.terms() > 0 || flat, "{op:?} at order {order}: 0 = 0");
            let sides = Sides::proof([vec![left], vec![right]]);
            sides.agree().unwrap_or_else(|why| panic!("{op:?} at order {order}: {why}"));
        }
    }
}

/// The variants of an enum, read from its source: Rust itself cannot list them.
fn variants<'s>(source: &'s str, name: &str) -> Vec<&'s str> {
    let (_, rest) = source.split_once(&format!("pub enum {name} {{\n")).expect(name);
    let (body, _) = rest.split_once("\n}").expect(name);
    let lines = body.lines().map(str::trim).filter(|line| line.starts_with(char::is_alphabetic));
    let mut names: Vec<_> = lines.map(|line| name_of(line.trim_end_matches(','))).collect();
    names.sort_unstable();
    names
}

/// `Scale` of `Scale(-0.75)`
fn name_of(debug: &str) -> &str {
    debug.split('(').next().unwrap_or(debug)
}

#[test]
fn no_operation_is_left_out() {
    let (mut ops, mut products, mut linears, mut functions) =
        <(Vec<_>, Vec<_>, Vec<_>, Vec<_>)>::default();
    for (op, _) in rule_book(3, 4, K) {
        ops.push(format!("{op:?}"));
        match op {
            Op::Product(form) => products.push(format!("{form:?}")),
            Op::Linear(l) => linears.push(format!("{l:?}")),
            Op::Apply(f) => functions.push(format!("{f:?}")),
            Op::Leaf | Op::Add | Op::Sub | Op::Mul | Op::AddRow | Op::Shift(_) => {}
        }
    }
    let (rules, array) =
        (include_str!("../../src/autodiff/rules.rs"), include_str!("../../src/array/tables.rs"));
    for (source, name, mut checked) in [
        (rules, "Op", ops),
        (array, "Product", products),
        (array, "Linear", linears),
        (array, "Function", functions),
    ] {
        checked.sort_unstable();
        let mut checked: Vec<_> = checked.iter().map(|debug| name_of(debug)).collect();
        checked.dedup();
        assert_eq!(checked, variants(source, name), "checked operations against enum {name}");
    }
}

/// The first `moving` inputs along their directions, the others at rest.
fn along<A: Array>(x: &[A], directions: &[A], moving: usize) -> Vec<Dual<A>> {
    let moves = |(i, (x, v))| if i < moving { Dual::along(x, v) } else { Dual::constant(x) };
    x.iter().zip(directions).enumerate().map(moves).collect()
}

/// How many inputs may carry several tangents a row.
///
/// What a direction multiplies on the right, and what moves to other rows, has room for one only.
fn stackable(op: Op) -> usize {
    match op {
        Op::Product(Product::Tn)
        | Op::Linear(Linear::Each(_) | Linear::SumEach(_) | Linear::Transpose) => 0,
        Op::Product(Product::Nn | Product::Nt) => 1,
        _ => 2,
    }
}

#[test]
fn k_stacked_tangents_are_k_single_ones() {
    for_every_operation(|op, x, weights, directions, _| {
        let moving = stackable(op);
        if moving == 0 {
            return;
        }
        let stacked: Vec<_> = (0..x.len())
            .map(|side| {
                let v = |r: usize, j| directions[r % K][side].at(r / K, j);
                Matrix::from_fn(K * x[side].rows(), x[side].cols(), v)
            })
            .collect();
        let together = Bent(op).read(&along(x, &stacked, moving)).tangents.expect("x moves");
        let (rows, cols) = weights.shape();
        assert_eq!(together.shape(), (K * rows, cols), "{op:?}");
        let enclosed = |x: &[Matrix]| x.iter().map(Enclosed::exact).collect::<Vec<_>>();
        for (k, v) in directions.iter().enumerate() {
            let alone = Bent(op).read(&along(&enclosed(x), &enclosed(v), moving)).tangents;
            let of_k = Matrix::from_fn(rows, cols, |i, j| together.at(i * K + k, j));
            assert!(alone.expect("x moves").contains(&of_k), "{op:?}, tangent {k}: {of_k:?}");
        }
    });
}

#[test]
fn sums_have_room_for_all_axes_at_once() {
    // The derived operations are made of maps that keep tangents apart: with all d axes under every
    // row, the columns of these Jacobians come out together. Exact, on integers.
    let (n, d) = (2, 3);
    let x = Matrix::from_fn(n, d, |i, j| (4 * i + j) as f64);
    let axes = Dual::axes(&x);
    let tangents = |y: Dual<Matrix>| y.tangents.expect("it depends on x");
    let constant = |rows, a| Matrix::from_fn(rows, 1, |_, _| a);
    assert_eq!(tangents(axes.clone().sum_over_dimensions()), constant(n * d, 1.0));
    assert_eq!(tangents(axes.clone().sum()), constant(d, n as f64));
    assert_eq!(tangents(axes.clone().sum_over_dimensions().mean()), constant(d, 1.0)); // n · 1/n
    let columns = Matrix::from_fn(d, d, |i, j| if i == j { n as f64 } else { 0.0 });
    assert_eq!(tangents(axes.clone().sum_over_samples()), columns);
    let twice_x = Matrix::from_fn(n * d, 1, |r, _| 2.0 * x.at(r / d, r % d));
    assert_eq!(tangents(axes.squared_norm()), twice_x);
    assert_eq!(tangents(axes.inner(&axes)), twice_x);
}

#[test]
fn where_there_is_room_for_one_tangent_several_are_refused() {
    for_every_operation(|op, x, _, _, _| {
        let moving = stackable(op);
        if moving < x.len() {
            let twice: Vec<_> = x.iter().map(|x| x.clone().linear(Linear::Tile(2))).collect();
            let only_last = |i| {
                if i + 1 == x.len() { Dual::along(&x[i], &twice[i]) } else { Dual::constant(&x[i]) }
            };
            let inputs: Vec<_> = (0..x.len()).map(only_last).collect();
            let refused = std::panic::catch_unwind(|| Bent(op).read(&inputs)).is_err();
            assert!(refused, "{op:?}");
        }
    });
}

#[test]
fn a_difference_quotient_is_within_its_own_error() {
    // eˣ and sin at several points: |D(h) − f′| ≤ |D(2h) − D(h)| + 1.5/h times the error of f, which
    // is that of the argument, half an ulp of |x| + 1 times the slope, and one ulp of the value.
    for i in 0..40 {
        let x = f64::from(i) * 0.1 - 2.0;
        for (f, slope) in [(f64::exp as fn(f64) -> f64, x.exp()), (f64::sin, x.cos())] {
            let found = difference(|h| f(x + h));
            let value = (x.abs() + 1.0) * slope.abs() + 2.0 * f(x).abs();
            let rounding = Quotient::MAGNIFICATION * f64::UNIT_ROUNDOFF * value;
            let apart = (found.value - slope).abs();
            assert!(apart <= found.truncation + rounding, "{x}: {apart:e} {found:?}");
            assert!(found.truncation + rounding < 1e-10, "{x}: {found:?}");
        }
    }
}

/// At 0, |x| has a kink, though the quotient of its two halves is the slope of neither and exact: S(h)
/// is 2h, so the kink is |4h − 8h|/h = 4. For x³ all S are 0. Nothing rounds, as h is a power of two.
#[test]
fn a_kink_in_the_middle_is_seen_and_none_where_there_is_none() {
    let [bent, smooth] = [f64::abs as fn(f64) -> f64, |x| x * x * x].map(difference);
    assert_eq!((bent.value, bent.truncation, bent.kink), (0.0, 0.0, 4.0));
    assert_eq!(smooth.kink, 0.0);
}
