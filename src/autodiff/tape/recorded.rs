//! Reading a tape: what stands on it, node by node.

use super::{Tape, Var, binary};
use crate::{array::Array, autodiff::rules::Op};

/// A node of a tape: an operation, the nodes that it was applied to, and the result.
///
/// See the example of [`Tape::nodes`].
#[derive(Clone, Debug)]
pub struct Recorded<'t, A: Array> {
    /// The operation.
    pub op: Op,
    /// The positions of its inputs: none for a leaf, one or two for the others.
    pub inputs: Vec<usize>,
    /// The result. Differentiating with respect to it gives the adjoint of this node.
    pub var: Var<'t, A>,
}

impl<A: Array> Tape<A> {
    /// All nodes in the order in which they were recorded: the position of a node is its index here.
    ///
    /// ```
    /// use score_matching::{Array, Matrix, Tape};
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(&Matrix::from_rows([[3.0]]));
    /// let y = (x * x).sum_over_dimensions(); // positions 1 and 2
    /// let nodes = tape.nodes();
    /// let inputs: Vec<_> = nodes.iter().map(|node| node.inputs.clone()).collect();
    /// assert_eq!(inputs, [vec![], vec![0, 0], vec![1]]);
    /// assert_eq!(y.gradient(&[x, nodes[1].var])[1].item(), 1.0); // ∂y/∂(x∘x)
    /// ```
    pub fn nodes(&self) -> Vec<Recorded<'_, A>> {
        let nodes = self.nodes.borrow();
        let read = |(position, node): (u32, &super::Node<A>)| {
            let [x, y] = node.inputs.map(|input| input as usize);
            let inputs = match node.op {
                Op::Leaf => vec![],
                op if binary(op) => vec![x, y],
                _ => vec![x],
            };
            Recorded { op: node.op, inputs, var: Var { tape: self, position } }
        };
        (0..).zip(nodes.iter()).map(read).collect()
    }
}
