//! A shape error is the caller's error, so it is reported at the caller's line, with both shapes.
//!
//! `#[track_caller]` is easily lost: it does not reach through closures, and one function without
//! it on the way is enough. So a hook notes where each panic says it happened, and every operation
//! of every reading is made to panic from a known line of this file.

use score_matching::{
    Array, Dual, Matrix, Tape,
    array::{Linear, Product},
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
        assert_eq!((message.as_str(), file.as_str(), line), ($message, file!(), line!()));
    };
}

pub(crate) use complains;

/// The operations of any reading, each with shapes that do not fit.
#[rustfmt::skip] // each on one line, for `line!()`
fn every_operation_complains<A: Array>(x: &A) {
    assert_eq!(x.shape(), (2, 3));
    let (y, z) = (x.constant(3, 2, |_, _| 1.0), x.constant(1, 2, |_, _| 1.0));
    let x = || x.clone();
    complains!(x() + &y, "add: (2, 3) · (3, 2)");
    complains!(x() + y.clone(), "add: (2, 3) · (3, 2)");
    complains!(x() - &y, "sub: (2, 3) · (3, 2)");
    complains!(x() - y.clone(), "sub: (2, 3) · (3, 2)");
    complains!(x() * &y, "mul: (2, 3) · (3, 2)");
    complains!(x() * y.clone(), "mul: (2, 3) · (3, 2)");
    complains!(x().inner(&y), "mul: (2, 3) · (3, 2)");
    complains!(x().nn(&x()), "nn: (2, 3) · (2, 3)");
    complains!(x().nt(&y), "nt: (2, 3) · (3, 2)");
    complains!(x().tn(&y), "tn: (2, 3) · (3, 2)");
    complains!(x().product(Product::Nn, &x()), "nn: (2, 3) · (2, 3)");
    complains!(x().add_row(&z), "add_row: (2, 3) · (1, 2)");
    complains!(x().add_row(&x()), "add_row: (2, 3) · (2, 3)");
    complains!(x().linear(Linear::Fold(4)), "Fold(4) of (2, 3)");
    complains!(x().linear(Linear::Fold(0)), "Fold(0) of (2, 3)");
    complains!(x().linear(Linear::SumEach(4)), "SumEach(4) of (2, 3)");
    complains!(x().linear(Linear::Spread(2)), "Spread(2) of (2, 3)");
    complains!(x().linear(Linear::RowSum(2)), "RowSum(2) of (2, 3)");
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
    complains!(x().item(), "item of (2, 3)");
    complains!(x().row(2), "row 2 of (2, 3)");
    complains!(x().at(2, 0), "row 2 of (2, 3)");
    complains!(x().select(&[0, 2]), "row 2 of (2, 3)");
    complains!(Matrix::from_vec(2, 3, vec![0.0; 5]), "5 values for (2, 3)");
    complains!(Dual::along(&x(), &Matrix::zeros(3, 3)), "along: (2, 3) · (3, 3)");
    complains!(Dual::along(&x(), &Matrix::zeros(2, 2)), "along: (2, 3) · (2, 2)");
    // two tangents a row, where rows are summed over or moved
    let two = Dual::along(&x(), &Matrix::zeros(4, 3));
    let carries = "this factor of a product carries 2 tangents, not one";
    complains!(two.tn(&two), carries);
    complains!(Dual::constant(&x()).nt(&two), carries);
    complains!(two.clone().linear(Linear::Transpose), "Transpose of a value with 2 tangents a row");
}
