//! What `+`, `-` and `*` have in common in every reading: their shape rule and their many forms.

use super::Shape;

/// The operators of a reading, from its three elementwise operations by reference and its shift.
///
/// Each reading states `x + &y`, `x - &y`, `x * &y` and `x + number`; the forms that take the right
/// side by value, subtraction of a number, scaling and negation follow.
///
/// The statements look like closures but are pasted into the operators: `#[track_caller]` does not
/// reach through a closure, and a mistake is to be reported at the caller's line.
macro_rules! operators {
    ([$($generics:tt)*] $type:ty {
        add: |$xa:ident, $ya:ident| $add:expr,
        sub: |$xs:ident, $ys:ident| $sub:expr,
        mul: |$xm:ident, $ym:ident| $mul:expr,
        shift: |$x:ident, $a:ident| $shift:expr $(,)?
    }) => {
        $crate::array::operators!("x + y" [$($generics)*] $type, Add, add, $xa, $ya, $add);
        $crate::array::operators!("x − y" [$($generics)*] $type, Sub, sub, $xs, $ys, $sub);
        $crate::array::operators!("x ∘ y" [$($generics)*] $type, Mul, mul, $xm, $ym, $mul);
        $crate::array::operators!(number [$($generics)*] $type, Add, add, $x, $a, $shift);
        $crate::array::operators!(number [$($generics)*] $type, Sub, sub, x, a, x + -a);
        $crate::array::operators!(number [$($generics)*] $type, Mul, mul, x, a, x.linear(Linear::Scale(a)));
        impl<$($generics)*> std::ops::Neg for $type {
            type Output = Self;
            fn neg(self) -> Self {
                self.linear(Linear::Scale(-1.0))
            }
        }
    };
    ($sign:literal [$($generics:tt)*] $type:ty, $Op:ident, $op:ident, $x:ident, $y:ident, $value:expr) => {
        impl<$($generics)*> std::ops::$Op<&$type> for $type {
            type Output = Self;
            #[track_caller]
            fn $op(self, $y: &Self) -> Self {
                $crate::array::same_shape($sign, self.shape(), $y.shape());
                let $x = self;
                $value
            }
        }
        impl<$($generics)*> std::ops::$Op for $type {
            type Output = Self;
            #[track_caller]
            fn $op(self, y: Self) -> Self {
                std::ops::$Op::$op(self, &y)
            }
        }
    };
    (number [$($generics:tt)*] $type:ty, $Op:ident, $op:ident, $x:ident, $a:ident, $value:expr) => {
        impl<$($generics)*> std::ops::$Op<f64> for $type {
            type Output = Self;
            fn $op(self, $a: f64) -> Self {
                let $x = self;
                $value
            }
        }
    };
}
pub(crate) use operators;

/// The number of elements of a shape, each a `T`: rows × cols, where it fits in memory at all.
#[track_caller]
pub(crate) fn elements<T>(shape: Shape) -> usize {
    let count = shape.0.checked_mul(shape.1);
    let bytes = count.and_then(|count| count.checked_mul(size_of::<T>()));
    match (count, bytes.map(isize::try_from)) {
        (Some(count), Some(Ok(_))) => count,
        _ => panic!("{shape:?} is more than memory can hold"),
    }
}

/// The shape rule of `+`, `-` and `*`.
#[track_caller]
pub(crate) fn same_shape(formula: &str, x: Shape, y: Shape) {
    assert!(x == y, "{formula}: {x:?} · {y:?}: the same shape expected");
}

/// The shape rule of [`Array::add_row`](super::Array::add_row).
#[track_caller]
pub(crate) fn row_shape(x: Shape, row: Shape) {
    let expected = (1, x.1);
    assert!(row == expected, "x.add_row(row): {x:?} · {row:?}: a row of {expected:?} expected");
}
