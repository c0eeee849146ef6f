//! Random formulas, read in every way.
//!
//! `bridge.rs` tries each operation alone, on whole numbers. Here operations follow one another, on
//! any shape and on any entries: ±0, subnormal, 1e±300, ±∞, NaN. A formula is a [`Graph`]; its
//! readings are values, gradients (in numbers and in variables), second derivatives, and forward
//! mode once and twice. Four things must hold of each, behind every door and in both precisions:
//!
//! * every operation, also those of a sweep, is its definition *from the inputs it had* ([`watched`]):
//!   bit for bit, but for sums, whose order is free (`Allowed::sum`);
//! * a gradient in numbers is the one in variables, and 1, 2 and 5 threads give the same bits;
//! * where the inputs are finite, f64 lies between the ends of intervals;
//! * forward and reverse mode agree: their intervals meet.
//!
//! What fails is made smaller while it still fails, and printed as a program. The environment may ask
//! for another number of graphs, `PROPTEST_CASES`, or for those after another seed,
//! `PROPTEST_RNG_SEED`.

mod formula;
mod smaller;
mod watched;

use formula::{Graph, random};
use rand::SeedableRng;
use rayon::{ThreadPool, ThreadPoolBuilder};
use score_matching::{
    Array, Dual, Matrix, Tape, Var,
    grid::{Ball, Enclosed},
    matrix::{Real, door::Door, noise::Generator},
};
use smaller::{entries, try_out};
use std::sync::LazyLock;
use watched::Watched;

/// The sum of all that the formula gives, with weights that tell the entries apart.
fn weighted<A: Array>(outputs: Vec<A>) -> A {
    let weigh = |x: A| {
        let (rows, cols) = x.shape();
        let weights = x.constant(rows, cols, |i, j| 1.0 + ((2 * i + 3 * j) % 5) as f64 / 4.0);
        (x * weights).sum()
    };
    outputs.into_iter().map(weigh).reduce(|sum, x| sum + x).expect("a root")
}

/// A direction in which x moves: no two of its neighbours are the same.
fn direction<A: Array>(x: &A, salt: usize) -> A {
    let (rows, cols) = x.shape();
    x.constant(rows, cols, |i, j| ((i + 2 * j + 3 * salt) % 7) as f64 / 2.0 - 1.25)
}

/// What a formula gives in each way: values and tangents; first and second derivatives in numbers;
/// the same in variables; a slope and a curvature by reverse mode; the same by forward mode.
fn readings<A: Array>(graph: &Graph, leaves: &[A]) -> [Vec<A>; 5] {
    let mut values = graph.read(leaves);
    let moves = |i: usize| i != 1; // one leaf stays where it is
    let along = |gradients: Vec<A>, salt| {
        let moving = gradients.into_iter().enumerate().filter(|(i, _)| moves(*i));
        let terms = moving.map(|(_, g)| (g.clone() * direction(&g, salt)).sum());
        terms.reduce(|sum, term| sum + term).expect("leaf 0 moves")
    };

    let tape = Tape::new();
    let x: Vec<Var<A>> = leaves.iter().map(|x| tape.var(x)).collect();
    let f = weighted(graph.read(&x));
    let gradient = f.grad(&x);
    let moving = gradient.iter().enumerate().filter(|(i, _)| moves(*i));
    let slope = moving.map(|(_, g)| (*g * direction(g, 0)).sum()).reduce(|sum, term| sum + term);
    let slope = slope.expect("leaf 0 moves");
    let numbers = [f.gradient(&x), slope.gradient(&x)].concat();
    let hessian = slope.grad(&x);
    let variables: Vec<A> = gradient.iter().chain(&hessian).map(Var::value).collect();
    let reverse = vec![slope.value(), along(hessian.iter().map(Var::value).collect(), 1)];

    let still = |x: &A| Dual::constant(&Dual::constant(x));
    let twice = |(i, x): (usize, &A)| {
        let inner = Dual::along(x, &direction(x, 0));
        if moves(i) { Dual::along(&inner, &Dual::constant(&direction(x, 1))) } else { still(x) }
    };
    let moving: Vec<_> = leaves.iter().enumerate().map(twice).collect();
    let outputs = graph.read(&moving);
    values.extend(outputs.iter().map(|y| y.value.value.clone()));
    let slopes: Vec<A> = outputs.iter().map(|y| y.value.clone().tangents_or_zero(1)).collect();
    let curvatures: Vec<A> =
        outputs.into_iter().map(|y| y.tangents_or_zero(1).tangents_or_zero(1)).collect();
    values.extend(slopes.iter().chain(&curvatures).cloned());
    [values, numbers, variables, reverse, vec![weighted(slopes), weighted(curvatures)]]
}

static POOLS: LazyLock<[ThreadPool; 3]> = LazyLock::new(|| {
    [1, 2, 5].map(|n| ThreadPoolBuilder::new().num_threads(n).build().expect("threads"))
});

/// The bits, one NaN as good as another: where NaNs of both signs meet, no language promises the
/// sign of their sum.
fn bits<'a, T: Real>(x: impl IntoIterator<Item = &'a Matrix<T>>) -> impl Iterator<Item = u64> {
    let one = |x: &T| if x.to_f64().is_nan() { f64::NAN } else { x.to_f64() };
    x.into_iter().flat_map(Matrix::data).map(move |x| one(x).to_bits())
}

fn holds<T: Real>(graph: &Graph, door: Door) {
    let leaves = graph.leaves(entries::<T>);
    let watched: Vec<_> = leaves.iter().cloned().map(Watched).collect();
    let expected = door.within(|| readings(graph, &watched)).concat();
    let runs = POOLS.each_ref().map(|pool| {
        let run = || door.within(|| readings(graph, &leaves));
        pool.install(run)
    });
    for found in &runs {
        let [_, numbers, variables, _, _] = found;
        assert!(bits(numbers).eq(bits(variables)), "gradient in numbers and in variables");
        assert!(bits(found.iter().flatten()).eq(bits(runs[0].iter().flatten())), "threads");
    }
    assert!(bits(expected.iter().map(|x| &x.0)).eq(bits(runs[0].iter().flatten())), "in place");
}

/// Where inputs are finite: f64 against intervals, forward against reverse.
fn lies_between_its_ends(graph: &Graph, door: Door) {
    let leaves = graph.leaves(Matrix::clone);
    if !leaves.iter().all(Matrix::is_finite) {
        return;
    }
    let exact: Vec<_> = leaves.iter().map(Enclosed::exact).collect();
    let (bounds, found) = door.within(|| (readings(graph, &exact), readings(graph, &leaves)));
    let known = |b: &Ball| !b.low.is_nan() && !b.high.is_nan();
    for (bounds, found) in bounds.iter().flatten().zip(found.iter().flatten()) {
        for (b, x) in bounds.entries().iter().zip(found.data()) {
            let inside = b.low <= *x && *x <= b.high;
            assert!(inside || !known(b) || !x.is_finite(), "{x:e} in {b:?}");
        }
    }
    let [_, _, _, reverse, forward] = &bounds;
    for (a, b) in reverse.iter().zip(forward) {
        let (a, b) = (a.at(0, 0), b.at(0, 0));
        let meet = a.low <= b.high && b.low <= a.high;
        assert!(meet || !known(a) || !known(b), "reverse {a:?}, forward {b:?}");
    }
}

#[test]
fn every_reading_of_a_random_formula_is_its_definition() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = number("PROPTEST_RNG_SEED").unwrap_or(1);
    for seed in first..first + number("PROPTEST_CASES").unwrap_or(300) {
        let mut rng = Generator::seed_from_u64(seed);
        let graph = match seed % 100 {
            // More than 2¹⁶ elements, 2¹⁹ multiplications, 256 terms: threads and blocks.
            99 => random(&[1, 3, 17, 257, 260, 600], 1 << 17, &mut rng),
            75..99 => random(&[0, 1, 2, 4, 5, 17, 37, 300], 1 << 13, &mut rng),
            _ => random(&[0, 1, 2, 3, 5, 7], 1 << 6, &mut rng),
        };
        try_out::<f64>(&graph, seed, holds::<f64>);
        try_out::<f32>(&graph, seed, holds::<f32>);
        try_out::<f64>(&graph, seed, lies_between_its_ends);
    }
}
