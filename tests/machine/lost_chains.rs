//! A chain that is lost: what its error tells, and that the others go on as if nothing had happened.

use crate::sampler::{generator, in_numbers};
use score_matching::{
    Array, Matrix, Tape,
    matrix::Real,
    sampler::{Escaped, Level, Negatives, Sampler, Step, annealed, langevin, metropolis},
};

/// The score of e^(−x⁴/4): a chain that starts far out escapes, and a row knows nothing of others.
fn cubic<T: Real>(x: &Matrix<T>) -> Matrix<T> {
    -(x.clone() * x * x)
}

/// E and ψ of N(0, I), and an energy that is no number from 100 on: a chain that starts at 99 gets
/// there and is lost.
fn broken_far_out<T: Real>(x: &Matrix<T>) -> (Matrix<T>, Matrix<T>) {
    let far = |i: usize| (0..x.cols()).any(|j| x.at(i, j) >= 100.0);
    let energy = x.squared_norm() * 0.0;
    (Matrix::from_fn(x.rows(), 1, |i, _| if far(i) { f64::NAN } else { energy.at(i, 0) }), {
        Matrix::zeros(x.rows(), x.cols())
    })
}

/// What 40 steps leave of three chains of which the second starts at `second`: the last item, the
/// survivors, and where they are.
fn survivors<T: Real>(
    kind: &str,
    second: f64,
) -> (Result<Matrix<T>, Escaped>, Vec<usize>, Matrix<T>) {
    let start = Matrix::<T>::from_fn(3, 2, |i, j| if (i, j) == (1, 0) { second } else { 0.5 });
    let mut rng = generator(4);
    macro_rules! run {
        ($chains:expr) => {{
            let mut chains = $chains;
            let last = chains.by_ref().after(40);
            let (rows, x) = chains.survivors();
            (last, rows, x)
        }};
    }
    let step = Step::halved(0.1);
    match kind {
        "langevin" => run!(langevin(cubic, start, step, &mut rng)),
        "ascent" => run!(langevin(cubic, start, Step::ascent(0.05), &mut rng)),
        "annealed" => {
            let levels = vec![Level { sigma: 1.0, step }; 4];
            run!(annealed(|x: &Matrix<T>, _| cubic(x), start, levels, 10, &mut rng))
        }
        _ => run!(metropolis(broken_far_out, start, 0.1, &mut rng)),
    }
}

fn others_do_not_notice<T: Real>() {
    for kind in ["langevin", "ascent", "annealed", "metropolis"] {
        let (all, rows, x) = survivors::<T>(kind, 0.5);
        let all = all.expect("three good chains");
        assert_eq!((rows, &x), (vec![0, 1, 2], &all), "{kind}");
        let bads: &[f64] = if kind == "metropolis" { &[99.9] } else { &[100.0] };
        for &bad in bads.iter().chain(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]) {
            let (last, rows, x) = survivors::<T>(kind, bad);
            let escaped = last.expect_err("a chain is lost");
            assert_eq!((escaped.chain, escaped.lost, escaped.of), (1, 1, 3), "{kind} {bad}");
            assert_eq!(escaped.step > 0, bad.is_finite(), "{kind} {bad}: {escaped}");
            assert_eq!((rows, x), (vec![0, 2], all.select(&[0, 2])), "{kind} {bad}");
        }
    }
}

#[test]
fn a_chain_that_is_lost_changes_no_bit_of_the_others() {
    others_do_not_notice::<f32>();
    others_do_not_notice::<f64>();
}

/// Where the score is finite at infinity, ∞ + something is ∞ still.
#[test]
fn what_is_lost_stays_lost() {
    for bad in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        let start = Matrix::from_rows([[0.0, bad]]);
        let pull = |x: &Matrix| Matrix::from_fn(1, 2, |_, j| -x.at(0, j).clamp(-1.0, 1.0));
        let mut rng = generator(1);
        let mut chains = langevin(pull, start, Step::halved(0.5), &mut rng);
        let lost = Err([0, 0, 1, 1]);
        assert!(chains.by_ref().take(50).all(|state| in_numbers(state) == lost), "{bad}");
        assert_eq!(chains.survivors(), (vec![], Matrix::zeros(0, 2)));
    }
}

/// The first to be lost names the error; the number grows.
#[test]
fn the_error_tells_how_many_are_lost_by_now() {
    // The score doubles x, and there is room for five and for two times.
    let room = |times| f64::MAX / 2.0_f64.powi(times) * 0.9;
    let start = Matrix::from_rows([[room(5)], [0.0], [room(2)]]);
    let mut rng = generator(1);
    let chains = langevin(|x: &Matrix| x.clone(), start, Step::ascent(1.0), &mut rng);
    let lost: Vec<usize> = chains
        .take(7)
        .map(|state| {
            state.err().map_or(0, |e| {
                assert_eq!((e.chain, e.step, e.of), (2, 3, 3));
                e.lost
            })
        })
        .collect();
    assert_eq!(lost, [0, 0, 1, 1, 1, 2, 2]);
}

/// ½ (|x| − ½)² beyond ±½, and 0 within.
fn thrown<A: Array>(x: &A) -> A {
    ((x.clone() - 0.5).relu() + (-x.clone() - 0.5).relu()).squared_norm() * 0.5
}

/// Two of the chains are where a force throws them back and forth, the others where there is none.
#[test]
fn persistent_chains_that_are_lost_go_back_and_the_others_go_on() {
    let start = Matrix::from_rows([[0.0], [1.0], [0.0], [1e3]]);
    let mut negatives = Negatives::persistent(start.clone(), 2, 1e-6, generator(1));
    let mut draw = |steep: f64| {
        let (tape, data) = (Tape::new(), Matrix::zeros(4, 1));
        // Beyond ±½ a force throws them back and forth, and within there is none.
        let drawn = negatives.draw(|x| thrown(x) * steep, &tape.var(&data));
        drawn.map(|x| x.value())
    };
    let escaped = draw(1e200).expect_err("two chains escape");
    assert_eq!((escaped.lost, escaped.of, escaped.chain), (2, 4, 1));
    // Without a force they are a few steps of 10⁻³ from where they were, and no two alike.
    let next = draw(0.0).expect("finite");
    for (chain, steps) in [(0, 4.0_f64), (1, 2.0), (2, 4.0), (3, 2.0)] {
        let moved = (next.at(chain, 0) - start.at(chain, 0)).abs();
        assert!(moved > 0.0 && moved < 7.0 * 1e-3 * steps.sqrt(), "{chain}: {moved}");
    }
    // The same chains without the first call: those that went on then are elsewhere now, by the noise
    // of two steps.
    let mut once = Negatives::persistent(start.clone(), 2, 1e-6, generator(1));
    let tape = Tape::new();
    let first = once.draw(|x| x.squared_norm() * 0.0, &tape.var(&Matrix::zeros(4, 1)));
    let first = first.expect("finite").value();
    let second = once.draw(|x| x.squared_norm() * 0.0, &tape.var(&Matrix::zeros(4, 1)));
    let second = second.expect("finite").value();
    let moved = second.clone() - &first;
    let expected = |i: usize| if i.is_multiple_of(2) { first.at(i, 0) } else { start.at(i, 0) };
    for i in 0..4 {
        let right = expected(i) + moved.at(i, 0);
        assert!((next.at(i, 0) - right).abs() <= 4.0 * f64::UNIT_ROUNDOFF * right.abs().max(1e-3));
    }
}
