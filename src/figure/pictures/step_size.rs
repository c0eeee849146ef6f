//! `step_size`: the variance at which a chain of a fixed step settles, and that of the adjusted one
//! (T21).

use super::prelude::*;
use crate::{
    experiment::{
        FixedStep,
        fixed_step::{CHAINS, EPSILONS, V},
    },
    identity::langevin::{biased_variance, variances},
    sampler::Step,
    statistics::Scatter,
};

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let measured = FixedStep::measure(studio.seed)?;
    let mut canvas = Canvas::new(1080, 390);
    settled(&mut canvas, Rect::new(62.0, 64.0, 264.0, 264.0), &measured);
    ratios(&mut canvas, Rect::new(412.0, 64.0, 264.0, 264.0), &measured);
    paths(&mut canvas, Rect::new(762.0, 64.0, 264.0, 264.0));

    let off = |of: fn(&FixedStep) -> (Scatter, f64)| {
        let errors = measured.iter().map(of).map(|(s, v)| (s.mean - v).abs() / s.standard_error());
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

/// The stationary variances against ε.
pub(super) fn settled(canvas: &mut Canvas, frame: Rect, measured: &[FixedStep]) {
    let predicted = Axis::linear(0.0, 3.6).graph(360, |epsilon| biased_variance(V, epsilon));
    let of = |pick: fn(&FixedStep) -> Scatter| -> (Vec<Point>, Vec<f64>) {
        let point = |m: &FixedStep| ([m.epsilon, pick(m).mean], pick(m).standard_error());
        measured.iter().map(point).unzip()
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
        .label([2.6, biased_variance(V, 2.6)], End([-12.0, -10.0]), NAVY, "$1/(1 − ε/(4v))$")
        .label([0.1, V], Start([8.0, 14.0]), RED, "Metropolis-adjusted");
}

/// Each measured variance over the predicted one, the two kinds of chains side by side.
pub(super) fn ratios(canvas: &mut Canvas, frame: Rect, measured: &[FixedStep]) {
    const APART: f64 = 0.05;
    let mut panel = Panel::new(canvas, frame, Axis::linear(-0.15, 4.0), Axis::linear(0.95, 1.07));
    panel.labels("Measured over predicted", "step $ε/v$", "ratio, with standard errors");
    panel.horizontal(1.0, "");
    for m in measured {
        let plain = (m.plain, biased_variance(V, m.epsilon), -APART, NAVY);
        let adjusted = (m.adjusted, V, APART, RED);
        for (found, expected, shift, colour) in [plain, adjusted] {
            let point = [[m.epsilon + shift, found.mean / expected]];
            let error = found.standard_error() / expected;
            panel.error_bars(&point, &[error], colour).circles(&point, 3.2, colour);
        }
    }
    let names = [("Langevin over $1/(1 − ε/(4v))$", 1.062, NAVY), ("adjusted over 1", 1.054, RED)];
    for (name, y, colour) in names {
        panel.label([0.0, y], Start([10.0, 0.0]), colour, name);
    }
}

/// The variance step by step, from 0, below, at and beyond ε = 4v.
fn paths(canvas: &mut Canvas, frame: Rect) {
    const SHOWN: usize = 30;
    // the last number but one is the point at which the name stands
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
        panel.label(path[beside], End([-4.0, -12.0]), colour, &name);
    }
}
