//! `blindness`: what score matching pays for the weight of two modes (T35).

use super::prelude::*;
use crate::{
    array::Array,
    density::Density,
    identity::{
        blindness::{FarModes, kappa, leading, score},
        exponential_families::efficiency::{Measured, Variances},
    },
    matrix::Matrix,
};

/// w
const WEIGHT: f64 = 0.8;
/// Points of a sample.
const SIZE: usize = 4000;
/// Samples at each distance.
const REPETITIONS: usize = 400;
/// Where estimates are simulated: farther out a sample is too small.
const DISTANCES: [f64; 5] = [0.5, 1.0, 1.5, 2.0, 2.5];
/// The distance of the first panel.
const SHOWN: f64 = 3.0;

pub(super) fn draw(studio: &Studio) -> Result<Picture, Error> {
    let mut rng = studio.generator();
    let measured = DISTANCES.map(|m| {
        let estimates = at(m).repeated(SIZE, REPETITIONS, &mut rng);
        (m, Variances::of(&estimates).efficiency)
    });
    let mut canvas = Canvas::new(1080, 390);
    scores(&mut canvas, Rect::new(62.0, 64.0, 264.0, 264.0));
    efficiencies(&mut canvas, Rect::new(412.0, 64.0, 264.0, 264.0), &measured);
    ratios(&mut canvas, Rect::new(762.0, 64.0, 264.0, 264.0), &measured);
    let off = |(m, e): &(f64, Measured)| (e.value - efficiency(*m)).abs() / e.error;
    let worst = measured.iter().map(off).fold(0.0, f64::max);
    let finding = format!(
        "efficiency of score matching for the weight of two modes: {:.3}, {:.3}, {:.4} at m = 1, 2, 3; \
         of {} simulated points the worst is {worst:.1} standard errors away",
        efficiency(1.0),
        efficiency(2.0),
        efficiency(3.0),
        measured.len()
    );
    Ok(Picture { canvas, finding })
}

const fn at(distance: f64) -> FarModes {
    FarModes { weight: WEIGHT, distance }
}

fn efficiency(distance: f64) -> f64 {
    at(distance).sandwich(&at(distance).law(1)).efficiency()
}

/// The density, and the scores of two weights.
fn scores(canvas: &mut Canvas, frame: Rect) {
    let (x, foot, height) = (Axis::linear(-6.0, 6.0), -4.0, 9.0);
    let value = |f: &dyn Fn(&Matrix) -> Matrix, x: f64| f(&Matrix::from_rows([[x]])).item();
    let density = at(SHOWN).density();
    let hill = x.graph(240, |x| foot + height * value(&|x| density.log_density(x).exp(), x));
    let psi = |weight: f64| {
        let bias = FarModes { weight, distance: SHOWN }.bias();
        let parameters = [bias, SHOWN].map(|number| Matrix::from_rows([[number]]));
        x.graph(240, move |at| value(&|x| score(x, [&parameters[0], &parameters[1]]), at))
    };
    let base = [[x.low(), foot], [x.high(), foot]];
    Panel::new(canvas, frame, x, Axis::linear(foot, 4.0))
        .labels("Two weights, one score but in the gap", "$x$", "score $ψ$")
        .band(&base, &hill, NAVY.alpha(0.2))
        .curve(&psi(0.5), 1.8, RED)
        .curve(&psi(WEIGHT), 1.8, NAVY)
        .label([-0.35, 1.9], End([-4.0, -10.0]), NAVY, "$w = 0.8$")
        .label([0.0, -0.7], Start([12.0, 0.0]), RED, "$w = 0.5$")
        .label([3.0, -3.3], Middle([0.0, 0.0]), GREY, "density");
}

/// The efficiency against m: exact, both asymptotes, simulated.
pub(super) fn efficiencies(canvas: &mut Canvas, frame: Rect, measured: &[(f64, Measured)]) {
    let x = Axis::linear(0.0, 6.0);
    let exact = x.graph(120, |m| efficiency(m.max(0.01))); // where it is 1 to the fourth digit
    let first = Axis::linear(0.7, x.high()).graph(80, |m| leading(at(m)));
    let beyond = |m: f64| leading(at(m)) * (1.0 - kappa(WEIGHT) / (m * m));
    let second = Axis::linear(2.0, x.high()).graph(80, beyond);
    let points: Vec<Point> = measured.iter().map(|(m, e)| [*m, e.value]).collect();
    let errors: Vec<f64> = measured.iter().map(|(_, e)| e.error).collect();
    Panel::new(canvas, frame, x, Axis::log(2e-9, 4.0))
        .labels("Efficiency of score matching", "half the distance, $m$", "ratio of the variances")
        .curve(&first, 1.4, OCHRE)
        .curve(&second, 1.4, GREEN)
        .curve(&exact, 1.4, NAVY)
        .error_bars(&points, &errors, RED)
        .circles(&points, 3.2, RED)
        .label([1.2, leading(at(1.2))], Start([12.0, -6.0]), OCHRE, "first term")
        .label([2.0, 0.065], End([-8.0, 6.0]), GREEN, "with $κ$")
        .label([0.0, 0.87], Start([8.0, 24.0]), RED, "simulated")
        .label([3.9, 2e-4], Start([10.0, -8.0]), NAVY, "exact");
}

/// The same over its leading term, where the two asymptotes can be told apart.
pub(super) fn ratios(canvas: &mut Canvas, frame: Rect, measured: &[(f64, Measured)]) {
    let x = Axis::linear(0.0, 12.0);
    let exact = Axis::linear(0.05, x.high()).graph(120, |m| efficiency(m) / leading(at(m)));
    let second = Axis::linear(1.5, x.high()).graph(120, |m| 1.0 - kappa(WEIGHT) / (m * m));
    let share = |m: f64, value: f64| value / leading(at(m));
    let points: Vec<Point> = measured.iter().map(|(m, e)| [*m, share(*m, e.value)]).collect();
    let errors: Vec<f64> = measured.iter().map(|(m, e)| share(*m, e.error)).collect();
    Panel::new(canvas, frame, x, Axis::linear(0.0, 1.1))
        .labels("The same over its first term", "half the distance, $m$", "share of the first term")
        .curve(&[[x.low(), 1.0], [x.high(), 1.0]], 1.4, OCHRE)
        .curve(&second, 1.4, GREEN)
        .curve(&exact, 1.4, NAVY)
        .error_bars(&points, &errors, RED)
        .circles(&points, 3.2, RED)
        .label([0.2, 1.0], Start([0.0, -9.0]), OCHRE, "first term")
        .label([2.9, 0.64], Start([8.0, 12.0]), GREEN, "$1 − κ/m^2$")
        .label([0.2, 0.85], Start([0.0, 0.0]), RED, "simulated")
        .label([4.6, 0.88], End([-4.0, -12.0]), NAVY, "exact");
}
