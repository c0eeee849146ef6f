//! One small loss as a tape records it: each operation with its value and its adjoint (figure `tape`).
//!
//! A denoising autoencoder with one input, one hidden unit and one sample, so that every node is one
//! number and all of it can be followed on paper. The weight W is used twice, by the encoder and by the
//! decoder, and the residual is multiplied by itself: both receive the sum of two flows.

use super::stream;
use crate::{
    array::Array,
    autodiff::{
        Tape,
        rules::{Op, Side},
    },
    corruption::corrupt,
    matrix::{Matrix, noise::standard_normal},
    model::{Autoencoder, Parameters},
    objective::reconstruction,
};

/// σ, by which the data of the figure are corrupted.
const SIGMA: f64 = 0.5;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A parameter: the gradient in it is what training wants.
    Parameter(&'static str),
    /// A clean or a corrupted point.
    Data(&'static str),
    /// The result of an operation.
    Computed,
}

/// The leaves, in the order in which [`RecordedLoss::of`] puts them on the tape.
const LEAVES: [Role; 5] = [
    Role::Parameter("W"),
    Role::Parameter("b"),
    Role::Parameter("c"),
    Role::Data("x"),
    Role::Data("x\u{303}"),
];

/// A node of the tape.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedNode {
    /// What it stands for.
    pub role: Role,
    /// The operation.
    pub op: Op,
    /// The positions of its inputs.
    pub inputs: Vec<usize>,
    /// ∂node/∂input for each of `inputs`: by this the sweep multiplies.
    pub slopes: Vec<f64>,
    /// The value.
    pub value: f64,
    /// ∂loss/∂node.
    pub adjoint: f64,
    /// The length of the longest path from a leaf.
    pub level: usize,
}

/// A tape on which ‖r(x̃) − x‖² was recorded: DSM times 2σ⁴
/// ([T10](crate::identity::denoising_autoencoder)).
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedLoss {
    /// Its nodes, in the order of recording; the last one is the loss.
    pub nodes: Vec<RecordedNode>,
}

impl RecordedLoss {
    /// With random parameters and a random sample.
    pub fn random(seed: u64) -> Self {
        let mut rng = stream(seed, "tape: numbers");
        let mut draw = || standard_normal(1, 1, &mut rng);
        let model = Autoencoder { w: draw(), b: draw(), c: draw(), a: None };
        let x = draw();
        Self::of(&model, &x, &corrupt(&x, &draw(), SIGMA))
    }

    /// For an autoencoder with d = h = 1 and without weights of its hidden units; x and x̃ are (1, 1).
    ///
    /// # Panics
    /// If one of them is not a single number, or if there are weights of hidden units.
    #[track_caller]
    pub fn of(model: &Autoencoder<Matrix>, x: &Matrix, noisy: &Matrix) -> Self {
        let arrays = [&model.w, &model.b, &model.c, x, noisy];
        let single = arrays.iter().all(|array| array.shape() == (1, 1)) && model.a.is_none();
        assert!(single, "W, b, c, x and x̃, each one number, and no a expected");
        let tape = Tape::new();
        let theta = model.on(&tape);
        let (x, noisy) = (tape.var(x), tape.var(noisy));
        let loss = reconstruction(|x| theta.reconstruct(x), &x, &noisy); // of one sample: (1, 1)

        let recorded = tape.nodes();
        let all: Vec<_> = recorded.iter().map(|node| node.var).collect();
        let adjoints = loss.gradient(&all);
        let mut nodes = Vec::<RecordedNode>::new();
        for (i, (node, adjoint)) in recorded.into_iter().zip(adjoints).enumerate() {
            let inputs = node.inputs;
            let values: Vec<Matrix> = inputs.iter().map(|&input| all[input].value()).collect();
            let z = node.var.value();
            let slope = |side| {
                let sides = [&values[0], &values[values.len() - 1], &z];
                node.op.pullback(side, sides, Matrix::from_rows([[1.0]])).item()
            };
            let sides = [Side::Left, Side::Right].into_iter().take(inputs.len());
            let level = inputs.iter().map(|&input| nodes[input].level + 1).max().unwrap_or(0);
            nodes.push(RecordedNode {
                role: LEAVES.get(i).copied().unwrap_or(Role::Computed),
                op: node.op,
                slopes: sides.map(slope).collect(),
                inputs,
                value: z.item(),
                adjoint: adjoint.item(),
                level,
            });
        }
        Self { nodes }
    }

    /// What flows back into a node, one number for each of its uses. The adjoint is their sum.
    pub fn flows(&self, into: usize) -> Vec<f64> {
        let edges = self.nodes.iter().flat_map(|node| {
            let flow = |(&input, slope): (&usize, &f64)| (input, node.adjoint * slope);
            node.inputs.iter().zip(&node.slopes).map(flow)
        });
        edges.filter(|(input, _)| *input == into).map(|(_, flow)| flow).collect()
    }
}
