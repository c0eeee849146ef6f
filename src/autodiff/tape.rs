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
//! [`Var::gradient`] reads the rule book with numbers, and [`Var::grad`] reads the same book with
//! variables, which appends the sweep itself to the tape.

use super::rules::{Op, Side};
use crate::{
    array::{Array, Function, Linear, Product, Shape, operators},
    matrix::{Matrix, Real},
};
use std::{cell::RefCell, fmt, ptr};

/// The list of everything computed with its variables.
///
/// Drop it before the parameters are updated: it shares their buffers, and an update in place
/// needs to be the last owner.
#[derive(Default)]
pub struct Tape<T: Real = f64> {
    nodes: RefCell<Vec<Node<T>>>,
}

struct Node<T: Real> {
    op: Op,
    /// The inputs; operations of one input name it twice, a leaf names itself.
    inputs: [u32; 2],
    value: Matrix<T>,
}

/// A value on a tape: a position, cheap to copy.
#[derive(Clone, Copy)]
pub struct Var<'t, T: Real = f64> {
    tape: &'t Tape<T>,
    position: u32,
}

impl<T: Real> Tape<T> {
    /// An empty tape.
    pub fn new() -> Self {
        Self { nodes: RefCell::default() }
    }

    /// Puts a value on the tape; the buffer is shared, not copied.
    pub fn var(&self, value: &Matrix<T>) -> Var<'_, T> {
        let position = self.nodes.borrow().len() as u32;
        self.push(Op::Leaf, [position; 2], value.clone())
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.borrow().len()
    }

    /// Whether nothing is on it yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn push(&self, op: Op, inputs: [u32; 2], value: Matrix<T>) -> Var<'_, T> {
        let mut nodes = self.nodes.borrow_mut();
        let position = u32::try_from(nodes.len()).expect("fewer than 2³² nodes");
        nodes.push(Node { op, inputs, value });
        Var { tape: self, position }
    }

    fn value(&self, position: u32) -> Matrix<T> {
        self.nodes.borrow()[position as usize].value.clone()
    }

    /// One backward sweep from `of` to each of `wrt`.
    ///
    /// `read` says which reading of the values the rules receive: numbers, so that nothing is
    /// recorded, or variables, so that the result can be differentiated again.
    fn sweep<A: Array>(&self, of: u32, wrt: &[u32], seed: A, read: impl Fn(u32) -> A) -> Vec<A> {
        let links: Vec<(Op, [u32; 2])> =
            self.nodes.borrow()[..=of as usize].iter().map(|n| (n.op, n.inputs)).collect();

        // Only what depends on `wrt` takes part.
        let mut depends = vec![false; links.len()];
        wrt.iter().filter(|&&i| i <= of).for_each(|&i| depends[i as usize] = true);
        for (i, (_, inputs)) in links.iter().enumerate() {
            depends[i] |= inputs.iter().any(|&j| depends[j as usize]);
        }

        let mut adjoints: Vec<Option<A>> = vec![None; links.len()];
        adjoints[of as usize] = Some(seed);
        let first = wrt.iter().min().map_or(0, |&i| i as usize);
        for i in (first..links.len()).rev() {
            let (op, [x, y]) = links[i];
            if op == Op::Leaf || !depends[i] {
                continue;
            }
            // An adjoint that is also asked for must be kept, any other is used up here.
            let kept = wrt.contains(&(i as u32));
            let adjoint = if kept { adjoints[i].clone() } else { adjoints[i].take() };
            let Some(adjoint) = adjoint else { continue };

            let (left, right) = (depends[x as usize], binary(op) && depends[y as usize]);
            let (x_value, y_value, z_value) = (read(x), read(y), read(i as u32));
            let mut flow = |side, input: u32, g| {
                let flow = op.pullback(side, &x_value, &y_value, &z_value, g);
                let slot = &mut adjoints[input as usize];
                *slot = Some(match slot.take() {
                    None => flow,
                    Some(sum) => sum + flow,
                });
            };
            if left && right {
                flow(Side::Left, x, adjoint.clone());
                flow(Side::Right, y, adjoint);
            } else if left || right {
                let (side, input) = if left { (Side::Left, x) } else { (Side::Right, y) };
                flow(side, input, adjoint);
            }
        }

        let zero = |value: A| {
            let (rows, cols) = value.shape();
            value.constant(rows, cols, |_, _| 0.0)
        };
        wrt.iter()
            .map(|&i| {
                let found = adjoints.get(i as usize).cloned().flatten();
                found.unwrap_or_else(|| zero(read(i)))
            })
            .collect()
    }
}

/// Whether an operation has two inputs.
const fn binary(op: Op) -> bool {
    matches!(op, Op::Product(_) | Op::Add | Op::Sub | Op::Mul | Op::AddRow)
}

impl<T: Real> Var<'_, T> {
    /// The number it stands for.
    pub fn value(&self) -> Matrix<T> {
        self.tape.value(self.position)
    }

    /// ∂self/∂wrt as numbers, one matrix of the same shape for each of `wrt`; zero where nothing
    /// depends on it.
    ///
    /// # Panics
    /// If `self` is not a scalar (1, 1), or if one of `wrt` is on another tape.
    #[track_caller]
    pub fn gradient(self, wrt: &[Self]) -> Vec<Matrix<T>> {
        let wrt = self.positions(wrt);
        let seed = Matrix::from_fn(1, 1, |_, _| 1.0);
        self.tape.sweep(self.position, &wrt, seed, |i| self.tape.value(i))
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
        self.tape.sweep(self.position, &wrt, seed, |position| Var { tape: self.tape, position })
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

impl<T: Real> Array for Var<'_, T> {
    fn shape(&self) -> Shape {
        self.tape.nodes.borrow()[self.position as usize].value.shape()
    }
    fn constant(&self, rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        self.tape.var(&Matrix::from_fn(rows, cols, f))
    }
    fn product(&self, form: Product, y: &Self) -> Self {
        self.record(Op::Product(form), *y)
    }
    fn add_row(self, row: &Self) -> Self {
        self.record(Op::AddRow, *row)
    }
    fn apply(self, f: Function) -> Self {
        self.record(Op::Apply(f), self)
    }
    fn linear(self, l: Linear) -> Self {
        self.record(Op::Linear(l), self)
    }
}

operators!(['t, T: Real] Var<'t, T> {
    add: |x, y| x.record(Op::Add, *y),
    sub: |x, y| x.record(Op::Sub, *y),
    mul: |x, y| x.record(Op::Mul, *y),
    shift: |x, a| x.record(Op::Shift(a), x),
});

impl<T: Real> fmt::Debug for Tape<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Tape of {} nodes", self.len())?;
        for (i, node) in self.nodes.borrow().iter().enumerate() {
            writeln!(f, "{i:6} {:?} {:?} → {:?}", node.op, node.inputs, node.value.shape())?;
        }
        Ok(())
    }
}

impl<T: Real> fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Var {} = {:?}", self.position, self.value())
    }
}
