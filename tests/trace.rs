//! The gradient of exact implicit score matching, from the energy alone.
//!
//! For the softplus energy the trace has a closed form (T12), so ∇_θ ISM can be written without
//! any derivative taken by the machine in x. The compositions of readings must agree with it.

use rand::SeedableRng;
use score_matching::{
    Array, Dual, Matrix, Tape, Var,
    matrix::{Real, noise::Generator, noise::standard_normal},
    model::{Autoencoder, Parameters},
    objective::{implicit, trace},
};

const SIGMA: f64 = 0.7;

/// tr ∂ψ/∂x = (Σⱼ aⱼ sⱼ (1 − sⱼ) ‖Wⱼ‖² − d)/σ² with s = sigmoid(W x + b).
fn closed_form<'t, T: Real>(
    model: &Autoencoder<Var<'t, T>>,
    x: &Var<'t, T>,
) -> (Var<'t, T>, Var<'t, T>) {
    let (_, d) = x.shape();
    let s = model.encode(x);
    let squared_norms = model.w.squared_norm(); // (h, 1)
    let weights = match model.a {
        None => squared_norms,
        Some(a) => squared_norms * a.linear(score_matching::array::Linear::Transpose),
    };
    let trace = ((-s + 1.0) * s).nn(&weights) - d as f64;
    (model.score(x, SIGMA), trace * (1.0 / (SIGMA * SIGMA)))
}

fn lift<A: Array>(model: &Autoencoder<A>) -> Autoencoder<Dual<A>> {
    model.clone().map(|p| Dual::constant(&p))
}

/// ISM and its θ-gradient.
type Evaluated<T> = (f64, Vec<Matrix<T>>);

/// ISM and its θ-gradient by one route.
fn gradient<T: Real>(
    model: &Autoencoder<Matrix<T>>,
    x: &Matrix<T>,
    route: impl for<'t> Fn(&Autoencoder<Var<'t, T>>, &Var<'t, T>) -> (Var<'t, T>, Var<'t, T>),
) -> Evaluated<T> {
    let tape = Tape::new();
    let x = tape.var(x);
    let theta = model.clone().map(|p| tape.var(&p));
    let loss = implicit(route(&theta, &x)).mean();
    (loss.value().item(), loss.gradient(&theta.into_list()))
}

/// max |a − b| / max |b|
fn distance<T: Real>(a: &Matrix<T>, b: &Matrix<T>) -> f64 {
    let largest = |m: &Matrix<T>| m.data().iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
    largest(&(a.clone() - b)) / largest(b)
}

fn compare<T: Real>(weighted: bool, tolerance: f64) {
    let mut rng = Generator::seed_from_u64(12);
    let (n, d, h) = (5, 4, 7);
    let mut normal = |rows, cols| standard_normal::<T>(rows, cols, &mut rng);
    let a = weighted.then(|| normal(1, h));
    let model = Autoencoder { w: normal(h, d), b: normal(1, h), c: normal(1, d), a };
    let x = normal(n, d);

    let (value, expected) = gradient(&model, &x, closed_form);
    let routes: [(&str, Evaluated<T>); 4] = [
        (
            "score: forward over reverse",
            gradient(&model, &x, |m, x| trace::of_score(|x| lift(m).score(x, SIGMA), x)),
        ),
        (
            "energy: reverse over reverse over reverse",
            gradient(&model, &x, |m, x| trace::of_energy_by_reverse(|x| m.energy(x, SIGMA), x)),
        ),
        (
            "energy: reverse over forward over reverse",
            gradient(&model, &x, |m, x| {
                trace::of_energy_by_mixing(|x| lift(m).energy(x, SIGMA), x)
            }),
        ),
        (
            "energy: forward over forward over reverse",
            gradient(&model, &x, |m, x| {
                trace::of_energy_by_forward(|x| lift(&lift(m)).energy(x, SIGMA), x)
            }),
        ),
    ];
    for (name, (loss, found)) in routes {
        let error = found.iter().zip(&expected).map(|(a, b)| distance(a, b)).fold(0.0, f64::max);
        println!("{name}: ISM {loss}, gradient off by {error:.1e}");
        assert!((loss - value).abs() <= tolerance * value.abs().max(1.0), "{name}");
        assert!(error <= tolerance, "{name}: {error:e}");
    }
}

#[test]
fn the_ism_gradient_from_the_energy_alone_equals_the_closed_form() {
    compare::<f64>(false, 1e-12);
    compare::<f64>(true, 1e-12);
}

#[test]
fn the_same_code_in_single_precision() {
    compare::<f32>(false, 1e-12 * f32::UNIT_ROUNDOFF / f64::UNIT_ROUNDOFF);
}

#[test]
fn without_the_trace_the_gradient_is_another() {
    let mut rng = Generator::seed_from_u64(12);
    let model = Autoencoder::random(4, 7, &mut rng);
    let x = standard_normal::<f64>(5, 4, &mut rng);
    let (_, right) = gradient(&model, &x, closed_form);
    let (_, wrong) = gradient(&model, &x, |m, x| {
        let (psi, trace) = closed_form(m, x);
        (psi, trace * 0.0)
    });
    assert!(distance(&wrong[0], &right[0]) > 0.1);
}
