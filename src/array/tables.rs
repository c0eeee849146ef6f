//! The three tables behind the vocabulary: products, linear maps with their adjoints, functions with
//! their derivatives. Each is closed, so a derivative never leaves it.

use super::{Array, Shape};

/// The matrix product in the three forms that differentiation needs, so that no transpose of data
/// is ever written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// x y
    Nn,
    /// x yᵀ
    Nt,
    /// xᵀ y
    Tn,
}

impl Product {
    /// All three, for tests that enumerate the rule book.
    pub const ALL: [Self; 3] = [Self::Nn, Self::Nt, Self::Tn];

    /// The sizes (m, n, k) of (m, n) = Σₖ: result rows, result columns, length of the sums.
    ///
    /// # Panics
    /// If the inner dimensions differ, naming both shapes.
    #[track_caller]
    pub fn sizes(self, x: Shape, y: Shape) -> (usize, usize, usize) {
        let (formula, m, k, l, n, side) = match self {
            Self::Nn => ("x y", x.0, x.1, y.0, y.1, "rows"),
            Self::Nt => ("x yᵀ", x.0, x.1, y.1, y.0, "columns"),
            Self::Tn => ("xᵀ y", x.1, x.0, y.0, y.1, "rows"),
        };
        assert!(k == l, "{formula}: {x:?} · {y:?}: y with {k} {side} expected");
        (m, n, k)
    }
}

/// Linear maps, each with its adjoint: ⟨L x, y⟩ = ⟨x, L* y⟩.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Linear {
    /// a x
    Scale(f64),
    /// The whole block k times under itself: (n, d) → (k n, d).
    Tile(usize),
    /// The sum of k blocks: (k n, d) → (n, d). The sum of no blocks is one row of zeros, since that
    /// is what a sum over no samples is.
    Fold(usize),
    /// Each row k times: (n, d) → (n k, d).
    Each(usize),
    /// The sums of k neighbouring rows: (n k, d) → (n, d). Not of none, for then nothing says what n is.
    SumEach(usize),
    /// A column d times: (n, 1) → (n, d).
    Spread(usize),
    /// The sum along each row of d: (n, d) → (n, 1).
    RowSum(usize),
    /// xᵀ. Meant for small products of weights, not for data.
    Transpose,
}

impl Linear {
    /// One of each kind, for tests that enumerate the rule book; `k` is the factor or the width.
    pub const fn all(k: usize) -> [Self; 8] {
        [
            Self::Scale(-0.75),
            Self::Tile(k),
            Self::Fold(k),
            Self::Each(k),
            Self::SumEach(k),
            Self::Spread(k),
            Self::RowSum(k),
            Self::Transpose,
        ]
    }

    /// L*, again in the table: this is what makes reverse mode closed under itself.
    ///
    /// The one gap is where L x is empty and x is not, `Tile(0)` and `Each(0)`: L* has nothing to
    /// tell it the shape of x, so a pullback writes that zero itself.
    #[must_use]
    pub const fn adjoint(self) -> Self {
        match self {
            Self::Scale(a) => Self::Scale(a),
            Self::Tile(k) => Self::Fold(k),
            Self::Fold(k) => Self::Tile(k),
            Self::Each(k) => Self::SumEach(k),
            Self::SumEach(k) => Self::Each(k),
            Self::Spread(d) => Self::RowSum(d),
            Self::RowSum(d) => Self::Spread(d),
            Self::Transpose => Self::Transpose,
        }
    }

    /// The shape of L x.
    ///
    /// # Panics
    /// If L does not apply to the shape of x.
    #[track_caller]
    pub fn shape(self, (n, d): Shape) -> Shape {
        let (fits, expected) = match self {
            Self::Tile(k) | Self::Each(k) => (n.checked_mul(k).is_some(), "fewer rows"),
            Self::Fold(0) => (n == 0, "no rows"),
            Self::SumEach(0) => (false, "sums of one row at least"),
            Self::Fold(k) | Self::SumEach(k) => (n % k == 0, "a multiple of that many rows"),
            Self::Spread(_) => (d == 1, "one column"),
            Self::RowSum(k) => (d == k, "that many columns"),
            Self::Scale(_) | Self::Transpose => (true, "any"),
        };
        assert!(fits, "{self:?} of {:?}: {expected} expected", (n, d));
        match self {
            Self::Scale(_) => (n, d),
            Self::Tile(k) | Self::Each(k) => (n * k, d),
            Self::Fold(0) => (1, d),
            Self::Fold(k) | Self::SumEach(k) => (n / k, d),
            Self::Spread(k) => (n, k),
            Self::RowSum(_) => (n, 1),
            Self::Transpose => (d, n),
        }
    }
}

/// Functions φ applied to every element, each with its derivative φ′.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// log(1 + eˣ)
    Softplus,
    /// tanh x
    Tanh,
    /// eˣ
    Exp,
    /// log x
    Ln,
    /// 1 / x
    Reciprocal,
    /// max(x, 0)
    Relu,
    /// 1 where x > 0, else 0
    Heaviside,
    /// e⁻ˣ / (1 + e⁻ˣ)²: the slope of sigmoid, and the density of the logistic law
    SigmoidSlope,
}

impl Function {
    /// All of them, for tests that enumerate the rule book.
    pub const ALL: [Self; 9] = [
        Self::Sigmoid,
        Self::Softplus,
        Self::Tanh,
        Self::Exp,
        Self::Ln,
        Self::Reciprocal,
        Self::Relu,
        Self::Heaviside,
        Self::SigmoidSlope,
    ];

    /// φ′, where it stands in the table itself.
    pub(crate) const fn slope(self) -> Option<Self> {
        match self {
            Self::Sigmoid => Some(Self::SigmoidSlope),
            Self::Softplus => Some(Self::Sigmoid),
            Self::Ln => Some(Self::Reciprocal),
            Self::Relu => Some(Self::Heaviside),
            _ => None,
        }
    }

    /// φ′(x), given x and y = φ(x), in the vocabulary itself. Since φ′ is again a formula, φ″ and
    /// all that follow exist without another rule.
    ///
    /// The slope of sigmoid is (1 − φ) φ, and that of tanh is 1 − φ². Computed so, both would be lost
    /// where φ is within rounding of 1: already at x = 37 the slope e⁻³⁷ would be read as 0. So the
    /// slope has an entry of its own, which keeps every digit in both tails.
    ///
    /// Softplus is a primitive for a reason: composed as log(1 + e^(−|x|)) + max(x, 0), each piece
    /// has a kink at 0, and the usual conventions there add up to a wrong slope
    /// ([T27](crate::identity::derivatives)).
    #[inline(always)] // a loop over numbers takes it in, to compile it for its door
    pub fn derivative<A: Array>(self, x: &A, y: &A) -> A {
        if let Some(slope) = self.slope() {
            return x.clone().apply(slope);
        }
        match self {
            // tanh x = 2 sigmoid(2x) − 1
            Self::Tanh => (x.clone() * 2.0).apply(Self::SigmoidSlope) * 4.0,
            Self::Reciprocal => -(y.clone() * y),
            Self::Heaviside => y.clone() * 0.0, // away from the jump
            // (1 − 2 sigmoid(x)) φ
            Self::SigmoidSlope => -((x.clone() * 0.5).tanh() * y),
            _ => y.clone(), // eˣ
        }
    }
}
