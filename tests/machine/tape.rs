//! The tape: what a sweep owes to whoever asks for a gradient.
//!
//! The rules are checked one by one in `tests/theorems/derivatives.rs`. Here the sweep itself is on trial:
//! that adjoints of a value used several times add up, that every variable asked for receives its
//! *total* derivative, that what nothing depends on receives zero, that nothing is computed for
//! data, and that length is no obstacle. Small integers are used wherever possible, because with
//! them floating-point arithmetic is exact and equality needs no tolerance.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape, Var,
    matrix::noise::{Generator, standard_normal},
    model::{Autoencoder, Parameters},
    objective::{denoising, implicit, trace},
};
use std::time::Instant;

fn integers(rows: usize, cols: usize, shift: usize) -> Matrix {
    Matrix::from_fn(rows, cols, |i, j| ((3 * i + 5 * j + 7 * shift) % 9) as f64 - 4.0)
}

/// A message if `f` panics.
fn complaint<R>(f: impl FnOnce() -> R) -> String {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
    let panic = caught.err().expect("a panic");
    let formatted = panic.downcast_ref::<String>().map(String::as_str);
    formatted.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default().to_owned()
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
fn adjoints_of_a_value_that_is_used_again_add_up() {
    let tape = Tape::new();
    let x = tape.var(&integers(3, 3, 0));
    let ones = x.constant(3, 3, |_, _| 1.0);
    let weights = tape.var(&integers(3, 3, 1));
    let slope = |y: Var| y.inner(&weights).sum().gradient(&[x])[0].clone();
    let (w, v) = (weights.value(), x.value());

    assert_eq!(slope(x + x + x), w.clone() * 3.0);
    assert_eq!(slope(x - x), w.clone() * 0.0);
    assert_eq!(slope(x * x), w.clone() * &v * 2.0);
    assert_eq!(slope(x * x * x), w.clone() * &v * &v * 3.0);
    assert_eq!(slope(x.nn(&x)), w.nt(&v) + v.tn(&w)); // W Xᵀ + Xᵀ W
    assert_eq!(slope(x.nt(&x)), w.nn(&v) + w.tn(&v)); // (W + Wᵀ) X
    assert_eq!(slope(x.tn(&x)), v.nt(&w) + v.nn(&w)); // X (Wᵀ + W)

    let row = tape.var(&integers(1, 3, 2));
    let both = row.add_row(&row).inner(&x.constant(1, 3, |_, j| j as f64)).sum();
    assert_eq!(both.gradient(&[row])[0], Matrix::from_rows([[0.0, 2.0, 4.0]]));

    // through two branches of different length, met again in a product
    let (u, t) = (x + ones, (x * x - ones) * 2.0);
    let expected = (v.clone() * &v * 3.0 + v.clone() * 2.0 - 1.0) * 2.0; // d/dx 2 (x + 1)(x² − 1)
    assert_eq!(slope(u * t), expected * w);
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
fn a_chain_of_a_million_nodes_is_no_deeper_than_any_other() {
    // Every link takes z to 2 (1 − z) − (1 − z) = 1 − z, in four nodes: values stay small integers,
    // and the slope is exactly −1 to the number of links, which is odd.
    let start = Instant::now();
    let tape = Tape::<Matrix>::new();
    let x = tape.var(&Matrix::from_rows([[3.0]]));
    let end = (0..250_001).fold(x, |z, _| {
        let turned = -z + 1.0;
        turned * 2.0 - turned
    });
    assert!(tape.len() > 1_000_000);
    assert_eq!(end.value(), Matrix::from_rows([[-2.0]]));
    assert_eq!(end.gradient(&[x]), [Matrix::from_rows([[-1.0]])]);
    println!("recorded and swept {} nodes in {:?}", tape.len(), start.elapsed());
    assert_eq!(end.grad(&[x])[0].value(), Matrix::from_rows([[-1.0]]));
    println!("recorded the sweep too: {} nodes in {:?}", tape.len(), start.elapsed());
}

#[test]
fn two_tapes_do_not_mix() {
    let (one, two) = (Tape::new(), Tape::new());
    let (x, y) = (one.var(&integers(2, 2, 0)), two.var(&integers(2, 2, 0)));
    assert_eq!(complaint(|| x + y), "two tapes mixed");
    assert_eq!(complaint(|| x.nn(&y)), "two tapes mixed");
    assert_eq!(complaint(|| x.sum().gradient(&[x, y])), "two tapes mixed");
    assert_eq!(complaint(|| x.sum().grad(&[y])), "two tapes mixed");
}

#[test]
fn only_a_scalar_has_a_gradient() {
    let tape = Tape::new();
    let x = tape.var(&integers(2, 3, 0));
    for complaint in [complaint(|| x.gradient(&[x])), complaint(|| x.grad(&[x]))] {
        assert_eq!(complaint, "gradient of (2, 3): a scalar expected");
    }
}
