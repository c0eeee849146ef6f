//! A shape error is the caller's error, so it is reported at the caller's line, with both shapes.
//!
//! `#[track_caller]` is easily lost: it does not reach through closures, and one function without
//! it on the way is enough. So a hook notes where each panic says it happened, and every operation
//! of every reading is made to panic from a known line of this file.

use rand::SeedableRng;
use score_matching::{
    Array, Dual, Matrix, Tape,
    array::{Function, Linear, Product},
    corruption::Kernel,
    density::{Boltzmann, Density, KernelEstimate, Mixture, Univariate, univariate::ln_gamma},
    discrepancy::{maximum_mean_discrepancy, median_distance, nearest},
    grid::Grid,
    matrix::noise::{Generator, standard_normal},
    model::{ExponentialFamily, Monomials, Wiener},
    objective::sliced::{Probe, all_signs, hutchinson, sliced},
    quadrature::Rule,
};
use std::{
    cell::{Cell, RefCell},
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

/// What a panic said, in which file and at which line.
pub(crate) type Complaint = (String, String, u32);

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<Complaint>> = const { RefCell::new(None) };
}

/// What `f` said and where, when it panicked. A hook belongs to the whole process, so it keeps
/// apart by thread what the tests of this file provoke side by side.
pub(crate) fn complaint(f: impl FnOnce()) -> Complaint {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let formatted = info.payload().downcast_ref::<String>().cloned();
            let fixed = || info.payload().downcast_ref::<&str>().map(ToString::to_string);
            let message = formatted.or_else(fixed).unwrap_or_default();
            let at = info.location().expect("a panic has a location");
            if EXPECTED.get() {
                LAST.set(Some((message, at.file().to_owned(), at.line())));
            } else {
                usual(info);
            }
        }));
    });
    EXPECTED.set(true);
    let caught = panic::catch_unwind(AssertUnwindSafe(f));
    EXPECTED.set(false);
    assert!(caught.is_err(), "no panic");
    LAST.take().expect("the hook was called")
}

/// Asserts that `f` panics with this in its message, at a line of the file that calls.
#[track_caller]
pub fn refused(expected: &str, f: impl FnOnce()) {
    let (message, file, _) = complaint(f);
    assert!(message.contains(expected), "{message:?}, expected {expected:?}");
    assert_eq!(file, panic::Location::caller().file(), "{message}");
}

/// Asserts that an expression panics with a message, here.
macro_rules! complains {
    ($expression:expr, $message:expr) => {
        let (message, file, line) = $crate::callers::complaint(|| {
            let _ = $expression;
        });
        assert_eq!((&message[..], &file[..], line), (&$message[..], file!(), line!()));
    };
}

pub(crate) use complains;

/// The operations of any reading, each with shapes that do not fit.
#[rustfmt::skip] // each on one line, for `line!()`
fn every_operation_complains<A: Array>(x: &A) {
    assert_eq!(x.shape(), (2, 3));
    let (y, z) = (x.constant(3, 2, |_, _| 1.0), x.constant(1, 2, |_, _| 1.0));
    let none = || x.constant(0, 3, |_, _| 1.0);
    let column = || x.constant(0, 1, |_, _| 1.0);
    let x = || x.clone();
    complains!(x() + &y, "x + y: (2, 3) · (3, 2): the same shape expected");
    complains!(x() + y.clone(), "x + y: (2, 3) · (3, 2): the same shape expected");
    complains!(x() - &y, "x − y: (2, 3) · (3, 2): the same shape expected");
    complains!(x() - y.clone(), "x − y: (2, 3) · (3, 2): the same shape expected");
    complains!(x() * &y, "x ∘ y: (2, 3) · (3, 2): the same shape expected");
    complains!(x() * y.clone(), "x ∘ y: (2, 3) · (3, 2): the same shape expected");
    complains!(x().inner(&y), "x ∘ y: (2, 3) · (3, 2): the same shape expected");
    complains!(x().nn(&x()), "x y: (2, 3) · (2, 3): y with 3 rows expected");
    complains!(x().nt(&y), "x yᵀ: (2, 3) · (3, 2): y with 3 columns expected");
    complains!(x().tn(&y), "xᵀ y: (2, 3) · (3, 2): y with 2 rows expected");
    complains!(x().product(Product::Nn, &x()), "x y: (2, 3) · (2, 3): y with 3 rows expected");
    complains!(x().add_row(&z), "x.add_row(row): (2, 3) · (1, 2): a row of (1, 3) expected");
    complains!(x().add_row(&x()), "x.add_row(row): (2, 3) · (2, 3): a row of (1, 3) expected");
    let tanh = Function::Tanh;
    complains!(x().times_slope(tanh, &y, &y), "x ∘ y: (2, 3) · (3, 2): the same shape expected");
    complains!(x().linear(Linear::Fold(4)), "Fold(4) of (2, 3): a multiple of that many rows expected");
    complains!(x().linear(Linear::Fold(0)), "Fold(0) of (2, 3): no rows expected");
    complains!(x().linear(Linear::SumEach(4)), "SumEach(4) of (2, 3): a multiple of that many rows expected");
    complains!(x().linear(Linear::SumEach(0)), "SumEach(0) of (2, 3): sums of one row at least expected");
    complains!(none().linear(Linear::SumEach(0)), "SumEach(0) of (0, 3): sums of one row at least expected");
    complains!(x().linear(Linear::Spread(2)), "Spread(2) of (2, 3): one column expected");
    complains!(x().linear(Linear::RowSum(2)), "RowSum(2) of (2, 3): that many columns expected");
    complains!(column().mean(), "mean: of no samples");
    complains!(x().mean(), "mean: one number a sample expected, got shape (2, 3)");
}

fn x() -> Matrix {
    Matrix::zeros(2, 3)
}

#[test]
fn a_matrix_blames_its_caller() {
    every_operation_complains(&x());
    every_operation_complains(&x().cast::<f32>());
}

#[test]
fn a_variable_blames_its_caller() {
    every_operation_complains(&Tape::new().var(&x()));
    every_operation_complains(&Tape::new().var(&x().cast::<f32>()));
}

#[test]
fn a_dual_blames_its_caller() {
    every_operation_complains(&Dual::constant(&x()));
    every_operation_complains(&Dual::along(&x(), &x()));
    let tape = Tape::new();
    let v = tape.var(&x());
    every_operation_complains(&Dual::along(&v, &v));
    every_operation_complains(&Dual::along(&Dual::along(&x(), &x()), &Dual::constant(&x())));
}

#[test]
#[rustfmt::skip]
fn the_rest_of_the_interface_blames_its_caller() {
    let (one, two) = (Tape::new(), Tape::new());
    let (u, v) = (one.var(&x()), two.var(&x()));
    complains!(u + v, "two tapes mixed");
    complains!(u.nt(&v), "two tapes mixed");
    complains!(u.add_row(&v), "two tapes mixed");
    complains!(u.sum().gradient(&[v]), "two tapes mixed");
    complains!(u.sum().grad(&[v]), "two tapes mixed");
    complains!(u.gradient(&[u]), "gradient of (2, 3): a scalar expected");
    complains!(u.grad(&[u]), "gradient of (2, 3): a scalar expected");
    complains!(x().item(), "item of (2, 3): a scalar (1, 1) expected");
    complains!(x().row(2), "row 2 of (2, 3)");
    complains!(x().at(2, 0), "row 2 of (2, 3)");
    complains!(x().select(&[0, 2]), "row 2 of (2, 3)");
    complains!(Matrix::from_vec(2, 3, vec![0.0; 5]), "5 values for (2, 3): rows × columns expected");
    complains!(Dual::along(&x(), &Matrix::zeros(3, 3)), "along: x of (2, 3) · directions of (3, 3): k rows of 3 under each of 2 expected");
    complains!(Dual::along(&x(), &Matrix::zeros(2, 2)), "along: x of (2, 3) · directions of (2, 2): k rows of 3 under each of 2 expected");
    // two tangents a row, where rows are summed over or moved
    let two = Dual::along(&x(), &Matrix::zeros(4, 3));
    let carries = "this factor of a product carries 2 tangents, not one";
    complains!(two.tn(&two), carries);
    complains!(Dual::constant(&x()).nt(&two), carries);
    complains!(two.clone().linear(Linear::Transpose), "Transpose of a value with 2 tangents a row");
}

/// A parameter outside its domain, too, is the caller's.
#[test]
#[rustfmt::skip]
fn densities_and_distances_blame_their_caller() {
    let one = |x: f64| Matrix::from_rows([[x]]);
    let zero = || Matrix::zeros(1, 1);
    complains!(Mixture::isotropic(1, 0.0), "covariance: not positive definite: pivot 0 in row 0");
    complains!(Mixture::isotropic(1, f64::INFINITY), "covariance: finite numbers expected, got Matrix (1, 1)\n  [inf]\n");
    let (slanted, two) = (Matrix::from_rows([[1.0, 5.0], [0.0, 1.0]]), Matrix::zeros(1, 2));
    complains!(Mixture::gaussian(two.clone(), slanted.clone()), "covariance: not symmetric: 0 and 5 at (1, 0)");
    complains!(Kernel::gaussian(&slanted), "covariance: not symmetric: 0 and 5 at (1, 0)");
    complains!(Mixture::gaussian(two, one(1.0)), "covariance of shape (1, 1) in 2 dimensions");
    complains!(Mixture::gaussian(Matrix::zeros(2, 1), one(1.0)), "mean Matrix (2, 1)\n  [0.0]\n  [0.0]\n: a finite row of 1 expected");
    complains!(Mixture::gaussian(one(f64::NAN), one(1.0)), "mean Matrix (1, 1)\n  [NaN]\n: a finite row of 1 expected");
    complains!(Mixture::new([(1.0, zero(), one(1.0)), (1.0, Matrix::zeros(1, 2), one(1.0))]), "mean Matrix (1, 2)\n  [0.0, 0.0]\n: a finite row of 1 expected");
    complains!(Mixture::new([(-1.0, zero(), one(1.0))]), "weight -1: a positive number expected");
    complains!(Mixture::new([]), "a mixture needs components");
    let q = Mixture::isotropic(1, 1.0);
    complains!(q.smoothed(f64::NAN), "σ = NaN: a number from 0 on expected");
    complains!(q.score(&x()), "x of shape (2, 3) for a density in 1 dimensions");
    complains!(q.hessian(&x()), "x of shape (2, 3) for a density in 1 dimensions");
    for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let q = KernelEstimate { points: zero(), sigma };
        let message = format!("the bandwidth σ = {sigma:?}: a positive number expected, it and its reciprocal finite");
        complains!(q.log_density(&zero()), message);
        complains!(q.score(&zero()), message);
        complains!(q.posterior_mean(&zero()), message);
        complains!(q.sample(1, &mut Generator::seed_from_u64(1)), message);
        let message = format!("a = {sigma} in Gamma {{ shape: {sigma:?} }}: a positive number expected");
        let q = Univariate::Gamma { shape: sigma };
        complains!(q.log_density_at(1.0), message);
        complains!(q.score_at(1.0), message);
        complains!(q.log_density(&zero()), message);
        complains!(q.score(&zero()), message);
        complains!(q.sample(1, &mut Generator::seed_from_u64(1)), message);
        complains!(Univariate::Logistic { scale: sigma }.score_at(f64::NAN), format!("s = {sigma} in Logistic {{ scale: {sigma:?} }}: a positive number expected"));
        complains!(Univariate::Laplace { scale: sigma }.score_at(0.0), format!("s = {sigma} in Laplace {{ scale: {sigma:?} }}: a positive number expected"));
        complains!(Univariate::Quartic { theta: sigma }.score_at(0.0), format!("θ = {sigma} in Quartic {{ theta: {sigma:?} }}: a positive number expected"));
        complains!(Univariate::Exponential { rate: sigma }.score_at(0.0), format!("λ = {sigma} in Exponential {{ rate: {sigma:?} }}: a positive number expected"));
        let bandwidth = format!("bandwidth = {sigma:?}: a positive number expected, it and its reciprocal finite");
        complains!(maximum_mean_discrepancy(&zero(), &zero(), sigma), bandwidth);
    }
    let empty = KernelEstimate { points: Matrix::zeros(0, 1), sigma: 1.0 };
    complains!(empty.score(&zero()), "a kernel estimate from no points");
    let infinite = KernelEstimate { points: one(f64::INFINITY), sigma: 1.0 };
    complains!(infinite.score(&zero()), "a kernel estimate from points that are not finite");
    complains!(ln_gamma(0.0), "log Γ of 0: a positive number expected");
    complains!(ln_gamma(-1e17), "log Γ of -100000000000000000: a positive number expected");
    complains!(nearest(&x(), &zero()), "distances: (2, 3) · (1, 1): as many columns expected");
    complains!(nearest(&x(), &Matrix::zeros(0, 3)), "the nearest of no points");
    complains!(nearest(&zero(), &one(f64::NAN)), "a distance that is not a number, to row 0");
    complains!(median_distance(&zero()), "a distance needs two rows, not 1");
    complains!(median_distance(&Matrix::from_rows([[0.0], [f64::NAN]])), "a distance that is not a number");
    complains!(maximum_mean_discrepancy(&x(), &zero(), 1.0), "samples of shapes (2, 3) and (1, 1)");
    complains!(Wiener::fit(&Matrix::zeros(0, 2), 1.0), "Wiener: a mean of no samples");
    complains!(Wiener::fit(&zero(), f64::NAN), "σ = NaN: a number from 0 on expected");
    complains!(ExponentialFamily::of_sample(&Monomials::quartic(), &Matrix::<f64>::zeros(0, 1)), "a family on no samples");
    let rule = || Rule::trapezoid(-1.0, 1.0, 2);
    complains!(Boltzmann::new(|x| *x * f64::NAN, rule()), "an energy of NaN: a number or ∞ expected");
    complains!(Boltzmann::new(|x| x.squared_norm() + f64::INFINITY, rule()), "e^(−E) is 0 at every node that has a weight");
}

/// The product of two sizes may be a small number again, or one that no memory holds.
#[test]
#[rustfmt::skip]
fn sizes_beyond_memory_are_refused() {
    const HUGE: usize = usize::MAX / 2 + 1; // twice this is 0
    const LARGE: usize = usize::MAX / 8;
    let one = Matrix::<f32>::zeros(1, 1);
    let huge = format!("({HUGE}, 2) is more than memory can hold");
    let large = format!("({LARGE}, 4) is more than memory can hold");
    let rng = &mut Generator::seed_from_u64(1);
    complains!(Matrix::<f64>::zeros(HUGE, 2), &huge);
    complains!(Matrix::<f64>::from_fn(HUGE, 2, |_, _| 0.0), &huge);
    complains!(Matrix::<f64>::from_vec(HUGE, 2, vec![]), &huge);
    complains!(Matrix::<f32>::zeros(LARGE, 4), &large);
    complains!(Matrix::<f64>::from_fn(LARGE, 4, |_, _| 0.0), &large);
    complains!(one.constant(HUGE, 2, |_, _| 0.0), &huge);
    complains!(Tape::new().var(&one).constant(HUGE, 2, |_, _| 0.0), &huge);
    complains!(Dual::constant(&one).constant(HUGE, 2, |_, _| 0.0), &huge);
    complains!(standard_normal::<f32>(HUGE, 2, rng), &huge);
    complains!(Probe::Sphere.draw::<f32>(HUGE, 2, rng), &huge);
    complains!(Probe::Rademacher.draw::<f32>(HUGE, 2, rng), &huge);
    complains!(all_signs(64), &format!("({}, 64) is more than memory can hold", usize::MAX));
    complains!(all_signs(1 << 40), &format!("({}, {}) is more than memory can hold", usize::MAX, 1_usize << 40));
    complains!(Grid::from_fn(HUGE, 2, |_, _| 0.0), &huge);
    complains!(Grid::from_fn(LARGE, 4, |_, _| 0.0), &large);
    complains!(Matrix::<f64>::zeros(2, 2).linear(Linear::Tile(HUGE)), &format!("Tile({HUGE}) of (2, 2): fewer rows expected"));
    complains!(Matrix::<f64>::zeros(2, 2).linear(Linear::Each(HUGE)), &format!("Each({HUGE}) of (2, 2): fewer rows expected"));
    complains!(Matrix::<f64>::zeros(2, 1).linear(Linear::Spread(HUGE)), &format!("(2, {HUGE}) is more than memory can hold"));
    complains!(Tape::new().var(&one).linear(Linear::Tile(HUGE)), &format!("({HUGE}, 1) is more than memory can hold"));
    complains!(Matrix::<f64>::zeros(HUGE, 0).nt(&Matrix::zeros(2, 0)), &huge);
    assert_eq!(Matrix::<f64>::zeros(HUGE, 0).shape(), (HUGE, 0), "no elements, no memory");
}

#[test]
#[rustfmt::skip]
fn directions_that_do_not_fit_are_refused() {
    let v = |rows, cols| Matrix::<f64>::zeros(rows, cols);
    for (x, v, message) in [
        (v(2, 3), v(0, 3), "along: x of (2, 3) · directions of (0, 3): k rows of 3 under each of 2 expected"),
        (v(2, 3), v(3, 3), "along: x of (2, 3) · directions of (3, 3): k rows of 3 under each of 2 expected"),
        (v(2, 3), v(2, 1), "along: x of (2, 3) · directions of (2, 1): k rows of 3 under each of 2 expected"),
        (v(0, 3), v(2, 3), "along: x of (0, 3) · directions of (2, 3): k rows of 3 under each of 0 expected"),
    ] {
        complains!(Dual::along(&x, &v), message);
        complains!(hutchinson(Clone::clone, &x, &v), message);
        complains!(sliced(Clone::clone, &x, &v), message);
    }
}
