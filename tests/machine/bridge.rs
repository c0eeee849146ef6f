//! Every fast operation is its definition.
//!
//! Polynomials and intervals are read by definition, [`Grid`], and the product runs on [`Matrix`].
//! This is the bridge between them: on whole numbers, where no order of summation rounds, each
//! operation of the vocabulary gives what its definition gives, in both precisions, behind every
//! door, for all shapes up to 40 with their empty edges and their tails, and beyond the blocks of the
//! product. Zeros are compared as numbers: where the definition has −0, a sum that begins at 0 has
//! +0. A φ does round, and is compared bit for bit with its kernel at the same argument alone.
//!
//! Numbers that do round, and formulas of several operations, are the matter of `graphs.rs`.
//!
//! What is left out: sums of zero blocks, `Fold(0)` and `SumEach(0)`, see `empty.rs` and `callers.rs`.

use score_matching::{
    Array, Dual, Matrix, Tape,
    array::{Function, Linear, Product, Shape},
    autodiff::{rules::Op, second::along_axes},
    grid::Grid,
    matrix::{Real, door::Door},
};

/// The largest size.
const LARGEST: usize = 40;

/// All pairs of sizes, with a third so that *every* two of the three run through all pairs: for a
/// fixed one of them it takes each value modulo 41 once.
fn all_sizes() -> impl Iterator<Item = [usize; 3]> {
    let sizes = 0..=LARGEST;
    let third = |m: usize, n: usize| (7 * m + 11 * n) % (LARGEST + 1);
    sizes.clone().flat_map(move |m| sizes.clone().map(move |n| [m, n, third(m, n)]))
}

/// Sizes m, n, k on both sides of what loops are cut into: 2¹⁵ to 2¹⁷ elements for threads, and in a
/// product KC = 256 terms or 512 of a long sum, 4096 of one that is halved, MC = 96 rows, NC = 1024
/// columns, SHORT_ROW = 1024 bytes of a row, a half and a quarter of it where x is transposed, PIECE = 1024
/// lines in a product with few, BAND = 1000 rows, any number of rows left over; first, many rows or columns
/// with next to no others; last, all of them at once.
const BEYOND: [[usize; 3]; 28] = [
    [301, 1, 1],
    [301, 1, 3],
    [1, 301, 2],
    [301, 4, 2],
    [301, 257, 3],
    [2, 50, 300],
    [50, 1, 300],
    [13, 35, 256],
    [13, 35, 257],
    [97, 9, 33],
    [203, 5, 513],
    [13, 35, 1024],
    [13, 35, 1030],
    [13, 35, 8195],
    [2, 3, 8195],
    [2, 2051, 33],
    [1031, 3, 70],
    [1301, 9, 40],
    [301, 65, 40],
    [601, 65, 40],
    [8, 300, 35],
    [9, 300, 35],
    [10, 300, 35],
    [11, 300, 35],
    [13, 300, 1030],
    [7, 1024, 33],
    [7, 1031, 33],
    [97, 1025, 257],
];

/// The operations whose results are whole numbers, or quarters, with the shapes of their inputs.
fn operations([m, n, k]: [usize; 3]) -> Vec<(Op, Shape, Shape)> {
    let same = (m, n);
    let mut all = vec![
        (Op::Leaf, same, same),
        (Op::Shift(3.0), same, same),
        (Op::Add, same, same),
        (Op::Sub, same, same),
        (Op::Mul, same, same),
        (Op::AddRow, same, (1, n)),
        (Op::Product(Product::Nn), (m, k), (k, n)),
        (Op::Product(Product::Nt), (m, k), (n, k)),
        (Op::Product(Product::Tn), (k, m), (k, n)),
    ];
    // Seven factors are enough: what a sum of blocks must get right is where they begin.
    for l in Linear::all(k % 7).into_iter().chain([Linear::Spread(k), Linear::RowSum(k)]) {
        let shape = match l {
            Linear::Fold(0) | Linear::SumEach(0) => continue,
            Linear::Fold(k) | Linear::SumEach(k) => (m * k, n),
            Linear::Spread(_) => (m, 1),
            Linear::RowSum(k) => (m, k),
            _ => same,
        };
        all.push((Op::Linear(l), shape, (1, 1)));
    }
    all
}

/// Whole numbers from −31 to 31 without symmetry: 10 000 products of two are below 2²⁴, so that f32
/// holds every sum.
fn whole((rows, cols): Shape, salt: usize) -> Matrix {
    let mixed = |i: usize, j: usize| i * i + 3 * i + 5 * j + 2 * i * j + 17 * salt;
    Matrix::from_fn(rows, cols, |i, j| (mixed(i, j) % 63) as f64 - 31.0)
}

fn grid(x: &Matrix) -> Grid<f64> {
    Grid::from_matrix(x, |x| x)
}

#[track_caller]
fn same<T: Real>(found: &Matrix<T>, definition: &Grid<f64>, what: &str) {
    assert_eq!(found.shape(), definition.shape(), "{what}");
    let mut pairs = found.data().iter().zip(definition.entries());
    assert!(pairs.all(|(a, b)| a.to_f64() == *b), "{what}");
}

/// The other readings: variables, and values that move.
fn readings_are(op: Op, [x, y, v, w]: &[Matrix; 4], definition: &Dual<Grid<f64>>) {
    let what = &format!("{op:?} of {:?} and {:?}", x.shape(), y.shape());
    let tape = Tape::new();
    let z = op.value(tape.var(x), &tape.var(y)).value();
    same(&z, &definition.value, what);
    let moving = op.value(Dual::along(x, v), &Dual::along(y, w));
    same(&moving.value, &definition.value, what);
    let (found, expected) = (moving.tangents, definition.tangents.clone());
    same(&found.expect("x moves"), &expected.expect("x moves"), what);
}

/// Numbers of both precisions, behind every door.
fn numbers_are(op: Op, [x, y]: [&Matrix; 2], definition: &Grid<f64>) {
    let what = format!("{op:?} of {:?} and {:?}", x.shape(), y.shape());
    for door in Door::available() {
        door.within(|| {
            same(&op.value(x.clone(), y), definition, &format!("{what}, {door:?}"));
            let single = op.value(x.cast::<f32>(), &y.cast());
            same(&single, definition, &format!("{what}, {door:?}, f32"));
        });
    }
}

#[test]
fn every_operation_is_its_definition() {
    for (op, left, right) in all_sizes().flat_map(operations) {
        let inputs @ [x, y, v, w] =
            &[whole(left, 0), whole(right, 1), whole(left, 2), whole(right, 3)];
        let definition =
            op.value(Dual::along(&grid(x), &grid(v)), &Dual::along(&grid(y), &grid(w)));
        numbers_are(op, [x, y], &definition.value);
        readings_are(op, inputs, &definition);
    }
}

#[test]
fn beyond_the_blocks_too() {
    for (op, left, right) in BEYOND.into_iter().flat_map(operations) {
        let (x, y) = (whole(left, 0), whole(right, 1));
        numbers_are(op, [&x, &y], &op.value(grid(&x), &grid(&y)));
    }
}

/// Buffers are used again: the result's, the packs'. So the pool is filled with NaN before each
/// product: of all lengths up to 3 · 320, and of the result's.
#[test]
fn old_contents_of_a_reused_buffer_do_not_shine_through() {
    for (m, n, k) in [(33, 65, 20), (33, 65, 300), (2, 65, 300), (65, 2, 300), (65, 33, 2)] {
        let (x, y) = (whole((m, k), 6), whole((k, n), 7));
        let expected = grid(&x).nn(&grid(&y));
        for door in Door::available() {
            let lengths = (1..=960).chain([m * n]);
            lengths.for_each(|length| drop(Matrix::<f64>::from_fn(1, length, |_, _| f64::NAN)));
            let lost = x.clone() * f64::NAN;
            let (lost, found) = door.within(|| (lost.nn(&y), x.nn(&y)));
            assert!(lost.data().iter().all(|z| z.is_nan()), "what is lost stays lost");
            drop(lost);
            same(&found, &expected, &format!("{door:?} {m} × {n}, {k} terms"));
            same(&door.within(|| x.nn(&y)), &expected, &format!("{door:?} {m} × {n} again"));
        }
    }
}

fn functions_are<T: Real>(f: Function, inputs: &[Matrix]) {
    // What the kernel makes of each argument alone: Grid's definition of φ.
    let alone: Vec<T> = (-31..=31)
        .map(|x| Matrix::from_vec(1, 1, vec![T::of(x.into())]).apply(f).data()[0])
        .collect();
    for x in inputs {
        let found = x.cast::<T>().apply(f);
        assert_eq!(found.shape(), x.shape());
        for (x, y) in x.data().iter().zip(found.data()) {
            let [y, expected] = [*y, alone[(x + 31.0) as usize]].map(T::to_f64);
            let same = y.to_bits() == expected.to_bits() || y.is_nan() && expected.is_nan();
            assert!(same, "{f:?}({x}) in {:?}: {y}", found.shape());
        }
    }
}

#[test]
fn every_function_is_its_kernel_at_every_place() {
    let inputs: Vec<_> = all_sizes().map(|[m, n, _]| whole((m, n), m)).collect();
    for door in Door::available() {
        for f in Function::ALL {
            door.within(|| {
                functions_are::<f64>(f, &inputs);
                functions_are::<f32>(f, &inputs);
            });
        }
    }
}

/// ∂²f/∂xⱼ² of every sample stands in the row of its axis. For f = Σⱼ (j + 1) xⱼ³ every axis has
/// slopes of its own, and the mixed derivatives, where a wrong pairing of axes would look, are 0.
#[test]
fn second_derivatives_stand_at_their_axes() {
    for d in 1..=12 {
        for n in 0..=3 {
            let x = whole((n, d), d);
            let [f] = along_axes(
                |x| {
                    let weights = x.constant(d, 1, |j, _| (j + 1) as f64);
                    [(x.clone() * x * x).nn(&weights)]
                },
                &x,
            );
            let expected = |factor: f64, power: i32| {
                Matrix::from_fn(n * d, 1, |r, _| {
                    factor * (r % d + 1) as f64 * x.at(r / d, r % d).powi(power)
                })
            };
            assert_eq!(f.first, expected(3.0, 2), "{n} × {d}");
            assert_eq!(f.second, expected(6.0, 1), "{n} × {d}");
        }
    }
}
