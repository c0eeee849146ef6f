//! What the proofs and the tolerances rest on: coefficients, polynomials, intervals.
//!
//! A polynomial must never call two different functions equal, an interval must never lose the true
//! value. Both are tried on random expressions, for which the truth is known by other means:
//! constant polynomials, which are exact, for sums and products; intervals for polynomials.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng, seq::SliceRandom};
use score_matching::{
    Array, Matrix,
    array::Function,
    grid::{Ball, Exact, Number, Polynomial, polynomial::Dyadic},
    identity::Sides,
    matrix::noise::Generator,
};

fn ball(x: f64) -> Ball {
    Ball { low: x, high: x }
}

/// A formula in x, y > 0.
#[derive(Clone, Debug)]
enum Tree {
    X,
    Y,
    Whole(i8),
    Sum(Box<[Self; 2]>),
    Product(Box<[Self; 2]>),
    Apply(Function, Box<Self>),
}

impl Tree {
    /// Read with any numbers, x and y given.
    fn read<N: Number>(&self, x: &N, y: &N) -> N {
        match self {
            Self::X => x.clone(),
            Self::Y => y.clone(),
            Self::Whole(a) => N::of(f64::from(*a)),
            Self::Sum(pair) => pair[0].read(x, y).plus(&pair[1].read(x, y)),
            Self::Product(pair) => pair[0].read(x, y).times(&pair[1].read(x, y)),
            Self::Apply(f, s) => s.read(x, y).apply(*f),
        }
    }
}

/// Trees with 16 leaves or so, and with these functions if there are any.
fn tree(functions: &'static [Function]) -> BoxedStrategy<Tree> {
    let leaf = prop_oneof![Just(Tree::X), Just(Tree::Y), (-3..=3_i8).prop_map(Tree::Whole)];
    leaf.prop_recursive(4, 16, 2, move |part| {
        let pair = [part.clone(), part.clone()].prop_map(Box::new);
        let both = prop_oneof![pair.clone().prop_map(Tree::Sum), pair.prop_map(Tree::Product)];
        if functions.is_empty() {
            return both.boxed();
        }
        let f = proptest::sample::select(functions);
        prop_oneof![4 => both, 1 => (f, part).prop_map(|(f, s)| Tree::Apply(f, Box::new(s)))]
            .boxed()
    })
    .boxed()
}

const SMOOTH: &[Function] =
    &[Function::Sigmoid, Function::Softplus, Function::Tanh, Function::Relu, Function::Exp];

fn minus<N: Number>(x: &N) -> N {
    x.times(&N::of(-1.0))
}

/// The laws of a ring and the relations of functions, on s, t and u: pairs of the same function.
fn the_same<N: Number>([s, t, u]: [&N; 3]) -> Vec<[N; 2]> {
    use Function::{Sigmoid, Softplus, Tanh};
    let (one, two) = (N::of(1.0), N::of(2.0));
    let expanded = [s.times(&t.clone().plus(u)), u.times(s).plus(&t.times(s))];
    let mut pairs = vec![
        [s.times(t).times(u), t.times(&u.times(s))],
        [minus(u).apply(Sigmoid), one.clone().plus(&minus(&u.apply(Sigmoid)))],
        [minus(u).apply(Softplus), u.apply(Softplus).plus(&minus(u))],
        [u.apply(Tanh), two.times(&two.times(u).apply(Sigmoid)).plus(&minus(&one))],
    ];
    pairs.extend(SMOOTH.iter().map(|f| expanded.clone().map(|u| u.apply(*f))));
    pairs.push(expanded);
    pairs
}

/// What one may be mistaken for the other: equal only where the functions happen to be.
fn others<N: Number>([s, t, u]: [&N; 3]) -> Vec<[N; 2]> {
    use Function::{Sigmoid, Softplus, Tanh};
    let (one, two) = (N::of(1.0), N::of(2.0));
    vec![
        [s.clone(), t.clone()],
        [u.times(u), u.clone()],
        [minus(u).apply(Sigmoid), u.apply(Sigmoid)],
        [minus(u).apply(Softplus), u.apply(Softplus)],
        [u.apply(Tanh), two.times(&u.apply(Sigmoid)).plus(&minus(&one))],
    ]
}

/// Whether two intervals have a number in common.
fn meet(a: Ball, b: Ball) -> bool {
    a.low <= b.high && b.low <= a.high
}

proptest! {
    #![proptest_config(crate::common::config(1000))]

    /// Sums and products against exact arithmetic. With 11 bits for x and y, and 16 leaves at most,
    /// no value needs more than the 127 bits of a coefficient, together with the 53 of an end.
    #[test]
    fn an_interval_holds_the_true_value_and_the_computed_one(
        tree in tree(&[]), x in 1..2048_i32, y in 1..2048_i32,
    ) {
        let (x, y) = (f64::from(x) / 64.0, f64::from(y) / 4096.0);
        let found = tree.read(&ball(x), &ball(y));
        let computed = tree.read(&x, &y);
        prop_assert!(found.low <= computed && computed <= found.high);
        let value = tree.read(&Polynomial::of(x), &Polynomial::of(y));
        let less = |p: Polynomial, q: &Polynomial| p.plus(&minus(q)).to_string().starts_with('−');
        let [low, high] = [found.low, found.high].map(Polynomial::of);
        prop_assert!(!less(value.clone(), &low) && !less(high, &value), "{value} in {found:?}");
    }

    /// A sum in any order and any grouping lies inside, at whatever scale its terms are.
    #[test]
    fn an_interval_holds_a_sum_in_any_order(n in 0..40_usize, seed: u64) {
        let mut rng = Generator::seed_from_u64(seed);
        let mut terms: Vec<f64> = (0..n)
            .map(|_| rng.random_range(-1.0..1.0) * 2.0_f64.powi(rng.random_range(-60..60)))
            .collect();
        let found = Ball::sum(terms.iter().map(|&x| ball(x)));
        for _ in 0..5 {
            terms.shuffle(&mut rng);
            let cut = rng.random_range(0..=n);
            let sum = terms[..cut].iter().sum::<f64>() + terms[cut..].iter().sum::<f64>();
            prop_assert!(found.low <= sum && sum <= found.high, "{sum} outside {found:?}");
        }
    }

    /// φ of an interval holds φ of every point between its ends, by the kernel and by the C library
    /// or a formula of its own.
    #[test]
    fn an_interval_holds_a_function_at_every_point(
        a in -30.0..30.0_f64, width in 0.0..3.0_f64, share in 0.0..=1.0_f64,
    ) {
        let at = |x: f64| Matrix::from_rows([[x]]);
        let (low, high) = (a, a + width);
        let x = (low + share * width).min(high);
        let library: [(Function, fn(f64) -> f64); 2] =
            [(Function::Exp, f64::exp), (Function::Tanh, f64::tanh)];
        for f in Function::ALL {
            if f == Function::Ln && low <= 0.0 {
                continue;
            }
            let found = Ball { low, high }.apply(f);
            let y = at(x).apply(f).item();
            prop_assert!(found.low <= y && y <= found.high, "{:?}({}) = {} in {:?}", f, x, y, found);
            for (_, other) in library.iter().filter(|(of, _)| *of == f) {
                prop_assert!(found.low <= other(x) && other(x) <= found.high, "{:?}({})", f, x);
            }
        }
    }

    #[test]
    fn polynomials_are_equal_only_if_their_functions_are(
        trees in [tree(SMOOTH), tree(SMOOTH), tree(SMOOTH)], x in 0.25..2.0_f64, y in 0.25..2.0_f64,
    ) {
        let (s, t) = (Polynomial::symbol("x"), Polynomial::symbol("y"));
        let formulas = trees.each_ref().map(|tree| tree.read(&s, &t));
        let values = trees.each_ref().map(|tree| tree.read(&ball(x), &ball(y)));
        for [a, b] in the_same(formulas.each_ref()) {
            prop_assert!(a == b, "{a} is not {b}");
        }
        for [a, b] in the_same(values.each_ref()) {
            prop_assert!(meet(a, b), "{a:?} and {b:?}");
        }
        for ([a, b], [low, high]) in others(formulas.each_ref()).iter().zip(others(values.each_ref())) {
            prop_assert!(a != b || meet(low, high), "{a} = {b}, but {low:?} and {high:?}");
        }
    }
}

#[test]
fn others_are_told_apart() {
    let (x, y) = (Polynomial::symbol("x"), Polynomial::symbol("y"));
    assert!(others([&x, &y, &x]).iter().all(|[a, b]| a != b));
    assert!(others([&ball(0.5), &ball(1.0), &ball(0.5)]).into_iter().all(|[a, b]| !meet(a, b)));
}

#[test]
fn the_ends_of_an_interval_may_be_infinite_but_never_lost() {
    let (inf, tiny) = (f64::INFINITY, f64::from_bits(1));
    let everything = Ball { low: -inf, high: inf };
    assert_eq!(ball(0.0).times(&everything), everything, "0 · ∞");
    assert_eq!(Ball { low: -1.0, high: 1.0 }.apply(Function::Reciprocal), everything, "1/0");
    let large = ball(1e200).times(&ball(1e200));
    assert_eq!(large, Ball { low: f64::MAX, high: inf }, "1e400 overflows");
    let sum = ball(f64::MAX).plus(&ball(f64::MAX));
    assert_eq!(sum, Ball { low: f64::MAX, high: inf });
    let small = ball(1e-200).times(&ball(1e-200));
    assert!(small.low <= 0.0 && small.high >= tiny, "1e−400 is neither 0 nor below: {small:?}");
    let exact = ball(0.5).times(&ball(-6.0));
    assert_eq!(exact, ball(-3.0), "nothing rounds, nothing widens");
    assert!(ball(0.1).plus(&ball(0.2)).low < ball(0.1).plus(&ball(0.2)).high, "0.1 + 0.2 rounds");
}

#[test]
fn a_coefficient_is_the_number_it_was_made_from() {
    for (x, c, s) in [
        (0.0, 0, 0),
        (-0.0, 0, 0),
        (0.75, 3, 2),
        (-6.0, -6, 0),
        (f64::from_bits(1), 1, 1074),
        (f64::MIN_POSITIVE, 1, 1022),
        (f64::MIN_POSITIVE.next_down(), (1 << 52) - 1, 1074),
        (f64::MAX, (1 << 53) - 1, -971),
        (-1e300, -1_681_218_273_811_815, -946),
    ] {
        let found = Dyadic::of(x);
        assert_eq!(found, Dyadic::new(c, s), "{x:e}");
        assert_eq!(found.to_f64(), x, "{x:e}");
    }
    for x in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        assert!(std::panic::catch_unwind(|| Dyadic::of(x)).is_err(), "{x}");
    }
    let most = Dyadic::whole(i128::MAX);
    assert!(std::panic::catch_unwind(|| most.plus(most)).is_err(), "128 bits");
    assert!(std::panic::catch_unwind(|| most.times(Dyadic::whole(3))).is_err(), "129 bits");
}

#[test]
fn negative_powers_multiply_and_cancel() {
    let (x, y) = (Exact::named("x", 1, 1), Exact::named("y", 1, 1));
    let inverse = (x.clone() * &x * &y * -0.5).reciprocal();
    assert_eq!(inverse.at(0, 0).to_string(), "−2 x⁻² y⁻¹");
    assert_eq!((inverse * &x * &x).at(0, 0).to_string(), "−2 y⁻¹");
    assert_eq!((x.clone().reciprocal() * &x), x.constant(1, 1, |_, _| 1.0));
    // 3 x is no power of two times symbols: 1/(3x) stays a function.
    assert_eq!((x * 3.0).reciprocal().at(0, 0).to_string(), "reciprocal(3 x)");
}

#[test]
fn a_refutation_is_a_polynomial_that_can_be_read() {
    let (w, x) = (Exact::named("w", 2, 2), Exact::named("x", 1, 2));
    let says = |left: &Exact, right: &Exact| {
        Sides::proof([vec![left.clone()], vec![right.clone()]]).agree().unwrap_err()
    };
    let (left, right) = (x.nt(&w), x.nn(&w));
    assert_eq!(says(&left, &right), "array 0, entry 0: left − right = w₁₂ x₂ − w₂₁ x₂");
    let long = (x.nn(&w) + 1.0).squared_norm();
    let shown = says(&long, &(long.clone() * 0.0));
    assert!(shown.ends_with(" + … (11 terms)"), "{shown}");
}

/// Every entry of a named array is a letter of its own, also where indices have two digits.
#[test]
fn no_two_entries_share_a_letter() {
    for (rows, cols) in [(1, 1), (1, 12), (12, 1), (3, 4), (12, 12), (120, 2)] {
        let names: std::collections::BTreeSet<String> =
            Exact::named("w", rows, cols).entries().iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), rows * cols, "{rows} × {cols}");
    }
}
