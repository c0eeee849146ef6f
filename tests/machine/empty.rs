//! Nothing is a shape too: no samples, no dimensions, no hidden units.
//!
//! A sum over no samples is 0 and so is its gradient; what passes through no samples has no rows. The
//! operations without an answer, a mean of none, are refused: see `callers.rs`.

use rand::SeedableRng;
use score_matching::{
    Array, Dual, Matrix, Tape, Var,
    array::{Function, Linear},
    grid::{Enclosed, Exact, Grid},
    matrix::{Real, noise::Generator},
    model::{Parameters, ScoreNetwork},
    objective::{denoising, implicit, sliced, sliced::Probe, trace},
};

/// What every reading says of no samples: shapes, and zeros by `is_zero`.
fn sums_of_none<A: Array>(x: &A, is_zero: impl Fn(&A) -> bool) {
    let zeros = |found: A, shape: (usize, usize)| {
        assert_eq!(found.shape(), shape);
        assert!(is_zero(&found), "{shape:?}");
    };
    for d in 0..4 {
        let none = || x.constant(0, d, |_, _| 1.0);
        zeros(none().sum_over_samples(), (1, d));
        zeros(none().linear(Linear::Fold(0)), (1, d));
        zeros(none().sum(), (1, 1));
        assert_eq!(none().sum_over_dimensions().shape(), (0, 1));
        assert_eq!(none().linear(Linear::SumEach(3)).shape(), (0, d));
        assert_eq!(none().linear(Linear::Fold(3)).shape(), (0, d));
        zeros(x.constant(3, 0, |_, _| 1.0).sum_over_dimensions(), (3, 1));
        zeros(x.constant(d, 0, |_, _| 1.0).sum(), (1, 1));
        // a product whose sums have no terms
        zeros(none().tn(&x.constant(0, 2, |_, _| 1.0)), (d, 2));
        zeros(x.constant(d, 0, |_, _| 1.0).nn(&x.constant(0, 2, |_, _| 1.0)), (d, 2));
        zeros(x.constant(d, 0, |_, _| 1.0).nt(&x.constant(2, 0, |_, _| 1.0)), (d, 2));
        assert_eq!(none().add_row(&x.constant(1, d, |_, _| 1.0)).shape(), (0, d));
        for f in Function::ALL {
            assert_eq!(none().apply(f).shape(), (0, d));
        }
    }
}

fn zero<T: Real>(x: &Matrix<T>) -> bool {
    x.data().iter().all(|x| x.to_f64() == 0.0)
}

#[test]
fn a_sum_over_no_samples_is_zero_in_every_reading() {
    let x = Matrix::zeros(1, 1);
    sums_of_none(&x, zero);
    sums_of_none(&x.cast::<f32>(), zero);
    sums_of_none(&Tape::new().var(&x), |x| zero(&x.value()));
    sums_of_none(&Tape::new().var(&x.cast::<f32>()), |x| zero(&x.value()));
    sums_of_none(&Dual::along(&x, &x), |x| zero(&x.value));
    sums_of_none(&Grid::<f64>::from_matrix(&x, |x| x), |x| x.entries().iter().all(|&x| x == 0.0));
    sums_of_none(&Exact::named("x", 1, 1), |x| *x == x.clone() * 0.0);
    sums_of_none(&Enclosed::exact(&x), |y| y.contains(&Matrix::zeros(y.shape().0, y.shape().1)));
}

/// A formula of one array; a closure could not be generic.
type Formula<A> = for<'t> fn(Var<'t, A>) -> Var<'t, A>;

/// Operations after which nothing is left, and others of nothing.
fn formulas<A: Array>() -> Vec<(&'static str, Formula<A>)> {
    vec![
        ("Tile(0)", |x| x.linear(Linear::Tile(0))),
        ("Each(0)", |x| x.linear(Linear::Each(0))),
        ("Spread(0)", |x| x.sum_over_dimensions().linear(Linear::Spread(0))),
        ("Tile(0), summed", |x| x.linear(Linear::Tile(0)).sum_over_samples()),
        ("Each(0), summed", |x| x.linear(Linear::Each(0)).sum_over_dimensions()),
        ("sum", |x| x.sum_over_samples()),
        ("tanh", |x| x.tanh() * x),
        ("a product", |x| x.tn(&x)),
        ("a row", |x| x.add_row(&x.constant(1, x.shape().1, |_, _| 1.0))),
        ("transposed", |x| x.linear(Linear::Transpose)),
    ]
}

/// Of every shape with a 0 in it or an operation that makes one, first and second derivatives exist,
/// have the shape of x, and are zero where nothing is left of x.
fn derivatives<A: Array>(like: &A, is_zero: impl Fn(&A) -> bool) {
    for (name, f) in formulas::<A>() {
        for (n, d) in [(0, 3), (3, 0), (0, 0), (1, 2), (2, 3)] {
            let tape = Tape::new();
            let x = tape.var(&like.constant(n, d, |i, j| (i + 2 * j) as f64));
            let y = f(x);
            let loss = y.tn(&y).sum();
            let [gradient] = &loss.gradient(&[x])[..] else { unreachable!() };
            assert_eq!(gradient.shape(), (n, d), "{name} of {:?}", (n, d));
            let slope = loss.grad(&[x])[0];
            let second = (slope * slope).sum().gradient(&[x]).remove(0);
            assert_eq!(second.shape(), (n, d), "{name} of {:?}, second", (n, d));
            if name.contains("(0)") || n * d == 0 {
                assert!(is_zero(gradient) && is_zero(&second), "{name} of {:?}", (n, d));
            }
        }
    }
}

#[test]
fn what_is_left_with_nothing_has_the_gradient_zero() {
    let x = Matrix::zeros(1, 1);
    derivatives(&x, zero);
    derivatives(&x.cast::<f32>(), zero);
    derivatives(&Grid::<f64>::from_matrix(&x, |x| x), |x| x.entries().iter().all(|&x| x == 0.0));
    derivatives(&Dual::constant(&x), |x| zero(&x.value));
}

fn a_training_step_on_no_samples<T: Real>() {
    let tape = Tape::new();
    let mut rng = Generator::seed_from_u64(1);
    let model = ScoreNetwork::<Matrix<T>>::random(&[2, 8, 2], Function::Tanh, &mut rng);
    let theta = model.map(|p| tape.var(&p));
    let none = tape.var(&Matrix::zeros(0, 2));
    let losses = [
        denoising(|x| theta.score(x), &none, &none, 0.5),
        implicit(theta.score_and_trace(&none)),
        implicit(theta.score_and_trace_at_any_depth(&none)),
        implicit(trace::of_score_by_reverse(|x| theta.score(x), &none)),
    ];
    for loss in losses {
        assert_eq!(loss.shape(), (0, 1));
        let parameters = theta.clone().into_list();
        for (p, gradient) in parameters.iter().zip(loss.sum().gradient(&parameters)) {
            assert_eq!(gradient, Matrix::zeros(p.shape().0, p.shape().1));
        }
    }
}

#[test]
fn no_samples_pass_through_a_network_and_teach_it_nothing() {
    a_training_step_on_no_samples::<f64>();
    a_training_step_on_no_samples::<f32>();
}

/// E(x) = Σ softplus(xᵢ), ψ = −∇E = −sigmoid.
fn energy<A: Array>(x: &A) -> A {
    x.clone().softplus().sum_over_dimensions()
}

fn score<A: Array>(x: &A) -> A {
    -x.clone().sigmoid()
}

/// Every route gives the same pair for no sample, for one, for three; in no dimensions, one, three.
#[test]
fn traces_of_few_or_no_samples_are_the_same_by_every_route() {
    for (n, d) in [0, 1, 3].into_iter().flat_map(|n| [0, 1, 3].map(|d| (n, d))) {
        let x = Matrix::<f64>::from_fn(n, d, |i, j| 0.3 * i as f64 - 0.2 * j as f64);
        let tape = Tape::new();
        let v = tape.var(&x);
        let numbers = |(psi, trace): (Var, Var)| (psi.value(), trace.value());
        let routes = [
            ("score", trace::of_score(score, &x)),
            ("chunks", trace::of_score_in_chunks(score, &x)),
            ("columns", trace::of_score_by_columns(score, &x)),
            ("reverse", numbers(trace::of_score_by_reverse(score, &v))),
            ("differences", trace::of_score_by_differences(score, &x, 1e-4)),
            ("energy, reverse", numbers(trace::of_energy_by_reverse(energy, &v))),
            ("energy, mixing", numbers(trace::of_energy_by_mixing(energy, &v))),
            ("energy, forward", trace::of_energy_by_forward(energy, &x)),
        ];
        let slope = x.clone().sigmoid() * (-x.clone()).sigmoid();
        let expected = (score(&x), -slope.sum_over_dimensions());
        for (name, (psi, trace)) in routes {
            assert_eq!((psi.shape(), trace.shape()), ((n, d), (n, 1)), "{name}");
            let far = |a: &Matrix, b: &Matrix| (a.clone() - b).squared_norm().sum().item();
            assert!(far(&psi, &expected.0) + far(&trace, &expected.1) < 1e-14, "{name} {n} × {d}");
        }
    }
}

#[test]
fn probes_of_no_samples_find_nothing() {
    let mut rng = Generator::seed_from_u64(2);
    for law in [Probe::Rademacher, Probe::Gaussian, Probe::Sphere] {
        for d in 0..3 {
            let (x, v) = (Matrix::<f32>::zeros(0, d), law.draw(0, d, &mut rng));
            let (psi, quadratic) = sliced::hutchinson(score, &x, &v);
            assert_eq!((psi.shape(), quadratic.shape()), ((0, d), (0, 1)), "{law:?}");
            assert_eq!(sliced::sliced(score, &x, &v).shape(), (0, 1), "{law:?}");
            assert_eq!(law.draw::<f64>(3, 0, &mut rng).shape(), (3, 0), "{law:?}");
        }
    }
}

/// A sum over an empty batch does not say how many tangents it has, and goes with any number.
#[test]
fn an_empty_sum_goes_with_values_that_move_along_several_axes() {
    let moving = Dual::axes(&Matrix::from_rows([[1.0, 2.0, 3.0]]));
    let none = Dual::axes(&Matrix::zeros(0, 3)).sum_over_samples();
    let both = moving.clone() * 2.0 + &none;
    assert_eq!(both.value, moving.value * 2.0);
    assert_eq!(both.tangents, moving.tangents.map(|t| t * 2.0));
}
