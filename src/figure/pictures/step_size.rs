//! `step_size`: the variance at which a chain of a fixed step settles, and that of the adjusted one
//! (T21).

use super::prelude::*;
use crate::{
    array::Array,
    discrepancy::Scatter,
    identity::langevin::{biased_variance, variances},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    sampler::{Escaped, Sampler, Step, langevin, metropolis},
};
use rand::SeedableRng;

/// The variance of p = N(0, v); steps are in units of it.
const V: f64 = 1.0;
/// Chains for each step size, and steps of each.
const CHAINS: usize = 20_000;
const STEPS: usize = 100;
/// Step sizes.
const EPSILONS: [f64; 8] = [0.1, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5];

/// A mean square with its standard error, and a share of accepted proposals.
struct Measured {
    epsilon: f64,
    plain: [f64; 2],
    adjusted: [f64; 2],
    acceptance: f64,
}

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut rng = Generator::seed_from_u64(studio.seed);
    let measured: Vec<Measured> =
        EPSILONS.iter().map(|&epsilon| measure(epsilon, &mut rng)).collect::<Result<_, _>>()?;
    let mut canvas = Canvas::new(1080, 390);
    settled(&mut canvas, Rect::new(62.0, 64.0, 264.0, 264.0), &measured);
    ratios(&mut canvas, Rect::new(412.0, 64.0, 264.0, 264.0), &measured);
    paths(&mut canvas, Rect::new(762.0, 64.0, 264.0, 264.0));

    let off = |of: fn(&Measured) -> ([f64; 2], f64)| {
        let errors = measured.iter().map(of).map(|([mean, error], v)| (mean - v).abs() / error);
        errors.fold(0.0, f64::max)
    };
    let finding = format!(
        "{CHAINS} chains for each of {} steps: at most {:.1} standard errors from v/(1 − ε/(4v)), the \
         adjusted chain, with {:.0} to {:.0} % of its proposals accepted, at most {:.1} from v",
        EPSILONS.len(),
        off(|m| (m.plain, biased_variance(V, m.epsilon))),
        100.0 * measured[measured.len() - 1].acceptance,
        100.0 * measured[0].acceptance,
        off(|m| (m.adjusted, V)),
    );
    Ok(Picture { canvas, finding })
}

/// Both chains, from p itself.
fn measure(epsilon: f64, rng: &mut Generator) -> Result<Measured, Escaped> {
    let start = standard_normal(CHAINS, 1, rng) * V.sqrt();
    let score = |x: &Matrix| x.clone() * (-1.0 / V);
    let plain = langevin(score, start.clone(), Step::halved(epsilon), rng).after(STEPS)?;
    let potential = |x: &Matrix| (x.squared_norm() * (0.5 / V), score(x));
    let mut chains = metropolis(potential, start, epsilon, rng);
    let adjusted = chains.by_ref().after(STEPS)?;
    let acceptance = chains.acceptance();
    let [plain, adjusted] = [plain, adjusted].map(|x| mean_and_error(x.squared_norm().data()));
    Ok(Measured { epsilon, plain, adjusted, acceptance })
}

fn mean_and_error(values: &[f64]) -> [f64; 2] {
    let scatter = Scatter::of(values);
    [scatter.mean, scatter.standard_error()]
}

/// The stationary variances against ε.
fn settled(canvas: &mut Canvas, frame: Rect, measured: &[Measured]) {
    let predicted: Vec<Point> =
        (0..=360).map(|i| 0.01 * f64::from(i)).map(|e| [e, biased_variance(V, e)]).collect();
    let of = |pick: fn(&Measured) -> [f64; 2]| -> (Vec<Point>, Vec<f64>) {
        measured.iter().map(|m| ([m.epsilon, pick(m)[0]], pick(m)[1])).unzip()
    };
    let (plain, plain_errors) = of(|m| m.plain);
    let (adjusted, adjusted_errors) = of(|m| m.adjusted);
    Panel::new(canvas, frame, Axis::linear(0.0, 4.0), Axis::log(0.7, 14.0))
        .labels("A fixed step is biased", "step $ε/v$", "variance of the chain over $v$")
        .horizontal(V, "")
        .curve(&predicted, 1.6, NAVY)
        .error_bars(&plain, &plain_errors, NAVY)
        .error_bars(&adjusted, &adjusted_errors, RED)
        .circles(&plain, 3.2, NAVY)
        .circles(&adjusted, 3.2, RED)
        .label([2.6, biased_variance(V, 2.6)], [-12.0, -10.0], End, NAVY, "$1/(1 − ε/(4v))$")
        .label([0.1, V], [8.0, 14.0], Start, RED, "Metropolis-adjusted");
}

/// Both over what they should be, beside each other.
fn ratios(canvas: &mut Canvas, frame: Rect, measured: &[Measured]) {
    const APART: f64 = 0.05;
    let mut panel = Panel::new(canvas, frame, Axis::linear(0.0, 4.0), Axis::linear(0.95, 1.05));
    panel.labels("Measured over predicted", "step $ε/v$", "ratio, with standard errors");
    panel.horizontal(1.0, "");
    for m in measured {
        let plain = (m.plain, biased_variance(V, m.epsilon), -APART, NAVY);
        let adjusted = (m.adjusted, V, APART, RED);
        for ([mean, error], expected, shift, colour) in [plain, adjusted] {
            let point = [[m.epsilon + shift, mean / expected]];
            panel.error_bars(&point, &[error / expected], colour).circles(&point, 3.2, colour);
        }
    }
    let names = [("Langevin over $1/(1 − ε/(4v))$", 1.045, NAVY), ("adjusted over 1", 1.039, RED)];
    for (name, y, colour) in names {
        panel.label([0.0, y], [10.0, 0.0], Start, colour, name);
    }
}

/// The variance step by step, from 0, below, at and beyond ε = 4v.
fn paths(canvas: &mut Canvas, frame: Rect) {
    const SHOWN: usize = 30;
    // with the point that the name stands beside
    let shares = [
        ("v", 1.0, 22, NAVY),
        ("3v", 3.0, 22, NAVY),
        ("4v", 4.0, 22, GREY),
        ("4.2v", 4.2, 16, RED),
    ];
    let mut panel = Panel::new(canvas, frame, Axis::linear(0.0, 30.0), Axis::log(0.7, 3000.0));
    panel.labels(
        "Stable if and only if $ε < 4v$",
        "number of steps",
        "variance of the chain over $v$",
    );
    for (name, share, beside, colour) in shares {
        let path: Vec<Point> = variances(Step::halved(share * V), V)
            .take(SHOWN)
            .enumerate()
            .map(|(i, variance)| [(i + 1) as f64, variance / V])
            .collect();
        let name = format!("$ε = {name}$");
        panel.curve(&path, 1.6, colour);
        panel.label(path[beside], [-4.0, -12.0], End, colour, &name);
    }
}
