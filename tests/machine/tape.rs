//! The tape: what a sweep owes to the one who asks for a gradient.
//!
//! That a derivative is the right polynomial is proved in `tests/theorems/derivatives.rs` and
//! `formulas.rs`. Here the sweep itself is on trial: that every variable asked for receives its *total*
//! derivative, that what nothing depends on receives zero, that nothing is computed for data, that a
//! gradient in numbers is the one in variables, and that length is no obstacle. On small integers
//! floating-point arithmetic is exact, and equality needs no tolerance.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape, Var,
    matrix::noise::{Generator, standard_normal},
    model::{Autoencoder, Parameters},
    objective::{denoising, implicit, trace},
};

fn integers(rows: usize, cols: usize, shift: usize) -> Matrix {
    Matrix::from_fn(rows, cols, |i, j| ((3 * i + 5 * j + 7 * shift) % 9) as f64 - 4.0)
}

#[test]
fn numbers_and_variables_give_the_same_gradient_bit_for_bit() {
    let mut rng = Generator::seed_from_u64(3);
    let model = Autoencoder::<Matrix>::random(5, 7, &mut rng);
    let (x, noisy) = (standard_normal(4, 5, &mut rng), standard_normal(4, 5, &mut rng));
    let tape = Tape::new();
    let theta = model.map(|p| tape.var(&p));
    let (x, noisy) = (tape.var(&x), tape.var(&noisy));
    let losses = [
        denoising(|x| theta.score(x, 0.5), &x, &noisy, 0.5).mean(),
        implicit(trace::of_energy_by_reverse(|x| theta.energy(x, 0.5), &x)).mean(), // orders 2 and 3 in it
    ];
    for loss in losses {
        let wrt: Vec<_> = theta.clone().into_list().into_iter().chain([x, noisy]).collect();
        let before = tape.len();
        let numbers = loss.gradient(&wrt);
        assert_eq!(tape.len(), before, "a gradient in numbers records nothing");
        let variables: Vec<_> = loss.grad(&wrt).iter().map(Var::value).collect();
        assert!(tape.len() > before, "a gradient in variables does");
        let bits = |m: &Matrix| m.data().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        for (a, b) in numbers.iter().zip(&variables) {
            assert_eq!(a.shape(), b.shape());
            assert_eq!(bits(a), bits(b));
        }
    }
}

#[test]
fn a_value_and_what_it_was_computed_from_both_receive_their_total_derivative() {
    let tape = Tape::new();
    let x = tape.var(&integers(2, 3, 0));
    let y = x * x;
    let z = y * 3.0;
    let f = (z * y + x).sum(); // 3 y² + x
    let v = x.value();
    let of_z = v.clone() * &v;
    let of_y = v.clone() * &v * 6.0;
    let of_x = v.clone() * &v * &v * 12.0 + 1.0;
    for read in [Var::gradient, |f: Var, wrt: &[Var]| f.grad(wrt).iter().map(Var::value).collect()]
    {
        assert_eq!(read(f, &[x, y, z]), [of_x.clone(), of_y.clone(), of_z.clone()]);
        assert_eq!(read(f, &[z, x, y]), [of_z.clone(), of_x.clone(), of_y.clone()]);
        assert_eq!(read(f, &[y])[0], of_y);
        assert_eq!(read(f, &[x, x]), [of_x.clone(), of_x.clone()]);
        assert_eq!(read(f, &[f, x]), [Matrix::from_rows([[1.0]]), of_x.clone()]);
        assert_eq!(read(f, &[]), []);
    }
}

#[test]
fn where_nothing_depends_on_a_variable_its_gradient_is_zero() {
    let tape = Tape::new();
    let (x, other) = (tape.var(&integers(2, 3, 0)), tape.var(&integers(4, 1, 1)));
    let f = (x * x).sum();
    let later = other * 2.0; // on the tape after f
    let found = f.gradient(&[other, later, x]);
    assert_eq!(found, [Matrix::zeros(4, 1), Matrix::zeros(4, 1), x.value() * 2.0]);
    let zeros = f.grad(&[other, later]);
    assert_eq!([0, 1].map(|i| zeros[i].value()), [Matrix::zeros(4, 1), Matrix::zeros(4, 1)]);
    // and the zero can be differentiated further
    assert_eq!(f.grad(&[other])[0].sum().gradient(&[x])[0], Matrix::zeros(2, 3));
}

#[test]
fn data_receive_no_gradient_work() {
    // The adjoint of data in x y costs as much as that of the weights. A recorded sweep shows what
    // was computed: with the data asked for too, it is longer by that one product.
    let nodes = |with_data: bool| {
        let tape = Tape::new();
        let (x, w) = (tape.var(&integers(4, 3, 0)), tape.var(&integers(3, 2, 1)));
        let f = x.nn(&w).sum();
        let before = tape.len();
        let _ = if with_data { f.grad(&[x, w]) } else { f.grad(&[w]) };
        tape.len() - before
    };
    assert_eq!(nodes(true), nodes(false) + 1);

    // Nor does what comes before the first variable, however long it is.
    let tape = Tape::new();
    let data = (0..100).fold(tape.var(&integers(2, 2, 0)), |x, _| -x);
    let w = tape.var(&integers(2, 2, 1));
    let f = (data * w).sum();
    let before = tape.len();
    let _ = f.grad(&[w]);
    assert!(tape.len() - before < 10, "{} nodes", tape.len() - before);
}

#[test]
fn a_chain_of_many_nodes_is_no_deeper_than_any_other() {
    // Every link takes z to 2 (1 − z) − (1 − z) = 1 − z, in four nodes: values stay small integers,
    // and the slope is exactly −1 to the number of links, which is odd. A call for each node, of 64
    // bytes or more, would overflow the 2 or 8 MiB of a test's stack.
    let tape = Tape::<Matrix>::new();
    let x = tape.var(&Matrix::from_rows([[3.0]]));
    let end = (0..50_001).fold(x, |z, _| {
        let turned = -z + 1.0;
        turned * 2.0 - turned
    });
    assert!(tape.len() > 200_000);
    assert_eq!(end.value(), Matrix::from_rows([[-2.0]]));
    assert_eq!(end.gradient(&[x]), [Matrix::from_rows([[-1.0]])]);
    assert_eq!(end.grad(&[x])[0].value(), Matrix::from_rows([[-1.0]]));
}

#[test]
fn the_nodes_of_a_tape_applied_again_give_its_values() {
    let mut rng = Generator::seed_from_u64(5);
    let model = Autoencoder::<Matrix>::random(3, 2, &mut rng);
    let tape = Tape::new();
    let (theta, x) = (model.on(&tape), tape.var(&standard_normal(4, 3, &mut rng)));
    let loss = implicit(trace::of_energy_by_reverse(|x| theta.energy(x, 0.5), &x)).mean();
    let _ = loss.grad(&[theta.w, x]); // a recorded sweep is read like everything else
    let nodes = tape.nodes();
    assert_eq!(nodes.len(), tape.len());
    for (i, node) in nodes.iter().enumerate() {
        assert!(node.inputs.iter().all(|&input| input < i), "node {i} stands after its inputs");
        let values: Vec<_> = node.inputs.iter().map(|&input| nodes[input].var.value()).collect();
        if let [x, .., y] | [x @ y] = &values[..] {
            assert_eq!(node.op.value(x.clone(), y), node.var.value(), "node {i}: {:?}", node.op);
        }
    }
}
