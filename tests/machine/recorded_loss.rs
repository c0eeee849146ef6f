//! The recorded loss of the figure `tape`: its numbers by hand, by differences, and by another seed.

use crate::callers::refused;
use score_matching::{
    Matrix,
    autodiff::{
        check::{Quotient, difference},
        rules::Op,
    },
    experiment::{
        RecordedLoss,
        recorded_loss::{RecordedNode, Role},
    },
    matrix::Real,
    model::Autoencoder,
};

const SEEDS: std::ops::Range<u64> = 0..20;

fn number(x: f64) -> Matrix {
    Matrix::from_rows([[x]])
}

/// W = 2, b = −1, c = 2, x = 1 and x̃ = ½: the example of `proofs/tape.md`, where s = ½ and s′ = ¼.
fn worked() -> RecordedLoss {
    let model = Autoencoder { w: number(2.0), b: number(-1.0), c: number(2.0), a: None };
    RecordedLoss::of(&model, &number(1.0), &number(0.5))
}

fn each<T>(loss: &RecordedLoss, f: impl Fn(&RecordedNode) -> T) -> Vec<T> {
    loss.nodes.iter().map(f).collect()
}

/// The loss as a function of one node: what comes after it is computed again.
fn replayed(nodes: &[RecordedNode], changed: usize, value: f64) -> f64 {
    let mut values = Vec::<Matrix>::new();
    for (i, node) in nodes.iter().enumerate() {
        values.push(match (i == changed, &node.inputs[..]) {
            (true, _) => number(value),
            (false, []) => number(node.value),
            (false, [x, .., y] | [x @ y]) => node.op.value(values[*x].clone(), &values[*y]),
        });
    }
    values[nodes.len() - 1].item()
}

/// T, for which 64 u T² bounds the rounding of the loss at every point within 4/1024.
///
/// T = (1 + |W|)(1 + |x̃W| + |b|) + |c| + |x| is at least |e|, the residual. Six operations and a sigmoid
/// of a few u stand before e, and none of them passes on more than u T: so e is off by 8 u T and
/// the square by 16 u T² + u T². A node v that is moved is rounded too, by u |v|, which the loss feels
/// as u |v| |∂loss/∂v| ≤ 2 u T².
fn size(nodes: &[RecordedNode]) -> f64 {
    let [w, b, c, x, noisy] = [0, 1, 2, 3, 4].map(|i| nodes[i].value.abs());
    (1.0 + w) * (1.0 + noisy * w + b) + c + x
}

#[test]
fn the_worked_example_is_exact() {
    let loss = worked();
    let values = [2.0, -1.0, 2.0, 1.0, 0.5, 1.0, 0.0, 0.5, 1.0, 3.0, 2.0, 4.0, 4.0];
    let adjoints = [3.0, 2.0, 4.0, -4.0, 4.0, 2.0, 2.0, 8.0, 4.0, 4.0, 4.0, 1.0, 1.0];
    assert_eq!(each(&loss, |node| node.value), values);
    assert_eq!(each(&loss, |node| node.adjoint), adjoints);
    assert_eq!(loss.flows(0), [1.0, 2.0], "W, from the encoder and from the decoder");
    assert_eq!(loss.flows(10), [2.0, 2.0], "the residual, from each of its two factors");
    assert_eq!(loss.nodes[7].slopes, [0.25], "of the sigmoid at 0");
    assert_eq!(loss.nodes[10].slopes, [1.0, -1.0], "of a difference");
}

#[test]
fn thirteen_nodes_stand_after_their_inputs() {
    for loss in SEEDS.map(RecordedLoss::random) {
        let inputs = each(&loss, |node| node.inputs.clone());
        let expected: [&[usize]; 13] = [
            &[],
            &[],
            &[],
            &[],
            &[],
            &[4, 0], // x̃ Wᵀ
            &[5, 1], // + b
            &[6],    // sigmoid
            &[7, 0], // W
            &[8, 2], // + c
            &[9, 3], // − x
            &[10, 10],
            &[11],
        ];
        assert_eq!(inputs, expected);
        for (i, node) in loss.nodes.iter().enumerate() {
            assert!(node.inputs.iter().all(|&input| input < i), "node {i}");
            assert_eq!(node.inputs.len(), node.slopes.len());
            assert_eq!(node.op == Op::Leaf, node.role != Role::Computed, "node {i}");
        }
        assert_eq!(each(&loss, |node| node.level), [0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
}

#[test]
fn the_loss_is_the_formula_and_each_adjoint_a_difference() {
    for RecordedLoss { nodes } in SEEDS.map(RecordedLoss::random) {
        let [w, b, c, x, noisy] = [0, 1, 2, 3, 4].map(|i| nodes[i].value);
        let residual = w / (1.0 + (-(noisy * w + b)).exp()) + c - x;
        let rounding = 64.0 * f64::UNIT_ROUNDOFF * size(&nodes) * size(&nodes);
        assert!((nodes[12].value - residual * residual).abs() <= rounding);
        for (i, node) in nodes.iter().enumerate() {
            let found = difference(|h| replayed(&nodes, i, node.value + h));
            let allowed = found.truncation + Quotient::MAGNIFICATION * rounding;
            let gap = (found.value - node.adjoint).abs();
            assert!(gap <= allowed, "node {i}: {} and {}", found.value, node.adjoint);
            assert!(allowed < 1e-6, "node {i}: {allowed:e} would say little");
        }
    }
}

#[test]
fn an_adjoint_is_the_sum_of_what_flows_back() {
    for loss in SEEDS.map(RecordedLoss::random) {
        for (i, node) in loss.nodes.iter().enumerate().take(12) {
            let flows = loss.flows(i);
            let sum: f64 = flows.iter().sum();
            let size: f64 = flows.iter().map(|flow| flow.abs()).sum();
            let gap = (sum - node.adjoint).abs();
            assert!(gap <= 4.0 * f64::UNIT_ROUNDOFF * size, "node {i}: {flows:?}");
        }
        assert_eq!(loss.nodes[12].adjoint, 1.0);
        assert!(loss.flows(12).is_empty(), "nothing uses the loss");
    }
}

#[test]
fn two_samples_are_refused() {
    let model = Autoencoder { w: number(2.0), b: number(-1.0), c: number(2.0), a: None };
    let two = Matrix::from_rows([[1.0], [0.5]]);
    refused("each one number", || _ = RecordedLoss::of(&model, &two, &two));
}

#[test]
fn another_seed_has_other_numbers() {
    let [one, same, other] = [1, 1, 2].map(RecordedLoss::random);
    assert_eq!(one, same);
    for (i, (a, b)) in one.nodes.iter().zip(&other.nodes).enumerate() {
        assert_ne!(a.value, b.value, "node {i}");
        assert!(i > 10 || a.adjoint != b.adjoint, "node {i}"); // the last two slopes are always 1
    }
}
