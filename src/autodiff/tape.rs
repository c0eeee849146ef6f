//! Reverse mode: a formula that remembers how it was computed.
//!
//! A [`Tape`] is a list of nodes, each an operation, the positions of its inputs and its value. A
//! node is written after its inputs, so the list is in topological order by construction: the
//! backward sweep simply walks it from the end, without recursion, however long it is.
//!
//! ```text
//! position   op          inputs   value            adjoint, swept upwards
//!    0       Leaf                 x                x̄ ← Σ …
//!    1       Apply(φ)    0        φ(x)             …
//!    2       Mul         1, 0     φ(x) ∘ x         …
//!    3       Linear(Σ)   2        Σ φ(x) ∘ x       1          ← seed
//! ```
//!
//! The sweep stands in `sweep`. [`Var::gradient`] reads the rule book with numbers, and [`Var::grad`]
//! reads the same book with variables, which appends the sweep itself to the tape.
//!
//! ```
//! use score_matching::{Array, Matrix, Tape, Var};
//!
//! let tape: Tape = Tape::new();
//! assert!(tape.is_empty());
//! let x: Var = tape.var(&Matrix::from_rows([[3.0]]));
//! let y = x * x + 1.0; // three nodes: x, x ∘ x and the sum
//! assert_eq!((tape.len(), y.value().item()), (3, 10.0));
//! assert_eq!(y.gradient(&[x])[0].item(), 6.0); // 2x, as a number
//! assert_eq!(y.with_gradient(&[x])[0].item(), 10.0); // the value first, then 2x
//! let slope = y.grad(&[x])[0]; // 2x, as a variable
//! assert_eq!(slope.gradient(&[x])[0].item(), 2.0);
//! ```

mod recorded;
mod sweep;

pub use recorded::Recorded;

use super::rules::Op;
use crate::{
    array::{Array, Function, Linear, Product, Shape, operators},
    matrix::Matrix,
};
use std::{cell::RefCell, collections::HashMap, fmt, ptr};

/// The list of everything computed with its variables.
///
/// Drop it before the parameters are updated: it shares their buffers, and an update in place
/// needs to be the last owner.
pub struct Tape<A = Matrix> {
    nodes: RefCell<Vec<Node<A>>>,
    /// Each φ′(x) that came with φ(x), by φ′ and the position of x. A sweep will mostly ask for it, and then
    /// it need not be computed.
    slopes: RefCell<HashMap<(Function, u32), A>>,
}

struct Node<A> {
    op: Op,
    /// The inputs; operations of one input name it twice, a leaf names itself.
    inputs: [u32; 2],
    value: A,
}

/// A value on a tape: a position, cheap to copy.
pub struct Var<'t, A = Matrix> {
    tape: &'t Tape<A>,
    position: u32,
}

impl<A> Clone for Var<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A> Copy for Var<'_, A> {} // whatever A is: derived, it would ask for a copy of the value

impl<A: Array> Default for Tape<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Array> Tape<A> {
    /// An empty tape.
    pub fn new() -> Self {
        Self { nodes: RefCell::default(), slopes: RefCell::default() }
    }

    /// Puts a value on the tape; the buffer is shared, not copied.
    pub fn var(&self, value: &A) -> Var<'_, A> {
        let position = self.nodes.borrow().len() as u32;
        self.push(Op::Leaf, [position; 2], value.clone())
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.borrow().len()
    }

    /// How many numbers the values of its nodes hold. A kept slope counts only once `Var::apply` has
    /// recorded it as a node.
    pub(crate) fn numbers(&self) -> usize {
        self.nodes.borrow().iter().map(|node| node.value.shape()).map(|(n, d)| n * d).sum()
    }

    /// Whether nothing is on it yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn push(&self, op: Op, inputs: [u32; 2], value: A) -> Var<'_, A> {
        let mut nodes = self.nodes.borrow_mut();
        let position = u32::try_from(nodes.len()).expect("fewer than 2³² nodes");
        nodes.push(Node { op, inputs, value });
        Var { tape: self, position }
    }

    /// f(x), if it was computed together with φ(x), where f = φ′ and x stands at the given position.
    fn slope(&self, f: Function, x: u32) -> Option<A> {
        self.slopes.borrow().get(&(f, x)).cloned()
    }

    fn value(&self, position: u32) -> A {
        self.nodes.borrow()[position as usize].value.clone()
    }
}

/// Whether an operation has two inputs.
const fn binary(op: Op) -> bool {
    matches!(op, Op::Product(_) | Op::Add | Op::Sub | Op::Mul | Op::AddRow)
}

impl<A: Array> Var<'_, A> {
    /// What it stands for.
    pub fn value(&self) -> A {
        self.tape.value(self.position)
    }

    /// ∂self/∂wrt as numbers, one matrix of the same shape for each of `wrt`; zero where nothing
    /// depends on it.
    ///
    /// # Panics
    /// If `self` is not a scalar (1, 1), or if one of `wrt` is on another tape.
    #[track_caller]
    pub fn gradient(self, wrt: &[Self]) -> Vec<A> {
        let wrt = self.positions(wrt);
        let seed = self.value().constant(1, 1, |_, _| 1.0);
        let known = |f, x| self.tape.slope(f, x);
        self.tape.sweep(self.position, &wrt, seed, (|i| self.tape.value(i), known))
    }

    /// self and ∂self/∂wrt in one list, the value first.
    ///
    /// # Panics
    /// As [`Var::gradient`].
    #[track_caller]
    pub fn with_gradient(self, wrt: &[Self]) -> Vec<A> {
        let mut all = vec![self.value()];
        all.extend(self.gradient(wrt));
        all
    }

    /// ∂self/∂wrt as variables, to be differentiated again. Bit for bit the numbers of
    /// [`Var::gradient`].
    ///
    /// # Panics
    /// As [`Var::gradient`].
    #[track_caller]
    pub fn grad(self, wrt: &[Self]) -> Vec<Self> {
        let wrt = self.positions(wrt);
        let seed = self.constant(1, 1, |_, _| 1.0);
        let read = |position| Var { tape: self.tape, position };
        // A known slope is left to `Var::apply`, which records it.
        self.tape.sweep(self.position, &wrt, seed, (read, |_, _| None))
    }

    #[track_caller]
    fn positions(self, wrt: &[Self]) -> Vec<u32> {
        assert!(self.shape() == (1, 1), "gradient of {:?}: a scalar expected", self.shape());
        for var in wrt {
            self.same_tape(var);
        }
        wrt.iter().map(|var| var.position).collect()
    }

    #[track_caller]
    fn same_tape(self, other: &Self) {
        assert!(ptr::eq(self.tape, other.tape), "two tapes mixed");
    }

    #[track_caller]
    fn record(self, op: Op, y: Self) -> Self {
        self.same_tape(&y);
        let value = op.value(self.value(), &y.value());
        self.tape.push(op, [self.position, y.position], value)
    }
}

impl<A: Array> Array for Var<'_, A> {
    fn shape(&self) -> Shape {
        self.tape.nodes.borrow()[self.position as usize].value.shape()
    }
    fn constant(&self, rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        self.tape.var(&self.value().constant(rows, cols, f))
    }
    fn product(&self, form: Product, y: &Self) -> Self {
        self.record(Op::Product(form), *y)
    }
    fn add_row(self, row: &Self) -> Self {
        self.record(Op::AddRow, *row)
    }
    fn apply(self, f: Function) -> Self {
        let (tape, x) = (self.tape, self.position);
        let value = tape.slope(f, x).unwrap_or_else(|| {
            let (value, slope) = self.value().with_slope(f);
            let known = f.slope().zip(slope).map(|(slope, value)| ((slope, x), value));
            tape.slopes.borrow_mut().extend(known);
            value
        });
        tape.push(Op::Apply(f), [x; 2], value)
    }
    fn linear(self, l: Linear) -> Self {
        self.record(Op::Linear(l), self)
    }
}

operators!(['t, A: Array] Var<'t, A> {
    add: |x, y| x.record(Op::Add, *y),
    sub: |x, y| x.record(Op::Sub, *y),
    mul: |x, y| x.record(Op::Mul, *y),
    shift: |x, a| x.record(Op::Shift(a), x),
});

impl<A: Array> fmt::Debug for Tape<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Tape of {} nodes", self.len())?;
        for (i, node) in self.nodes.borrow().iter().enumerate() {
            writeln!(f, "{i:6} {:?} {:?} → {:?}", node.op, node.inputs, node.value.shape())?;
        }
        Ok(())
    }
}

impl<A: Array + fmt::Debug> fmt::Debug for Var<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Var {} = {:?}", self.position, self.value())
    }
}
